from django.core.management.base import BaseCommand

from ...workflow import state_diagram


class Command(BaseCommand):
    help = (
        "Prints the state diagram and who may do what, from the table of transitions, "
        "as the README shows them."
    )

    def handle(self, *args, **options) -> None:
        self.stdout.write(state_diagram.for_readme())
