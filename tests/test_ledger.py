"""Every row of the record gets its leaf, once, whatever happens meanwhile."""

import threading

import pytest
from django.db import connection, transaction
from django.utils import timezone

from proposals import workflow
from proposals.history import ledger
from proposals.history.ledger import sequencer
from proposals.models import ImportBatch, LedgerForm, LedgerLeaf, LedgerNode, Notice, Transition

from . import factories
from .trials.racing import at_once

ON_POSTGRESQL = connection.vendor == "postgresql"


def extend():
    return ledger.extend(timezone.now()).appended


def recorded_rows():
    """(table, id) of everything that must have a leaf."""
    return {
        (recorded.table, key)
        for recorded in ledger.RECORDED
        for key in recorded.rows().values_list("pk", flat=True)
    }


def leaf_rows():
    return list(LedgerLeaf.objects.order_by("number").values_list("table", "row"))


def assert_whole():
    """Each row has one leaf, numbers have no gap, and the tree is that of the leaves."""
    leaves = leaf_rows()
    assert set(leaves) == recorded_rows()
    assert len(leaves) == len(set(leaves)) == ledger.size()
    numbers = LedgerLeaf.objects.order_by("number").values_list("number", flat=True)
    assert list(numbers) == list(range(len(leaves)))
    growing, nodes = ledger.Growing(), set()
    for sha256 in LedgerLeaf.objects.order_by("number").values_list("sha256", flat=True):
        nodes |= set(growing.add(ledger.leaf_hash(bytes.fromhex(sha256))))
    assert ledger.stored_tree(len(leaves)).root() == growing.root()
    kept = LedgerNode.objects.values_list("level", "place", "sha256")
    assert {(level, place, bytes.fromhex(h)) for level, place, h in kept} == nodes


def test_everything_recorded_gets_a_leaf_and_gets_it_once(story):
    ImportBatch.objects.create(outcome="made by a test").files.create(
        name="a.csv", sha256="0" * 64, rows=1
    )
    assert extend() == len(recorded_rows()) > 40
    assert_whole()
    assert extend() == 0
    workflow.cancel(factories.proposed(story.create.maker, *route(story)), by=story.create.maker)
    assert extend() > 0
    assert_whole()


def route(story):
    return story.create.target, story.create.source


def test_a_leaf_tells_the_row_with_its_sets_and_nothing_that_changes_later(story):
    step = Transition.objects.filter(proposal=story.create).order_by("number")[0]
    notice = Notice.objects.create(
        transition=step, proposal=story.create, recipient=step.by, summary="submitted", at=step.at
    )
    version = story.create.history.first()
    extend()
    Notice.objects.update(withdrawn=True)
    texts = {row: text(*row) for row in [key(step), key(notice), key(version)]}
    assert '"at":"20' in texts[key(step)]
    assert '.000000Z"' in texts[key(step)]
    assert f'"sets":{{"data_types":[{story.create.data_types.get().pk}]}}' in texts[key(version)]
    assert "mail_id" not in texts[key(notice)]
    for table, row in texts:
        leaf = LedgerLeaf.objects.get(table=table, row=row)
        assert leaf.sha256 == ledger.fingerprint(leaf.salt, texts[table, row])


def key(row):
    return row._meta.db_table, row.pk


def text(table, row):
    recorded = next(recorded for recorded in ledger.RECORDED if recorded.table == table)
    values = recorded.rows().values_list(*recorded.columns).get(pk=row)
    sets = ledger.members_of(recorded, [row])[row]
    return ledger.text_of(recorded, recorded.columns, values, sets)


def test_new_columns_begin_a_new_form_and_the_old_one_stays(story, monkeypatch):
    extend()
    transitions = next(r for r in ledger.RECORDED if r.model is Transition)
    fewer = [column for column in transitions.columns if column != "comment"]
    monkeypatch.setitem(vars(transitions), "columns", fewer)
    workflow.cancel(factories.proposed(story.create.maker, *route(story)), by=story.create.maker)
    extend()
    older, newer = LedgerForm.objects.filter(table=transitions.table).order_by("pk")
    assert (newer.columns, {*older.columns} - {*fewer}) == (fewer, {"comment"})
    assert LedgerLeaf.objects.filter(form=newer).count() == 2


