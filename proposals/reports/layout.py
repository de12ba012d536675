"""Where boxes and arrows go: geometry, in pixels at natural size. Knows neither systems nor flows.

Boxes stand in columns, arrows run from left to right; one that leads back runs below everything.
There is no way to measure a text on the server, so texts are taken to be as wide as in the widest
of the usual fonts.
"""

import unicodedata
from collections.abc import Hashable, Iterator
from dataclasses import dataclass

PADDING, GAP = 10, 10  # inside a box, between boxes
NAME, NOTE, HEADING = 12.5, 10.5, 11.5  # sizes of type, as if all were bold
LINE, HEADING_LINE, GROUP_GAP, MARGIN = 16, 20, 16, 4
HEAD, TURN = 7, 10  # the length of an arrow's head, the radius of its turns
BELOW = 18  # how far below the boxes an arrow leads back


@dataclass(frozen=True)
class Box:
    """Something with a name. Arrows name it by its `key`; `look` are its CSS classes, `description`
    says all of it in words.
    """

    key: Hashable
    name: str
    note: str = ""
    url: str = ""
    look: str = ""
    description: str = ""


@dataclass(frozen=True)
class Group:
    """Boxes one below the other, under a heading that may be empty."""

    heading: str
    boxes: list[Box]


@dataclass(frozen=True)
class Arrow:
    start: Hashable
    end: Hashable
    look: str = ""


@dataclass(frozen=True)
class Text:
    x: float
    y: float
    text: str
    look: str = ""


@dataclass(frozen=True)
class Placed:
    box: Box
    column: int
    x: int
    y: int
    width: int
    height: int
    lines: list[Text]

    @property
    def middle(self) -> int:
        return self.y + self.height // 2


@dataclass(frozen=True)
class Path:
    """An arrow as SVG path data: its line, and the triangle at its end."""

    line: str
    head: str
    look: str


@dataclass(frozen=True)
class Drawing:
    width: int
    height: int
    headings: list[Text]
    boxes: list[Placed]
    arrows: list[Path]


