"""Write the catalogue files into a directory."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from ...files.catalogue import write_catalogue


class Command(BaseCommand):
    help = (
        "Export the catalogue as the files import_catalogue reads; "
        "importing them again changes nothing."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("directory", type=Path)

    def handle(self, *, directory: Path, **options) -> None:
        try:
            written = write_catalogue(directory)
        except OSError as error:
            raise CommandError(f"Cannot write {error.filename}: {error.strerror}.") from None
        for name, rows in written.items():
            self.stdout.write(f"{directory / name}: {rows} rows")
