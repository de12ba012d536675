"""The same text through every door: forms, admin, files, searches, pickers, sign-in; and what got
in by none of them.
"""

import lzma
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from axes.models import AccessLog
from django import forms
from django.apps import apps
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, models, transaction
from django.test import RequestFactory
from django.utils import timezone
from post_office.models import STATUS, Email

import proposals.forms as project_forms
from proposals import workflow
from proposals.files.catalogue import import_catalogue
from proposals.forms import SystemField, filters
from proposals.forms.fields import PersonField
from proposals.history import verify
from proposals.models import (
    ChangeContext,
    DataType,
    FreeTextInput,
    ImportBatch,
    ImportedFile,
    InvolvementKind,
    LineInput,
    LogicalFlow,
    OrganisationalUnit,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
    Reason,
    System,
    User,
)
from proposals.models.fields import CleanedField, MailInput
from proposals.views.sign_in import SignInForm

from . import factories, thorough, worlds
from .test_migrate import VERSION_0_1

ROOT = Path(__file__).resolve().parent.parent
# Written by the program alone: choices, keys, sums, addresses of pages.
OF_THE_PROGRAM = {
    "ImportedFile.sha256",
    "LedgerForm.table",
    "LedgerLeaf.salt",
    "LedgerLeaf.sha256",
    "LedgerLeaf.table",
    "LedgerNode.sha256",
    "PassResult.name",
    "Receipt.page",
    "Remark.topic",
    "SavedView.query",
    "Transition.action",
    "Upload.sha256",
    "UploadedRow.key",
    "User.password",
    "WebhookDelivery.answer",
    "WebhookDelivery.body",
    "WebhookDelivery.kind",
}


def texts_of_models():
    for model in apps.get_app_config("proposals").get_models():
        if model.__name__.startswith("Historical"):
            continue
        for field in model._meta.concrete_fields:
            is_text = isinstance(field, (models.CharField, models.TextField))
            if is_text and not field.choices and field.editable:
                yield pytest.param(field, id=f"{model.__name__}.{field.name}")


@pytest.mark.parametrize("field", list(texts_of_models()))
def test_no_column_of_text_takes_what_nobody_sees(field):
    name = f"{field.model.__name__}.{field.name}"
    is_programs = name in OF_THE_PROGRAM or name.endswith((".state", ".lifecycle"))
    assert isinstance(field, CleanedField) != is_programs


def all_forms():
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True, is_staff=True, is_active=True)
    for name, form in vars(project_forms).items():
        if isinstance(form, type) and issubclass(form, forms.BaseForm):
            yield name, form.base_fields
    for name in ("ProposalFilter", "SystemListFilter", "FlowFilter", "QualityFilter"):
        declared = getattr(filters, name).base_filters
        yield name, {key: one.field for key, one in declared.items()}
    yield "SignInForm", SignInForm.base_fields
    for model, page in admin.site._registry.items():
        if page.has_change_permission(request):
            yield f"admin of {model.__name__}", page.get_form(request, model(pk=1)).base_fields
            yield f"admin of a new {model.__name__}", page.get_form(request).base_fields


def texts_of_forms():
    for where, fields in all_forms():
        for name, field in fields.items():
            is_password = isinstance(field.widget, forms.PasswordInput)
            if isinstance(field, forms.CharField) and not is_password:
                yield where, name, field


def test_no_field_of_a_form_lets_in_what_nobody_sees(db):
    fields = list(texts_of_forms())
    assert len(fields) > 30
    kinds = (LineInput, FreeTextInput, MailInput)
    assert [where for where in fields if not isinstance(where[2], kinds)] == []


UNIQUE = [
    (System, "code", lambda text: factories.system("A", code=text)),
    (OrganisationalUnit, "code", lambda text: OrganisationalUnit(name="A", code=text)),
    (DataType, "code", lambda text: DataType(name="A", code=text)),
    (InvolvementKind, "name", lambda text: InvolvementKind(name=text)),
    (Reason, "name", lambda text: Reason(name=text)),
    (User, "username", lambda text: factories.person("A", username=text)),
    (User, "email", lambda text: factories.person("A", email=text)),
]
SAME = ["ETRM", "etrm", "ETRM\u200b", " \uff25TRM"]


