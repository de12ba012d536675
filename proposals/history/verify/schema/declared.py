"""What the models declare."""

from functools import cache
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import BaseConstraint, Index

GONE = "It is not in place."
CHANGED = "It is not what the product declares."


@cache
def own_models() -> list[type[models.Model]]:
    return list(apps.get_app_config("proposals").get_models(include_auto_created=True))


@cache
def all_tables() -> list[str]:
    """Of every application of the project."""
    return sorted(model._meta.db_table for model in apps.get_models(include_auto_created=True))


def declared(model: type[models.Model]) -> list[BaseConstraint | Index]:
    return [*model._meta.constraints, *model._meta.indexes]


def columns_of(model: type[models.Model], names: Any) -> list[str]:
    columns = {field.name: str(field.column) for field in model._meta.local_concrete_fields}
    return [columns[name] for name in names]


def unique_columns(model: type[models.Model]) -> set[tuple[str, ...]]:
    """Of fields and sets of fields that are unique without a constraint of their own name."""
    unique = {
        (str(field.column),)
        for field in model._meta.local_concrete_fields
        if field.unique and not field.primary_key
    }
    return unique | {tuple(columns_of(model, names)) for names in model._meta.unique_together}


def references(model: type[models.Model]) -> dict[str, str]:
    """Column of each foreign key that the database holds -> the table it leads to."""
    return {
        str(field.column): field.remote_field.model._meta.db_table
        for field in model._meta.local_concrete_fields
        if field.remote_field and getattr(field, "db_constraint", False)
    }