@dataclass(frozen=True)
class Layout:
    """How wide boxes are, and how far apart their columns."""

    box: int = 152
    gutter: int = 46

    def draw(self, columns: list[list[Group]], arrows: list[Arrow]) -> Drawing:
        """Columns from left to right, each with the middle of its first group on one line, the
        others below it.

        Groups without boxes are left out, and columns without groups, and arrows that name a box
        nobody drew.
        """
        columns = [
            filled for groups in columns if (filled := [group for group in groups if group.boxes])
        ]
        above = max((self._above(groups) for groups in columns), default=0)
        below = max((self._height(groups) - self._above(groups) for groups in columns), default=0)
        boxes: list[Placed] = []
        headings: list[Text] = []
        for number, groups in enumerate(columns):
            for placed in self._stack(groups, number, MARGIN + above - self._above(groups)):
                if isinstance(placed, Text):
                    headings.append(placed)
                else:
                    boxes.append(placed)
        placed_by_key = {placed.box.key: placed for placed in boxes}
        ends = [
            (placed_by_key[a.start], placed_by_key[a.end], a.look)
            for a in arrows
            if a.start in placed_by_key and a.end in placed_by_key
        ]
        low = (
            MARGIN + above + below + BELOW * any(_leads_back(start, end) for start, end, _ in ends)
        )
        width = len(columns) * (self.box + self.gutter) - self.gutter + 2 * MARGIN
        return Drawing(
            width,
            low + MARGIN,
            headings,
            boxes,
            [_path(start, end, look, low) for start, end, look in ends],
        )

    def _above(self, groups: list[Group]) -> int:
        """From the top of a column to the middle of the boxes of its first group."""
        return (self._group_height(groups[0]) + (HEADING_LINE if groups[0].heading else 0)) // 2

    def _height(self, groups: list[Group]) -> int:
        return sum(map(self._group_height, groups)) + GROUP_GAP * (len(groups) - 1)

    def _group_height(self, group: Group) -> int:
        boxes = sum(map(self._box_height, group.boxes)) + GAP * (len(group.boxes) - 1)
        return boxes + (HEADING_LINE if group.heading else 0)

    def _box_height(self, box: Box) -> int:
        return 2 * PADDING + LINE * len(self._lines(box)) - 4

    def _stack(self, groups: list[Group], column: int, top: int) -> Iterator[Text | Placed]:
        x = MARGIN + column * (self.box + self.gutter)
        for group in groups:
            if group.heading:
                yield Text(
                    x,
                    top + 12,
                    wrapped(group.heading, self.box + self.gutter // 2, HEADING, most=1)[0],
                )
                top += HEADING_LINE
            for box in group.boxes:
                yield self._placed(box, column, x, top)
                top += self._box_height(box) + GAP
            top += GROUP_GAP - GAP

    def _placed(self, box: Box, column: int, x: int, y: int) -> Placed:
        at = y + PADDING + 10
        lines = [
            Text(x + PADDING, at + LINE * n, text, look)
            for n, (text, look) in enumerate(self._lines(box))
        ]
        return Placed(box, column, x, y, self.box, self._box_height(box), lines)

    def _lines(self, box: Box) -> list[tuple[str, str]]:
        room = self.box - 2 * PADDING
        names = [(text, "name") for text in wrapped(box.name, room, NAME, most=2)]
        return names + [(text, "note") for text in wrapped(box.note, room, NOTE, most=1)]


def _leads_back(start: Placed, end: Placed) -> bool:
    return end.column <= start.column


def _path(start: Placed, end: Placed, look: str, low: int) -> Path:
    if _leads_back(start, end):
        return _back(start, end, look, low)
    x, y, to, at = start.x + start.width, start.middle, end.x - HEAD, end.middle
    bend = (to - x) // 2
    line = f"M{x} {y}C{x + bend} {y} {to - bend} {at} {to} {at}"
    return Path(line, f"M{to - 1} {at - 4}L{end.x} {at}L{to - 1} {at + 4}Z", look)


def _back(start: Placed, end: Placed, look: str, low: int) -> Path:
    """Down from the start, to the left below everything, and up to the end."""
    x, to = start.x + start.width * 2 // 3, end.x + end.width // 3
    y, at = start.y + start.height, end.y + end.height
    turns = f"V{low - TURN}Q{x} {low} {x - TURN} {low}H{to + TURN}Q{to} {low} {to} {low - TURN}"
    return Path(
        f"M{x} {y}{turns}V{at + HEAD}",
        f"M{to - 4} {at + HEAD + 1}L{to} {at}L{to + 4} {at + HEAD + 1}Z",
        look,
    )


def wrapped(text: str, room: float, size: float, most: int) -> list[str]:
    """`text` on at most `most` lines of `room` pixels; what does not fit ends in an ellipsis. No
    line for no text.
    """
    rest = " ".join(text.split())
    lines: list[str] = []
    while rest and len(lines) < most:
        fits = _fitting(rest, room / size)
        if fits == len(rest):
            return [*lines, rest]
        if len(lines) == most - 1:
            return [*lines, rest[: _fitting(rest, room / size - breadth("…"))].rstrip() + "…"]
        cut = _place_to_break(rest, fits)
        lines.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return lines


def _fitting(text: str, room: float) -> int:
    """How many characters of `text` fit into `room` ems; at least one."""
    wide = 0.0
    for place, character in enumerate(text):
        wide += breadth(character)
        if wide > room:
            # At least one, or a box narrower than a letter would never be filled.
            return max(place, 1)
    return len(text)


def _place_to_break(text: str, fits: int) -> int:
    """After the last space, dash, underscore, dot or slash that fits; in the middle of a word if
    there is none.
    """
    after = [place + 1 for place, character in enumerate(text[:fits]) if character in " -_./"]
    return fits if text[fits : fits + 1] == " " else max(after, default=fits)


def breadth(text: str) -> float:
    """At most how wide `text` is, in ems."""
    return sum(map(_breadth, text))


def _breadth(character: str) -> float:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.05
    if character in "ijlI.,:;'|!":
        return 0.4
    if character in "tfr()[]{}/- ":
        return 0.49
    if character in "mwMWQO@%—…":
        return 1.02
    return 0.78 if character.isupper() or character.isdigit() or character in "&_+=<>~" else 0.69
