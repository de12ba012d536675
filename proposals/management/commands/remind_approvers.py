from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ...workflow import periodic


class Command(BaseCommand):
    help = (
        "Asks those who can newly decide, and reminds those who still have to, on the days the "
        "policy says. One pass; safe to run twice at once."
    )

    def handle(self, *args, **options) -> None:
        now = timezone.now()
        asked, not_asked = periodic.ask_newly_able(now)
        delegates, _ = periodic.ask_delegates(now)
        done, failed = periodic.remind_approvers(now)
        self.stdout.write(f"People asked: {asked + delegates}. Reminders queued: {done}.")
        if failed + not_asked:
            raise CommandError(f"{failed + not_asked} failed; the log says why.")
