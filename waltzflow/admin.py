"""The front page of the administration, by what one comes for instead of by application."""

from django.contrib import admin
from django.http import HttpRequest

from proposals.workflow import passwords

SECTIONS = {
    "Catalogue": ["OrganisationalUnit", "System", "DataType"],
    "People": ["User", "Group", "InvolvementKind", "Involvement", "Delegation"],
    "Rules and policy": ["ApproverRule", "Policy", "Reason"],
    "The record": [
        *("Proposal", "Transition", "LogicalFlow", "PhysicalSpecification", "PhysicalFlow"),
        *("ImportBatch", "Upload", "Notice", "Email", "AccessLog", "AccessAttempt"),
    ],
    "Webhooks": ["WebhookEndpoint", "WebhookDelivery"],
}
HISTORIES, OTHERS = "Histories", "More"


def section_of(model: dict) -> str:
    name = model["object_name"]
    sections = (section for section, names in SECTIONS.items() if name in names)
    return next(sections, HISTORIES if name.startswith("Historical") else OTHERS)


class Administration(admin.AdminSite):
    def password_change(self, request: HttpRequest, extra_context: dict | None = None):
        passwords.refuse_where_off()
        return super().password_change(request, extra_context)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict]:
        """The sections, each with what the reader may see of it; a model that belongs to none comes
        last.
        """
        apps = super().get_app_list(request, app_label)
        if app_label:
            return apps
        order = [name for names in SECTIONS.values() for name in names]
        models = [model for app in apps for model in app["models"]]
        models.sort(
            key=lambda it: (
                order.index(it["object_name"]) if it["object_name"] in order else len(order)
            )
        )
        sections = {
            name: [m for m in models if section_of(m) == name]
            for name in [*SECTIONS, HISTORIES, OTHERS]
        }
        return [self._section(name, models) for name, models in sections.items() if models]

    def _section(self, name: str, models: list[dict]) -> dict:
        """In the shape of what Django calls an app."""
        label = name.lower().replace(" ", "-")
        return {
            "name": name,
            "app_label": label,
            "app_url": f"#{label}",
            "has_module_perms": True,
            "models": models,
        }
