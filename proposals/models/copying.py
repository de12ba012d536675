"""New rows in bulk."""

from typing import Any

from django.db import connection

AT_ONCE = 1000


def insert(rows: list[Any]) -> None:
    """Insert new rows, all of one model, each with the id it gets. No `save` is called and no
    history written.

    PostgreSQL takes them by COPY, at which the triggers look as at any INSERT.
    """
    if not rows:
        return
    model = type(rows[0])
    if connection.vendor != "postgresql":
        model._default_manager.bulk_create(rows, batch_size=AT_ONCE)
        return
    table = model._meta.db_table
    fields = model._meta.local_concrete_fields
    columns = ", ".join(f'"{field.column}"' for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [table, len(rows)],
        )
        for row, (pk,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = pk
        with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            for row in rows:
                values = [field.pre_save(row, add=True) for field in fields]
                copy.write_row(
                    [
                        field.get_db_prep_save(value, connection)
                        for field, value in zip(fields, values, strict=True)
                    ]
                )
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias
