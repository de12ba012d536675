"""A guard: one thing the database refuses, in SQL that PostgreSQL and SQLite both understand, and
its triggers.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import models
from django.db.backends.sqlite3.base import DatabaseWrapper

# Tells our triggers from those of others, which migrate leaves alone.
PREFIX = "guard_"
# Writes the conditions of indexes as SQLite reads them; it never connects.
SQLITE_EDITOR = DatabaseWrapper({"NAME": ":memory:", "OPTIONS": {}}).schema_editor()
AT_COMMIT, POSTGRESQL, SQLITE = "at commit", "postgresql", "sqlite"
SNAPSHOT = "This is judged by what is committed now, so not under another isolation level."
BY_OTHERS = """NOT pg_has_role(
    (SELECT c.relowner FROM pg_class c WHERE c.oid = TG_RELID), 'USAGE') AND"""


@dataclass(frozen=True)
class Guard:
    """Refuses, with `sentence`, each of `events` (INSERT, UPDATE, DELETE, TRUNCATE) on `table`
    where `refused` holds.

    `refused` is SQL over NEW and OLD; `{row}` in it is the row that comes, or in a DELETE the one
    that goes. `where` says on which database, if not on both; AT_COMMIT is PostgreSQL's alone and
    judges the rows as they are then, so it reads them anew by the key of NEW.

    `held` are conditions after FROM, on PostgreSQL alone: those rows are locked before the guard
    looks, so what it compares stays as it is until the commit. It then refuses a transaction that
    would go on seeing the world as it was before it waited.

    `passed` is SQL that PostgreSQL looks at beforehand: where it holds nothing is refused, and the
    rest is not looked at. It says no more than `refused`, of what is written in masses.

    `invariant` is the number of the promise that speaks of every such row, whenever it was written:
    the audit asks it of all of them. Empty where the guard judges how a row is written.

    `spares_owner`: on PostgreSQL it refuses nothing to the owner of the table, who could take it
    away, and who tells stories of the past and lays out tests.
    """

    name: str
    table: str
    events: tuple[str, ...]
    refused: str
    sentence: str
    where: str = ""
    held: tuple[str, ...] = ()
    passed: str = ""
    invariant: str = ""
    spares_owner: bool = False

    def events_on(self, vendor: str) -> list[str]:
        """The events it has a trigger for on this database."""
        if vendor == POSTGRESQL:
            return [] if self.where == SQLITE else list(self.events)
        if self.where in (AT_COMMIT, POSTGRESQL):
            return []
        return [event for event in self.events if event != "TRUNCATE"]

    def trigger(self, event: str) -> str:
        return f"{PREFIX}{self.name}_{event.lower()}"

    def statements(self, event: str, vendor: str) -> Iterator[str]:
        """What makes its trigger for this event, and on PostgreSQL the function of that."""
        if vendor == POSTGRESQL:
            name = self.trigger(event)
            yield f"""CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql
                AS $guard${self._body(event)}$guard$"""
            # The schema is known to the running database alone, hence EXECUTE and format().
            path = "SET search_path = %I, pg_temp', current_schema()"
            yield f"DO $do$ BEGIN EXECUTE format('ALTER FUNCTION {name}() {path}); END $do$"
        yield self._trigger_statement(event, vendor)

    def definition(self, event: str, vendor: str) -> str:
        """What the database says of a trigger that is as it was installed."""
        body = self._body(event) if vendor == POSTGRESQL else ""
        return in_one_line(f"{self._trigger_statement(event, vendor)} {body}")

    def _body(self, event: str) -> str:
        """Of its function. pg_temp comes last in the function's path, or a temporary table could
        stand in for the one a guard reads.
        """
        # Handed on at the end: of a trigger before an event that returns nothing, the event would
        # not happen.
        row = "OLD" if event == "DELETE" else "NEW"
        return f""" BEGIN
                {self._locks(row)}
                {f"IF {self.passed} THEN RETURN {row}; END IF;" if self.passed else ""}
                IF {BY_OTHERS if self.spares_owner else ""} ({self.condition(row)}) THEN
                    RAISE EXCEPTION USING ERRCODE = 'check_violation',
                        MESSAGE = {quoted(self._message)};
                END IF;
                RETURN {"NULL" if event == "TRUNCATE" else row};
            END """

    def _trigger_statement(self, event: str, vendor: str) -> str:
        name = self.trigger(event)
        if vendor != POSTGRESQL:
            condition = as_sqlite_says(self.condition("OLD" if event == "DELETE" else "NEW"))
            return f"""CREATE TRIGGER {name} BEFORE {event} ON {self.table} FOR EACH ROW
                WHEN {condition} BEGIN SELECT RAISE(ABORT, {quoted(self._message)}); END"""
        kind, when = (
            ("CONSTRAINT TRIGGER", "AFTER") if self.where == AT_COMMIT else ("TRIGGER", "BEFORE")
        )
        # PostgreSQL defers constraint triggers alone, and those exist only AFTER an event and for
        # rows.
        late = "DEFERRABLE INITIALLY DEFERRED" if self.where == AT_COMMIT else ""
        each = "STATEMENT" if event == "TRUNCATE" else "ROW"
        return (
            f"CREATE {kind} {name} {when} {event} ON {self.table} {late} "
            f"FOR EACH {each} EXECUTE FUNCTION {name}()"
        )

    def condition(self, row: str) -> str:
        return self.refused.replace("{row}", row)

    def _locks(self, row: str) -> str:
        """Statements of their own: the one that judges then sees what was committed meanwhile."""
        if not self.held:
            return ""
        locks = [f"PERFORM 1 FROM {rows.replace('{row}', row)};" for rows in self.held]
        refusal = quoted(f"{SNAPSHOT} [{self.name}]")
        return f"""IF current_setting('transaction_isolation') <> 'read committed' THEN
                    RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = {refusal};
                END IF;
                {" ".join(locks)}"""

    @property
    def _message(self) -> str:
        return f"{self.sentence} [{self.name}]"


def in_one_line(sql: str) -> str:
    return " ".join(sql.split())


def as_sqlite_says(sql: str) -> str:
    """SQLite knows the first two only since 3.39; it has one writer, so it locks no rows."""
    sql = sql.replace("IS NOT DISTINCT FROM", "IS").replace("IS DISTINCT FROM", "IS NOT")
    return sql.replace(" FOR SHARE", "")


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def listed(texts: Iterable[str]) -> str:
    return f"({', '.join(map(quoted, texts))})"


def either(conditions: Iterable[str]) -> str:
    return f"({' OR '.join(conditions)})"


def differ(columns: Iterable[str]) -> str:
    """Any of `columns` is not what it was."""
    # Not <>, which is null beside a null: a column that was empty could be filled unseen.
    return either(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in columns)


def illegal(field: str, moves: Iterable[tuple[str, str]]) -> str:
    """`field` goes from one value to another in a way that none of `moves` (from, to) allows."""
    legal = either(
        f"(OLD.{field} = {quoted(old)} AND NEW.{field} = {quoted(new)})" for old, new in moves
    )
    return f"NEW.{field} <> OLD.{field} AND NOT {legal}"


def table(model: type[models.Model]) -> str:
    return model._meta.db_table


def columns(model: type[models.Model]) -> list[str]:
    return [str(field.column) for field in model._meta.local_concrete_fields]


def name_of(model: type[models.Model]) -> str:
    """Its table, shortened: what guards are named after. PostgreSQL cuts names of more than 63
    characters.
    """
    return table(model).removeprefix(f"{model._meta.app_label}_").replace("historical", "past_")


def written_now(row: str) -> str:
    """`row` (an alias) was written by this transaction. For PostgreSQL."""
    # Savepoints have numbers of their own, after that of the transaction; others that began later
    # have too, and of those only what is committed can be seen.
    number = f"(pg_current_xact_id()::text::bigint - age({row}.xmin))::text::xid8"
    return f"(age({row}.xmin) <= 0 AND pg_xact_status({number}) = 'in progress')"


def not_now(moment: str) -> str:
    """`moment` (SQL) is not within the transaction, give or take a minute between the clocks of the
    database and of whoever writes. For PostgreSQL.
    """
    earliest = "transaction_timestamp() - interval '1 minute'"
    latest = "clock_timestamp() + interval '1 minute'"
    return f"{moment} NOT BETWEEN {earliest} AND {latest}"


def written_by_this_transaction(tables: Iterable[str]) -> str:
    """Any of `tables` was, whatever became of the rows: the lock stays. For PostgreSQL."""
    relations = ", ".join(f"{quoted(name)}::regclass" for name in tables)
    return f"""EXISTS (SELECT 1 FROM pg_locks k WHERE k.pid = pg_backend_pid()
        AND k.mode = 'RowExclusiveLock' AND k.relation IN ({relations}))"""


def never_deleted(model: type[models.Model]) -> Guard:
    sentence = "What is in the record is never deleted."
    return Guard(f"{name_of(model)}_stays", table(model), ("DELETE", "TRUNCATE"), "TRUE", sentence)


def never_replaced(model: type[models.Model]) -> Guard:
    """REPLACE INTO of SQLite deletes, without asking the triggers of DELETE, whatever has the same
    key as the new row: the primary one or any other that is unique.
    """
    same = [f"old.{model._meta.pk.column} = NEW.{model._meta.pk.column}", *same_keys(model)]
    return Guard(
        f"{name_of(model)}_not_replaced",
        table(model),
        ("INSERT",),
        either(f"EXISTS (SELECT 1 FROM {table(model)} old WHERE {equal})" for equal in same),
        "What is in the record is never replaced.",
        SQLITE,
    )


def never_pushed_out(model: type[models.Model]) -> Guard:
    """So does UPDATE OR REPLACE, to whatever has a key that the row is given."""
    other = f"old.{model._meta.pk.column} <> NEW.{model._meta.pk.column}"
    rows = f"SELECT 1 FROM {table(model)} old WHERE {other} AND"
    return Guard(
        f"{name_of(model)}_not_pushed_out",
        table(model),
        ("UPDATE",),
        either(f"EXISTS ({rows} {equal})" for equal in same_keys(model)),
        "What is in the record is never replaced.",
        SQLITE,
    )


def same_keys(model: type[models.Model]) -> list[str]:
    """SQL, for SQLite: `old` and NEW have the same key, for each that is unique besides the primary
    one.
    """
    fields = [field for field in model._meta.local_concrete_fields if field.unique]
    columns_by_field = {field.name: str(field.column) for field in model._meta.local_fields}
    keys = [_equal([str(field.column)]) for field in fields if not field.primary_key]
    for names in model._meta.unique_together:
        keys.append(_equal(columns_by_field[name] for name in names))
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            named = [columns_by_field[name] for name in constraint.fields]
            condition = constraint._get_condition_sql(model, SQLITE_EDITOR)  # type: ignore[attr-defined]
            partial = [_of_row(condition, row) for row in ("old", "NEW") if condition]
            keys.append(" AND ".join([_equal(named), *partial]))
    return keys


def _equal(columns: Iterable[str]) -> str:
    return " AND ".join(f'old."{column}" = NEW."{column}"' for column in columns)


def _of_row(condition: str, row: str) -> str:
    """The condition of an index, its columns those of `row`."""
    return "(" + re.sub(r'("\w+")', rf"{row}.\1", condition) + ")"
