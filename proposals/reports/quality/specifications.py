"""Specifications that nothing is sent by."""

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from ...models import Lifecycle, PhysicalFlow, PhysicalSpecification, User
from .common import Line, Question, Remedy, Row, asked_for, propose


class Unused(Question):
    slug = "unused-specifications"
    title = "Specifications nobody uses"
    short = "Unused specifications"
    hint = "Described, and sent along no flow."
    of = "specifications"
    noun = "specification"
    since_label = "Unused since"
    since_means = (
        "Since the last flow that used it was removed; where there never was one, "
        "since it entered the register. Those that entered it first come first."
    )
    header = ["Code", "Name", "Owner", "Owner code", "Format", "Open proposal"]
    systems = ["owner"]

    def population(self) -> QuerySet:
        return PhysicalSpecification.objects.filter(lifecycle=Lifecycle.ACTIVE)

    def matches(self) -> QuerySet:
        using = PhysicalFlow.objects.active().filter(specification=OuterRef("pk"))
        came = PhysicalSpecification.history.filter(id=OuterRef("pk")).order_by("history_date")
        return (
            self.population()
            .exclude(Exists(using))
            .annotate(since=Subquery(came.values("history_date")[:1]))
        )

    def rows(self) -> QuerySet:
        return (
            super()
            .rows()
            .select_related("owner")
            .annotate(open_proposal_id=asked_for(specification="pk"))
        )

    def lines(self, rows: list, user: User) -> list[Line]:
        return [self._line(specification) for specification in rows]

    def _line(self, row: Row) -> Line:
        gone, owner = row.owner.is_removed, row.owner
        remedies = (
            []
            if gone or row.open_proposal_id
            else [Remedy("Propose a flow with it", propose(owner, specification=row.pk))]
        )
        note = f"{owner.name} has been removed, so nothing can be proposed here." if gone else ""
        about = [owner, f" · {row.get_format_display()}"]
        return Line(
            row.name,
            row.get_absolute_url(),
            row.code if row.has_own_code else "",
            about,
            row.since,
            remedies,
            note,
            row.open_proposal_id,
        )

    def csv_row(self, row: Row) -> list:
        return [
            row.code,
            row.name,
            row.owner.name,
            row.owner.code,
            row.get_format_display(),
            row.open_proposal_id,
        ]
