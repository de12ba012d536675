"""A list as it is, kept under a name."""

from typing import Any

from django import forms
from django.http import QueryDict

from ..models import SavedView
from .filters import FlowFilter, ProposalFilter, SystemListFilter
from .list_filter import ListFilter

FILTERS: dict[str, type[ListFilter]] = {
    "proposals": ProposalFilter,
    "systems": SystemListFilter,
    "flows": FlowFilter,
}


class SavedViewForm(forms.ModelForm):
    """Only an administrator shares one with everybody."""

    class Meta:
        model = SavedView
        fields = ["list_name", "name", "query", "is_shared"]

    def __init__(self, *args: Any, may_share: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["query"].required = False  # whose sentence says what to do
        if not may_share:
            del self.fields["is_shared"]

    def clean_query(self) -> str:
        """What the list understands of it; not the place in the list."""
        known = {*FILTERS.get(self.data.get("list_name", ""), ListFilter).base_filters, "columns"}
        asked, kept = QueryDict(self.cleaned_data["query"]), QueryDict(mutable=True)
        for name in asked:
            if name in known and any(asked.getlist(name)):
                kept.setlist(name, asked.getlist(name))
        if not kept:
            raise forms.ValidationError("Filter the list, order it or choose columns first.")
        return kept.urlencode()
