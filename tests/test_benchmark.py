"""The benchmark runs, and writes its table and its picture; what the figures are is not asked."""

from contextlib import closing

import pytest
from django.db import connection

from benchmarks import measuring, results, run
from benchmarks.company import grow
from benchmarks.reading import LISTS
from benchmarks.register import BUSIEST, BUSY

from . import databases

TINY = 2_000  # proposals; the things that are looked at exist from the seventeenth copy on
OF_THE_LISTS = 12  # of their filters and orders one in so many


@pytest.fixture
def tiny(django_db_setup, django_db_blocker):
    """A register in a database of its own, which goes afterwards."""
    with django_db_blocker.unblock(), databases.company("tiny"):
        grow(TINY)
        yield connection.copy()


@pytest.fixture
def fewer(monkeypatch):
    """Not everybody, and not by every filter: all of them are listed, and not all are done."""
    every = run.all_works

    def some_works(registers, size):
        listed = list(every(registers, size))
        assert len(listed) > 200
        for place, series in enumerate(listed):
            work = series.work
            is_chosen = work.section != LISTS or place % OF_THE_LISTS == 0
            if is_chosen and work.who not in (BUSY, *BUSIEST[1:]):
                yield series

    monkeypatch.setattr(run, "all_works", some_works)


def test_a_list_for_which_python_works_too_long_fails_the_run():
    def row(section: str, name: str, processor: float) -> results.Row:
        outcome = results.Outcome(measuring.Cost(1, 1, processor, processor, 1))
        return results.Row(section, name, "ordinary", [outcome])

    most = float(results.MOST_OF_PYTHON)
    rows = [row("Pages", "/healthz", 1), row("Pages", "/", 2 * most), row(LISTS, "/a/", most)]
    assert results.Run([TINY], rows, "make benchmark", 0.5, 1).too_heavy == []
    rows += [row(LISTS, "/b/", 2 * most)]
    done = results.Run([TINY], rows, "make benchmark", 0.5, 1)
    assert done.too_heavy == [f"/b/: {2 * most:,.0f} x"]
    assert done.of_python == [(2 * most, "/b/"), (most, "/a/")]


def test_of_several_times_the_median_counts_and_of_the_processor_the_least():
    costs = [measuring.Cost(n, n, n, n, n) for n in (3, 9, 2)]
    assert measuring.typical(costs) == measuring.Cost(3, 3, 3, 2, 3)


if connection.vendor == "postgresql":  # it measures no other

    @pytest.mark.long
    def test_the_benchmark_measures_everything_and_writes_it_down(tiny, fewer, tmp_path):
        with closing(tiny):
            rows, series = run.benchmark({TINY: tiny}, times=1)
            assert all(row.largest.cost and row.growth == 1 for row in rows)
            assert {row.name for row in rows if row.times_by_hand} >= {*results.DRAWN}
            table, picture = tmp_path / "RESULTS.md", tmp_path / "growth.svg"
            results.write(results.Run([TINY], rows, "make benchmark", 0.5, 1), table, picture)
            assert len(list(run.heaviest(series[TINY]))) == run.HEAVIEST
        written = table.read_text()
        assert all(row.name in written for row in rows)
        assert "PostgreSQL" in written
        assert picture.read_text().count('class="bar"') == 2 * len(results.DRAWN)

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("measure", [measuring.measured, measuring.read])
    def test_what_the_database_does_not_answer_in_time_is_given_up(measure):
        def wait() -> int:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(5)")
            return 0

        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = '20ms'")
        try:
            assert measure(wait) is None
        finally:
            with connection.cursor() as cursor:
                cursor.execute("RESET statement_timeout")
