"""Each row through the one door, and what becomes of it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ... import workflow
from ...errors import Invalid, Refused, Repeated
from ...models import (
    DataType,
    Outcome,
    Proposal,
    ProposalType,
    User,
    question_about_offset,
)
from .reading import FileRow
from .wishes import Wish, Wishes, by_column

MANY = 20  # proposals; whoever is asked for more at once hears of them in the daily digest


@dataclass(frozen=True)
class RowResult:
    """What becomes of one row. `proposal` is the one it made, or the one that asks for the same."""

    outcome: Outcome
    sentence: str = ""
    proposal: Proposal | None = None
    key: str = ""  # the same for two rows of the file that ask for the same

    def __str__(self) -> str:
        told = {
            Outcome.READY: "will be submitted",
            Outcome.UNFINISHED: "waits as a draft, since it is not complete",
            Outcome.TWIN: "there already",
            Outcome.REFUSED: "refused",
            Outcome.SUBMITTED: f"submitted as proposal {self.proposal and self.proposal.pk}",
            Outcome.KEPT: f"kept as draft {self.proposal and self.proposal.pk}",
        }[self.outcome]
        return f"{told}: {self.sentence}" if self.sentence else f"{told}."


@dataclass
class Proposing:
    """Brings rows of one file in, for one maker. Complete ones are submitted, unless not `submits`;
    what is not submitted is kept as a draft if it `keeps_drafts`.

    `seen`: key of a row that was looked at -> its line. `in_digest` nobody gets a mail for each.
    """

    by: User
    submits: bool = True
    keeps_drafts: bool = True
    in_digest: bool = False
    seen: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.wishes = Wishes(self.by)

    def preview(self, row: FileRow) -> RowResult:
        """What would become of it now; nothing is written."""
        try:
            wish = self.wishes.of(row)
        except Invalid as wrong:
            return RowResult(Outcome.REFUSED, by_column(wrong))
        result = self._judged(wish, workflow.check)
        earlier = self.seen.setdefault(result.key, row.line) if result.key else row.line
        if earlier != row.line:
            return RowResult(Outcome.TWIN, f"Line {earlier} of this file asks for the same.")
        return result

    def carry_out(self, row: FileRow) -> RowResult:
        """Do it, each row on its own: it is done with all that follows, or not at all."""
        try:
            if self.submits:
                return self._submitted(row)
        except Invalid:
            pass  # it lacks something, which is said below
        except Refused as no:
            return _refused(no)
        result = self.preview(row)
        try:
            if result.outcome in (Outcome.READY, Outcome.UNFINISHED) and self.keeps_drafts:
                return self._kept(self.wishes.of(row), result)
        except Refused as no:
            return _refused(no)
        return result

    def _judged(self, wish: Wish, check: Callable[[Proposal, list[DataType]], None]) -> RowResult:
        proposal = wish.proposal
        changes = wish.differences() if proposal.type == ProposalType.EDIT else []
        if proposal.type == ProposalType.EDIT and not changes:
            return RowResult(
                Outcome.TWIN, f"The physical flow {proposal.changed_flow} says so already."
            )
        try:
            check(proposal, wish.data_types)
        except Invalid as wrong:
            return self._draft(wish, Outcome.UNFINISHED, by_column(wrong))
        except Refused as no:
            return _refused(no)
        doubt = question_about_offset(proposal.basis_offset)
        told = " ".join([*changes, *([f"basis_offset: {doubt}"] if doubt else [])])
        return self._draft(wish, Outcome.READY, told)

    def _draft(self, wish: Wish, outcome: Outcome, sentence: str) -> RowResult:
        """That draft of the maker which says the same is the one that is submitted, if any."""
        draft = wish.own_draft()
        key = wish.key(is_complete=outcome == Outcome.READY)
        if draft and not (self.submits and outcome == Outcome.READY):
            return RowResult(
                Outcome.TWIN, f"It is your draft {draft.pk}. {sentence}".strip(), draft
            )
        return RowResult(outcome, sentence, draft, key)

    def _submitted(self, row: FileRow) -> RowResult:
        """Submitting judges all that `preview` looks at, so that is not looked at before. Invalid
        where something is missing.
        """
        wish = self.wishes.of(row)
        result = self._judged(wish, lambda proposal, _: proposal.set_content_key())
        if result.outcome != Outcome.READY:
            return result
        made = result.proposal or wish.proposal
        if result.proposal:
            workflow.propose(made, by=self.by, in_digest=self.in_digest)
        else:
            workflow.submit(made, wish.data_types, by=self.by, in_digest=self.in_digest)
        return RowResult(Outcome.SUBMITTED, result.sentence, made)

    def _kept(self, wish: Wish, result: RowResult) -> RowResult:
        workflow.save_draft(wish.proposal, wish.data_types, by=self.by)
        return RowResult(Outcome.KEPT, result.sentence, wish.proposal)


def _refused(no: Refused) -> RowResult:
    if not isinstance(no, Repeated):
        sentence = by_column(no) if isinstance(no, Invalid) else no.sentence
        return RowResult(Outcome.REFUSED, sentence)
    proposal = no.about if isinstance(no.about, Proposal) else None
    return RowResult(Outcome.TWIN, no.sentence, proposal)
