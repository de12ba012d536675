from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ...history import verify
from ...models import reading_by_cursor
from ..common import add_checkpoint_options

LOST = 3  # exit status: all agrees, but kept checkpoints know of more


class Command(BaseCommand):
    help = (
        "After a restore from a backup: whether the database is as the code wants it, all that "
        "verify_audit checks, and what the kept checkpoints know to be lost. One line for each. "
        "Exit status 0: sound and complete; 1: not sound; 3: sound, and something was lost."
    )

    def add_arguments(self, parser) -> None:
        add_checkpoint_options(parser)

    def handle(self, *, checkpoints: Path | None, first: bool, **options) -> None:
        folder = checkpoints or settings.LEDGER_CHECKPOINTS
        self._require_migrated()
        loss = verify.loss(folder) if folder else None
        ahead = loss.ahead if loss else {}
        broken = 0
        with reading_by_cursor():
            for name, check in verify.checks(folder, is_first=first).items():
                # That these know more than there is, is told below, as a loss.
                breaches = [breach for breach in check() if breach.rows not in ahead]
                broken += bool(breaches)
                self._say(name, map(str, breaches))
        if loss:
            self.stdout.write(self.style.WARNING(f"LOST    {loss}"))
        elif folder:
            self._say("nothing missing that the kept checkpoints know of", ())
        if broken:
            raise CommandError(f"{broken} of the checks failed. Do not serve this database.")
        if loss:
            raise CommandError("What is there is sound, and something was lost.", returncode=LOST)
        self.stdout.write("The restored database is sound.")

    def _require_migrated(self) -> None:
        """What else there is to check may not be there otherwise."""
        unapplied, unknown = verify.unapplied_migrations(), verify.unknown_migrations()
        self._say(
            "migrations applied",
            [
                *(f"{app} {name} is not applied." for app, name in sorted(unapplied)),
                *(f"{app} {name} is applied, and this code lacks it." for app, name in unknown),
            ],
        )
        if unknown:
            raise CommandError("The code is older than the backup: install the one that wrote it.")
        if unapplied:
            raise CommandError("Run migrate, then this again.")

    def _say(self, name: str, sentences: Iterable[str]) -> None:
        """One line, and below it what is wrong."""
        wrong = list(sentences)
        self.stdout.write(f"{'BROKEN' if wrong else 'ok    '}  {name}")
        for sentence in wrong:
            self.stdout.write(self.style.ERROR(f"        {sentence}"))
