"""Systems for which nobody can approve."""

from django.conf import settings
from django.db.models import Count, DateTimeField, Exists, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest
from django.urls import reverse

from ...models import (
    Involvement,
    Proposal,
    Side,
    System,
    SystemLifecycle,
    User,
    able_to_approve,
    undecided_states,
)
from ..sentences import Parts, in_words, listed
from .common import Line, Question, Remedy, Row, mail_to


def waiting(side: str) -> Coalesce:
    """How many open proposals wait for a system as their `side`."""
    stuck = Proposal.objects.filter(
        state__in=undecided_states(side), **{side.lower(): OuterRef("pk")}
    ).order_by()
    return Coalesce(
        Subquery(stuck.values(side.lower()).annotate(number=Count("pk")).values("number")), 0
    )


class WithoutApprover(Question):
    slug = "systems-without-approver"
    title = "Systems without an approver"
    short = "No approver"
    hint = (
        "Nobody active may approve for them. The policy leaves their side to the stewards, "
        "or refuses the proposal."
    )
    of = "systems"
    noun = "system"
    since_label = "Without one since"
    since_means = (
        "Since the last person left it or was deactivated; where there never was one, "
        "since it entered the register. Those that entered it first come first."
    )
    header = [
        "Code",
        "Name",
        "Kind",
        "Organisational unit",
        "Involved",
        "Open proposals waiting for it",
    ]
    systems = ["pk"]

    def population(self) -> QuerySet:
        return System.objects.exclude(lifecycle=SystemLifecycle.REMOVED)

    def matches(self) -> QuerySet:
        able = able_to_approve().filter(system=OuterRef("pk"))
        return self.population().exclude(Exists(able)).annotate(since=self._since())

    def _since(self) -> Greatest:
        here = Involvement.objects.filter(system=OuterRef("pk"))
        left = here.filter(ended_at__isnull=False).order_by("-ended_at").values("ended_at")[:1]
        idle = Involvement.objects.open().filter(
            system=OuterRef(OuterRef("pk")), user__is_active=False
        )
        switched_off = User.history.filter(id__in=idle.values("user"), is_active=False).order_by(
            "-history_date"
        )
        came = (
            System.history.filter(id=OuterRef("pk"))
            .order_by("history_date")
            .values("history_date")[:1]
        )
        ended, deactivated = Subquery(left), Subquery(switched_off.values("history_date")[:1])
        # Each of both stands in for the other: the databases differ in the greatest of nulls.
        moment = DateTimeField()
        return Greatest(
            Coalesce(ended, deactivated, Subquery(came), output_field=moment),
            Coalesce(deactivated, ended, Subquery(came), output_field=moment),
        )

    def rows(self) -> QuerySet:
        open_ones = Prefetch(
            "involvements", Involvement.objects.open().select_related("user", "kind")
        )
        systems = super().rows().select_related("organisational_unit").prefetch_related(open_ones)
        return systems.annotate(as_source=waiting(Side.SOURCE), as_target=waiting(Side.TARGET))

    def lines(self, rows: list, user: User) -> list[Line]:
        able = User.objects.allowed_to("add_involvement")
        managers = list(able.order_by("name", "pk")[:20])
        return [self._line(system, user, managers) for system in rows]

    def _line(self, system: Row, user: User, managers: list[User]) -> Line:
        unit = [" · ", system.organisational_unit] if system.organisational_unit else []
        sub = [f"{system.code} · {system.get_kind_display()}", *unit]
        about, stuck = (
            self._involved(system) or ["Nobody is involved"],
            system.as_source + system.as_target,
        )
        note = (
            f"{stuck} open {'proposal waits' if stuck == 1 else 'proposals wait'} for it"
            if stuck
            else ""
        )
        remedies = self._remedies(system, user, managers)
        return Line(
            system.name, system.get_absolute_url(), sub, about, system.since, remedies, note
        )

    def _involved(self, system: Row) -> Parts:
        return listed(([row.user, f", {row.kind}"] for row in system.involvements.all()), "; ")

    def _remedies(self, system: Row, user: User, managers: list[User]) -> list[Remedy]:
        """Who may give it an approver does; all others ask one of those."""
        add = f"{reverse('admin:proposals_involvement_add')}?system={system.pk}"
        if user.is_staff and user in managers:
            return [Remedy("Name an approver", add)]
        if not managers:
            return [Remedy("See who decides", system.get_absolute_url())]
        asked = mail_to(
            managers[:5],
            f"An approver for {system}",
            f"Nobody can approve flows from or to {system}.",
            "Please name an approver:",
            f"{settings.ORIGIN}{add}",
        )
        return [Remedy("Ask for an approver by mail", asked)]

    def csv_row(self, system: Row) -> list:
        unit, involved = system.organisational_unit or "", in_words(self._involved(system))
        facts = [system.code, system.name, system.get_kind_display(), unit, involved]
        return [*facts, system.as_source + system.as_target]
