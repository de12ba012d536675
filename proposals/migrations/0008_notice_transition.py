import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


def name_transitions(apps, schema_editor):
    """What 0.2 wrote into the event: "transition:7", or "reminder:3:14" of proposal 3 after 14 days,
    which reminds of its submission.

    What the updates have left to check is checked before the table is altered again, or PostgreSQL
    would refuse that.
    """
    notice = apps.get_model("proposals", "Notice")
    submissions = apps.get_model("proposals", "Transition").objects.filter(action="propose")
    rows = []
    for row in notice.objects.order_by("pk").iterator(chunk_size=1000):
        kind, *numbers = row.event.split(":")
        if kind == "transition":
            row.transition_id = int(numbers[0])
        else:
            row.reminder_day = int(numbers[1])
            row.transition_id = submissions.get(proposal_id=int(numbers[0])).pk
        rows.append(row)
        if len(rows) == 1000:
            notice.objects.bulk_update(rows, ["transition", "reminder_day"], 500)
            rows = []
    notice.objects.bulk_update(rows, ["transition", "reminder_day"], 500)
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        schema_editor.execute("SET CONSTRAINTS ALL DEFERRED")


def transition(**options):
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT,
        related_name="notices",
        to="proposals.transition",
        **options,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("post_office", "0001_initial"),
        ("proposals", "0007_session_salt"),
    ]

    operations = [
        migrations.AddField("notice", "transition", transition(null=True)),
        migrations.AddField(
            "notice",
            "reminder_day",
            models.PositiveSmallIntegerField(
                default=0,
                help_text="Of a reminder: how many days after the submission. Otherwise 0.",
            ),
        ),
        migrations.AddField("notice", "withdrawn", models.BooleanField(default=False)),
        migrations.RunPython(name_transitions),
        migrations.RemoveConstraint("notice", "notice_once_per_event_and_recipient"),
        migrations.RemoveIndex("notice", "notice_waiting_for_digest"),
        migrations.AlterField("notice", "transition", transition()),
        migrations.RemoveField("notice", "event"),
        migrations.AddConstraint(
            "notice",
            models.UniqueConstraint(
                fields=["transition", "reminder_day", "recipient"],
                name="notice_once_per_event_and_recipient",
            ),
        ),
        migrations.AddIndex(
            "notice",
            models.Index(
                fields=["recipient", "at"],
                condition=Q(mail=None, withdrawn=False),
                name="notice_waiting_for_digest",
            ),
        ),
    ]
