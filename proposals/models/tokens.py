"""What lets a program act for a person through the API."""

import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from .fields import LineField, key_in
from .moments import MomentField
from .people import User

LONGEST_DAYS = 366
PREFIX = "waltzflow"


class Scope(models.TextChoices):
    READ = "read", "Read what its owner may read"
    PROPOSE = "propose", "Propose, revise, remark and cancel"
    DECIDE = "decide", "Approve, reject and request changes"


class Made(NamedTuple):
    """A new token, and the text that a program sends: it is in no table, and is shown once."""

    token: "Token"
    text: str


class TokenQuerySet(models.QuerySet["Token"]):
    def valid(self, at: datetime):
        return self.filter(withdrawn_at=None, expires_at__gt=at, owner__is_active=True)

    def withdraw(self, *, by: User) -> int:
        """How many were not withdrawn yet, and are now. None ever comes back."""
        # Locked first: what a program is doing with one comes before.
        waiting = self.filter(withdrawn_at=None).select_for_update(no_key=True, of=("self",))
        ids = list(waiting.order_by("pk").values_list("pk", flat=True))
        withdrawn = self.model._default_manager.filter(pk__in=ids)
        return withdrawn.update(withdrawn_at=timezone.now(), withdrawn_by=by)


class Token(models.Model):
    """A program that shows it acts as its owner, within its scopes, until it ends.

    Of its text the table keeps a keyed hash, which goes over the owner's session salt too: whatever
    ends the sessions of somebody ends their tokens. It is withdrawn, never deleted, since
    transitions name it; a name stands for one token of its owner for ever.
    """

    owner = models.ForeignKey(User, models.PROTECT, related_name="tokens")
    name = LineField(max_length=60, help_text="What uses it: “nightly import”, “gateway”.")
    may_read = models.BooleanField(Scope.READ.label, default=True)
    may_propose = models.BooleanField(Scope.PROPOSE.label, default=False)
    may_decide = models.BooleanField(Scope.DECIDE.label, default=False)
    digest = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField()
    expires_at = MomentField("ends")
    # The minute of its last use, and how often it was used in that minute.
    last_used_at = models.DateTimeField("last used", null=True)
    used = models.PositiveIntegerField(default=0)
    withdrawn_at = models.DateTimeField("withdrawn", null=True)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    objects = TokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                name="token_once_per_name",
                violation_error_message="You have had a token of this name.",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="token_has_a_name"),
            models.CheckConstraint(
                condition=Q(may_read=True) | Q(may_propose=True) | Q(may_decide=True),
                name="token_has_a_scope",
                violation_error_message="Choose at least one thing that it may do.",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="token_ends_after_it_began"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_by=None)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="token_withdrawn_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def make(self, at: datetime) -> Made:
        """Save it, with the text that opens it from now on."""
        secret = secrets.token_urlsafe(32)
        self.created_at, self.digest = at, self._digest_of(secret)
        self.save(force_insert=True)
        return Made(self, f"{PREFIX}_{self.pk}_{secret}")

    @classmethod
    def shown(cls, text: str, at: datetime) -> "Token | None":
        """The token whose text this is, if it can be used at this moment."""
        prefix, _, rest = text.partition("_")
        number, _, secret = rest.partition("_")
        pk = key_in(number)
        if prefix != PREFIX or pk is None:
            return None
        token = cls.objects.valid(at).select_related("owner").filter(pk=pk).first()
        is_its = token and constant_time_compare(token.digest, token._digest_of(secret))
        return token if is_its else None

    def count_use(self, at: datetime, most: int) -> bool:
        """Note that it was used; False if it was used `most` times in this minute already."""
        minute = at.replace(second=0, microsecond=0)
        in_minute = Q(last_used_at=minute)
        # One statement, so that any number of processes count together.
        counted = Token.objects.filter(pk=self.pk).exclude(in_minute & Q(used__gte=most))
        used = Case(When(in_minute, then=F("used") + 1), default=Value(1))
        return bool(counted.update(used=used, last_used_at=minute))

    def _digest_of(self, secret: str) -> str:
        # No slow hash as for passwords: 32 random bytes cannot be tried out, and each call asks.
        salted = f"{secret}:{self.owner.session_salt}"
        return salted_hmac("proposals.models.tokens", salted, algorithm="sha256").hexdigest()

    @property
    def scopes(self) -> list[str]:
        """What it may do, as the API names it."""
        return [scope for scope in Scope.values if self.allows(scope)]

    def allows(self, scope: str) -> bool:
        return getattr(self, f"may_{scope}")

    @property
    def may_in_words(self) -> str:
        return "; ".join(Scope(scope).label.lower() for scope in self.scopes)

    @property
    def has_ended(self) -> bool:
        return self.withdrawn_at is not None or self.expires_at <= timezone.now()

    @staticmethod
    def latest_end(at: datetime) -> datetime:
        return at + timedelta(days=LONGEST_DAYS)
