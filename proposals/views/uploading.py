"""Files in a form. Only the pages that take them get any, and no more of one than shows that it is
too large.
"""

import io
from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFilesSent
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from ..files.catalogue.sources import MOST_BYTES as MOST_OF_CATALOGUE
from ..files.proposals import MOST_BYTES as MOST_OF_PROPOSALS

# Name of the address -> the most bytes of all its files together.
TAKING = {"proposal-import": MOST_OF_PROPOSALS, "catalogue-import": MOST_OF_CATALOGUE}
ABOVE = 4  # times the most: of a body as large as that nothing is read at all


class BoundedFiles(FileUploadHandler):
    """Keeps files in memory, up to one byte more than is read; what follows is thrown away, so that
    the page can say in a sentence what is wrong.
    """

    def handle_raw_input(self, input_data, META, content_length, boundary, encoding=None) -> None:
        match = self.request.resolver_match if self.request else None
        self.most = TAKING.get(match.url_name) if match else None
        self.left = (self.most or 0) + 1
        if self.most and content_length > ABOVE * self.most:
            raise RequestDataTooBig("The body is far larger than any file that is read.")

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if self.most is None:
            raise TooManyFilesSent("This page takes no file.")
        self.stream = io.BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        kept = raw_data[: self.left]
        self.stream.write(kept)
        self.left -= len(kept)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        size = self.stream.tell()
        self.stream.seek(0)
        return InMemoryUploadedFile(
            file=self.stream,
            field_name=self.field_name,
            name=self.file_name,
            content_type=self.content_type,
            size=size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )
