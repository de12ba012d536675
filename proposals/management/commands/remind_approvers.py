from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ...workflow import periodic


class Command(BaseCommand):
    help = (
        "Reminds those who still have to decide, on the days the policy says. One pass; "
        "safe to run twice at once."
    )

    def handle(self, *args, **options) -> None:
        done, failed = periodic.remind_approvers(timezone.now())
        self.stdout.write(f"Reminders queued: {done}.")
        if failed:
            raise CommandError(f"{failed} failed; the log says why.")
