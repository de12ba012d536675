"""The front page of the administration."""

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group

from waltzflow.admin import SECTIONS

from . import factories


def sections(client, person) -> dict[str, list[str]]:
    """Heading -> the links under it, as the page shows them."""
    client.force_login(person)
    page = client.get("/admin/").content.decode().split('id="content-main"')[1]
    tables = re.findall(r"<caption>.*?>\s*([^<>]+?)\s*</a>.*?</caption>(.*?)</table>", page, re.S)
    return {
        heading: re.findall(r'scope="row"[^>]*>\s*<a[^>]*>([^<]+)</a>', rows)
        for heading, rows in tables
    }


def test_an_administrator_finds_everything_under_six_headings(client, cast):
    found = sections(client, cast.superuser)
    assert list(found)[:6] == [
        *("Catalogue", "People", "Rules and policy", "The record", "Webhooks", "Histories")
    ]
    assert found["Catalogue"] == ["Organisational units", "Systems", "Data types"]
    assert found["Rules and policy"] == ["Approver rules", "Policy", "Reasons"]
    assert all(name.startswith("Versions of ") for name in found["Histories"])
    links = [link for names in found.values() for link in names]
    assert len(links) == len(set(links)) == len(admin.site._registry)


def test_an_auditor_finds_what_auditors_may_read(client, db):
    auditor = factories.user(is_staff=True)
    auditor.groups.add(Group.objects.get(name="Auditors"))
    assert "Proposals" in sections(client, auditor)["The record"]


@pytest.mark.parametrize("name", [name for names in SECTIONS.values() for name in names])
def test_every_name_of_a_section_is_a_model_of_the_administration(name):
    assert name in {model._meta.object_name for model in admin.site._registry}


def test_the_page_of_one_application_is_django_s(client, cast):
    client.force_login(cast.superuser)
    assert client.get("/admin/proposals/").status_code == 200
