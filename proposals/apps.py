from django.apps import AppConfig
from django.contrib.auth.management import create_permissions
from django.db.models.signals import post_migrate


class ProposalsConfig(AppConfig):
    name = "proposals"
    verbose_name = "Proposals"

    def ready(self) -> None:
        post_migrate.connect(lay_groundwork, sender=self)


def lay_groundwork(sender: AppConfig, apps, **kwargs) -> None:
    """The rows the product cannot do without: the policy, the stewards, and the auditors with their
    right to look.

    Runs after every migrate (and every flush), so a row somebody lost comes back; not after one to
    an older schema, which has other columns.
    """
    policy = sender.get_model("Policy")
    migrated = apps.get_model(sender.label, "Policy")
    if {field.name for field in migrated._meta.fields} != {f.name for f in policy._meta.fields}:
        return
    group, permission = (sender.apps.get_model("auth", name) for name in ("Group", "Permission"))
    policy.objects.get_or_create(pk=1)
    group.objects.get_or_create(name="Stewards")
    create_permissions(sender, verbosity=0)
    auditors, _ = group.objects.get_or_create(name="Auditors")
    auditors.permissions.add(
        *permission.objects.filter(
            content_type__app_label=sender.label, codename__startswith="view_"
        )
    )
