"""The table of transitions as pictures and tables for readers. Everything comes from the table;
nothing is added.
"""

from ..models import ProposalStates, State, actions, end_states, rows


def mermaid(table: type = ProposalStates) -> str:
    """A Mermaid state diagram; every state and every legal change of state, labelled with its
    action.
    """
    lines = ["stateDiagram-v2", f"    [*] --> {State.PROPOSED_CREATE}"]
    lines += [f"    {source} --> {action.target}: {action.name}" for source, action in rows(table)]
    lines += [f"    {state} --> [*]" for state in end_states(table)]
    return "\n".join(lines)


def matrix(table: type = ProposalStates) -> dict[tuple[str, str], str]:
    """(state, action) -> the state it leads to; a pair that is absent is refused."""
    return {(source, action.name): action.target for source, action in rows(table)}


def who_may(table: type = ProposalStates) -> str:
    """A Markdown table: action, from, to, who."""
    lines = ["| action | from | to | who |", "|---|---|---|---|"]
    for action in actions(table).values():
        lines.append(
            f"| {action.name} | {', '.join(action.sources)} | {action.target} | {action.role.who} |"
        )
    return "\n".join(lines)


def for_readme(table: type = ProposalStates) -> str:
    """The part of the README between its markers."""
    return f"```mermaid\n{mermaid(table)}\n```\n\n{who_may(table)}\n"
