"""What several commands do alike."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ..errors import Refused
from ..files.catalogue import BadCatalogue
from ..models import User

SHOWN = 100  # rows, differences and warnings, unless --verbose asks for all


def active_person(name: str) -> User:
    """Whom `--by` names, by user name or mail address."""
    try:
        person = User.objects.get_by_natural_key(name)
    except User.DoesNotExist:
        person = None
    if person is None or not person.is_active:
        raise CommandError(f"Nobody active has the user name or mail address {name}.")
    return person


@contextmanager
def refusals_told(command: BaseCommand, instead: str = "") -> Iterator[None]:
    """A file that cannot be taken, or a rule broken, ends the command with a sentence: `instead` or
    what is said of such a file, after each of its problems.
    """
    try:
        yield
    except BadCatalogue as bad:
        for problem in bad.problems:
            command.stderr.write(str(problem))
        raise CommandError(instead or bad.sentence) from None
    except Refused as refused:
        raise CommandError(refused.sentence) from None


def write_lines(command: BaseCommand, noun: str, lines: Iterable, *, verbose: bool) -> None:
    """The first SHOWN of them and how many more there are, or all; `noun` in the plural."""
    rest = iter(lines)
    for line in islice(rest, None if verbose else SHOWN):
        command.stdout.write(str(line))
    if count := sum(1 for _ in rest):
        command.stdout.write(f"And {count} more {noun}: --verbose lists all.")


def add_checkpoint_options(parser: CommandParser) -> None:
    parser.add_argument(
        "--checkpoints",
        type=Path,
        metavar="DIRECTORY",
        help="Where the checkpoints and the public keys are; otherwise LEDGER_CHECKPOINTS.",
    )
    parser.add_argument(
        "--first",
        action="store_true",
        help="No checkpoint has been signed yet. Otherwise it is an error if there is none.",
    )
