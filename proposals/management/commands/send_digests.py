from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ...workflow import periodic


class Command(BaseCommand):
    help = (
        "Queues the daily digest of everybody who wants one. One pass; safe to run twice at once."
    )

    def handle(self, *args, **options) -> None:
        done, failed = periodic.send_digests(timezone.now())
        self.stdout.write(f"Digests queued: {done}.")
        if failed:
            raise CommandError(f"{failed} failed; the log says why.")
