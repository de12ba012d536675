"""The whole admin in a real Chromium under the site's own policy: no console error, no report of
what it forbids.
"""

import pytest
from django.contrib import admin
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from proposals import workflow
from proposals.models import Involvement, OrganisationalUnit, Proposal, System, Transition, User

from . import thorough
from .browsing import Visitor


@pytest.fixture
def root(chromium, live_server, cast, proposal):
    """The superuser at the admin, which has something of most kinds to show."""
    workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both, comment="good")
    OrganisationalUnit.objects.create(code="IT", name="Technology")
    cast.superuser.set_password("waltzflow")
    cast.superuser.save()
    visitor = Visitor(chromium, live_server.url, script=True)
    visitor.page.on(
        "console",
        lambda message: message.type == "warning" and visitor.complaints.append(message.text),
    )
    yield visitor.sign_in(cast.superuser)
    visitor.context.close()


def pages(model) -> list[str]:
    """The list of a model and its first row; of those whose history looks like none other, that
    too.
    """
    name, row = (
        f"admin:{model._meta.app_label}_{model._meta.model_name}",
        model._default_manager.first(),
    )
    found = [reverse(f"{name}_changelist")]
    if row:
        found.append(reverse(f"{name}_change", args=[row.pk]))
    if model in (Proposal, User, Transition):
        found.append(reverse(f"{name}_history", args=[row.pk]))
    if model in (Proposal, User):
        found.append(reverse(f"{name}_simple_history", args=[row.pk, row.history.first().pk]))
    return found


def looks_like(model) -> str:
    """What was, of whatever kind, is shown by pages that are made alike."""
    name = model._meta.model_name
    return "a history" if name.startswith("historical") else name


def test_every_page_of_the_admin_works_under_the_policy(root):
    """And a list fits 1280 pixels beside the menu."""
    System.objects.filter(pk=System.objects.first().pk).update(name="Reconciliation Workbench " * 7)
    models = thorough.cases(admin.site._registry, looks_like)
    listed = [url for model in models for url in pages(model)]
    assert len(listed) > (50 if thorough.LONG else 25)
    dated = [f"/admin/proposals/transition/?at__year={timezone.now().year}"]
    for url in ["/admin/", "/admin/password_change/", *dated, *listed]:
        assert root.page.goto(url).status == 200, url
        assert root.complaints == [], url
        wide = root.page.locator(".results").evaluate_all(
            "lists => lists.filter(list => list.scrollWidth > list.clientWidth).length"
        )
        assert wide == 0, url


if (
    connection.vendor == "sqlite"
):  # the markup does not depend on the database, and once takes long enough

    def test_pages_of_every_kind_are_clean_for_axe(root):
        """A list, forms with every kind of field, the record and a history; the others are made of
        the same.
        """
        listed = [url for model in (User, Proposal) for url in pages(model)]
        for url in [*listed, pages(Involvement)[1]]:
            root.page.goto(url)
            root.check_by_axe()


def test_the_pickers_of_the_admin_work_under_the_policy(root, cast):
    page = root.page
    page.goto("/admin/proposals/involvement/add/")
    for field, typed in (("system", "Ledger"), ("user", "Stan"), ("kind", "Data")):
        page.locator(f".field-{field} .select2-selection").click()
        page.locator(".select2-search__field").fill(typed)
        page.locator(".select2-results__option--highlighted", has_text=typed).click()
    page.locator("#calendarlink0").click()
    page.locator("#calendarbox0").get_by_role("link", name="Yesterday").click()
    page.locator("#clocklink0").click()
    page.locator("#clockbox0").get_by_role("link", name="Noon").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added successfully")).to_be_visible()
    page.locator("#action-toggle").check()
    page.locator(".theme-toggle:visible").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert root.complaints == []
