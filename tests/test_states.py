"""The table of transitions, and what follows from it."""

from pathlib import Path

from django_fsm import transition

from proposals.models import (
    Proposal,
    ProposalStates,
    State,
    actions,
    end_states,
    open_states,
    states,
)
from proposals.models.roles import Maker
from proposals.models.states import undecided_states
from proposals.workflow import state_diagram

README = Path(__file__).parent.parent / "README.md"


class WithSuspension(ProposalStates):
    """A copy of the table with one row more: the maker may suspend what is pending."""

    class Meta:
        abstract = True
        app_label = "proposals"

    @transition(
        ProposalStates._meta.get_field("state"),
        source=State.PENDING_APPROVALS,
        target="SUSPENDED",
        permission=Maker(),
    )
    def suspend(self) -> None: ...


EXPECTED = {
    ("PROPOSED_CREATE", "propose"): "PENDING_APPROVALS",
    ("PENDING_APPROVALS", "approve_source"): "SOURCE_APPROVED",
    ("TARGET_APPROVED", "approve_source"): "SOURCE_APPROVED",
    ("PENDING_APPROVALS", "approve_target"): "TARGET_APPROVED",
    ("SOURCE_APPROVED", "approve_target"): "TARGET_APPROVED",
    ("SOURCE_APPROVED", "complete"): "FULLY_APPROVED",
    ("TARGET_APPROVED", "complete"): "FULLY_APPROVED",
    ("PENDING_APPROVALS", "return_source"): "RETURNED",
    ("TARGET_APPROVED", "return_source"): "RETURNED",
    ("PENDING_APPROVALS", "return_target"): "RETURNED",
    ("SOURCE_APPROVED", "return_target"): "RETURNED",
    ("PENDING_APPROVALS", "reject_source"): "SOURCE_REJECTED",
    ("TARGET_APPROVED", "reject_source"): "SOURCE_REJECTED",
    ("PENDING_APPROVALS", "reject_target"): "TARGET_REJECTED",
    ("SOURCE_APPROVED", "reject_target"): "TARGET_REJECTED",
    ("PROPOSED_CREATE", "cancel"): "CANCELLED",
    ("PENDING_APPROVALS", "cancel"): "CANCELLED",
    ("SOURCE_APPROVED", "cancel"): "CANCELLED",
    ("TARGET_APPROVED", "cancel"): "CANCELLED",
    ("PENDING_APPROVALS", "time_out"): "TIMED_OUT",
    ("SOURCE_APPROVED", "time_out"): "TIMED_OUT",
    ("TARGET_APPROVED", "time_out"): "TIMED_OUT",
}


def test_the_table_holds_these_changes_of_state_and_no_other():
    assert state_diagram.matrix() == EXPECTED
    assert set(states()) == set(State.values)


def test_open_and_end_states_follow_from_the_table():
    assert set(open_states()) == {"PENDING_APPROVALS", "SOURCE_APPROVED", "TARGET_APPROVED"}
    assert set(end_states()) == {
        "FULLY_APPROVED",
        "SOURCE_REJECTED",
        "TARGET_REJECTED",
        "RETURNED",
        "CANCELLED",
        "TIMED_OUT",
    }
    assert undecided_states("SOURCE") == ("PENDING_APPROVALS", "TARGET_APPROVED")
    assert undecided_states("TARGET") == ("PENDING_APPROVALS", "SOURCE_APPROVED")


def test_a_new_row_appears_in_matrix_diagram_and_lists():
    assert state_diagram.matrix(WithSuspension) == EXPECTED | {
        ("PENDING_APPROVALS", "suspend"): "SUSPENDED"
    }
    assert "    PENDING_APPROVALS --> SUSPENDED: suspend\n" in state_diagram.mermaid(WithSuspension)
    assert "| suspend | PENDING_APPROVALS | SUSPENDED | the maker |" in state_diagram.who_may(
        WithSuspension
    )
    assert end_states(WithSuspension) == [*end_states(), "SUSPENDED"]
    assert actions(WithSuspension)["suspend"].label == "suspend"
    assert "SUSPENDED" not in state_diagram.mermaid()


def test_the_indexes_of_open_proposals_name_the_states_of_the_table():
    conditions = {
        c.name: c.condition for c in Proposal._meta.constraints if hasattr(c, "condition")
    }
    assert ("state__in", open_states()) in conditions["proposal_no_open_twin"].children
    by_name = {index.name: index.condition.children for index in Proposal._meta.indexes}
    assert by_name["proposal_waiting_for_source"] == [("state__in", undecided_states("SOURCE"))]
    assert by_name["proposal_waiting_for_target"] == [("state__in", undecided_states("TARGET"))]


def test_the_readme_shows_the_table_as_it_is():
    text = README.read_text()
    shown = text.split("<!-- from the table of transitions -->\n")[1].split("<!-- end -->")[0]
    assert shown.strip() == state_diagram.for_readme().strip()
