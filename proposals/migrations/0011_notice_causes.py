import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


def reference(to, **options):
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT,
        null=True,
        related_name="notices",
        to=f"proposals.{to}",
        **options,
    )


class Migration(migrations.Migration):
    dependencies = [("proposals", "0010_rounds")]

    operations = [
        migrations.AddField(
            "notice",
            "delegation",
            reference(
                "historicaldelegation", help_text="As it was made, or ended before its time."
            ),
        ),
        migrations.AddField("notice", "physical_flow", reference("physicalflow")),
        migrations.AlterField("notice", "proposal", reference("proposal")),
        migrations.AlterField("notice", "transition", reference("transition")),
        migrations.AddConstraint(
            "notice",
            models.UniqueConstraint(
                fields=["delegation", "recipient"], name="notice_once_per_delegation"
            ),
        ),
        migrations.AddConstraint(
            "notice",
            models.UniqueConstraint(
                fields=["physical_flow", "recipient"], name="notice_once_per_physical_flow"
            ),
        ),
        migrations.AddConstraint(
            "notice",
            models.CheckConstraint(
                condition=Q(
                    transition__isnull=False,
                    delegation__isnull=True,
                    physical_flow__isnull=True,
                    proposal__isnull=False,
                )
                | Q(
                    transition__isnull=True,
                    delegation__isnull=False,
                    physical_flow__isnull=True,
                    reminder_day=0,
                    proposal__isnull=True,
                )
                | Q(
                    transition__isnull=True,
                    delegation__isnull=True,
                    physical_flow__isnull=False,
                    reminder_day=0,
                    proposal__isnull=True,
                ),
                name="notice_one_cause",
            ),
        ),
    ]
