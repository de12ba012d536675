"""Bring a directory of catalogue files in."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from proposals.catalogue_files import MOST_BYTES, BadCatalogue, import_catalogue
from proposals.refusals import Refused


class Command(BaseCommand):
    help = "Import the catalogue files (*.csv) of a directory: all of them, or nothing and every problem named."

    def add_arguments(self, parser) -> None:
        parser.add_argument("directory", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="Judge everything and write nothing.")

    def handle(self, *, directory: Path, dry_run: bool, **options) -> None:
        contents = read_directory(directory)
        try:
            with tqdm(unit=" rows", disable=None, leave=False) as bar:
                report = import_catalogue(contents, dry_run=dry_run, progress=lambda *rows: show(bar, *rows))
        except BadCatalogue as bad:
            for problem in bad.problems:
                self.stderr.write(str(problem))
            raise CommandError(bad.sentence) from None
        except Refused as refused:
            raise CommandError(refused.sentence) from None
        for tally in report.tallies:
            self.stdout.write(str(tally))
        if report.activated:
            self.stdout.write(f"Pending flows that became active: {report.activated}")
        self.stdout.write("Dry run: nothing was written." if dry_run else f"{report.batch or 'Nothing changed'}.")


def read_directory(directory: Path) -> dict[str, bytes]:
    """Name without ".csv" -> bytes; of a file too large only as much as shows that it is."""
    if not directory.is_dir():
        raise CommandError(f"There is no directory {directory}.")
    contents = {}
    try:
        for path in sorted(directory.iterdir()):
            if path.suffix.lower() == ".csv":
                with path.open("rb") as stream:
                    if path.stem in contents:
                        raise CommandError(f"There are two files named {path.stem}.csv but for case.")
                    contents[path.stem] = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise CommandError(f"Cannot read {error.filename}: {error.strerror}.") from None
    return contents


def show(bar: tqdm, done: int, total: int) -> None:
    bar.total = total
    bar.update(done - bar.n)
