"""What is wrong with a catalogue, in words for the one who has to mend the files."""

from dataclasses import dataclass

from ..refusals import Invalid


@dataclass(frozen=True)
class Problem:
    """One thing to mend. `line` is 0 where the whole file is meant, `column` empty where the whole row is."""

    file: str
    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        place = [self.file, self.line and f"line {self.line}", self.column]
        return f"{', '.join(part for part in place if part)}: {self.reason}"


class BadCatalogue(Invalid):
    """Nothing was imported; `problems` names everything that has to be mended first."""

    def __init__(self, problems: list[Problem]) -> None:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(files=f"Nothing was imported: {count}.")
        self.problems = problems


class Unreadable(Exception):
    """This cell, or the file from this line on, cannot be understood. Becomes a Problem; never leaves the package."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


def quoted(text: str) -> str:
    """The text as a sentence cites it: on one line, and not the whole of a long one."""
    shown = " ".join(text.split()) or text
    return f"“{shown if len(shown) <= 60 else shown[:60] + '…'}”"
