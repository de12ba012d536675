"""Guards of transitions: each a row of the table, next in line, by somebody active whom no policy
bars.

Whether the person had the right is judged in `models/rights.py`, under the locks. The transition
names what gave it, and the database asks whether that is there and fits.
"""

from django.contrib.auth.models import Group

from ..models import (
    STEWARDS,
    STEWARDSHIPS,
    Approver,
    ApproverRule,
    Basis,
    Delegation,
    Involvement,
    Maker,
    MakerDecides,
    Policy,
    Proposal,
    Side,
    State,
    System,
    Token,
    Tracked,
    Transition,
    User,
    actions,
    rows,
)
from .guard import (
    AT_COMMIT,
    POSTGRESQL,
    Guard,
    either,
    listed,
    not_now,
    quoted,
    table,
    written_by_this_transaction,
)

TRANSITION, PROPOSAL, USER, SYSTEM = map(table, (Transition, Proposal, User, System))
TOKEN = table(Token)
HISTORY = table(Policy.history.model)
INVOLVEMENTS, RULES, DELEGATIONS, PEOPLE = (
    table(model.history.model) for model in (Involvement, ApproverRule, Delegation, User)
)
SYSTEM_OF_SIDE = f"CASE WHEN NEW.side = {quoted(Side.SOURCE)} THEN p.source_id ELSE p.target_id END"
DECISION = "NEW.side <> ''"
APPROVALS = listed(action.name for action in actions().values() if action.verb == "approve")
MAKERS = listed(action.name for action in actions().values() if isinstance(action.role, Maker))


def guards() -> list[Guard]:
    named = [
        (
            "is_a_row_of_the_table",
            no_row_of_the_table(),
            "The table of transitions has no such row.",
        ),
        (
            "next_in_line",
            out_of_line(),
            "Transitions are numbered without gap, each from where the last one went.",
        ),
        ("of_the_policy_in_force", of_another_policy(), "It does not name the policy in force."),
        ("by_somebody_active", by_somebody_inactive(), "Somebody who is not active does nothing."),
        ("by_the_maker_where_his", not_by_the_maker(), "Only the maker does this."),
        (
            "not_by_a_barred_maker",
            by_a_barred_maker(),
            "The maker decides nothing under this policy.",
        ),
        (
            "by_two_people_where_asked",
            by_the_same_people(),
            "The two decisions need two people under this policy.",
        ),
        (
            "automatic_as_the_policy_says",
            automatic_without_policy(),
            "No policy makes this decision automatic.",
        ),
        (
            "rests_on_what_its_action_asks",
            on_another_basis(),
            "This action is not done by such a right.",
        ),
        (
            "rests_on_an_involvement",
            without_involvement(),
            "It does not name an involvement, a rule and, for another, a delegation that give it.",
        ),
        (
            "rests_on_a_stewardship",
            without_stewardship(),
            "It does not name the membership of the stewards that gives it.",
        ),
        (
            "through_a_token_that_may",
            through_no_such_token(),
            "The person has no token of this name that may do it now.",
        ),
        (
            "decided_on_a_page",
            decided_by_a_program(),
            "No program decides under this policy.",
        ),
    ]
    return [after_rights_are_settled(), *times()] + [
        Guard(f"transition_{name}", TRANSITION, ("INSERT",), refused, sentence)
        for name, refused, sentence in named
    ]


def after_rights_are_settled() -> Guard:
    """Its name makes it the first of a transition: PostgreSQL asks them by the alphabet, and the
    others read what this one locks. The locks are those of `models.lock_rights`, in its order.

    A rule and a membership of the stewards are held only where it names them. The system of the
    side is held against a rule of its own that takes the place of a general one.
    """
    giving: list[Tracked] = [Policy, User, Involvement, ApproverRule, Delegation, System]
    tables = [table(model) for model in giving]
    tables += [table(model.history.model) for model in giving]
    tables += [table(STEWARDSHIPS), table(User.groups.through), table(Group)]
    named = "{0} g WHERE g.id = (SELECT h.id FROM {1} h WHERE h.history_id = NEW.{2}) FOR SHARE"
    membership = f"""{table(User.groups.through)} g WHERE (g.user_id, g.group_id) = (
        SELECT k.user_id, k.group_id FROM {table(STEWARDSHIPS)} k
        WHERE k.m2m_history_id = NEW.stewardship_id) FOR SHARE"""
    return Guard(
        "transition_after_rights_are_settled",
        TRANSITION,
        ("INSERT",),
        written_by_this_transaction(tables),
        "Nothing is decided in the transaction that changes policy, people, systems or rights.",
        POSTGRESQL,
        spares_owner=True,
        held=(
            f"""{SYSTEM} s WHERE s.id = (SELECT {SYSTEM_OF_SIDE} FROM {PROPOSAL} p
                WHERE p.id = NEW.proposal_id AND {DECISION}) FOR SHARE""",
            f"{table(Policy)} FOR SHARE",
            named.format(table(Involvement), INVOLVEMENTS, "involvement_id"),
            f"""{USER} u WHERE u.id IN (NEW.by_id, NEW.on_behalf_of_id)
                ORDER BY u.id FOR SHARE""",
            named.format(table(Delegation), DELEGATIONS, "delegation_id"),
            named.format(table(ApproverRule), RULES, "rule_id"),
            membership,
            f"{TOKEN} k WHERE k.owner_id = NEW.by_id AND k.name = NEW.token FOR SHARE",
        ),
    )


