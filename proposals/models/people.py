"""Who is who, and who may administer or audit."""

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import AbstractUser, Permission, UserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, Q, When
from django.urls import reverse
from django.utils.crypto import get_random_string, salted_hmac

from .catalogue import OrganisationalUnit, one_of
from .fields import FoldedField, LineField, MailField
from .history import HistoryRecords, WithHistory
from .moments import zones
from .search import SearchedQuerySet, SearchField, refresh_named_in, search_text, words
from .text import folded
from .trees import refuse_cycle


class Notices(models.TextChoices):
    EACH = "EACH", "A mail for each event"
    DIGEST = "DIGEST", "One mail a day"
    NONE = "NONE", "No mail"


LAST_ADMINISTRATOR = (
    "This is the last active administrator. Make somebody else a superuser with staff status "
    "first, or nobody could administer the site any more."
)

# Columns of which the history of people says nothing.
UNTRACKED = {"last_login", "password", "session_salt"}

# What somebody must be allowed to read to whom the whole record is open.
RECORD = [
    f"proposals.view_{model}"
    for model in ("proposal", "transition", "logicalflow", "physicalflow", "ledgerleaf")
]


def new_salt() -> str:
    return get_random_string(32)


class PeopleQuerySet(SearchedQuerySet):
    def update(self, **values):
        """Ends the sessions of whoever it deactivates; a guard asks for that of everybody."""
        if values.get("is_active") is False:
            values.setdefault("session_salt", new_salt())
        return super().update(**values)

    def unable_to_sign_in(self):
        """The active of whom `cannot_sign_in` is true."""
        unable = self.filter(is_active=True)
        if settings.OIDC:
            unable = unable.filter(email="")
        if settings.OIDC and settings.OIDC.is_only:
            return unable
        return unable.filter(password__startswith=UNUSABLE_PASSWORD_PREFIX)

    def allowed_to(self, codename: str):
        """The active who have this permission of the register: themselves, by a group, or since
        they are superusers.
        """
        permission = Permission.objects.filter(
            codename=codename, content_type__app_label=self.model._meta.app_label
        )
        ways = [
            User.groups.through.objects.filter(group__permissions__in=permission),
            User.user_permissions.through.objects.filter(permission__in=permission),
        ]
        superusers = User.objects.filter(is_superuser=True).order_by()
        # United by their ids: with_perm of Django asks each person in turn.
        ids = superusers.values("pk").union(*(way.values("user") for way in ways))
        return self.filter(pk__in=ids, is_active=True)

    def administrators(self):
        """Those of whom `is_administrator` is true."""
        return self.filter(is_active=True, is_superuser=True, is_staff=True)

    def are_last_administrators(self, people: Iterable[int]) -> bool:
        """Whether no administrator is left without `people` (ids)."""
        # First whether any of them is one: to look for others reads everybody.
        theirs, others = Q(pk__in=people), ~Q(pk__in=people)
        administrators = self.administrators().order_by()
        return administrators.filter(theirs).exists() and not administrators.filter(others).exists()

    def like(self, text: str):
        """Each word occurs in the name, the mail address, the user name or the employee id; whose
        name or address begins so comes first.
        """
        typed = " ".join(words(text))
        begins = Case(When(search_text__contains=f"\n{typed}", then=0), default=1)
        matches = self.matching(text).select_related("organisational_unit")
        return matches.order_by(begins, "name", "pk")


class PeopleManager(UserManager):
    def get_by_natural_key(self, username: str | None) -> Any:
        """Who signs in by this user name or, if nobody has it, by this mail address."""
        name = folded(username or "")
        return self.filter(username_folded=name).first() or self.get(email_folded=name)


