from django.core.management.base import BaseCommand

from proposals import diagram


class Command(BaseCommand):
    help = "Prints the state diagram and who may do what, from the table of transitions, as the README shows them."

    def handle(self, *args, **options) -> None:
        self.stdout.write(diagram.for_readme())
