from django.core.management.base import BaseCommand

from ...models import renew_search_texts


class Command(BaseCommand):
    help = "Lets searches find by its new names what was renamed past the product, by SQL."

    def handle(self, **options) -> None:
        number = renew_search_texts()
        self.stdout.write(
            f"{number} {'row was' if number == 1 else 'rows were'} found by old names."
        )
