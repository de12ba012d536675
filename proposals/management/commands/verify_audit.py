from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from ...history import verify
from ...models import reading_by_cursor


class Command(BaseCommand):
    help = (
        "Checks that proposals, transitions, history and flows agree. "
        "Names every disagreement; exit status 1 if any."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "--checkpoint",
            type=Path,
            metavar="FILE",
            help=(
                "Compare the log of transitions with the fingerprint in FILE, and write the new "
                "one there if all is well. Keep FILE where nobody who writes to the database "
                "can change it."
            ),
        )

    def handle(self, *, checkpoint: Path | None, **options) -> None:
        with reading_by_cursor():
            number = self._disagreements(checkpoint)
        if number:
            raise CommandError(f"{number} disagreements.")
        self.stdout.write("Everything agrees.")

    def _disagreements(self, checkpoint: Path | None) -> int:
        number = 0
        for name, check in verify.CHECKS.items():
            broken = 0
            for breach in check():
                broken += 1
                self.stdout.write(self.style.ERROR(str(breach)))
            self.stdout.write(f"{'ok    ' if not broken else 'BROKEN'}  {name}")
            number += broken
        if checkpoint:
            number += self._checkpoint(checkpoint, sound=not number)
        return number

    def _checkpoint(self, path: Path, *, sound: bool) -> int:
        """How many things are wrong with it: 0 or 1. Written anew only when nothing else is wrong
        either.
        """
        try:
            known = verify.compare(path) if path.exists() else 0
            number = verify.take(path) if sound else known
        except verify.CheckpointBroken as broken:
            self.stdout.write(self.style.ERROR(f"log  {broken}"))
            return 1
        self.stdout.write(
            f"ok      checkpoint: {known} transitions as they were, {number} now in {path}"
        )
        return 0
