"""Tokens of programs that act for the reader."""

from dataclasses import dataclass, field

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from ..forms import TokenForm
from ..models import Policy, Token, User
from .form_pages import form_page, form_target

# The text of a new token goes to the browser alone, for the one page that shows it.
NEW_TOKEN = "new_token"
SECONDS_SHOWN = 120
MOST = 50  # in force at once, of one person
ENDED_SHOWN = 10


@form_page
def make(request: HttpRequest) -> HttpResponse:
    """My tokens, and the form of a new one; its text is shown once."""
    token = Token(owner=request.user)
    data = request.POST if request.method == "POST" else None
    form = TokenForm(data, instance=token, may_decide=Policy.in_force().api_decisions)
    if data is None or not form.is_valid():
        return _page(request, form)
    if len(Tokens.of(request.user).in_force) >= MOST:
        form.add_error(None, f"You have {MOST} tokens in force. Withdraw one first.")
        return _page(request, form)
    answer = redirect("tokens")
    answer.set_cookie(
        NEW_TOKEN,
        token.make(timezone.now()).text,
        max_age=SECONDS_SHOWN,
        path=reverse("tokens"),
        secure=settings.IS_HTTPS,
        httponly=True,
        samesite="Strict",
    )
    return answer


def _page(request: HttpRequest, form: TokenForm) -> HttpResponse:
    new = "" if form.is_bound else request.COOKIES.get(NEW_TOKEN, "")
    shown = Token.shown(new, timezone.now()) if new else None
    context = {
        "form": form,
        "tokens": Tokens.of(request.user),
        "new": new if shown and shown.owner_id == request.user.pk else "",
        "new_name": shown.name if shown else "",
        "systems": request.build_absolute_uri(reverse("api:systems")),
    }
    status = 400 if form.is_bound else 200
    page = render(request, "proposals/tokens.html", context, status=status)
    if new:
        page.delete_cookie(NEW_TOKEN, path=reverse("tokens"), samesite="Strict")
    return page


@form_target
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """One of mine; whatever uses it is refused from now on."""
    token = get_object_or_404(Token, owner=request.user, pk=pk)
    Token.objects.filter(pk=token.pk).withdraw(by=request.user)
    messages.success(request, f"The token “{token}” is withdrawn.")
    return redirect("tokens")


@dataclass
class Tokens:
    """Those of one person, newest first; of those that ended the newest few."""

    in_force: list[Token] = field(default_factory=list)
    ended: list[Token] = field(default_factory=list)

    @classmethod
    def of(cls, owner: User) -> "Tokens":
        of_owner = Token.objects.filter(owner=owner).select_related("withdrawn_by")
        in_force = of_owner.filter(withdrawn_at=None, expires_at__gt=timezone.now())
        ended = of_owner.exclude(pk__in=in_force.order_by().values("pk"))
        return cls(list(in_force), list(ended[:ENDED_SHOWN]))
