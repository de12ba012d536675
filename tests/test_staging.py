"""Rows of large files, staged in a temporary file, read as a dict of them would."""

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proposals.files.catalogue.staging import TOGETHER, Stage

KEYS = st.one_of(
    st.integers(0, 3 * TOGETHER),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
    st.tuples(st.text("ab", max_size=2), st.integers(-1, 1)),
)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.tuples(KEYS, st.booleans())))
def test_what_is_staged_is_what_was_set(steps):
    staged, plain = Stage().table(pickle.dumps, pickle.loads), {}
    for key in range(2 * TOGETHER + 1):
        staged[key] = plain[key] = {"line": key}
    for key, stays in steps:
        if stays:
            staged[key] = plain[key] = {"line": frozenset({key})}
        else:
            assert staged.pop(key, None) == plain.pop(key, None)
    assert list(staged.items()) == list(plain.items())
    assert set(staged.grouped()) == set(plain)
    assert len(staged) == len(plain)
    assert all((key in staged) == (key in plain) for key, _ in steps)
    assert 3 * TOGETHER + 1 not in staged
    with pytest.raises(KeyError):
        staged[3 * TOGETHER + 1]


def test_values_are_set_anew_while_one_goes_through_them():
    staged = Stage().table()
    for number in range(3 * TOGETHER):
        staged[number] = number
    for number, value in staged.items():
        staged[number] = value + 1
    assert [*staged.values()] == [*range(1, 3 * TOGETHER + 1)]


def test_keys_of_the_same_beginning_follow_one_another():
    staged = Stage().table()
    routes = [(f"S{n % 7}", f"T{n}") for n in range(3 * TOGETHER)]
    staged.update(dict.fromkeys(routes, True))
    sources = [source for source, _ in staged.grouped()]
    assert len(sources) == len(routes)
    assert sources == sorted(sources)


def test_equal_keys_are_one_key():
    staged, text = Stage().table(), "".join(["a", "b"])
    staged[text, text] = 1
    staged["ab", "".join(["a", "b"])] = 2
    assert dict(staged) == {("ab", "ab"): 2}
