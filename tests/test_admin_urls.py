"""Every URL of the admin, by kind of page, role and method, in tables written by hand. One that is
missing fails.
"""

import pytest
from axes.models import AccessAttempt
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.urls import URLPattern, reverse
from django.utils import timezone

from proposals import workflow
from proposals.models import (
    ImportBatch,
    ImportedFile,
    OrganisationalUnit,
    System,
    Upload,
    WebhookEndpoint,
)

from . import thorough
from .test_urls import (
    INSIDE,
    OTHER_METHODS,
    OUTSIDE,
    STAFF,
    TO_SIGN_IN,
    answer,
    differing,
    world,  # noqa: F401
)

OTHERS = [role for role in [*OUTSIDE, *INSIDE] if role not in STAFF]

# Pages of the admin as a whole: what the superuser and the auditor get for GET and POST. Nobody
# else gets in.
SITE = {
    # page: superuser GET, POST; auditor GET, POST
    "index": (200, 200, 200, 200),
    "password_change": (200, 200, 200, 200),
    "password_change_done": (200, 405, 200, 405),
    "autocomplete": (
        403,
        405,
        403,
        405,
    ),  # it says neither for what nor of what; see test_the_pickers
    "jsi18n": (200, 405, 200, 405),
    "view_on_site": (302, 302, 302, 302),
    "app_list": (200, 200, 200, 200),
    "anything else": (404, 404, 404, 404),
}

# Pages of one model, by the kind of what it holds.
READ = {
    "changelist": (200, 200, 200, 200),
    "add": (403, 403, 403, 403),
    "change": (200, 403, 200, 403),
    "delete": (403, 403, 403, 403),
    "history": (200, 200, 200, 200),
    "simple_history": (200, 405, 200, 405),
}
EDITED = READ | {"add": (200, 200, 403, 403), "change": (200, 200, 200, 403)}
DELETED = EDITED | {"delete": (200, 200, 403, 403)}
ONE_ROW = EDITED | {"add": (403, 403, 403, 403)}
OF_MANY = {"changelist", "add"}
PERSON = EDITED | {"password": (200, 200, 403, 403)}


def unseen(kind: dict) -> dict:
    """As `kind` for the superuser, and no business of the auditor's."""
    return {page: (*statuses[:2], 403, 403) for page, statuses in kind.items()}


MODELS = {
    "auth.group": unseen(
        EDITED | {"change": (200, 302, 200, 403)}
    ),  # no field of it has to be filled in
    "axes.accessattempt": unseen(READ),
    "axes.accesslog": unseen(READ),
    "post_office.email": unseen(READ),
    "proposals.approverrule": DELETED,
    "proposals.datatype": EDITED,
    "proposals.delegation": READ,
    "proposals.importbatch": READ,
    "proposals.involvement": EDITED,
    "proposals.involvementkind": EDITED,
    "proposals.logicalflow": READ,
    "proposals.notice": READ,
    "proposals.organisationalunit": EDITED,
    "proposals.physicalflow": READ,
    "proposals.physicalspecification": READ,
    "proposals.policy": ONE_ROW,
    "proposals.proposal": READ,
    "proposals.reason": EDITED,
    "proposals.remark": READ,
    "proposals.savedview": READ,
    "proposals.system": EDITED,
    "proposals.token": READ,
    "proposals.transition": READ,
    "proposals.upload": READ,
    "proposals.user": PERSON,
    "proposals.watch": READ,
    "proposals.webhookdelivery": READ,
    "proposals.webhookendpoint": EDITED,
    "proposals.historicalapproverrule": READ,
    "proposals.historicaldatatype": READ,
    "proposals.historicaldelegation": READ,
    "proposals.historicalinvolvement": READ,
    "proposals.historicalinvolvementkind": READ,
    "proposals.historicallogicalflow": READ,
    "proposals.historicalorganisationalunit": READ,
    "proposals.historicalphysicalflow": READ,
    "proposals.historicalphysicalspecification": READ,
    "proposals.historicalpolicy": READ,
    "proposals.historicalproposal": READ,
    "proposals.historicalreason": READ,
    "proposals.historicalsystem": READ,
    "proposals.historicaluser": READ,
}


def made_alike(label: str) -> str:
    """The pages of all histories are made of one class."""
    return "a history" if label.startswith("proposals.historical") else label


