"""Fields of the project's own, and what its forms share."""

from collections.abc import Container
from functools import cache

from django import forms
from django.contrib.auth.forms import UsernameField
from django.db.models import Q
from django.utils.functional import lazy

from ..errors import Invalid
from ..models import LineInput, Reason, System, User, clean, folded, same

LONGEST = 300  # of what somebody types to name a system or person
MOST_OFFERED = 20  # in the list under a picker
MOST_LIKE = 100  # looked through for the one that is called just so


class UserNameInput(LineInput, UsernameField):
    """Cleaned, and as browsers know a user name."""


class Picker(forms.TextInput):
    """A text field under which htmx lists what matches; waltzflow.js makes it a combobox for
    keyboard and ear.

    Without a script it is what it is, with the offers of the page's `datalist`, if there is one.
    """

    template_name = "proposals/_picker.html"
    offers = label = none = placeholder = datalist = ""
    most = MOST_OFFERED

    def __init__(self) -> None:
        super().__init__(
            {"autocomplete": "off", "placeholder": self.placeholder, "maxlength": LONGEST}
        )

    def get_context(self, *args) -> dict:
        return super().get_context(*args) | {"picker": self}


class SystemPicker(Picker):
    offers, datalist = "system-options", "systems"
    label, placeholder = "Systems", "Name, code or unit"
    none = "No system has this in its name, code or unit."


class PersonPicker(Picker):
    offers = "people-options"
    label, placeholder = "People", "Name or mail address"
    none = "Nobody has this in their name or mail address."


class SystemField(forms.ModelChoiceField):
    """One system, typed by code or name; the page offers matching ones. Works for any number of
    systems.

    Accepts "Name (CODE)" as offered, a code, or a name only one system has, whatever its case.
    """

    widget = SystemPicker
    # The last text that was read, and its system: a form asks for that of its source again.
    found: tuple[str, System] | None = None

    def __init__(self, **kwargs) -> None:
        super().__init__(kwargs.pop("queryset", System.objects.all()), **kwargs)

    def prepare_value(self, value):
        if isinstance(value, int):
            value = self.queryset.filter(pk=value).first()
        return str(value) if isinstance(value, System) else value

    def to_python(self, value) -> System | None:
        if value in self.empty_values or isinstance(value, System):
            return value or None
        text = clean(value)[:LONGEST]
        if self.found is None or self.found[0] != text:
            matches = self._coded(text) or self._named(text)
            if len(matches) != 1:
                raise forms.ValidationError(self._no_single(text, matches))
            self.found = text, matches[0]
        return self.found[1]

    def _coded(self, text: str) -> list[System]:
        """The one with this code, or whose offer, "Name (CODE)", this is; names and codes may hold
        brackets.
        """
        starts = [at + 2 for at in range(len(text)) if text.startswith(" (", at)]
        # A text of nothing but brackets would otherwise ask for hundreds of codes.
        codes = [text[start:-1] for start in starts[-20:]] if text.endswith(")") else []
        keys = [folded(code) for code in [text, *codes]]
        systems = self.queryset.filter(code_folded__in=keys)
        return [row for row in systems if same(row.code, text) or same(str(row), text)]

    def _named(self, text: str) -> list[System]:
        return [row for row in self.queryset.like(text)[:MOST_LIKE] if same(row.name, text)]

    def _no_single(self, text: str, named: list[System]) -> str:
        similar = named or self.queryset.taking_flows().like(text)[:5]
        hint = (
            f" Did you mean {', '.join(map(str, similar))}?"
            if similar
            else " Type a name or a code."
        )
        return (
            f"Several systems are called “{text}”." if named else f"No system is called “{text}”."
        ) + hint


class PersonField(forms.ModelChoiceField):
    """One active person, typed by mail address or name, or as offered: "Name (mail address)"."""

    widget = PersonPicker

    def __init__(self, **kwargs) -> None:
        super().__init__(User.objects.filter(is_active=True), **kwargs)

    def to_python(self, value) -> User | None:
        if value in self.empty_values or isinstance(value, User):
            return value or None
        text = clean(value)[:LONGEST]
        mail = text[text.rfind(" (") + 2 : -1] if text.endswith(")") else text
        matches = list(
            self.queryset.filter(Q(email_folded=folded(mail)) | Q(username_folded=folded(text)))
        ) or [row for row in self.queryset.like(text)[:MOST_LIKE] if same(row.name, text)]
        if len(matches) == 1:
            return matches[0]
        named = ", ".join(person.with_mail for person in matches or self.queryset.like(text)[:5])
        hint = (
            f" Did you mean {named}? Type the mail address."
            if named
            else " Type a name or a mail address."
        )
        raise forms.ValidationError(
            (f"Several people are called “{text}”." if matches else f"Nobody is called “{text}”.")
            + hint
        )


def refuse_fields(form: forms.BaseForm, refusal: Invalid) -> None:
    """Show what a verb refused beside the fields it names; what is no field of this form, or names
    none, above them.
    """
    if not refusal.fields:
        form.add_error(None, refusal.sentence)
    for field, sentence in refusal.fields.items():
        form.add_error(field if field in form.fields else None, sentence)


def focus_first(form: forms.BaseForm, remarked: Container[str] = ()) -> None:
    """The cursor stands in the first field that is wrong, else in the first of those `remarked` on,
    else in the first that must be filled and is not, else in the first. What is wrong with no field
    in particular gets the focus itself.
    """
    fields = form.visible_fields()
    for field in fields:
        field.field.widget.attrs.pop("autofocus", None)
    wrong = [field for field in fields if field.errors]
    asked = [field for field in fields if field.name in remarked]
    empty = [field for field in fields if field.field.required and not field.value()]
    if wrong or not form.non_field_errors():
        first = next(iter(wrong or asked or empty or fields), None)
        if first:
            first.field.widget.attrs["autofocus"] = True


def offer_reasons(form: forms.ModelForm) -> None:
    """The active reasons, and the one it already has; where there is only one, it is chosen. Read
    when shown, once.
    """
    field = form.fields["reason"]
    field.queryset = Reason.objects.filter(Q(is_active=True) | Q(pk=form.instance.reason_id))
    offered = cache(lambda: list(field.queryset))
    field.choices = lambda: [("", "Choose…"), *((reason.pk, reason.name) for reason in offered())]
    usual_help = field.help_text
    field.help_text = lazy(lambda: usual_help if offered() else _whom_to_ask(), str)()
    if not form.initial.get("reason"):
        form.initial["reason"] = lambda: offered()[0].pk if len(offered()) == 1 else None


def _whom_to_ask() -> str:
    """Of an empty list of reasons."""
    names = ", ".join(person.name for person in User.objects.administrators().order_by("name")[:3])
    return f"There is no reason to choose from. Ask an administrator to add one: {names}."


def offer_choices(form: forms.ModelForm, names: list[str]) -> None:
    for name in names:
        form.fields[name].choices = [("", "Choose…"), *form.fields[name].choices[1:]]
