"""The filter of a list: what every list asks of it, and the kinds of fields that lists share."""

import django_filters
from django import forms
from django.db.models import QuerySet

from ..models import DataType, LineInput, OrganisationalUnit, System, ids_of, with_below
from . import SystemField

NEWEST_FIRST = ("-pk",)


class TextFilter(django_filters.CharFilter):
    field_class = LineInput


class SystemFilter(django_filters.ModelChoiceFilter):
    field_class = SystemField


class IdFilter(django_filters.NumberFilter):
    """The id of a row."""

    def __init__(self, **kwargs) -> None:
        super().__init__(min_value=1, max_value=2**63 - 1, decimal_places=0, **kwargs)


class UnitFilter(django_filters.ModelChoiceFilter):
    """An organisational unit, which stands for all below it too."""

    def __init__(self, **kwargs) -> None:
        fixed = {"queryset": OrganisationalUnit.objects.all(), "empty_label": "Any"}
        super().__init__(label="Organisational unit", method="of_unit", **fixed, **kwargs)


class DataTypeFilter(django_filters.ModelChoiceFilter):
    """A data type, which stands for all below it too."""

    def __init__(self, **kwargs) -> None:
        fixed = {"queryset": DataType.objects.all(), "empty_label": "Any"}
        super().__init__(label="Data type", method="carrying", **fixed, **kwargs)


class OnlyFilter(django_filters.BooleanFilter):
    """Lets a unit or a data type stand for itself alone."""

    def __init__(self, label: str) -> None:
        widget = forms.CheckboxInput()
        super().__init__(label=label, method="narrow_nothing", widget=widget)


def order_filter(orders: dict, **kwargs) -> django_filters.ChoiceFilter:
    choices = [(value, words) for value, (words, _) in orders.items()]
    return django_filters.ChoiceFilter(label="Order", choices=choices, method="ordered", **kwargs)


class ListFilter(django_filters.FilterSet):
    """What the page of a list asks of its filter. `MORE` names the fields shown only when asked
    for.
    """

    MORE: list[str] = []
    # Value of ?order= -> its name in words, and by what the rows are ordered.
    ORDERS: dict[str, tuple[str, list[str]]] = {}
    # Chosen elsewhere on the page, and kept when the filter is used.
    KEPT = ["order"]

    def ordered(self, rows, name, value):
        return rows.order_by(*self.ORDERS[value][1])

    def search(self, rows, name, value):
        return rows.matching(value)

    def narrow_nothing(self, rows, name, value):
        """What says how another filter is meant."""
        return rows

    def meant_by(self, node: OrganisationalUnit | DataType) -> list[int]:
        """The ids a choice of `node` stands for."""
        return [node.pk] if self.form.cleaned_data["only"] else with_below(node)

    def systems_in(self, unit: OrganisationalUnit) -> list[int] | QuerySet:
        return ids_of(System.objects.filter(organisational_unit__in=self.meant_by(unit)))

    @property
    def found(self) -> QuerySet:
        """What it leaves of the list; nothing where it cannot be understood."""
        return self.qs if self.is_valid() else self.queryset.none()

    @property
    def newest_first(self) -> bool:
        """Whether the rows come so: by default, or since they are too many for another order."""
        return self.found.query.order_by == NEWEST_FIRST

    @property
    def first_fields(self) -> list:
        return [field for field in self.form if field.name not in [*self.MORE, *self.KEPT]]

    @property
    def more_fields(self) -> list:
        return [field for field in self.form if field.name in self.MORE]

    @property
    def uses_more(self) -> bool:
        return any(self.data.get(name) for name in self.MORE)

    @property
    def in_use(self) -> bool:
        return any(self.data.get(field.name) for field in self.form if field.name not in self.KEPT)

    @property
    def kept(self) -> list[tuple[str, str]]:
        """(name, value) of what the page keeps when the filter is used."""
        names = [*self.KEPT, "columns"]
        return [(name, value) for name in names for value in self.data.getlist(name)]
