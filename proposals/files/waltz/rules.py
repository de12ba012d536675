"""Permission groups of Waltz as approver rules."""

from ...models import SystemKind
from .catalogue import Catalogue, Entity, Row, yes

OF_PROPOSED_FLOWS = "PROPOSED_FLOW"
RIGHTS = {"APPROVE": "may_approve", "REJECT": "may_reject"}


def place_rules(catalogue: Catalogue) -> None:
    """A default group rules for all systems of a kind; the groups that list a system rule for it
    alone, as a rule that names a system does here.
    """
    members = _members(catalogue)
    listed = _listed(catalogue)
    defaults = {group.id for group in catalogue.waltz["permission_group"] if group.is_default}
    rights: dict[tuple[str, str, str], set[str]] = {}
    ruled: set[Entity] = set()
    for row in catalogue.waltz["permission_group_involvement"]:
        if row.subject_kind != OF_PROPOSED_FLOWS or row.operation not in RIGHTS:
            continue
        if row.parent_kind not in SystemKind.values:
            catalogue.leave("approver rules", f"for {row.parent_kind}")
            continue
        if row.involvement_group_id is None:
            catalogue.leave("approver rules", "everybody may, which no rule says here")
            continue
        group, kind = row.permission_group_id, row.parent_kind
        systems = [entity for entity in listed.get(group, []) if entity[0] == kind]
        codes = [catalogue.systems[entity] for entity in systems]
        codes += [""] * (group in defaults)
        ruled.update(systems)
        for involved in members.get(row.involvement_group_id, []):
            for code in codes:
                rights.setdefault((involved, kind, code), set()).add(RIGHTS[row.operation])
    for (involved, kind, code), may in sorted(rights.items()):
        catalogue.place("approver_rules", _rule(involved, kind, code, may))
    for _ in set().union(*listed.values()) - ruled:
        catalogue.leave(
            "approver rules",
            "a group gives nobody a right on a system; "
            "here the rules for all systems of its kind decide",
        )


def _rule(involved: str, kind: str, code: str, may: set[str]) -> Row:
    return {
        "involvement_kind": involved,
        "system_kind": kind,
        "system_code": code,
        **{right: yes(right in may) for right in RIGHTS.values()},
    }


def _members(catalogue: Catalogue) -> dict[int, list[str]]:
    """Involvement group -> the names of its kinds that have a place here."""
    members: dict[int, list[str]] = {}
    for entry in catalogue.waltz["involvement_group_entry"]:
        if entry.involvement_kind_id in catalogue.kinds:
            name = catalogue.kinds[entry.involvement_kind_id]
            members.setdefault(entry.involvement_group_id, []).append(name)
    return members


def _listed(catalogue: Catalogue) -> dict[int, list[Entity]]:
    """Permission group -> the systems that it rules for alone."""
    listed: dict[int, list[Entity]] = {}
    for entry in catalogue.waltz["permission_group_entry"]:
        entity = (entry.entity_kind, entry.entity_id)
        if entity in catalogue.systems:
            listed.setdefault(entry.permission_group_id, []).append(entity)
    return listed
