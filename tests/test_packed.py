"""Rows of large files, packed, read as a dict of them would."""

from hypothesis import given, settings
from hypothesis import strategies as st

from proposals.files.catalogue.packed import TOGETHER, Apart, Packed

STEPS = st.lists(st.tuples(st.integers(0, 3 * TOGETHER), st.text(max_size=3)))


@settings(deadline=None, max_examples=20)
@given(STEPS)
def test_packed_rows_are_those_that_were_set(steps):
    packed, plain = Packed(), {}
    for key in range(2 * TOGETHER + 1):
        packed[key] = plain[key] = {"line": key}
    for key, text in steps:
        packed[key] = plain[key] = {"line": text}
    assert list(packed.items()) == list(plain.items())
    assert all(packed[key] == plain[key] for key, _ in steps)
    assert len(packed) == len(plain)
    assert 3 * TOGETHER + 1 not in packed


def test_what_is_packed_apart_keeps_its_values():
    values = {"code": "A", "types": frozenset({"x"}), "offset": -1, "removed": False}
    apart = Apart([*values])
    apart["a"] = values
    apart["b"] = values | {"code": "B"}
    assert dict(apart) == {"a": values, "b": values | {"code": "B"}}
    assert "c" not in apart
    assert apart.get("c") is None
    assert len(apart) == 2
