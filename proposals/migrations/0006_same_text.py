from collections import defaultdict

import django.contrib.auth.validators
from django.core.management.base import CommandError
from django.db import migrations, models

from proposals.models.text import folded

UNIQUE = [
    ("OrganisationalUnit", "code", "name"),
    ("System", "code", "name"),
    ("DataType", "code", "name"),
    ("PhysicalSpecification", "code", "name"),
    ("InvolvementKind", "name", "name"),
    ("Reason", "name", "name"),
    ("User", "username", "name"),
    ("User", "email", "name"),
]
MOST_NAMED = 20


def refuse_clashes(apps, schema_editor):
    """Before anything is changed: two rows with the same text cannot both stay as they are."""
    clashes = [sentence for unique in UNIQUE for sentence in _clashes(apps, *unique)]
    if clashes:
        more = len(clashes) - MOST_NAMED
        further = [f"and {more} more"] if more > 0 else []
        raise CommandError(
            "Some rows are the same to a reader, whatever their upper and lower case and invisible "
            f"characters: {'; '.join(clashes[:MOST_NAMED] + further)}. "
            "Give one row of each pair another text, in the admin of the version before or in SQL, "
            "and run migrate again. Nothing has been changed."
        )


def _clashes(apps, model_name, field, label):
    model = apps.get_model("proposals", model_name)
    same = defaultdict(list)
    for row in model.objects.order_by("pk").values("pk", field, label).iterator(chunk_size=1000):
        same[folded(row[field])[:255]].append(row)
    what = f"{model._meta.verbose_name} {field}"
    for rows in same.values():
        if len(rows) > 1:
            named = " and ".join(f"{ascii_only(row[field])} (id {row['pk']})" for row in rows)
            yield f"{what}: {named}"


def ascii_only(text):
    """In quotes, with what nobody sees written out."""
    return "“" + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text) + "”"


def fold(apps, schema_editor):
    for model_name, field, _ in UNIQUE:
        model = apps.get_model("proposals", model_name)
        batch = []
        for row in model.objects.order_by("pk").only("pk", field).iterator(chunk_size=1000):
            setattr(row, f"{field}_folded", folded(getattr(row, field))[:255])
            batch.append(row)
            if len(batch) == 1000:
                model.objects.bulk_update(batch, [f"{field}_folded"])
                batch = []
        model.objects.bulk_update(batch, [f"{field}_folded"], batch_size=1000)
    if schema_editor.connection.vendor == "postgresql":
        # What guards ask at commit is asked now: tables with unanswered ones cannot be altered.
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")


