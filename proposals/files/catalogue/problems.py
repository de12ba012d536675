"""What is wrong with a catalogue, in words for the one who has to mend the files."""

from dataclasses import dataclass

from ...errors import Invalid


@dataclass(frozen=True)
class Problem:
    """One thing to mend. `line` is 0 where the whole file is meant, `column` empty where the whole
    row is.
    """

    file: str
    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        place = [self.file, self.line and f"line {self.line}", self.column]
        return f"{', '.join(part for part in place if part)}: {self.reason}"


class BadCatalogue(Invalid):
    """Nothing was imported; `problems` names everything that has to be mended first, or unless
    `whole` a part of it.
    """

    def __init__(self, problems: list[Problem], complete: bool = True) -> None:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(
            files=f"Nothing was imported: {count}{'' if complete else ', and there may be more'}."
        )
        self.problems = problems


class Unreadable(Exception):
    """This cell, or the file from this line on, cannot be understood. Becomes a Problem; never
    leaves the package.
    """

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


def quoted(text: str) -> str:
    """The text as a sentence cites it."""
    return f"“{printable(text)}”"


def printable(text: str) -> str:
    """On one line, not the whole of a long one, and nothing a terminal would obey."""
    line = " ".join(text[:1000].split()) or text[:1000]
    cut = line if len(line) <= 60 else line[:60] + "…"
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in cut)