class User(WithHistory, AbstractUser):
    """A person. `email` is the key of people in files; `username` follows it in lower case.

    A user name without "@" (a named account of an operator or of the demo) is left as it is.
    """

    first_name = last_name = None  # type: ignore[assignment]  # Django's way to drop a field
    username = LineField(
        "user name",
        max_length=150,
        unique=True,
        help_text="Letters, digits and @/./+/-/_ only. With an @, it follows the mail address.",
        validators=[AbstractUser.username_validator],
    )
    username_folded = FoldedField(of="username")
    name = LineField(max_length=200)
    email = MailField("mail address", max_length=150)
    email_folded = FoldedField(of="email")
    employee_id = LineField("employee id", max_length=64, unique=True, null=True, blank=True)
    title = LineField(max_length=200, blank=True)
    manager = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="reports"
    )
    organisational_unit = models.ForeignKey(
        OrganisationalUnit, models.PROTECT, null=True, blank=True
    )
    # Goes into every session and every token; another one ends them all.
    session_salt = models.CharField(
        max_length=32, blank=True, default="", db_default="", editable=False
    )
    _password: str | None  # Django's: what was chosen, until it is saved
    notices_wanted = models.CharField(max_length=10, choices=Notices, default=Notices.EACH)
    time_zone = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text="In which they read and enter times; empty for that of the site.",
    )
    search_text = SearchField(reads=("name", "email", "username", "employee_id"))
    # With the groups: who is a steward decides, and a right has to be dated.
    history = HistoryRecords(
        excluded_fields=[
            "password",
            "last_login",
            "session_salt",
            "username_folded",
            "email_folded",
            "search_text",
        ],
        m2m_fields=["groups"],
    )

    objects = PeopleManager.from_queryset(PeopleQuerySet)()  # type: ignore[misc]  # AbstractUser's
    # Django's says True: every migration of people would then need this class, for ever.
    objects.use_in_migrations = False
    REQUIRED_FIELDS = ["email", "name"]

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(employee_id=""),
                name="user_employee_id_not_empty",
                violation_error_message="An employee id is no empty text.",
            ),
            one_of("notices_wanted", Notices, "user_notices_wanted"),
        ]
        # Few among all people.
        indexes = [
            models.Index(fields=["id"], condition=Q(is_superuser=True), name="user_superusers")
        ]

    def __str__(self) -> str:
        return self.name or self.username

    def get_absolute_url(self) -> str:
        return reverse("person", args=[self.pk])

    @property
    def zone(self) -> ZoneInfo | None:
        """In which times are shown to them, in mails too; None for that of the site."""
        return ZoneInfo(self.time_zone) if self.time_zone in zones() else None

    @property
    def may_audit(self) -> bool:
        """Whether the pages of the record are open to them: auditors and administrators."""
        return self.is_staff and self.has_perms(RECORD)

    @property
    def with_mail(self) -> str:
        """As a person is written where one has to be chosen."""
        return f"{self} ({self.email})" if self.email else str(self)

    def searched(self) -> list[str]:
        return [self.name, self.email, self.username, self.employee_id or ""]

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name

    def people_below(self) -> set[int]:
        """Ids of everybody whose line of managers leads to this person."""
        seen = {self.pk}
        level = seen
        while level:
            level = set(User.objects.filter(manager__in=level).values_list("pk", flat=True)) - seen
            seen = seen | level
        return seen - {self.pk}

    def clean(self) -> None:
        super().clean()
        self.follow_email()
        refuse_cycle(self, "manager")
        leaves = self.pk and not self.is_administrator
        if leaves and User.objects.are_last_administrators([self.pk]):
            raise ValidationError(LAST_ADMINISTRATOR)

    @property
    def cannot_sign_in(self) -> bool:
        """Active, and without a way in: imported, and not invited or not followed the link yet; nor
        with a mail address by which a provider of identities would let them in.
        """
        by_provider = bool(settings.OIDC and self.email)
        by_password = self.has_usable_password() and not (settings.OIDC and settings.OIDC.is_only)
        return self.is_active and not by_provider and not by_password

    @property
    def is_administrator(self) -> bool:
        """Active, a superuser and, for else the admin lets nobody in, staff: who may change
        everything that anybody may change.
        """
        return self.is_active and self.is_superuser and self.is_staff

    def save(self, *args, **kwargs) -> None:
        """A sign-in (and a password hashed anew) writes no history row: nothing the history keeps
        has changed.
        """
        self.follow_email()
        is_renamed = not self._state.adding and not self.search_text.startswith(
            search_text([self.name, ""])
        )
        if self._password is not None:  # chosen anew, not merely hashed anew
            self.session_salt = new_salt()
            if kwargs.get("update_fields"):
                kwargs["update_fields"] = {*kwargs["update_fields"], "session_salt"}
        self.end_sessions()
        untracked = set(kwargs.get("update_fields") or ["everything"]) <= UNTRACKED
        if untracked and not hasattr(self, "skip_history_when_saving"):
            write = self.save_without_historical_record  # type: ignore[attr-defined]
            write(*args, **kwargs)  # which simple-history gives the model
        else:
            super().save(*args, **kwargs)
        if is_renamed:
            refresh_named_in([self])

    def end_sessions(self) -> None:
        """Whoever is not active has no session, and none of before comes back to life with them."""
        if not self.is_active:
            self.session_salt = new_salt()

    def _get_session_auth_hash(self, secret=None) -> str:
        """Django's own, of the password and the salt."""
        # With Django's own words: without a salt it is the very hash that Django makes, so sessions
        # of before there were salts went on.
        return salted_hmac(
            "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash",
            self.password + self.session_salt,
            secret=secret,
            algorithm="sha256",
        ).hexdigest()

    def follow_email(self) -> None:
        if not self.username or "@" in self.username:
            self.username = self.email.lower()
        # No empty text: of a unique column only one row could have it.
        self.employee_id = self.employee_id or None
