"""Bring the database of a FINOS Waltz in."""

from itertools import islice

from django.core.management.base import BaseCommand, CommandError

from ...errors import Refused
from ...files.catalogue import BadCatalogue
from ...files.waltz import bring_waltz, read_waltz
from ...models import User

SHOWN = 100  # differences and warnings, unless all are asked for


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
        person = self.person(by)
        try:
            told = bring_waltz(read_waltz(url), by=person, dry_run=dry_run)
        except BadCatalogue as bad:
            for problem in bad.problems:
                self.stderr.write(str(problem))
            raise CommandError(bad.sentence) from None
        except Refused as refused:
            raise CommandError(refused.sentence) from None
        report, most = told.report, None if verbose else SHOWN
        self.write_lines("differences", map(str, report.differences), most)
        self.write_lines("warnings", (f"Warning: {text}" for text in report.warnings), most)
        if verbose:
            self.write_lines("histories", told.proposed.ended, most)
        for line in (*told.counts(), *told.reasons()):
            self.stdout.write(line)
        if dry_run:
            self.stdout.write("Dry run: nothing was written.")
        elif report.batch:
            self.stdout.write(f"{report.batch}, recorded as run by {person}.")
        elif not told.proposed.new:
            self.stdout.write("Nothing changed.")

    def person(self, name: str) -> User:
        try:
            person = User.objects.get_by_natural_key(name)
        except User.DoesNotExist:
            person = None
        if person is None or not person.is_active:
            raise CommandError(f"Nobody active has the user name or mail address {name}.")
        return person

    def write_lines(self, noun: str, lines, most: int | None) -> None:
        rest = iter(lines)
        for line in islice(rest, most):
            self.stdout.write(line)
        if count := sum(1 for _ in rest):
            self.stdout.write(f"And {count} more {noun}: --verbose lists all.")