@pytest.mark.parametrize(("model", "field", "make"), UNIQUE)
@pytest.mark.parametrize("other", SAME)
def test_two_rows_have_no_same_text(db, model, field, make, other):
    domain = "@firm.example" if field == "email" else ""
    first, other = make(SAME[0] + domain), other + domain
    first.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        make(other).save()
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.bulk_create([model(**{field: other, f"{field}_folded": "x"})])
    second = model(**{field: other})
    with pytest.raises(ValidationError) as refused:
        second.full_clean()
    verbose = model._meta.get_field(field).verbose_name
    assert refused.value.message_dict[field] == [f"{first} has this {verbose} already."]


WRITTEN = "Straße nach Zürich, ﬁnal; see No. 6161616"  # a number that no proposal has here


def comment(cast, source, target):
    done = factories.proposed(cast.maker, source, target)
    workflow.reject(done, side="SOURCE", by=cast.both, comment=WRITTEN)
    return "proposals/transition"


def note(cast, source, target):
    factories.delegate(cast.both, cast.stranger, note=WRITTEN)
    return "proposals/delegation"


def description(cast, source, target):
    Reason.objects.create(name="Because", description=WRITTEN)
    return "proposals/reason"


def why(cast, source, target):
    ChangeContext(cast.both, timezone.now(), WRITTEN).store(source)
    return "proposals/historicalsystem"


def outcome(cast, source, target):
    ImportBatch.objects.create(outcome=WRITTEN)
    return "proposals/importbatch"


def file_name(cast, source, target):
    batch = ImportBatch.objects.create(outcome="1 added")
    ImportedFile.objects.create(batch=batch, name=WRITTEN, sha256="0" * 64, rows=1)
    return "proposals/importbatch"


def subject(cast, source, target):
    mail = {"from_email": "a@example.com", "to": ["x@example.com"], "status": STATUS.queued}
    Email.objects.create(subject=WRITTEN, **mail)
    return "post_office/email"


def user_name(cast, source, target):
    AccessLog.objects.create(username=WRITTEN, user_agent="", path_info="/")
    return "axes/accesslog"


TYPED = [("STRASSE", 1), ("zu\u0308rich", 1), ("Zürich strasse", 1), ("FINAL", 1)]
TYPED += [("nach\xa0See", 1)]
TYPED += [("No. 6161616", 1), ("Strase", 0), ("strasse bern", 0), ("", None)]


TEXTS = [comment, note, description, why, outcome, file_name, subject, user_name]


@pytest.mark.parametrize("write", TEXTS)
def test_the_admin_finds_in_every_text_what_a_reader_calls_the_same(
    as_, cast, source, target, write
):
    page = f"/admin/{write(cast, source, target)}/"
    client = as_(cast.superuser)
    for typed, number in thorough.cases(TYPED, lambda case: case[1], of=page):
        rows = client.get(page, {"q": typed}).context["cl"].result_count
        assert rows == number or (number is None and rows), typed


def test_a_person_may_be_saved_again(db):
    person = factories.user("Anna Berg")
    person.full_clean(exclude=["password"])


CODES = [
    ("in lower case", "etrm"),
    ("with something unseen", "ETRM\u200b"),
    ("with a no-break space at its end", "ETRM\u00a0"),
]


@pytest.mark.parametrize("code", [row[1] for row in CODES], ids=[row[0] for row in CODES])
def test_a_file_means_the_system_that_is_there(db, code):
    factories.system("Tradewind", code="ETRM")
    import_catalogue({"systems": f"kind,code,name\nAPPLICATION,{code},Tradewind\n".encode()})
    assert System.objects.get().code == "ETRM"


