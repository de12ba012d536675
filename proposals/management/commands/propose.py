"""Propose what the rows of a file ask for."""

from collections import Counter
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from ...errors import Invalid, Refused
from ...files.catalogue import BadCatalogue, read_files
from ...files.proposals import MANY, Fate, FileRow, Proposing, read_rows
from ...models import Outcome, User

SHOWN = 100  # rows, unless all are asked for


class Command(BaseCommand):
    help = (
        "Propose what the rows of a file (CSV or XLSX) ask for: each row is one proposal, done or "
        "not by itself. Without --submit all are kept as drafts. Run again it repeats nothing."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("file", type=Path, help="A CSV file or workbook (XLSX).")
        parser.add_argument(
            "--by", metavar="USER", required=True, help="The maker: user name or mail address."
        )
        choice = parser.add_mutually_exclusive_group()
        choice.add_argument(
            "--submit",
            action="store_true",
            help="Submit what is complete, and keep the rest as drafts.",
        )
        choice.add_argument(
            "--dry-run",
            action="store_true",
            help="Say what --submit would do with each row, and write nothing.",
        )
        parser.add_argument(
            "--verbose", action="store_true", help=f"Name every row, not only the first {SHOWN}."
        )

    def handle(
        self, *, file: Path, by: str, submit: bool, dry_run: bool, verbose: bool, **options
    ) -> None:
        maker = self.maker(by)
        rows = self.rows(file)
        proposing = Proposing(maker, submits=submit or dry_run, in_digest=len(rows) > MANY)
        act = proposing.foresee if dry_run else proposing.carry_out
        counts: Counter[Outcome] = Counter()
        with tqdm(rows, unit=" rows", disable=None, leave=False) as bar:
            for number, row in enumerate(bar):
                fate = act(row)
                counts[fate.outcome] += 1
                if verbose or number < SHOWN or fate.outcome == Outcome.REFUSED:
                    bar.write(self.line(row, fate), file=self.stdout)
        self.sum_up(counts, len(rows), dry_run)

    def maker(self, name: str) -> User:
        try:
            maker = User.objects.get_by_natural_key(name)
        except User.DoesNotExist:
            maker = None
        if maker is None or not maker.is_active:
            raise CommandError(f"Nobody active has the user name or mail address {name}.")
        return maker

    def rows(self, file: Path) -> list[FileRow]:
        try:
            if file.is_dir():
                raise Invalid(f"{file} is a directory; name one file in it.")
            [(name, data)] = read_files(file).contents.items()
            return read_rows(name, data)
        except BadCatalogue as bad:
            for problem in bad.problems:
                self.stderr.write(str(problem))
            raise CommandError("Nothing was proposed: the file has to be mended first.") from None
        except Refused as refused:
            raise CommandError(refused.sentence) from None

    def line(self, row: FileRow, fate: Fate) -> str:
        return f"Line {row.line}: {fate}"

    def sum_up(self, counts: Counter, total: int, dry_run: bool) -> None:
        named = [f"{outcome.label.lower()}: {counts[outcome]}" for outcome in Outcome]
        told = [text for text, outcome in zip(named, Outcome, strict=True) if counts[outcome]]
        self.stdout.write(f"{total} rows; {', '.join(told)}.")
        if dry_run:
            self.stdout.write("Dry run: nothing was written.")
        if counts[Outcome.REFUSED]:
            number = counts[Outcome.REFUSED]
            raise CommandError(f"{number} of {total} rows were refused; mend them and run again.")
