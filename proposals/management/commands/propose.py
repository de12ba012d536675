"""Propose what the rows of a file ask for."""

from collections import Counter
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from ...errors import Invalid
from ...files.catalogue import read_files
from ...files.proposals import MANY, FileRow, Proposing, read_rows
from ...models import Outcome
from ..common import SHOWN, active_person, refusals_told


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
        maker = active_person(by)
        rows = self.rows(file)
        proposing = Proposing(maker, submits=submit or dry_run, in_digest=len(rows) > MANY)
        act = proposing.preview if dry_run else proposing.carry_out
        counts: Counter[Outcome] = Counter()
        unnamed = 0
        with tqdm(rows, unit=" rows", disable=None, leave=False) as bar:
            for number, row in enumerate(bar):
                result = act(row)
                counts[result.outcome] += 1
                if verbose or number < SHOWN or result.outcome == Outcome.REFUSED:
                    with bar.external_write_mode(file=self.stdout):
                        self.stdout.write(f"Line {row.line}: {result}")
                else:
                    unnamed += 1
        if unnamed:
            self.stdout.write(f"And {unnamed} more rows: --verbose names all.")
        self.sum_up(counts, len(rows), dry_run)

    def rows(self, file: Path) -> list[FileRow]:
        with refusals_told(self, "Nothing was proposed: the file has to be mended first."):
            if file.is_dir():
                raise Invalid(f"{file} is a directory; name one file in it.")
            [(name, data)] = read_files(file).contents.items()
            return read_rows(name, data)

    def sum_up(self, counts: Counter, total: int, dry_run: bool) -> None:
        named = [f"{outcome.label.lower()}: {counts[outcome]}" for outcome in Outcome]
        told = [text for text, outcome in zip(named, Outcome, strict=True) if counts[outcome]]
        self.stdout.write(f"{total} rows; {', '.join(told)}.")
        if dry_run:
            self.stdout.write("Dry run: nothing was written.")
        if counts[Outcome.REFUSED]:
            number = counts[Outcome.REFUSED]
            raise CommandError(f"{number} of {total} rows were refused; mend them and run again.")
