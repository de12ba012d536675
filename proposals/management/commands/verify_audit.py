import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, transaction
from django.utils import timezone

from ...history import verify
from ...models import PassResult, reading_by_cursor
from ..common import add_checkpoint_options


class Command(BaseCommand):
    help = (
        "Checks that proposals, transitions, history and flows agree, and the ledger with them "
        "and with its kept checkpoints. Names every disagreement; exit status 1 if any."
    )

    def add_arguments(self, parser) -> None:
        add_checkpoint_options(parser)
        parser.add_argument(
            "--json",
            action="store_true",
            dest="as_json",
            help="Print everything as JSON, when it is done.",
        )

    def handle(self, *, checkpoints: Path | None, first: bool, as_json: bool, **options) -> None:
        folder = checkpoints or settings.LEDGER_CHECKPOINTS
        with reading_by_cursor():
            broken = self._broken(verify.checks(folder, is_first=first), aloud=not as_json)
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

    def _broken(self, checks: dict[str, verify.Check], *, aloud: bool) -> dict[str, list]:
        """Name of each check -> the breaches; said as they come if `aloud`."""
        broken: dict[str, list] = {}
        for name, check in checks.items():
            broken[name] = []
            for breach in check():
                broken[name].append(breach)
                if aloud:
                    self.stdout.write(self.style.ERROR(str(breach)))
            if aloud:
                self.stdout.write(f"{'BROKEN' if broken[name] else 'ok    '}  {name}")
        return broken

    def _keep(self, number: int) -> None:
        """For /metrics; by an account that may only read it is left."""
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