class Migration(migrations.Migration):

    dependencies = [
        ('proposals', '0005_causes_and_bases'),
    ]

    operations = [
        migrations.RunPython(refuse_clashes, migrations.RunPython.noop),
        migrations.AddField(
            model_name='datatype',
            name='code_folded',
            field=models.CharField(default='', editable=False, max_length=255),
        ),
        migrations.AddField(
            model_name='involvementkind',
            name='name_folded',
            field=models.CharField(default='', editable=False, max_length=255),
        ),
        migrations.AddField(
            model_name='organisationalunit',
            name='code_folded',
            field=models.CharField(default='', editable=False, max_length=255),
        ),
        migrations.AddField(
            model_name='physicalspecification',
            name='code_folded',
            field=models.CharField(default='', editable=False, max_length=255),
        ),
        migrations.AddField(
            model_name='reason',
            name='name_folded',
            field=models.CharField(default='', editable=False, max_length=255),
        ),
        migrations.AddField(
            model_name='system',
            name='code_folded',
            field=models.CharField(default='', editable=False, max_length=255),
        ),
        migrations.AddField(
            model_name='user',
            name='email_folded',
            field=models.CharField(default='', editable=False, max_length=255),
        ),
        migrations.AddField(
            model_name='user',
            name='username_folded',
            field=models.CharField(default='', editable=False, max_length=255),
        ),
        migrations.RunPython(fold, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='datatype',
            name='code_folded',
            field=models.CharField(editable=False, max_length=255, unique=True),
        ),
        migrations.AlterField(
            model_name='involvementkind',
            name='name_folded',
            field=models.CharField(editable=False, max_length=255, unique=True),
        ),
        migrations.AlterField(
            model_name='organisationalunit',
            name='code_folded',
            field=models.CharField(editable=False, max_length=255, unique=True),
        ),
        migrations.AlterField(
            model_name='physicalspecification',
            name='code_folded',
            field=models.CharField(editable=False, max_length=255, unique=True),
        ),
        migrations.AlterField(
            model_name='reason',
            name='name_folded',
            field=models.CharField(editable=False, max_length=255, unique=True),
        ),
        migrations.AlterField(
            model_name='system',
            name='code_folded',
            field=models.CharField(editable=False, max_length=255, unique=True),
        ),
        migrations.AlterField(
            model_name='user',
            name='email_folded',
            field=models.CharField(editable=False, max_length=255, unique=True),
        ),
        migrations.AlterField(
            model_name='user',
            name='username_folded',
            field=models.CharField(editable=False, max_length=255, unique=True),
        ),
        migrations.RemoveConstraint(
            model_name='user',
            name='user_email_ignoring_case',
        ),
        migrations.AddField(
            model_name='datatype',
            name='search_text',
            field=models.TextField(db_default='', default='', editable=False),
        ),
        migrations.AddField(
            model_name='logicalflow',
            name='search_text',
            field=models.TextField(db_default='', default='', editable=False),
        ),
        migrations.AddField(
            model_name='organisationalunit',
            name='search_text',
            field=models.TextField(db_default='', default='', editable=False),
        ),
        migrations.AddField(
            model_name='physicalflow',
            name='search_text',
            field=models.TextField(db_default='', default='', editable=False),
        ),
        migrations.AddField(
            model_name='physicalspecification',
            name='search_text',
            field=models.TextField(db_default='', default='', editable=False),
        ),
        migrations.AddField(
            model_name='proposal',
            name='search_text',
            field=models.TextField(db_default='', default='', editable=False),
        ),
        migrations.AddField(
            model_name='system',
            name='search_text',
            field=models.TextField(db_default='', default='', editable=False),
        ),
        migrations.AddField(
            model_name='user',
            name='search_text',
            field=models.TextField(db_default='', default='', editable=False),
        ),
        migrations.AlterField(
            model_name='datatype',
            name='code',
            field=models.CharField(max_length=64),
        ),
        migrations.AlterField(
            model_name='historicaldatatype',
            name='code',
            field=models.CharField(max_length=64),
        ),
        migrations.AlterField(
            model_name='historicalinvolvementkind',
            name='name',
            field=models.CharField(max_length=100),
        ),
        migrations.AlterField(
            model_name='historicalorganisationalunit',
            name='code',
            field=models.CharField(max_length=64),
        ),
        migrations.AlterField(
            model_name='historicalphysicalspecification',
            name='code',
            field=models.CharField(max_length=64),
        ),
        migrations.AlterField(
            model_name='historicalreason',
            name='name',
            field=models.CharField(max_length=100),
        ),
        migrations.AlterField(
            model_name='historicalsystem',
            name='code',
            field=models.CharField(max_length=64),
        ),
        migrations.AlterField(
            model_name='historicaluser',
            name='username',
            field=models.CharField(db_index=True, help_text='Letters, digits and @/./+/-/_ only. With an @, it follows the mail address.', max_length=150, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='user name'),
        ),
        migrations.AlterField(
            model_name='involvementkind',
            name='name',
            field=models.CharField(max_length=100),
        ),
        migrations.AlterField(
            model_name='organisationalunit',
            name='code',
            field=models.CharField(max_length=64),
        ),
        migrations.AlterField(
            model_name='physicalspecification',
            name='code',
            field=models.CharField(max_length=64),
        ),
        migrations.AlterField(
            model_name='reason',
            name='name',
            field=models.CharField(max_length=100),
        ),
        migrations.AlterField(
            model_name='system',
            name='code',
            field=models.CharField(max_length=64),
        ),
        migrations.AlterField(
            model_name='user',
            name='username',
            field=models.CharField(help_text='Letters, digits and @/./+/-/_ only. With an @, it follows the mail address.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='user name'),
        ),
    ]