# What is there -> what somebody types -> whether they find it.
SEARCHES = [
    ("Tradewind", "tradewind", True),
    ("Tradewind", "TRADE", True),
    ("Tradewind", "trade\u200bwind", True),
    ("Tradewind", "Tradewind (ETRM)", True),
    ("Tradewind", "tradewind etrm", True),
    ("Tradewind", "tradewind xyz", False),
    ("\u00c4rger", "\u00e4RGER", True),
    ("\u00c4rger", "a\u0308rger", True),
    ("Stra\u00dfe", "STRASSE", True),
    ("Trade Wind", "trade\u00a0wind", True),
    ("100%", "100%", True),
    ("1000", "100%", False),
    ("A_B", "a_b", True),
    ("AxB", "a_b", False),
    ("\u03bd\u03ad\u03c1\u03b3", "\u039d\u0388\u03a1\u0393", True),
]  # fmt: skip


@pytest.mark.parametrize(("name", "typed", "is_found"), SEARCHES)
def test_a_search_finds_what_a_reader_calls_the_same(as_, maker, name, typed, is_found):
    system = factories.system(name, code="ETRM")
    other = factories.system("Other", code="OTHER")
    with transaction.atomic():
        flow = factories.flow(system, other, physical=1)
    proposal = factories.proposed(maker, system, other)
    person = factories.user(f"{name} (ETRM)")
    expected = [system] if is_found else []
    assert list(System.objects.like(typed)) == expected
    assert list(LogicalFlow.objects.matching(typed)) == ([flow] if is_found else [])
    assert list(PhysicalFlow.objects.matching(typed)) == (
        list(flow.physical_flows.all()) if is_found else []
    )
    assert list(Proposal.objects.matching(typed)) == ([proposal] if is_found else [])
    assert list(User.objects.like(typed)) == ([person] if is_found else [])
    client = as_(factories.user("Root", is_superuser=True, is_staff=True))
    for page in ("/systems/", "/proposals/", "/admin/proposals/system/"):
        content = client.get(page, {"q": typed}).content.decode()
        row = f"/systems/{system.pk}/" if page == "/systems/" else f"/proposals/{proposal.pk}/"
        row = f"/admin/proposals/system/{system.pk}/" if "admin" in page else row
        assert (row in content) == is_found, page


@worlds.shared
def route(maker):
    hub, curves = factories.system("MDHUB", code="MDH"), factories.system("CURVES", code="CRV")
    there = factories.proposed(maker, hub, curves, justification="Curves for MDHUB.")
    back = factories.proposed(maker, curves, hub)
    return there, back


@pytest.mark.parametrize(
    "typed",
    [
        "#{pk}",
        "# {pk}",
        "No. {pk}",
        "no {pk}",
        "Proposal {pk}",
        "proposal #{pk}",
        "{pk}",
        "Proposal {pk}: MDHUB \u2192 CURVES",
        "MDHUB \u2192 CURVES",
        "mdhub -> curves",
        "MDHUB (MDH) \u2192 CURVES (CRV)",
        "mdh->",
        "\u2192 CRV",
    ],
)
def test_a_proposal_is_found_as_the_product_writes_it(route, typed):
    there, _ = route
    assert list(Proposal.objects.matching(typed.format(pk=there.pk))) == [there]


def test_a_flow_is_found_by_its_way(source, target):
    with transaction.atomic():
        there, back = factories.flow(source, target), factories.flow(target, source)
    assert list(LogicalFlow.objects.matching("ledger \u2192 risk engine")) == [there]
    assert set(LogicalFlow.objects.matching("ledger risk engine")) == {there, back}


@pytest.mark.parametrize("how", ["saved", "imported"])
def test_what_is_renamed_is_found_by_its_new_name(story, source, maker, how):
    if how == "saved":
        source.name = "Cashbook"
        source.save()
        maker.name = "Zoe"
        maker.save()
    else:
        import_catalogue({
            "systems": f"kind,code,name\nAPPLICATION,{source.code},Cashbook\n".encode(),
            "people": f"email,employee_id,name\n{maker.email},E1,Zoe\n".encode(),
        })  # fmt: skip
    assert set(Proposal.objects.matching("cashbook zoe")) == {story.create, story.edit}
    assert not Proposal.objects.matching("mia").exists()
    assert list(LogicalFlow.objects.matching("cashbook")) == [story.logical]
    assert list(PhysicalFlow.objects.matching("cashbook")) == [story.physical]
    assert list(PhysicalSpecification.objects.matching("cashbook")) == [story.specification]


