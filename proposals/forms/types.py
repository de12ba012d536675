"""Choosing data types among hundreds."""

from collections import Counter

from django import forms

from ..models import (
    DataType,
    PhysicalFlow,
    PhysicalSpecification,
    System,
    clean,
    folded,
    lineages,
    words,
)

USUAL = 8
CONSIDERED = 200  # flows of a source, the newest
MANY = 12  # from here on a filter helps more than it disturbs


class DataTypeChooser(forms.CheckboxSelectMultiple):
    """Checkboxes in groups: what is chosen, what `source` usually sends, then the others as their
    tree.

    `like` is what was typed into the filter; it hides the rest, and never what is chosen.
    """

    template_name = "proposals/_data_types.html"
    source: System | None = None
    like = ""

    def get_context(self, name, value, attrs) -> dict:
        context = super().get_context(name, value, attrs)
        widget = context["widget"]
        options = self._in_tree([option for _, group, _ in widget["optgroups"] for option in group])
        widget["groups"] = [group for group in self._groups(options) if group["options"]]
        for place, option in enumerate(
            option for group in widget["groups"] for option in group["options"]
        ):
            option["attrs"]["id"] = f"{widget['attrs']['id']}_{place}"
        return context | {"like": self.like, "number": len(options), "many": len(options) > MANY}

    def _in_tree(self, options: list[dict]) -> list[dict]:
        """Depth first by name, each with its line of ancestors; `words` is what the filter looks
        in.
        """
        lines = lineages(DataType)
        typed = words(self.like)
        for option in options:
            data_type, line = option["value"].instance, lines[option["value"].value]
            option |= {
                "data_type": data_type,
                "line": line,
                "level": min(len(line), 5),
                "above": " / ".join(line[:-1]),
            }
            option["words"] = folded(" ".join([*line, data_type.code]))
            option["hidden"] = not option["selected"] and not all(
                word in option["words"] for word in typed
            )
        return sorted(options, key=lambda option: option["line"])

    def _groups(self, options: list[dict]) -> list[dict]:
        chosen = [option for option in options if option["selected"]]
        usual = self._usual(options)
        others = [option for option in options if option not in chosen and option not in usual]
        usually = f"Usually sent by {self.source.name}, the most used first" if self.source else ""
        return [
            {"title": "Chosen", "options": chosen},
            {"title": usually, "options": usual},
            {"title": "All others" if chosen or usual else "", "options": others, "tree": True},
        ]

    def _usual(self, options: list[dict]) -> list[dict]:
        if not self.source:
            return []
        free = {option["value"].value: option for option in options if not option["selected"]}
        usual = usually_sent(self.source)[:USUAL]
        return [free[pk] for pk in usual if pk in free]


def usually_sent(source: System) -> list[int]:
    """Ids of the data types that physical flows from `source` carry, the most used first; of its
    newest flows only, since a hub sends more than a form can wait for.
    """
    # Step by step by ids: joined in one query, the database reads every flow there is.
    flows = source.flows_out.living().order_by("-pk").values_list("pk", flat=True)[:CONSIDERED]
    sent = PhysicalFlow.objects.active().filter(logical_flow__in=list(flows)).order_by()
    uses = Counter(sent.values_list("specification_id", flat=True))
    described = PhysicalSpecification.data_types.through.objects.filter(
        physicalspecification__in=list(uses)
    )
    total: Counter[int] = Counter()
    for specification, data_type in described.values_list("physicalspecification", "datatype"):
        total[data_type] += uses[specification]
    return sorted(total, key=lambda pk: (-total[pk], pk))


class DataTypesField(forms.ModelMultipleChoiceField):
    """Those that can be proposed, and those that `kept` (ids, or their query) names because they
    are there already.
    """

    widget = DataTypeChooser

    def __init__(self, **kwargs) -> None:
        super().__init__(DataType.objects.none(), required=False, **kwargs)

    def offer(self, *, kept, source: System | None, like: str) -> None:
        self.queryset = DataType.objects.proposable() | DataType.objects.filter(pk__in=kept)
        self.widget.source, self.widget.like = source, clean(like)[:200]
