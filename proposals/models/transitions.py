"""What has happened to a proposal."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from .catalogue import one_of
from .fields import FreeTextField, LineField
from .involvements import ApproverRule, Delegation, Involvement
from .people import User
from .policy import Policy
from .rights import STEWARDSHIPS, Basis
from .states import Side, State, actions, end_states, look_of, states

NO_INVOLVEMENT = {"involvement": None, "rule": None, "delegation": None}


def _named(history: type[models.Model]) -> models.ForeignKey:
    """A history row that a transition names. Nothing asks for the transitions that name a row, so
    it has no index.
    """
    return models.ForeignKey(history, models.PROTECT, null=True, related_name="+", db_index=False)


class TransitionQuerySet(models.QuerySet):
    def visible_to(self, user: User):
        """Those of what was submitted; a draft is its maker's and the administrators'."""
        if user.is_superuser:
            return self
        return self.filter(Q(proposal__submitted_at__isnull=False) | Q(proposal__maker=user))


class Transition(models.Model):
    """One change of state. Appended, never changed; a draft has none.

    `basis` says by what right, and names the history rows of what gave it: of the involvement, the
    rule and the delegation, or of the membership of the stewards.
    """

    proposal = models.ForeignKey("Proposal", models.PROTECT, related_name="transitions")
    number = models.PositiveSmallIntegerField()
    action = models.CharField(max_length=30)
    from_state = models.CharField(max_length=30, choices=State)
    to_state = models.CharField(max_length=30, choices=State)
    side = models.CharField(max_length=10, choices=Side, blank=True)
    by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        related_name="transitions",
        help_text="Empty if the clock did it.",
    )
    on_behalf_of = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="transitions_by_delegates"
    )
    capacity = FreeTextField(help_text="The right it was done by, as it read that moment.")
    basis = models.CharField(max_length=20, choices=Basis)
    involvement = _named(Involvement.history.model)
    rule = _named(ApproverRule.history.model)
    delegation = _named(Delegation.history.model)
    stewardship = _named(STEWARDSHIPS)
    policy = models.ForeignKey(Policy.history.model, models.PROTECT, related_name="transitions")
    comment = FreeTextField(max_length=4000, blank=True)
    automatic = models.BooleanField(default=False)
    # By its name, as the record is read without the tokens.
    token = LineField(
        max_length=60,
        blank=True,
        default="",
        db_default="",
        help_text="The person's token that it was done with; empty if they did it on a page.",
    )
    at = models.DateTimeField()

    objects = TransitionQuerySet.as_manager()

    class Meta:
        ordering = ["proposal_id", "number"]
        indexes = [models.Index(fields=["at", "id"], name="transition_by_moment")]
        constraints = [
            models.UniqueConstraint(fields=["proposal", "number"], name="transition_numbered_once"),
            models.UniqueConstraint(
                fields=["proposal", "side"],
                condition=~Q(side=""),
                name="transition_one_decision_per_side",
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="transition_numbered_from_one"),
            models.CheckConstraint(
                condition=Q(side__in=["", *Side.values]), name="transition_side"
            ),
            models.CheckConstraint(
                condition=Q(action__in=list(actions())), name="transition_action"
            ),
            models.CheckConstraint(
                condition=Q(action="time_out", by=None)
                | ~Q(action="time_out") & Q(by__isnull=False),
                name="transition_by_the_clock_or_a_person",
            ),
            models.CheckConstraint(
                condition=~Q(
                    action__in=[a.name for a in actions().values() if a.comment_is_required]
                )
                | ~Q(comment=""),
                name="transition_rejected_with_a_comment",
            ),
            models.CheckConstraint(
                condition=Q(on_behalf_of=None) | ~Q(side="") & ~Q(on_behalf_of=F("by")),
                name="transition_for_another_when_deciding",
            ),
            models.CheckConstraint(condition=~Q(capacity=""), name="transition_by_some_right"),
            one_of("basis", Basis, "transition_basis"),
            # Guards ask that what must be named is named; rows of before 0.2 may lack it.
            models.CheckConstraint(
                condition=Q(basis=Basis.INVOLVEMENT, stewardship=None)
                & (Q(on_behalf_of__isnull=False) | Q(delegation=None))
                | Q(basis=Basis.STEWARD, on_behalf_of=None, **NO_INVOLVEMENT)
                | Q(
                    basis__in=[Basis.MAKER, Basis.EXTERNAL, Basis.BOTH_SIDES, Basis.CLOCK],
                    on_behalf_of=None,
                    stewardship=None,
                    **NO_INVOLVEMENT,
                ),
                name="transition_names_what_its_basis_knows",
            ),
            models.CheckConstraint(
                condition=Q(from_state__in=states(), to_state__in=states()),
                name="transition_states",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.proposal_id}/{self.number}: {self.to_state}"

    @property
    def look(self) -> str:
        """How a page shows the state it led to."""
        return look_of(self.to_state)

    @property
    def verdict(self) -> str:
        """What a decision came to, in one word."""
        return actions()[self.action].verdict

    @property
    def verdict_look(self) -> str:
        """How a page shows the verdict."""
        return "good" if self.approves else self.look

    @property
    def approves(self) -> bool:
        """Whether it is a decision in favour."""
        return actions()[self.action].verb == "approve"

    @property
    def ends_undecided(self) -> bool:
        """Whether it ended the proposal without a decision: cancelled or timed out."""
        is_end = self.to_state in end_states() and self.to_state != State.FULLY_APPROVED
        return is_end and not self.side

    @property
    def done(self) -> str:
        """What happened, in the past tense: "approved for the source"."""
        return actions()[self.action].done

    @property
    def sentence(self) -> str:
        """Who did what, and when: "Anna Berg approved for the source on 3 November 2026, 14:05
        UTC.".
        """
        who = str(self.by) if self.by else "It"
        if self.automatic and self.by and not self.side:
            return f"{self.capacity}, on {timezone.localtime(self.at):%-d %B %Y, %H:%M %Z}."
        return f"{who} {self.done} on {timezone.localtime(self.at):%-d %B %Y, %H:%M %Z}."