def test_a_picker_takes_what_the_product_writes(db, source):
    assert SystemField().clean("Ledger (LEDGER)") == source
    assert SystemField().clean("\u200bledger") == source
    assert SystemField().clean("LEDGER\u00a0") == source
    anna = factories.user("\u00c4nna Berg", email="anna@firm.example")
    for typed in ("\u00e4nna berg", "ANNA@firm.example", "\u00c4nna Berg (Anna@Firm.example)"):
        assert PersonField().clean(typed) == anna


SIGN_INS = ["first.last@firm.example", "First.Last@Firm.example", "  FIRST.LAST@firm.example "]
SIGN_INS += ["Fl\u200bast", "FLAST"]


@pytest.mark.parametrize("typed", SIGN_INS)
def test_a_person_signs_in_by_user_name_or_mail_address_in_any_case(client, db, typed):
    person = factories.person("First Last", email="First.Last@firm.example", username="flast")
    person.set_password("waltzflow")
    person.save()
    sent = {"username": typed, "password": "waltzflow"}
    assert client.post("/sign-in/", sent).status_code == 302
    page = client.get("/sign-in/").content.decode()
    assert "User name or mail address" in page


def test_tries_are_counted_for_the_person_by_whichever_name(client, db, settings):
    settings.AXES_FAILURE_LIMIT = 3
    factories.user("First Last", email="First.Last@firm.example", username="flast")
    names = ["flast", "FIRST.last@firm.example", "FLAST"]
    statuses = [
        client.post("/sign-in/", {"username": name, "password": "no"}).status_code for name in names
    ]
    assert statuses == [200, 200, 429]


DECEPTION = "Led\u202eger\x1b[31m\u200b"


def raw(table, column, key, value):
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE id = %s", [value, key])


def test_what_is_stored_already_is_shown_harmless_and_kept(as_, story, source, maker):
    raw("proposals_system", "name", source.pk, DECEPTION)
    raw("proposals_user", "name", maker.pk, "Mia\r\nBcc: x@example.com\u2066")
    client = as_(factories.user("Root", is_superuser=True, is_staff=True))
    pages = [story.create.get_absolute_url(), source.get_absolute_url(), "/proposals/", "/systems/"]
    pages += ["/proposals/?as=csv", "/systems/?as=csv", "/admin/proposals/system/", "/flows/"]
    for page in pages:
        response = client.get(page)
        content = b"".join(response) if response.streaming else response.content
        text = content.decode()
        assert "Ledger[31m" in text, page
        assert not set(text) & set("\u202e\x1b\u200b\u2066"), page
    read = System.objects.get(pk=source.pk)
    read.description = "Another"
    read.save()
    assert System.objects.filter(pk=source.pk).values_list("code", flat=True)[0] == "LEDGER"
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM proposals_system WHERE id = %s", [source.pk])
        assert cursor.fetchone() == (DECEPTION,)


MANAGE = [sys.executable, "manage.py"]
BEFORE = (
    "INSERT INTO proposals_system (kind, code, name, description, is_external, lifecycle) VALUES "
)
BEFORE += "('APPLICATION', 'TWIN', 'Tradewind', '', 0, 'ACTIVE'), "
BEFORE += "('APPLICATION', 'twin\u200b', 'Other', '', 0, 'ACTIVE')"


def tables_and_triggers(path):
    with closing(sqlite3.connect(path)) as database:
        return database.execute(
            "SELECT name, sql FROM sqlite_master WHERE tbl_name LIKE 'proposals%' ORDER BY name"
        ).fetchall()


