"""`make test` leaves no test to nobody when it shares them out over the two databases."""

import pytest

from .run import never_tried

PAGE = "tests/test_pages.py::test_a_page[/a.py::b?x=[1]]"
STEP = "tests/trials/test_kills.py::TestKills::test_one"


@pytest.mark.parametrize(
    ("tried", "missing"),
    [
        ("tests.test_pages.test_a_page[/a.py::b?x=[1]]", set()),
        ("tests.test_pages.test_a_page[/]", {"tests.test_pages.test_a_page[/a.py::b?x=[1]]"}),
    ],
)
def test_what_one_leaves_to_the_other_has_to_be_tried_there(tmp_path, tried, missing):
    (tmp_path / "sqlite").write_text(PAGE)
    (tmp_path / "postgresql").write_text(STEP)
    sqlite = {"tried": {"tests.trials.test_kills.TestKills.test_one"}}
    assert never_tried(tmp_path, sqlite, {"tried": {tried}}) == missing


def test_a_run_that_broke_before_it_knew_its_tests_has_left_none(tmp_path):
    (tmp_path / "postgresql").write_text("")
    assert never_tried(tmp_path, {"tried": set()}, {"tried": set()}) == set()
