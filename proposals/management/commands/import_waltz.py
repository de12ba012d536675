"""Bring the database of a FINOS Waltz in."""

from django.core.management.base import BaseCommand

from ...files.waltz import bring_waltz, read_waltz
from ..common import SHOWN, active_person, refusals_told, write_lines


class Command(BaseCommand):
    help = (
        "Import what a FINOS Waltz database (PostgreSQL, Waltz 1.40 or later) holds. It is only "
        "read. What has no place here is counted with the reason; run again it repeats nothing."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "url",
            help="postgresql://user@host:port/name of the Waltz database; "
            "the password may stand in PGPASSWORD.",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="Judge everything and write nothing."
        )
        parser.add_argument(
            "--by",
            metavar="USER",
            required=True,
            help="Who runs the import: user name or mail address.",
        )
        parser.add_argument(
            "--verbose",
            action="store_true",
            help=f"List every difference and warning, not only the first {SHOWN}, and what Waltz "
            "recorded of each proposal that has ended there.",
        )

    def handle(self, *, url: str, dry_run: bool, by: str, verbose: bool, **options) -> None:
        person = active_person(by)
        with refusals_told(self):
            told = bring_waltz(read_waltz(url), by=person, dry_run=dry_run)
        report = told.report
        write_lines(self, "differences", report.differences, verbose=verbose)
        warnings = (f"Warning: {warning}" for warning in report.warnings)
        write_lines(self, "warnings", warnings, verbose=verbose)
        if verbose:
            write_lines(self, "histories", told.proposed.ended, verbose=True)
        for line in (*told.counts(), *told.reasons()):
            self.stdout.write(line)
        if dry_run:
            self.stdout.write("Dry run: nothing was written.")
        elif report.batch:
            self.stdout.write(f"{report.batch}, recorded as run by {person}.")
        elif not told.proposed.new:
            self.stdout.write("Nothing changed.")
