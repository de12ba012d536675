"""The table of transitions as pictures and tables for readers. Everything comes from the table;
nothing is added.
"""

from ..models import ProposalStates, State, actions, end_states, rows


def mermaid(table: type = ProposalStates) -> str:
    """A Mermaid state diagram; every state and every legal change of state, labelled with its
    action.
    """
    lines = ["stateDiagram-v2", f"    [*] --> {State.PROPOSED_CREATE}"]
    lines += [f"    {source} --> {target}: {action.name}" for source, action, target in rows(table)]
    lines += [f"    {state} --> [*]" for state in end_states(table)]
    return "\n".join(lines)


def matrix(table: type = ProposalStates) -> dict[tuple[str, str], str]:
    """(state, action) -> the state it leads to, or several with " or " between; a pair that is
    absent is refused.
    """
    legal: dict[tuple[str, str], str] = {}
    for source, action, target in rows(table):
        before = legal.get((source, action.name))
        legal[source, action.name] = f"{before} or {target}" if before else target
    return legal


def who_may(table: type = ProposalStates) -> str:
    """A Markdown table: action, from, to, who."""
    lines = ["| action | from | to | who |", "|---|---|---|---|"]
    for action in actions(table).values():
        places = f"{', '.join(action.sources)} | {' or '.join(action.targets)}"
        lines.append(f"| {action.name} | {places} | {action.role.who} |")
    return "\n".join(lines)


def for_readme(table: type = ProposalStates) -> str:
    """The part of the README between its markers."""
    return f"```mermaid\n{mermaid(table)}\n```\n\n{who_may(table)}\n"
