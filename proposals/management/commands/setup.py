from django.core.management.base import BaseCommand, CommandError

from ...reports.setting_up import Task, advised_tasks, needed_tasks


class Command(BaseCommand):
    help = (
        "Says what the site lacks before the first flow can be approved, and what it should have "
        "besides; exit status 1 while something of the first is missing."
    )

    def handle(self, **options) -> None:
        needed = needed_tasks()
        self._list("Needed before the first flow can be approved", needed)
        self._list("Advised", advised_tasks())
        missing = [task.name for task in needed if not task.is_done]
        if missing:
            raise CommandError(f"Still to do: {', '.join(missing)}.")

    def _list(self, title: str, tasks: list[Task]) -> None:
        self.stdout.write(f"{title}:")
        for task in tasks:
            state = "done " if task.is_done else "TO DO"
            self.stdout.write(f"  {state}  {task.name}: {task.purpose}")
