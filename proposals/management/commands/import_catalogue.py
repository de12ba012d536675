"""Bring catalogue files in."""

import sys
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q
from tqdm import tqdm

from ...errors import Refused
from ...files.catalogue import BadCatalogue, Report, import_catalogue, read_files
from ...models import User, clean

SHOWN = 100  # differences and warnings, unless all are asked for


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
        try:
            person = None if dry_run and not by else self.person(by)
            files = read_files(path)
            for sentence in files.passed_over:
                self.stdout.write(sentence)
            with tqdm(unit=" rows", disable=None, leave=False) as bar:
                report = import_catalogue(
                    files.contents,
                    by=person,
                    dry_run=dry_run,
                    progress=lambda *rows: advance(bar, *rows),
                )
        except BadCatalogue as bad:
            for problem in bad.problems:
                self.stderr.write(str(problem))
            raise CommandError(bad.sentence) from None
        except Refused as refused:
            raise CommandError(refused.sentence) from None
        self.write_report(report, None if verbose else SHOWN)
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
        if not name:
            return None
        people = User.objects.filter(Q(username__iexact=name) | Q(email__iexact=name))
        for person in people.filter(is_active=True):
            return person
        raise CommandError(f"Nobody active has the user name or mail address {name}.")

    def write_report(self, report: Report, most: int | None) -> None:
        self.write_lines("difference", report.differences, most)
        self.write_lines("warning", (f"Warning: {warning}" for warning in report.warnings), most)
        for tally in report.tallies:
            self.stdout.write(str(tally))
        if report.activated:
            self.stdout.write(f"Pending flows that became active: {report.activated}")

    def write_lines(self, noun: str, lines: Iterable, most: int | None) -> None:
        rest = iter(lines)
        for line in islice(rest, most):
            self.stdout.write(str(line))
        if count := sum(1 for _ in rest):
            self.stdout.write(f"And {count} more {noun}s: --verbose lists all.")


def advance(bar: tqdm, done: int, total: int) -> None:
    bar.total = total
    bar.update(done - bar.n)
