import json
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, transaction
from django.utils import timezone

from ...history import verify
from ...models import PassResult
from ..common import add_checkpoint_options


class Command(BaseCommand):
    help = (
        "Checks that proposals, transitions, history and flows agree, and the ledger with them "
        "and with its kept checkpoints. Names every disagreement; exit status 1 if any."
    )

    def add_arguments(self, parser) -> None:
        add_checkpoint_options(parser)
        parser.add_argument(
            "--processes",
            type=_number_of_processes,
            default=1,
            help="How many checks run at once (default: 1), each over a connection of its own.",
        )
        parser.add_argument(
            "--json",
            action="store_true",
            dest="as_json",
            help="Print everything as JSON, when it is done.",
        )

    def handle(
        self, *, checkpoints: Path | None, first: bool, processes: int, as_json: bool, **options
    ) -> None:
        folder = checkpoints or settings.LEDGER_CHECKPOINTS
        checked = verify.checked(folder, is_first=first, processes=processes)
        broken = self._broken(checked, aloud=not as_json)
        counts = verify.looked_at(folder)
        number = sum(map(len, broken.values()))
        self._keep(number)
        if as_json:
            self._print_json(broken, counts)
        else:
            self._print_counts(counts)
        if number:
            raise CommandError(f"{number} disagreements.")
        if not as_json:
            self.stdout.write("Everything agrees.")

    def _broken(
        self, checked: Iterator[tuple[str, Iterator[verify.Breach]]], *, aloud: bool
    ) -> dict[str, list]:
        """Name of each check -> the breaches; said as they come if `aloud`."""
        broken: dict[str, list] = {}
        for name, breaches in checked:
            broken[name] = []
            for breach in breaches:
                broken[name].append(breach)
                if aloud:
                    self.stdout.write(self.style.ERROR(str(breach)))
            if aloud:
                self.stdout.write(f"{'BROKEN' if broken[name] else 'ok    '}  {name}")
        return broken

    def _keep(self, number: int) -> None:
        """For /metrics; by an account that may only read it is left."""
        # A savepoint, or the refusal would end a transaction that is around it.
        with suppress(DatabaseError), transaction.atomic():
            PassResult.keep(PassResult.AUDIT, timezone.now(), number)

    def _print_counts(self, counts: dict[str, int]) -> None:
        width = max(map(len, counts))
        self.stdout.write("\nLooked at")
        for what, number in counts.items():
            self.stdout.write(f"  {what:<{width}}  {number:>12,}")
        self.stdout.write("")

    def _print_json(self, broken: dict[str, list], counts: dict[str, int]) -> None:
        printed = {
            "agrees": not any(broken.values()),
            "checks": {name: [asdict(b) for b in breaches] for name, breaches in broken.items()},
            "looked_at": counts,
        }
        self.stdout.write(json.dumps(printed, indent=1, ensure_ascii=False))


def _number_of_processes(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 64:
        raise ArgumentTypeError("It has to be a number from 1 to 64.")
    return int(text)
