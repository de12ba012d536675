from importlib import import_module

from django.apps import AppConfig
from django.contrib.auth.management import create_permissions
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate


class ProposalsConfig(AppConfig):
    name = "proposals"
    verbose_name = "Proposals"

    def ready(self) -> None:
        guards = import_module("proposals.guards")  # which needs the models, so not at the top

        def take_away(using: str, plan: list, **kwargs) -> None:
            """SQLite alters a table by building it anew, which triggers that name it forbid."""
            if plan and connections[using].vendor == "sqlite":
                guards.remove(connections[using])

        def put_back(using: str, **kwargs) -> None:
            guards.install(connections[using])

        pre_migrate.connect(take_away, sender=self, weak=False)
        post_migrate.connect(lay_groundwork, sender=self)
        post_migrate.connect(put_back, sender=self, weak=False)


def lay_groundwork(sender: AppConfig, **kwargs) -> None:
    """The rows the product cannot do without: the policy, the stewards, and the auditors with their right to look.

    Runs after every migrate (and every flush), so a row somebody lost comes back.
    """
    group, permission = (sender.apps.get_model("auth", name) for name in ("Group", "Permission"))
    sender.get_model("Policy").objects.get_or_create(pk=1)
    group.objects.get_or_create(name="Stewards")
    create_permissions(sender, verbosity=0)
    auditors, _ = group.objects.get_or_create(name="Auditors")
    auditors.permissions.add(
        *permission.objects.filter(content_type__app_label=sender.label, codename__startswith="view_")
    )