def times() -> list[Guard]:
    """When something happens, and when the clock may end it."""
    of_proposal = f"EXISTS (SELECT 1 FROM {PROPOSAL} p WHERE p.id = NEW.proposal_id AND"
    # Hours, since a day of the clock on the wall may have 23 or 25.
    due = "p.submitted_at + make_interval(hours => 24 * h.time_out_days::int)"
    as_the_policy_says = f"""{of_proposal} EXISTS (SELECT 1 FROM {HISTORY} h
        WHERE h.history_id = NEW.policy_id AND p.due_at <> {due}))"""
    return [
        Guard(
            "transition_dated_now",
            TRANSITION,
            ("INSERT",),
            not_now("NEW.at"),
            "A transition is dated when it happens.",
            POSTGRESQL,
            spares_owner=True,
        ),
        Guard(
            "transition_not_before_the_last",
            TRANSITION,
            ("INSERT",),
            f"""EXISTS (SELECT 1 FROM {TRANSITION} t
                WHERE t.proposal_id = NEW.proposal_id AND t.at > NEW.at)""",
            "A transition does not come before the last one.",
        ),
        Guard(
            "transition_by_the_clock_when_due",
            TRANSITION,
            ("INSERT",),
            f"NEW.action = 'time_out' AND {of_proposal} p.due_at >= NEW.at)",
            "The deadline has not passed.",
        ),
        Guard(
            "transition_due_as_the_policy_says",
            TRANSITION,
            ("INSERT",),
            f"NEW.action = 'propose' AND {as_the_policy_says}",
            "The deadline is not the one of the policy.",
            AT_COMMIT,
        ),
    ]


def no_row_of_the_table() -> str:
    allowed = either(
        f"(NEW.action = {quoted(action.name)} AND NEW.from_state = {quoted(source)}"
        f" AND NEW.to_state = {quoted(target)} AND NEW.side = {quoted(action.side)})"
        for source, action, target in rows()
    )
    return f"NOT {allowed}"


def out_of_line() -> str:
    before = f"FROM {TRANSITION} t WHERE t.proposal_id = NEW.proposal_id"
    draft = quoted(State.PROPOSED_CREATE)
    return f"""NEW.number <> (SELECT COALESCE(MAX(t.number), 0) + 1 {before})
        OR NEW.from_state <> COALESCE(
            (SELECT t.to_state {before} ORDER BY t.number DESC LIMIT 1), {draft})"""


def of_another_policy() -> str:
    newest = f"SELECT MAX(h.history_id) FROM {HISTORY} h"
    # The version by its history row: the policy itself is one row that changes.
    return f"NEW.policy_id <> ({newest})"


def by_somebody_inactive() -> str:
    return f"""EXISTS (SELECT 1 FROM {USER} u
        WHERE u.id IN (NEW.by_id, NEW.on_behalf_of_id) AND NOT u.is_active)"""


def not_by_the_maker() -> str:
    by_maker = f"""EXISTS (SELECT 1 FROM {PROPOSAL} p
        WHERE p.id = NEW.proposal_id AND p.maker_id = NEW.by_id)"""
    return f"NEW.action IN {MAKERS} AND (NEW.on_behalf_of_id IS NOT NULL OR NOT {by_maker})"


def policy(condition: str) -> str:
    """The policy that NEW names says so; `h` is its history row."""
    return f"EXISTS (SELECT 1 FROM {HISTORY} h WHERE h.history_id = NEW.policy_id AND {condition})"


def by_a_barred_maker() -> str:
    maker = f"""EXISTS (SELECT 1 FROM {PROPOSAL} p
        WHERE p.id = NEW.proposal_id AND p.maker_id IN (NEW.by_id, NEW.on_behalf_of_id))"""
    barred = policy(f"h.maker_decides <> {quoted(MakerDecides.WALTZ)}")
    return f"{DECISION} AND NOT NEW.automatic AND {barred} AND {maker}"


def by_the_same_people() -> str:
    other = f"""EXISTS (SELECT 1 FROM {TRANSITION} t
        WHERE t.proposal_id = NEW.proposal_id AND t.side <> ''
        AND (t.by_id IN (NEW.by_id, NEW.on_behalf_of_id)
            OR t.on_behalf_of_id IN (NEW.by_id, NEW.on_behalf_of_id)))"""
    return f"{DECISION} AND {policy('NOT h.one_person_both_sides')} AND {other}"


