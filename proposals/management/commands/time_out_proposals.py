from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ...workflow import periodic


class Command(BaseCommand):
    help = (
        "Ends every open proposal whose deadline has passed. One pass; safe to run twice at once."
    )

    def handle(self, *args, **options) -> None:
        done, failed = periodic.time_out_proposals(timezone.now())
        self.stdout.write(f"Proposals timed out: {done}.")
        if failed:
            raise CommandError(f"{failed} failed; the log says why.")
