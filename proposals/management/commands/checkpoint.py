from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ...history import ledger
from ...workflow import checkpoints


class Command(BaseCommand):
    help = (
        "Appends what is recorded to the ledger, and signs a checkpoint of it: a new file in "
        "LEDGER_CHECKPOINTS, and a mail to LEDGER_MAIL."
    )

    def handle(self, *args, **options) -> None:
        try:
            ledger.extend(timezone.now())
            kept = checkpoints.sign(timezone.now())
        except ledger.CheckpointBroken as broken:
            raise CommandError(str(broken)) from None
        self.stdout.write(f"{kept.checkpoint.size} leaves, signed in {kept.path}.")
