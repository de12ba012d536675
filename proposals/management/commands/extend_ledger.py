from django.core.management.base import BaseCommand
from django.utils import timezone

from ...history import ledger


class Command(BaseCommand):
    help = (
        "Appends a leaf to the ledger for everything recorded since. As many batches as it takes; "
        "safe to run twice at once, or to stop at any moment."
    )

    def handle(self, *args, **options) -> None:
        appended = ledger.extend(timezone.now()).appended
        self.stdout.write(f"Leaves appended: {appended}; the ledger has {ledger.size()}.")
