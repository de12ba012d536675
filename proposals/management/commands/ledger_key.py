from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ...history import ledger
from ...workflow import checkpoints


class Command(BaseCommand):
    help = (
        "Makes the key that signs the checkpoints of the ledger: the private half in LEDGER_KEY, "
        "the public one in the directory LEDGER_CHECKPOINTS."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "--rotate",
            action="store_true",
            help=(
                "Put a new key in place of the one that is there, which signs a last checkpoint. "
                "What it signed stays valid."
            ),
        )

    def handle(self, *, rotate: bool, **options) -> None:
        path, folder = settings.LEDGER_KEY, settings.LEDGER_CHECKPOINTS
        if path is None or folder is None:
            raise CommandError(
                "Set LEDGER_KEY to the file in which the private key will be, and "
                "LEDGER_CHECKPOINTS to the directory of the checkpoints."
            )
        if path.exists() and not rotate:
            raise CommandError(f"There is a key in {path}. With --rotate a new one replaces it.")
        if rotate and not path.exists():
            raise CommandError(f"There is no key in {path} to be replaced.")
        now = timezone.now()
        try:
            if rotate:
                self._sign_a_last_time(now)
            key = ledger.make_key(path, folder, name=settings.LEDGER_NAME, at=now)
        except ledger.CheckpointBroken as broken:
            raise CommandError(str(broken)) from None
        self.stdout.write(
            f"The private key is in {path}: back it up where no owner of the database reads it.\n"
            f"The public key, for the auditors to keep:\n{key.public}"
        )

    def _sign_a_last_time(self, now) -> None:
        """Not if the old key cannot: it may be replaced because it is lost or garbled."""
        try:
            ledger.extend(now)
            self.stdout.write(f"The old key signed a last time: {checkpoints.sign(now).path}.")
        except ledger.CheckpointBroken as broken:
            self.stderr.write(self.style.WARNING(f"The old key signs nothing more: {broken}"))
