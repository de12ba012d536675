from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ... import demo
from ...errors import Refused
from ...models import User


class Command(BaseCommand):
    help = "Make the demo company in an empty database, and print its sign-ins."

    def handle(self, *args, **options) -> None:
        try:
            made = demo.build(timezone.now(), self.stdout.write)
        except Refused as refusal:
            raise CommandError(refusal.sentence) from None
        if made:
            self.stdout.write(
                "Lysvann Energy is there: "
                + ", ".join(f"{n} {name}" for name, n in made.items())
                + "."
            )
        else:
            self.stdout.write("This database already has systems or people, so nothing was made.")
        self._print_sign_ins(demo.sign_ins())

    def _print_sign_ins(self, sign_ins: list[tuple[demo.SignIn, User]]) -> None:
        if not sign_ins:
            return
        self.stdout.write(f"\nSign in with the password {demo.PASSWORD} as")
        for sign_in, user in sign_ins:
            self.stdout.write(f"  {sign_in.username:<8}  {user.name:<17}  {sign_in.part}")