def automatic_without_policy() -> str:
    """Automatic is an approval by the maker alone, of an own side or an external one; and only one,
    but for WALTZ.
    """
    own = f"NEW.basis = {quoted(Basis.INVOLVEMENT)}"
    own += f" AND h.maker_decides <> {quoted(MakerDecides.NEVER)}"
    external = f"""NEW.basis = {quoted(Basis.EXTERNAL)} AND h.external_auto_approval
        AND EXISTS (SELECT 1 FROM {SYSTEM} s WHERE s.id = {SYSTEM_OF_SIDE} AND s.is_external)"""
    first = f"NOT EXISTS (SELECT 1 FROM {TRANSITION} t WHERE t.proposal_id = p.id AND t.side <> '')"
    waltz = f"h.maker_decides = {quoted(MakerDecides.WALTZ)}"
    allowed = policy(f"({waltz} OR {first}) AND ({own} OR {external})")
    return f"""{DECISION} AND NEW.automatic AND NOT EXISTS (
        SELECT 1 FROM {PROPOSAL} p WHERE p.id = NEW.proposal_id AND p.maker_id = NEW.by_id
        AND NEW.on_behalf_of_id IS NULL AND NEW.action IN {APPROVALS} AND {allowed})"""


def on_another_basis() -> str:
    allowed = either(
        f"(NEW.action = {quoted(action.name)} AND NEW.basis IN {listed(action.role.bases)})"
        for action in actions().values()
    )
    return f"NOT {allowed} OR NEW.basis = {quoted(Basis.EXTERNAL)} AND NOT NEW.automatic"


def newest(row: str, history: str) -> str:
    """`row` is the newest history row of its object, and not of one that is gone."""
    later = f"SELECT 1 FROM {history} x WHERE x.id = {row}.id AND x.history_id > {row}.history_id"
    return f"{row}.history_type <> '-' AND NOT EXISTS ({later})"


def without_involvement() -> str:
    """The involvement is open, of the person in whose right it is done, in the system of the side;
    the rule makes it decisive, which a general rule does not where one names the system.
    """
    decisive = either(
        f"(NEW.action = {quoted(action.name)} AND r.{decision})"
        for action in actions().values()
        if isinstance(action.role, Approver)
        for decision in action.role.decisions
    )
    # As in `decisive_involvements`: once a rule names the system, general ones do not count for it.
    own_rule = f"SELECT 1 FROM {table(ApproverRule)} a WHERE a.system_id = s.id"
    delegated = f"""EXISTS (SELECT 1 FROM {DELEGATIONS} d WHERE d.history_id = NEW.delegation_id
        AND {newest("d", DELEGATIONS)}
        AND d.delegator_id = NEW.on_behalf_of_id AND d.delegate_id = NEW.by_id
        AND (d.system_id IS NULL OR d.system_id = s.id))"""
    return f"""NEW.basis = {quoted(Basis.INVOLVEMENT)} AND NOT EXISTS (
        SELECT 1 FROM {PROPOSAL} p JOIN {SYSTEM} s ON s.id = {SYSTEM_OF_SIDE}
        JOIN {INVOLVEMENTS} i ON i.history_id = NEW.involvement_id
        JOIN {RULES} r ON r.history_id = NEW.rule_id
        WHERE p.id = NEW.proposal_id
        AND {newest("i", INVOLVEMENTS)} AND i.ended_at IS NULL AND i.system_id = s.id
        AND i.user_id = COALESCE(NEW.on_behalf_of_id, NEW.by_id)
        AND {newest("r", RULES)} AND r.involvement_kind_id = i.kind_id
        AND (r.system_id = s.id
            OR r.system_id IS NULL AND r.system_kind = s.kind AND NOT EXISTS ({own_rule}))
        AND {decisive}
        AND (NEW.on_behalf_of_id IS NULL AND NEW.delegation_id IS NULL OR {delegated}))"""


def through_no_such_token() -> str:
    """What follows by itself from an act, the completion and automatic approvals, names the token
    of that.
    """
    scope = either(
        [
            "NEW.automatic",
            f"({DECISION} AND k.may_decide)",
            f"(NEW.action IN {MAKERS} AND k.may_propose)",
        ]
    )
    return f"""NEW.token <> '' AND NOT EXISTS (SELECT 1 FROM {TOKEN} k
        WHERE k.owner_id = NEW.by_id AND k.name = NEW.token
        AND k.withdrawn_at IS NULL AND k.expires_at > NEW.at AND {scope})"""


def decided_by_a_program() -> str:
    barred = f"NOT {policy('h.api_decisions')}"
    return f"NEW.token <> '' AND {DECISION} AND NOT NEW.automatic AND {barred}"


def without_stewardship() -> str:
    later = f"SELECT 1 FROM {PEOPLE} x WHERE x.id = k.user_id AND x.history_id > k.history_id"
    return f"""NEW.basis = {quoted(Basis.STEWARD)} AND NOT EXISTS (
        SELECT 1 FROM {table(STEWARDSHIPS)} k JOIN {table(Group)} g ON g.id = k.group_id
        WHERE k.m2m_history_id = NEW.stewardship_id AND k.user_id = NEW.by_id
        AND g.name = {quoted(STEWARDS)} AND NOT EXISTS ({later}))"""
