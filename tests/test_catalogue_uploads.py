"""The catalogue from files in the browser: what would change is seen, then it is imported."""

from unittest import mock

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from proposals.files.catalogue import uploads
from proposals.files.uploads import work_on_uploads
from proposals.models import ImportBatch, System, Upload, UploadedFile

from . import factories
from .catalogues import CATALOGUE, texts

pytestmark = pytest.mark.django_db
UNITS = CATALOGUE["organisational_units"].encode()


def bring(client, **files: bytes):
    named = [SimpleUploadedFile(f"{name}.csv", data) for name, data in files.items()]
    return client.post("/import/", {"files": named})


def work() -> None:
    work_on_uploads(timezone.now())


def confirm(client, page: str):
    digest = Upload.objects.latest("pk").report["digest"]
    return client.post(page, {"digest": digest})


def test_files_are_judged_confirmed_and_imported_as_by_the_command(cast, as_):
    client = as_(cast.superuser)
    page = bring(client, **texts()).url
    work()
    assert not System.objects.filter(code="FED").exists()
    shown = client.get(page).content.decode()
    assert "Nothing is imported yet" in shown
    confirm(client, page)
    work()
    batch = ImportBatch.objects.latest("pk")
    assert (batch.by, batch.files.count()) == (cast.superuser, 10)
    assert System.objects.filter(code="FED").exists()
    assert not UploadedFile.objects.exists()
    assert f"Import {batch.pk}" in client.get(page).content.decode()
    assert confirm(client, page).status_code == 409
    # The same files again change nothing, and say so.
    again = bring(client, **texts()).url
    work()
    assert "Nothing would change" in client.get(again).content.decode()
    assert ImportBatch.objects.count() == 1


def test_each_field_that_would_change_and_each_problem_is_named(cast, as_, source):
    client = as_(cast.superuser)
    head = "kind,code,name,external\n"
    page = bring(client, systems=f"{head}ACTOR,LEDGER,General Ledger,ja\n".encode()).url
    work()
    shown = client.get(page).content.decode()
    for words in ("<del>“Ledger”</del>", "<ins>“General Ledger”</ins>", "<ins>true</ins>"):
        assert words in shown, words
    rows = b"".join(client.get(f"{page}?as=csv").streaming_content).decode()
    assert "systems.csv,2,LEDGER,name,“Ledger”,“General Ledger”" in rows
    bad = bring(client, systems=f"{head}APP,X,Ex,\n,LEDGER,,\n".encode(), colours=b"a\n1\n").url
    work()
    assert "colours.csv: This is not a catalogue file." in client.get(bad).content.decode()
    bad = bring(client, systems=f"{head}APP,X,Ex,\n,LEDGER,,\n".encode()).url
    work()
    shown = client.get(bad).content.decode()
    for words in (
        "systems.csv, line 2, kind: “APP” is not one of",
        "systems.csv, line 3, kind: This must not be empty.",
        "systems.csv, line 3, name: This must not be empty.",
    ):
        assert words in shown, words
    assert Upload.objects.latest("pk").state == "BAD"


def test_what_changed_since_it_was_seen_is_shown_anew_and_not_imported(cast, as_, source):
    client = as_(cast.superuser)
    page = bring(client, systems=b"kind,code,name\nAPPLICATION,LEDGER,New name\n").url
    work()
    digest = Upload.objects.get().report["digest"]
    source.name = "Somebody's name"
    source.save()
    confirm(client, page)
    work()
    source.refresh_from_db()
    assert source.name == "Somebody's name"
    shown = client.get(page).content.decode()
    assert "The register has changed since you confirmed" in shown
    assert "<del>“Somebody&#x27;s name”</del>" in shown
    assert client.post(page, {"digest": digest}).status_code == 409  # of the page from before
    confirm(client, page)
    work()
    source.refresh_from_db()
    assert source.name == "New name"


def test_who_is_no_administrator_any_more_imports_nothing(cast, as_, source):
    client = as_(cast.superuser)
    page = bring(client, organisational_units=UNITS).url
    work()
    confirm(client, page)
    other = factories.user("Other", is_superuser=True, is_staff=True)
    other.set_password("waltzflow")
    other.save()
    cast.superuser.is_superuser = False
    cast.superuser.save()
    work()
    assert Upload.objects.get().problems == [f"{cast.superuser} may no longer import."]
    assert not ImportBatch.objects.exists()
    assert client.get(page).status_code == 403


def test_a_worker_killed_in_an_import_leaves_nothing_and_begins_again(cast, as_):
    client = as_(cast.superuser)
    page = bring(client, organisational_units=UNITS).url
    work()
    confirm(client, page)
    with (
        mock.patch.object(uploads.timezone, "now", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        work_on_uploads(None)
    assert not ImportBatch.objects.exists()
    work()
    assert ImportBatch.objects.get().by == cast.superuser


def test_the_form_says_what_it_does_not_take(cast, as_):
    client = as_(cast.superuser)
    assert "Choose at least one file." in client.post("/import/", {}).content.decode()
    same = [SimpleUploadedFile("systems.csv", b"x"), SimpleUploadedFile("systems.csv", b"y")]
    answer = client.post("/import/", {"files": same})
    assert "Two files are called systems.csv." in answer.content.decode()
    many = [SimpleUploadedFile(f"{n}.csv", b"x") for n in range(21)]
    assert client.post("/import/", {"files": many}).status_code == 400
    assert not Upload.objects.exists()
