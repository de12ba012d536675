"""Bring catalogue files in."""

import sys
from pathlib import Path

from django.core.management.base import BaseCommand
from tqdm import tqdm

from ...files.catalogue import Report, import_catalogue, read_files
from ...models import User, clean
from ..common import SHOWN, active_person, refusals_told, write_lines


class Command(BaseCommand):
    help = (
        "Import catalogue files (CSV or XLSX): all of them, or nothing and every problem named. "
        "What is in the files is added or updated; what is not in them stays as it is."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "path", type=Path, help="A directory of catalogue files, or one file or workbook."
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="Judge everything and write nothing."
        )
        parser.add_argument(
            "--by",
            metavar="USER",
            help="Who runs the import: user name or mail address. Asked for on a terminal.",
        )
        parser.add_argument(
            "--verbose",
            action="store_true",
            help=f"List every difference and warning, not only the first {SHOWN}.",
        )

    def handle(
        self, *, path: Path, dry_run: bool, by: str | None, verbose: bool, **options
    ) -> None:
        # A trial writes nothing, so nobody is asked whose it is.
        person = None if dry_run and not by else self.person(by)
        with refusals_told(self):
            files = read_files(path)
            for sentence in files.passed_over:
                self.stdout.write(sentence)
            # None and not False: no bar where the output is no terminal.
            with tqdm(unit=" rows", disable=None, leave=False) as bar:
                report = import_catalogue(
                    files.contents,
                    by=person,
                    dry_run=dry_run,
                    progress=lambda *rows: advance(bar, *rows),
                )
        self.write_report(report, verbose=verbose)
        if dry_run:
            self.stdout.write("Dry run: nothing was written.")
        elif report.batch:
            who = person or "nobody; name the person with --by"
            self.stdout.write(f"{report.batch}, recorded as run by {who}.")
        else:
            self.stdout.write("Nothing changed.")

    def person(self, name: str | None) -> User | None:
        """Who runs this; None where nobody is named and nobody can be asked."""
        if name is None and sys.stdin.isatty() and User.objects.exists():
            name = input("Who runs this import (user name or mail address)? ")
        name = clean(name or "")
        return active_person(name) if name else None

    def write_report(self, report: Report, *, verbose: bool) -> None:
        write_lines(self, "differences", report.differences, verbose=verbose)
        warnings = (f"Warning: {warning}" for warning in report.warnings)
        write_lines(self, "warnings", warnings, verbose=verbose)
        for tally in report.tallies:
            self.stdout.write(str(tally))
        if report.activated:
            self.stdout.write(f"Pending flows that became active: {report.activated}")


def advance(bar: tqdm, done: int, total: int) -> None:
    bar.total = total
    bar.update(done - bar.n)
