"""What somebody does to one proposal, or decides about many of the inbox."""

from django import forms

from ..errors import Invalid
from ..models import FreeTextInput, Proposal, Side, User, Verb, verbs
from .fields import refuse_fields

BOTH = "BOTH"


class ActionForm(forms.Form):
    """What an action asks before it is carried out: for which side, and a comment, if the table
    says so for its verb.

    Any side that the verb knows is accepted and then judged by the workflow; a page shows those it
    was told to `offer`.
    """

    side = forms.ChoiceField(label="For which side?", widget=forms.RadioSelect)
    comment = FreeTextInput(required=False, max_length=4000, widget=forms.Textarea({"rows": 3}))

    def __init__(self, *args, verb: Verb, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.verb = verb
        self.fields["comment"].label = verb.words.comment
        if not verb.words.comment:
            del self.fields["comment"]
        if not verb.sides:
            del self.fields["side"]
            return
        self.fields["side"].choices = self._choices(verb, both=True)
        wrong = f"Say for which side you {verb.name}."
        self.fields["side"].error_messages |= {"required": wrong, "invalid_choice": wrong}

    def offer(self, verb: Verb, *, both: bool) -> None:
        """Show only the sides of `verb` that the reader may decide for; `both` says whether they
        may for both at once.
        """
        if verb.sides:
            self.fields["side"].widget.choices = self._choices(verb, both=both)
            self.initial["side"] = verb.sides[0] if len(verb.sides) == 1 else None

    def begin(self) -> None:
        """The cursor stands at a side that must be chosen, else at a comment that must be written,
        else where the page puts it.
        """
        side_is_open = "side" in self.fields and not self.initial.get("side")
        if side_is_open and not self.only_side:
            self.fields["side"].widget.attrs["autofocus"] = True
        elif "comment" in self.fields and self.verb.words.comment_is_required:
            self.fields["comment"].widget.attrs["autofocus"] = True

    @property
    def only_side(self) -> Side | None:
        """The side, where there is no choice of one."""
        offered = list(self.fields["side"].widget.choices) if "side" in self.fields else []
        return Side(offered[0][0]) if len(offered) == 1 else None

    def _choices(self, verb: Verb, *, both: bool) -> list[tuple[str, str]]:
        choices = [(side, Side(side).label) for side in verb.sides]
        if both and len(verb.sides) > 1 and verb.words.is_for_several_sides:
            choices.append((BOTH, "Both, recorded as two decisions"))
        return choices

    @property
    def sides(self) -> list[str]:
        chosen = self.cleaned_data.get("side")
        return list(Side.values) if chosen == BOTH else [chosen] if chosen else []

    @property
    def written(self) -> str:
        """The comment, empty where none is asked."""
        return self.cleaned_data.get("comment", "")

    def refuse(self, refusal: Invalid) -> None:
        refuse_fields(self, refusal)


def decision_verbs() -> list[Verb]:
    """What one can decide about a proposal for a side, and so about many of the inbox."""
    return [verb for verb in verbs().values() if verb.sides]


def who_needs_comment(offered: list[Verb]) -> str:
    """Which of them ask for a comment, in a sentence; empty if none does."""
    labels = [f"“{verb.words.label}”" for verb in offered if verb.words.comment_is_required]
    if not labels:
        return ""
    return f"{' and '.join(labels)} {'needs' if len(labels) == 1 else 'need'} a comment."


class BulkForm(forms.Form):
    """What was chosen in the inbox, and which decision."""

    chosen = forms.ModelMultipleChoiceField(
        Proposal.objects.none(), error_messages={"required": "Choose at least one proposal."}
    )
    verb = forms.ChoiceField()

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        # Not only what waits for them: what others decided meanwhile is to be refused by name, not
        # as an invalid choice.
        self.fields["chosen"].queryset = Proposal.objects.visible_to(user).listed()
        self.fields["verb"].choices = [(verb.name, verb.words.label) for verb in decision_verbs()]

    @property
    def sentence(self) -> str:
        """What is wrong with it."""
        return " ".join(error for errors in self.errors.values() for error in errors)


class BulkDecisionForm(ActionForm):
    """One decision and one comment for many proposals. Which side is asked only where, for one of
    them, there is a choice (`several`); `both` says whether both are one.
    """

    def __init__(self, *args, verb: Verb, several: bool, both: bool, **kwargs) -> None:
        super().__init__(*args, verb=verb, **kwargs)
        if not several:
            del self.fields["side"]
            return
        side = self.fields["side"]
        side.choices = self._choices(verb, both=both)
        side.label = "Where you decide for both sides: for which?"
        self.takes_both = side.choices[-1][0] == BOTH
        side.required = not self.takes_both
        self.initial["side"] = BOTH if self.takes_both else None

    def clean(self) -> dict:
        cleaned = super().clean()
        if "side" in self.fields and self.takes_both and not cleaned.get("side"):
            cleaned["side"] = BOTH
        # Before any is decided, or the workflow would refuse each of them for the same comment.
        required = self.verb.words.comment_is_required
        if required and not self.has_error("comment") and not self.written.strip():
            self.add_error("comment", required)
        return cleaned

    def sides_of(self, offered: list[str]) -> list[str]:
        """Of those the reader may decide for, the ones that were chosen."""
        return [side for side in offered if side in self.sides] or offered
