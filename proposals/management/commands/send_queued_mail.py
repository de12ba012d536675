from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ...workflow import periodic


class Command(BaseCommand):
    """In the place of post-office's own, whose lock is another than the worker's and outlives a
    killed process.
    """

    help = "Sends the mails that wait. One pass; safe to run twice at once, and beside the worker."

    def handle(self, *args, **options) -> None:
        done, failed = periodic.send_mail(timezone.now())
        self.stdout.write(f"Mails sent: {done}.")
        if failed:
            raise CommandError(f"{failed} failed; the log says why.")