def test_whoever_is_killed_between_batches_loses_and_doubles_nothing(story, monkeypatch):
    monkeypatch.setattr(sequencer, "AT_ONCE", 7)
    kept = LedgerNode.objects.bulk_create
    for _ in range(3):
        sequencer.append_batch(timezone.now())
    monkeypatch.setattr(LedgerNode.objects, "bulk_create", killed)
    with pytest.raises(Killed):
        sequencer.append_batch(timezone.now())
    assert ledger.size() == 21
    monkeypatch.setattr(LedgerNode.objects, "bulk_create", kept)
    extend()
    assert_whole()


class Killed(BaseException):
    """Whatever ends a process in the middle of its work."""


def killed(rows):
    raise Killed


def test_each_batch_begins_where_the_last_one_ended(story, monkeypatch):
    """Or the cost of a batch would grow with all that came before it."""
    monkeypatch.setattr(sequencer, "AT_ONCE", 5)
    steps = list(Transition.objects.order_by("pk").values_list("pk", flat=True))
    sequencer.append_batch(timezone.now())
    assert ledger.settled_marks()["proposals_transition"] == steps[4]
    assert ledger.rows_behind() == len(recorded_rows()) - 5


def test_a_pass_stops_after_its_batches_and_the_next_goes_on(story, monkeypatch, caplog):
    monkeypatch.setattr(sequencer, "AT_ONCE", 5)
    monkeypatch.setattr(sequencer, "BATCHES", 2)
    before = ledger.rows_behind()
    assert ledger.extend_ledger(timezone.now()) == (10, 0)
    assert ledger.rows_behind() == before - 10 > 0
    assert "The ledger is up to " in caplog.text
    while ledger.extend_ledger(timezone.now())[0]:
        pass
    assert ledger.rows_behind() == 0
    assert_whole()


def test_many_leaves_close_kept_nodes(db):
    factories.user("Somebody")
    for number in range(260):
        ImportBatch.objects.create(outcome=f"Import {number}")
    extend()
    assert LedgerNode.objects.count() == 1
    assert_whole()
    ImportBatch.objects.create(outcome="one more")
    extend()
    assert_whole()


def test_idle_passes_ask_for_little(story, django_assert_max_num_queries):
    extend()
    extend()
    with django_assert_max_num_queries(25):
        extend()


@pytest.mark.django_db(transaction=True)
def test_two_who_append_at_once_give_no_number_twice(story):
    at_once(*[extend] * 4)
    assert_whole()


if ON_POSTGRESQL:

    @pytest.mark.django_db(transaction=True)
    def test_what_commits_late_with_a_lower_id_is_not_missed(transactional_db):
        """One inserts and waits; another inserts after it and commits; leaves are appended; then
        the first commits.
        """
        inserted, may_commit = threading.Event(), threading.Event()

        def first():
            try:
                with transaction.atomic():
                    ImportBatch.objects.create(outcome="first to insert")
                    inserted.set()
                    may_commit.wait(30)
            finally:
                connection.close()

        late = threading.Thread(target=first)
        late.start()
        inserted.wait(30)
        ImportBatch.objects.create(outcome="second to insert")
        for _ in range(3):
            extend()
        early = [row for table, row in leaf_rows() if table == ImportBatch._meta.db_table]
        assert len(early) == 1
        may_commit.set()
        late.join(30)
        extend()
        rows = [row for table, row in leaf_rows() if table == ImportBatch._meta.db_table]
        assert rows == [*early, early[0] - 1]
        assert_whole()
        extend()
        assert ledger.settled_marks()[ImportBatch._meta.db_table] == early[0]
