"""Keys of histories have 64 bits, as those of the rows themselves.

On PostgreSQL each table is written anew, and whoever writes to it waits meanwhile; each in a
transaction of its own, so that no two are held at once. To SQLite every key has 64 bits.
"""

from django.db import migrations, models

# What has a history, and whose sets have one.
ROWS = [
    "approverrule",
    "datatype",
    "delegation",
    "involvement",
    "involvementkind",
    "logicalflow",
    "organisationalunit",
    "physicalflow",
    "physicalspecification",
    "policy",
    "proposal",
    "reason",
    "system",
    "user",
]
SETS = [
    "logicalflow_declared_data_types",
    "physicalspecification_data_types",
    "proposal_data_types",
    "user_groups",
]
# Of a table of the project: its columns that have 32 bits and should have 64.
NARROW = """
    SELECT column_name, pg_get_serial_sequence(quote_ident(table_name), column_name)
    FROM information_schema.columns
    WHERE table_schema = current_schema() AND table_name = %s AND column_name = ANY(%s)
    AND data_type = 'integer'
"""


def widen(apps, editor) -> None:
    """Its columns together: each statement writes the whole table."""
    if editor.connection.vendor != "postgresql":
        return
    for model in apps.get_app_config("proposals").get_models(include_auto_created=True):
        table = model._meta.db_table
        keys = [
            field.column
            for field in model._meta.concrete_fields
            if field.db_type(editor.connection) == "bigint"
        ]
        with editor.connection.cursor() as cursor:
            cursor.execute(NARROW, [table, keys])
            narrow = cursor.fetchall()
            if narrow:
                changes = ", ".join(f"ALTER COLUMN {name} TYPE bigint" for name, _ in narrow)
                cursor.execute(f"ALTER TABLE {table} {changes}")
                # What was known of the columns went with their type, and autovacuum sees no row
                # changed: plans of the next days would be made blindly.
                cursor.execute(f"ANALYZE {table}")
            for _, sequence in narrow:
                if sequence:
                    cursor.execute(f"ALTER SEQUENCE {sequence} AS bigint")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("proposals", "0038_webhook_pause")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name=f"historical{name}",
                    name="m2m_history_id" if name in SETS else "history_id",
                    field=models.BigAutoField(editable=False, primary_key=True, serialize=False),
                )
                for name in [*ROWS, *SETS]
            ],
        ),
        migrations.RunPython(widen, migrations.RunPython.noop),
    ]
