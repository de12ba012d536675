"""A guard: one thing the database refuses, in SQL that PostgreSQL and SQLite both understand, and
its triggers.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import models

PREFIX = "guard_"
AT_COMMIT, POSTGRESQL, SQLITE = "at commit", "postgresql", "sqlite"


@dataclass(frozen=True)
class Guard:
    """Refuses, with `sentence`, each of `events` (INSERT, UPDATE, DELETE, TRUNCATE) on `table`
    where `refused` holds.

    `refused` is SQL over NEW and OLD; `{row}` in it is the row that comes, or in a DELETE the one
    that goes. `where` says on which database, if not on both; AT_COMMIT is PostgreSQL's alone and
    judges the rows as they are then, so it reads them anew by the key of NEW.
    """

    name: str
    table: str
    events: tuple[str, ...]
    refused: str
    sentence: str
    where: str = ""

    def events_on(self, vendor: str) -> list[str]:
        """The events it has a trigger for on this database."""
        if vendor == POSTGRESQL:
            return [] if self.where == SQLITE else list(self.events)
        return (
            []
            if self.where == AT_COMMIT
            else [event for event in self.events if event != "TRUNCATE"]
        )

    def trigger(self, event: str) -> str:
        return f"{PREFIX}{self.name}_{event.lower()}"

    def statements(self, vendor: str) -> Iterator[str]:
        """What makes its triggers, and on PostgreSQL their functions."""
        for event in self.events_on(vendor):
            if vendor == POSTGRESQL:
                yield from self._for_postgresql(event)
            else:
                yield self._for_sqlite(event)

    def _for_postgresql(self, event: str) -> Iterator[str]:
        """pg_temp comes last in the path, or a temporary table could stand in for the one a guard
        reads.
        """
        name = self.trigger(event)
        row = "OLD" if event == "DELETE" else "NEW"
        yield f"""
            CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $guard$ BEGIN
                IF {self.condition(row)} THEN
                    RAISE EXCEPTION USING ERRCODE = 'check_violation',
                        MESSAGE = {quoted(self._message)};
                END IF;
                RETURN {"NULL" if event == "TRUNCATE" else row};
            END $guard$"""
        # The schema is known to the running database alone, hence EXECUTE and format().
        path = "SET search_path = %I, pg_temp', current_schema()"
        yield f"DO $do$ BEGIN EXECUTE format('ALTER FUNCTION {name}() {path}); END $do$"
        kind, when = (
            ("CONSTRAINT TRIGGER", "AFTER") if self.where == AT_COMMIT else ("TRIGGER", "BEFORE")
        )
        # PostgreSQL defers constraint triggers alone, and those exist only AFTER an event and for
        # rows.
        late = "DEFERRABLE INITIALLY DEFERRED" if self.where == AT_COMMIT else ""
        each = "STATEMENT" if event == "TRUNCATE" else "ROW"
        yield (
            f"CREATE {kind} {name} {when} {event} ON {self.table} {late} "
            f"FOR EACH {each} EXECUTE FUNCTION {name}()"
        )

    def _for_sqlite(self, event: str) -> str:
        condition = as_sqlite_says(self.condition("OLD" if event == "DELETE" else "NEW"))
        return f"""
            CREATE TRIGGER {self.trigger(event)} BEFORE {event} ON {self.table} FOR EACH ROW
            WHEN {condition} BEGIN SELECT RAISE(ABORT, {quoted(self._message)}); END"""

    def condition(self, row: str) -> str:
        return self.refused.replace("{row}", row)

    @property
    def _message(self) -> str:
        return f"{self.sentence} [{self.name}]"


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


def never_deleted(model: type[models.Model]) -> Guard:
    sentence = "What is in the record is never deleted."
    return Guard(f"{name_of(model)}_stays", table(model), ("DELETE", "TRUNCATE"), "TRUE", sentence)


def never_replaced(model: type[models.Model]) -> Guard:
    """REPLACE INTO of SQLite deletes without asking the triggers of DELETE."""
    key = model._meta.pk.column
    exists = f"EXISTS (SELECT 1 FROM {table(model)} old WHERE old.{key} = NEW.{key})"
    sentence = "What is in the record is never replaced."
    return Guard(
        f"{name_of(model)}_not_replaced", table(model), ("INSERT",), exists, sentence, SQLITE
    )
