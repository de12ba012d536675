"""Write the catalogue files into a directory."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from ...files.catalogue import WORKBOOK, write_catalogue, write_workbook


class Command(BaseCommand):
    help = (
        "Export the catalogue as the files import_catalogue reads; importing them again changes "
        "nothing."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("path", type=Path, help="The directory; with --xlsx also a workbook.")
        parser.add_argument(
            "--xlsx",
            action="store_true",
            help=f"One workbook ({WORKBOOK} unless PATH names another) with a sheet for each file.",
        )

    def handle(self, *, path: Path, xlsx: bool, **options) -> None:
        if xlsx and path.suffix.lower() != ".xlsx":
            path /= WORKBOOK
        try:
            written = write_workbook(path) if xlsx else write_catalogue(path)
        except OSError as error:
            raise CommandError(f"Cannot write {error.filename}: {error.strerror}.") from None
        for name, rows in written.items():
            place = f"{path}, sheet {name}" if xlsx else path / name
            self.stdout.write(f"{place}: {rows} rows")
