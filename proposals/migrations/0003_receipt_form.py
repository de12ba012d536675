from django.db import migrations, models


def name_the_form(apps, schema_editor):
    """A receipt of before is its form's only one: nobody knows any more what was sent."""
    receipts = apps.get_model("proposals", "Receipt").objects.all()
    receipts.update(form=models.F("key"))


class Migration(migrations.Migration):
    dependencies = [("proposals", "0002_wording")]

    operations = [
        migrations.AddField("receipt", "form", models.UUIDField(null=True)),
        migrations.RunPython(name_the_form, migrations.RunPython.noop),
        migrations.AlterField("receipt", "form", models.UUIDField(db_index=True)),
    ]
