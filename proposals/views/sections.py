"""Which part of the site a page belongs to, for the bar at its top."""

from django.http import HttpRequest

# Name of each part's first page -> names of all its addresses.
SECTIONS = {
    "inbox": ["inbox", "inbox-decide", "inbox-decided"],
    "proposals": [
        *("proposals", "proposal-new", "proposal", "proposal-edit", "proposal-act"),
        *("proposal-remark", "proposal-remind", "proposal-watch"),
        *("proposal-import", "proposal-import-template", "proposal-upload"),
        *("proposal-upload-progress", "proposal-upload-discard"),
    ],
    "systems": [
        *("systems", "system", "system-watch", "unit"),
        *("catalogue-import", "catalogue-upload"),
        *("catalogue-upload-progress", "catalogue-upload-discard"),
    ],
    "flows": [
        *("flows", "flow", "flow-remove", "data-type", "specification"),
        *("physical-flow", "physical-flow-new", "physical-flow-edit", "physical-flow-remove"),
    ],
    "updates": ["updates", "update", "updates-read"],
    "quality": ["quality", "quality-list"],
    "insights": ["insights"],
    "audit": [
        *("audit", "audit-register", "audit-difference", "audit-transitions"),
        *("audit-proposal", "audit-flow", "audit-physical-flow"),
        *("audit-proposal-evidence", "audit-flow-evidence", "audit-physical-flow-evidence"),
    ],
}
SECTION_OF = {name: section for section, names in SECTIONS.items() for name in names}


def section(request: HttpRequest) -> dict:
    """Context processor: `section` of the address that was asked for, empty if of none."""
    match = request.resolver_match
    return {"section": SECTION_OF.get(match.url_name, "") if match else ""}
