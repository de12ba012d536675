"""Bring a directory of catalogue files in."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from ...errors import Refused
from ...files.catalogue import BadCatalogue, import_catalogue, read_directory


class Command(BaseCommand):
    help = (
        "Import the catalogue files (*.csv) of a directory: all of them, "
        "or nothing and every problem named."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("directory", type=Path)
        parser.add_argument(
            "--dry-run", action="store_true", help="Judge everything and write nothing."
        )

    def handle(self, *, directory: Path, dry_run: bool, **options) -> None:
        try:
            contents = read_directory(directory)
            with tqdm(unit=" rows", disable=None, leave=False) as bar:
                report = import_catalogue(
                    contents, dry_run=dry_run, progress=lambda *rows: show(bar, *rows)
                )
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
        self.stdout.write(
            "Dry run: nothing was written." if dry_run else f"{report.batch or 'Nothing changed'}."
        )


def show(bar: tqdm, done: int, total: int) -> None:
    bar.total = total
    bar.update(done - bar.n)
