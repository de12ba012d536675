"""Pages and reports say "versions of systems", not "historical systems". No table changes."""

from django.db import migrations

NAMES = {
    "historicalapproverrule": ("version of approver rule", "versions of approver rules"),
    "historicaldatatype": ("version of data type", "versions of data types"),
    "historicaldelegation": ("version of delegation", "versions of delegations"),
    "historicalinvolvement": ("version of involvement", "versions of involvements"),
    "historicalinvolvementkind": ("version of kind of involvement", "versions of kinds of involvement"),
    "historicallogicalflow": ("version of logical flow", "versions of logical flows"),
    "historicalorganisationalunit": ("version of organisational unit", "versions of organisational units"),
    "historicalphysicalflow": ("version of physical flow", "versions of physical flows"),
    "historicalphysicalspecification": ("version of physical specification", "versions of physical specifications"),
    "historicalpolicy": ("version of policy", "versions of policy"),
    "historicalproposal": ("version of proposal", "versions of proposals"),
    "historicalreason": ("version of reason", "versions of reasons"),
    "historicalsystem": ("version of system", "versions of systems"),
    "historicaluser": ("version of user", "versions of users"),
}


class Migration(migrations.Migration):
    dependencies = [("proposals", "0044_counted_neighbours")]

    operations = [
        migrations.AlterModelOptions(
            name=name,
            options={
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
                "verbose_name": singular,
                "verbose_name_plural": plural,
            },
        )
        for name, (singular, plural) in NAMES.items()
    ]