@pytest.mark.once(on="sqlite")  # brings a database of its own
def test_a_migration_that_finds_two_same_texts_names_them_and_changes_nothing(tmp_path):
    """On one of version 0.1, which had no folded columns."""
    path = tmp_path / "db.sqlite3"
    path.write_bytes(lzma.decompress(VERSION_0_1.read_bytes()))
    environ = os.environ | {"DATABASE_URL": f"sqlite:///{path}", "DEBUG": "1"}

    def migrate(*arguments):
        command = [*MANAGE, "migrate", *arguments, "--verbosity", "0"]
        return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)

    with closing(sqlite3.connect(path)) as database:
        database.execute(BEFORE)
        database.commit()
    before = tables_and_triggers(path)
    refused = migrate("proposals", "0006")
    assert refused.returncode == 1
    assert "system code: “TWIN” (id 41) and “twin\\u200b” (id 42)" in refused.stderr
    assert tables_and_triggers(path) == before
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE proposals_system SET code = 'Bjo\u0308rn' WHERE id = 42")
        database.commit()
    assert migrate("proposals", "0006").returncode == 0
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute(
            "SELECT code_folded FROM proposals_system WHERE id > 40 ORDER BY id"
        )
        assert rows.fetchall() == [("twin",), ("bj\u00f6rn",)]


UNSEEN = set("\u202e\x1b\u200b\u2066\r\x00")


def test_mails_show_stored_names_harmless(story, source, maker):
    raw("proposals_system", "name", source.pk, DECEPTION)
    raw("proposals_user", "name", maker.pk, "Mia\r\nBcc: x@example.com\u2066")
    wish = Proposal.objects.get(pk=story.edit.pk)
    factories.proposed(
        User.objects.get(pk=maker.pk), wish.source, wish.target, specification_name="b"
    )
    mail = Email.objects.order_by("-pk").first()
    message = mail.email_message()
    assert message.subject == "Please decide: Ledger[31m \u2192 Risk Engine"
    assert "Mia Bcc: x@example.com asks for your decision" in message.body
    texts = [message.subject, message.body, message.alternatives[0][0]]
    assert not any(set(text) & UNSEEN for text in texts)


def test_a_comment_keeps_its_lines_and_loses_what_nobody_sees(as_, cast, proposal):
    client = as_(cast.source_approver)
    sent = {"side": "SOURCE", "comment": "First\u202e line\r\nsecond\x1b[2J\u200b line\x00"}
    answer = client.post(f"/proposals/{proposal.pk}/reject/", sent)
    assert answer.status_code == 302
    decision = proposal.transitions.get(side="SOURCE")
    assert decision.comment == "First line\nsecond[2J line"


def test_a_second_superuser_of_the_same_name_is_refused_in_a_sentence(db):
    call_command("createsuperuser", "--noinput", username="root", email="r@x.example", name="R")
    with pytest.raises(CommandError, match=r"has this user name already|already taken"):
        call_command("createsuperuser", "--noinput", username="ROOT", email="s@x.example", name="S")


def test_what_was_renamed_by_sql_is_named_and_can_be_renewed(as_, cast, source, target, capsys):
    """The system, and what is found by its name too."""
    factories.flow(source, target)
    factories.proposed(cast.maker, source, target)
    assert list(verify.columns.not_searchable()) == []
    System.objects.filter(pk=source.pk).update(name="Großbuch")
    named = {breach.rows for breach in verify.columns.not_searchable()}
    assert {where.split()[0] for where in named} == {"system", "logicalflow", "proposal"}
    client = as_(cast.maker)

    def numbers() -> list[int]:
        pages = (client.get(f"/{name}/?q=GROSSBUCH") for name in ("systems", "flows", "proposals"))
        return [len(page.context["page"].rows) for page in pages]

    assert numbers() == [0, 0, 0]
    call_command("renew_search_texts")
    assert capsys.readouterr().out == "3 rows were found by old names.\n"
    assert numbers() == [1, 1, 1]
    assert list(verify.columns.not_searchable()) == []
    call_command("renew_search_texts")
    assert capsys.readouterr().out == "0 rows were found by old names.\n"
