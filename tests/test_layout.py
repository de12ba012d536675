"""The geometry of pictures: where boxes and arrows are, and what becomes of long names."""

import itertools

import pytest

from proposals.reports.layout import Arrow, Box, Group, Layout, breadth, wrapped

LAYOUT = Layout(box=100, gutter=40)


def column(*names, heading=""):
    return [Group(heading, [Box(name, name) for name in names])]


def places(drawing):
    return {
        placed.box.key: (placed.x, placed.y, placed.width, placed.height)
        for placed in drawing.boxes
    }


def test_columns_stand_side_by_side_with_their_middles_on_one_line():
    drawing = LAYOUT.draw([column("a"), column("b", "c", "d"), column("e")], [])
    assert places(drawing) == {
        "a": (4, 46, 100, 32),
        "b": (144, 4, 100, 32),
        "c": (144, 46, 100, 32),
        "d": (144, 88, 100, 32),
        "e": (284, 46, 100, 32),
    }
    assert (drawing.width, drawing.height) == (388, 124)


def test_a_note_makes_a_box_higher_and_a_heading_stands_above_its_group():
    drawing = LAYOUT.draw([[Group("In: 1", [Box("a", "a", "a note")])]], [])
    assert places(drawing) == {"a": (4, 24, 100, 48)}
    assert [(text.x, text.y, text.text) for text in drawing.headings] == [(4, 16, "In: 1")]
    assert [(text.look, text.text) for text in drawing.boxes[0].lines] == [
        ("name", "a"),
        ("note", "a note"),
    ]


def test_the_second_group_of_a_column_hangs_below_the_line():
    drawing = LAYOUT.draw([column("a"), [*column("b"), *column("c")]], [])
    assert {key: y for key, (_, y, _, _) in places(drawing).items()} == {"a": 4, "b": 4, "c": 52}


def test_an_arrow_runs_from_the_middle_of_one_edge_to_the_middle_of_the_next():
    drawing = LAYOUT.draw([column("a"), column("b", "c")], [Arrow("a", "b", "comes")])
    assert [(path.look, path.line, path.head) for path in drawing.arrows] == [
        ("comes", "M104 41C120 41 121 20 137 20", "M136 16L144 20L136 24Z")
    ]


def test_an_arrow_back_runs_below_everything():
    drawing = LAYOUT.draw([column("a"), column("b", "c"), column("d")], [Arrow("d", "a")])
    assert drawing.arrows[0].line == "M350 57V86Q350 96 340 96H47Q37 96 37 86V64"
    assert drawing.arrows[0].head == "M33 65L37 57L41 65Z"
    assert drawing.height == 100


def test_an_arrow_to_itself_goes_around_the_box():
    drawing = LAYOUT.draw([column("a")], [Arrow("a", "a")])
    assert drawing.arrows[0].line == "M70 36V44Q70 54 60 54H47Q37 54 37 44V43"


def test_an_arrow_to_nowhere_and_an_empty_column_are_left_out():
    drawing = LAYOUT.draw([column(), column("a")], [Arrow("a", "nowhere")])
    assert (places(drawing), drawing.arrows) == ({"a": (4, 4, 100, 32)}, [])
    assert LAYOUT.draw([], []).boxes == []


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("   ", []),
        ("Ledger", ["Ledger"]),
        ("Market Risk Engine", ["Market Risk", "Engine"]),
        ("settlement_prices.csv", ["settlement_", "prices.csv"]),
        ("Consolidated Cross-Border Capacity", ["Consolidated", "Cross-Border…"]),
        ("Donaudampfschiff", ["Donaudampfsc", "hiff"]),
        ("two\nlines  and\ttabs", ["two lines and", "tabs"]),
        ("WWWWWWWWWWWWWWW", ["WWWWWWWW", "WWWWWWW"]),
        ("日本語の名前のシステム", ["日本語の名前のシ", "ステム"]),
    ],
)
def test_a_name_gets_two_lines_and_then_an_ellipsis(text, lines):
    assert wrapped(text, 88, 10, most=2) == lines


@pytest.mark.parametrize(
    "text",
    ["", "i" * 300, "W" * 300, "e\u0301" * 200, "\u200b" * 50, "a b " * 99, "…" * 40, "x" * 9],
)
def test_no_line_is_wider_than_its_room(text):
    for room, most in itertools.product([1, 40, 150], [1, 2, 3]):
        lines = wrapped(text, room, 10, most)
        assert len(lines) <= most
        assert all(breadth(line) * 10 <= room or len(line.rstrip("…")) <= 1 for line in lines)