@pytest.fixture(scope="module")
def filled(world):  # noqa: F811
    """The world with a row of every model the admin shows."""
    batch = ImportBatch.objects.create(outcome="1 system added")
    ImportedFile.objects.create(batch=batch, name="systems.csv", sha256="0" * 64, rows=1)
    OrganisationalUnit.objects.create(code="IT", name="Technology")
    workflow.remark(world.things["waiting"], "Is it daily?", by=world.cast.maker)
    workflow.watch(world.things["ledger"], by=world.cast.maker)
    endpoint = WebhookEndpoint.objects.create(address="https://receiver.example/")
    endpoint.deliveries.create(at=timezone.now(), due_at=timezone.now())
    Upload.objects.create(kind="CATALOGUE", by=world.cast.superuser, name="a.csv", sha256="0" * 64)
    AccessAttempt.objects.create(username="x", ip_address="10.0.0.1", failures_since_start=1)
    return world


def site_url(page: str) -> str:
    if page == "view_on_site":
        return reverse(
            "admin:view_on_site",
            args=[ContentType.objects.get_for_model(System).pk, System.objects.first().pk],
        )
    if page == "anything else":
        return "/admin/nothing/"
    return reverse(f"admin:{page}", args=["proposals"] if page == "app_list" else [])


def model_url(label: str, page: str) -> str | None:
    """None if this model has no such page."""
    model = next(m for m in admin.site._registry if m._meta.label_lower == label)
    row = model._default_manager.first()
    assert row, f"The world has no {label}"
    if page == "password":
        return reverse("admin:auth_user_password_change", args=[row.pk])
    if page == "simple_history" and not hasattr(row, "history"):
        return None
    arguments = [] if page in OF_MANY else [row.pk]
    if page == "simple_history":
        arguments = [row.pk, row.history.first().pk]
    return reverse(f"admin:{label.replace('.', '_')}_{page}", args=arguments)


def who_gets_in(asked: tuple) -> tuple | str:
    """Which kind of request it is: those of the staff are each their own."""
    _, role = asked
    return asked if role in STAFF else "of others"


def check(world, url: str, statuses: tuple) -> None:  # noqa: F811
    asked = [(method, role) for role in ("superuser", "auditor") for method in ("GET", "POST")]
    expected = {(method, role): TO_SIGN_IN for role in OTHERS for method in ("GET", "POST")}
    expected |= dict(zip(asked, statuses, strict=True))
    asked = thorough.cases(expected, who_gets_in, of=url)
    found = {(method, role): answer(world, role, method, url, {}) for method, role in asked}
    assert differing(found, expected) == {}, url
    for method in thorough.cases(OTHER_METHODS, lambda _: "other", of=url):
        assert answer(world, "superuser", method, url, {}) == 405


@pytest.mark.once(on="sqlite")
@pytest.mark.django_db
@pytest.mark.parametrize("page", SITE)
def test_who_gets_which_page_of_the_admin(filled, page):
    check(filled, site_url(page), SITE[page])


@pytest.mark.once(on="sqlite")
@pytest.mark.django_db
@pytest.mark.parametrize("label", thorough.cases(MODELS, made_alike))
def test_who_gets_which_page_of_a_model(filled, label):
    urls = {page: model_url(label, page) for page in MODELS[label]}
    for page, url in urls.items():
        if url:
            check(filled, url, MODELS[label][page])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "status"), [("superuser", 200), ("auditor", 200), ("maker", 302), ("anonymous", 302)]
)
def test_the_pickers_tell_names_to_staff_alone(filled, role, status):
    asked = (
        "/admin/autocomplete/?app_label=proposals&model_name=involvement&field_name=user&term=mia"
    )
    assert answer(filled, role, "GET", asked, {}) == status


def test_every_model_and_every_page_of_the_admin_is_in_the_tables():
    assert {model._meta.label_lower for model in admin.site._registry} == set(MODELS)
    told = {page for pages in MODELS.values() for page in pages}
    for model, page in admin.site._registry.items():
        prefix = f"{model._meta.app_label}_{model._meta.model_name}_"
        names = {p.name for p in page.get_urls() if isinstance(p, URLPattern) and p.name}
        assert {
            name.removeprefix(prefix).removeprefix("auth_user_password_change") or "password"
            for name in names
        } <= told
    site = {p.name for p in admin.site.get_urls() if isinstance(p, URLPattern)} - {None}
    assert site == set(SITE) - {"anything else"} | {"login", "logout"}, (
        "Those two are doors of the site, in test_urls."
    )
