from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ...errors import Refused
from ...files import evidence
from ...history import ledger
from ...models import LogicalFlow, PhysicalFlow, Proposal
from ...workflow import checkpoints

SUBJECTS = {"proposal": Proposal, "flow": LogicalFlow, "physical-flow": PhysicalFlow}


class Command(BaseCommand):
    help = (
        "Writes the evidence pack of a proposal or flow: a ZIP with its rows of the record, the "
        "proof that they are those of the ledger, and a script that checks it offline."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("kind", choices=list(SUBJECTS))
        parser.add_argument("number", type=int)
        parser.add_argument(
            "path",
            nargs="?",
            type=Path,
            help="The file to write, or a directory for it; otherwise the present directory.",
        )
        parser.add_argument(
            "--leaves",
            type=int,
            nargs="*",
            default=[],
            metavar="NUMBER",
            help="Pack the checkpoints of so many leaves too: those that an auditor has kept.",
        )

    def handle(
        self, *, kind: str, number: int, path: Path | None, leaves: list[int], **options
    ) -> None:
        subject = SUBJECTS[kind].objects.filter(pk=number).first()
        if subject is None:
            raise CommandError(f"There is no {kind} {number}.")
        now = timezone.now()
        try:
            # Where the key is at hand, so that the newest rows are proven too.
            if settings.LEDGER_KEY is not None:
                ledger.extend(now)
                checkpoints.sign(now)
            pack = evidence.pack_of(subject, settings.LEDGER_CHECKPOINTS, now, leaves)
        except ledger.CheckpointBroken as broken:
            raise CommandError(str(broken)) from None
        except Refused as refused:
            raise CommandError(refused.sentence) from None
        path = path or Path()
        path = path / evidence.name_of(subject) if path.is_dir() else path
        try:
            path.write_bytes(pack.zipped(now))
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}") from None
        self.stdout.write(f"{len(pack.files)} files in {path}.")
        if pack.waiting:
            self.stdout.write(f"{len(pack.waiting)} rows are newer than the newest checkpoint.")
