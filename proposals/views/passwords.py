"""Who has no password yet, or has forgotten it, sets one by a link that comes by mail."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.password_validation import password_validators_help_texts
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpResponse
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.generic import FormView

from ..forms import UserNameInput
from ..models import User
from ..workflow import passwords

SENT = (
    "If somebody here has this user name or mail address, a mail with a link is on its way. If "
    "none comes within some minutes, ask an administrator."
)


class ForgottenForm(forms.Form):
    username = UserNameInput(
        label="User name or mail address",
        max_length=150,
        widget=forms.TextInput({"autofocus": True, "autocomplete": "username"}),
    )


class NewPasswordForm(SetPasswordForm):
    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].widget.attrs["autofocus"] = True
        self.fields["new_password1"].help_text = " ".join(password_validators_help_texts())

    def save(self, commit: bool = True) -> User:
        # The password alone: an administrator may have changed the row since it was read.
        self.user.set_password(self.cleaned_data["new_password1"])
        self.user.save(update_fields=["password"])
        return self.user


@method_decorator(login_not_required, name="dispatch")
class WherePasswordsAre:
    """Refuses where they are switched off."""

    def dispatch(self, request, *args, **kwargs) -> HttpResponse:
        passwords.refuse_where_off()
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]


class Forgotten(WherePasswordsAre, FormView):
    """Says the same whether the person exists or not, and takes as long: the mail is queued."""

    form_class = ForgottenForm
    template_name = "proposals/password_forgotten.html"
    success_url = reverse_lazy("sign-in")
    http_method_names = ["get", "head", "post"]

    def form_valid(self, form: ForgottenForm) -> HttpResponse:
        try:
            person = User.objects.get_by_natural_key(form.cleaned_data["username"])
        except User.DoesNotExist:
            pass
        else:
            passwords.send_link(person, at=timezone.now())
        messages.success(self.request, SENT)
        return super().form_valid(form)

    def form_invalid(self, form: ForgottenForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=400)


class SetPassword(WherePasswordsAre, PasswordResetConfirmView):
    """Behind the link of the mail; it works once, since with the password the token changes."""

    form_class = NewPasswordForm
    template_name = "proposals/password_set.html"
    success_url = reverse_lazy("sign-in")
    http_method_names = ["get", "head", "post"]

    def get_user(self, uidb64: str) -> User | None:
        user = super().get_user(uidb64)
        return user if user and user.is_active else None

    def form_valid(self, form: NewPasswordForm) -> HttpResponse:
        messages.success(self.request, "Your password is set. Sign in with it.")
        return super().form_valid(form)

    def render_to_response(self, context: dict, **response) -> HttpResponse:
        if not self.validlink:
            response["status"] = 404
        elif context["form"].errors:
            response["status"] = 400
        return super().render_to_response(context, **response)
