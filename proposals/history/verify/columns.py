"""Columns that no door would have filled so, row by row: moments that no clock here shows, keys
that are not what their text folds to, and search texts of names that have changed.
"""

from collections.abc import Iterator

from django.apps import apps
from django.db import models
from django.db.models import Q
from django.utils import timezone

from ...models import EARLIEST, LATEST, FoldedField, outdated_search_texts
from .breach import Breach


def unbounded() -> Iterator[Breach]:
    """Each moment outside the years that can be entered. They read as the nearest that can be
    shown, which is outside too.
    """
    earliest, latest = timezone.make_aware(EARLIEST), timezone.make_aware(LATEST)
    for model in apps.get_app_config("proposals").get_models():
        columns = model._meta.concrete_fields
        names = [column.name for column in columns if isinstance(column, models.DateTimeField)]
        outside = [Q(**{f"{name}__lt": earliest}) for name in names]
        outside += [Q(**{f"{name}__gt": latest}) for name in names]
        if not names:
            continue
        rows = model._default_manager.filter(Q(*outside, _connector=Q.OR)).order_by("pk")
        for key, *moments in rows.values_list("pk", *names):
            for name, moment in zip(names, moments, strict=True):
                if moment and not earliest <= moment <= latest:
                    sentence = f"Its {name} is outside the years {EARLIEST.year} to {LATEST.year}."
                    yield Breach("moments", f"{model._meta.model_name} {key}", sentence)


def misfolded() -> Iterator[Breach]:
    """Each row whose unique column is not what its text folds to: nobody would find it by it."""
    for model in apps.get_app_config("proposals").get_models():
        for field in model._meta.concrete_fields:
            if not isinstance(field, FoldedField):
                continue
            rows = model._default_manager.order_by("pk").values_list("pk", field.of, field.name)
            for key, text, key_text in rows.iterator(chunk_size=1000):
                if field.fold(text) != key_text:
                    sentence = f"Its {field.name} is not what its {field.of} folds to."
                    yield Breach("text", f"{model._meta.model_name} {key}", sentence)


def not_searchable() -> Iterator[Breach]:
    """Each row that no search finds by the names it has."""
    for row in outdated_search_texts():
        sentence = "A search finds it by names it no longer has. Run renew_search_texts."
        yield Breach("text", f"{row._meta.model_name} {row.pk}", sentence)
