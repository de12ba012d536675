"""What can be asked of all rows at once: the words of the guards, and keys that occur twice."""

from collections.abc import Iterator

from django.db import connection
from django.db.models import Count, QuerySet
from simple_history.models import HistoricalRecords

from ... import guards
from ...guards.record import DELETABLE, TRACKED, unknown_to_history
from ...models import (
    FLOW_ATTRIBUTES,
    ImportBatch,
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
    Transition,
    User,
)
from .breach import Breach, query_rows


def missing_guards() -> Iterator[Breach]:
    """Guards that somebody took away, switched off, or made into something else."""
    there = guards.installed(connection)
    for guard in guards.GUARDS:
        for event in guard.events_on(connection.vendor):
            name, wanted = guard.trigger(event), guard.definition(event, connection.vendor)
            if name not in there:
                sentence = "This guard is not in place. Run migrate as the owner of the tables."
            elif there[name] != wanted:
                sentence = (
                    "This guard is not what the product installs. "
                    "Run migrate as the owner of the tables."
                )
            else:
                continue
            yield Breach("guards", f"{name} on {guard.table}", sentence)


def disagreements() -> Iterator[Breach]:
    """Rows a guard would refuse if they were written now as they are."""
    for guard in guards.GUARDS:
        if not guard.invariant:
            continue
        for (key,) in query_rows(
            f"SELECT NEW.id FROM {guard.table} AS NEW WHERE {guard.condition('NEW')}"
        ):
            row = f"{guard.table.removeprefix('proposals_')} {key}"
            yield Breach(guard.invariant, row, guard.sentence)
    for field in HistoricalRecords.m2m_models:
        for (key,) in query_rows(
            f"SELECT t.id FROM {field.model._meta.db_table} t WHERE "
            f"{unknown_to_history(field, 't.id')}"
        ):
            sentence = f"Its newest history row does not know its {field.verbose_name}."
            yield Breach("I8", f"{field.model._meta.model_name} {key}", sentence)


def erased() -> Iterator[Breach]:
    """Rows that only their history still knows."""
    for model in TRACKED:
        if model in DELETABLE:
            continue
        kept, table = model.history.model._meta.db_table, model._meta.db_table
        gone = f"NOT EXISTS (SELECT 1 FROM {table} t WHERE t.id = h.id)"
        for (key,) in query_rows(f"SELECT DISTINCT h.id FROM {kept} h WHERE {gone}"):
            yield Breach(
                "I4", f"{model._meta.model_name} {key}", "It is gone; only its history is left."
            )


def causes() -> Iterator[Breach]:
    """History rows whose cause is nowhere."""
    for model in (Proposal, LogicalFlow, PhysicalSpecification, PhysicalFlow):
        kept = model.history.model._meta.db_table
        for column, cause in (("cause_proposal_id", Proposal), ("cause_batch_id", ImportBatch)):
            there = f"SELECT 1 FROM {cause._meta.db_table} c WHERE c.id = h.{column}"
            lost = f"h.{column} IS NOT NULL AND NOT EXISTS ({there})"
            for (key,) in query_rows(f"SELECT DISTINCT h.id FROM {kept} h WHERE {lost}"):
                # These references have no constraint (`reference` in models/history.py), so nothing
                # but this asks.
                sentence = f"Its history names a {cause._meta.verbose_name} that does not exist."
                yield Breach("I1", f"{model._meta.model_name} {key}", sentence)


def administrators() -> Iterator[Breach]:
    """There was somebody who administers the site, and nobody is left."""
    there_was = User.history.filter(is_superuser=True, is_active=True, is_staff=True).exists()
    if there_was and not User.objects.administrators().exists():
        yield Breach("people", "administrators", "No active administrator is left.")


def twins() -> Iterator[Breach]:
    """What may be there once and is there twice, and keys that do not say what their row says."""
    # Unique constraints hold these too, while they are there: what was written without them is
    # asked here.
    once = [
        (Proposal.objects.open().filter(type="CREATE"), ["content_key"]),
        (
            Proposal.objects.open().exclude(type="CREATE"),
            ["concerned_physical_flow", "concerned_logical_flow"],
        ),
        (LogicalFlow.objects.all(), ["source", "target"]),
        (PhysicalFlow.objects.active(), ["content_key"]),
        (Transition.objects.exclude(side=""), ["proposal", "side"]),
    ]
    for rows, keys in once:
        yield from _twice(rows, keys)
    in_key = [attribute.name for attribute in FLOW_ATTRIBUTES if attribute.is_in_key]
    asked = ["source", "target", "with_physical_flow", "specification", "specification_name"]
    proposals = Proposal.objects.submitted().filter(type__in=["CREATE", "EDIT"])
    yield from _false_keys(proposals.only("content_key", *asked, *in_key))
    sent = ["logical_flow__source", "logical_flow__target", "specification"]
    flows = PhysicalFlow.objects.select_related("logical_flow")
    yield from _false_keys(flows.only("content_key", *sent, *in_key))


def _twice(rows: QuerySet, keys: list[str]) -> Iterator[Breach]:
    repeated = rows.order_by().values(*keys).annotate(times=Count("pk")).filter(times__gt=1)
    for values in repeated.iterator():
        same = ", ".join(
            map(str, rows.filter(**{key: values[key] for key in keys}).values_list("pk", flat=True))
        )
        yield Breach(
            "I5",
            f"{rows.model._meta.model_name} {same}",
            "These say the same, and only one of them may.",
        )


def _false_keys(rows: QuerySet) -> Iterator[Breach]:
    for row in rows.iterator(chunk_size=2000):
        kept = row.content_key
        row.set_content_key()
        if row.content_key != kept:
            sentence = "Its content key is not the one of its content."
            yield Breach("I5", f"{row._meta.model_name} {row.pk}", sentence)
