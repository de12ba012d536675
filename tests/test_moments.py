"""Dates and numbers that somebody enters, what the clock does twice or never, and what is stored
beyond all bounds.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.db import connection, models
from django.template import Context, Template
from django.test import RequestFactory, override_settings

from proposals.forms import DelegationForm
from proposals.forms.record import MomentForm, SpanForm
from proposals.history import verify
from proposals.models import Delegation, Involvement, Policy, User, moment_of, other_reading

from . import factories, thorough
from .test_guards import without_guards

EAST, WEST = "Europe/Berlin", "America/New_York"
ZONES = [EAST, WEST]

# Zone, what the clock shows, the moment in UTC if the first is meant, and if the later one.
READINGS = [
    (EAST, (2026, 6, 1, 12, 0), (2026, 6, 1, 10, 0), (2026, 6, 1, 10, 0)),
    (EAST, (2026, 10, 25, 2, 30), (2026, 10, 25, 0, 30), (2026, 10, 25, 1, 30)),
    (EAST, (2026, 3, 29, 2, 30), (2026, 3, 29, 1, 30), (2026, 3, 29, 1, 30)),
    (WEST, (2026, 11, 1, 1, 30), (2026, 11, 1, 5, 30), (2026, 11, 1, 6, 30)),
    (WEST, (2026, 3, 8, 2, 30), (2026, 3, 8, 7, 30), (2026, 3, 8, 7, 30)),
]


@pytest.mark.parametrize(("zone", "reading", "first", "second"), READINGS)
def test_what_a_clock_shows_twice_or_never_is_a_moment(zone, reading, first, second):
    with override_settings(TIME_ZONE=zone):
        earlier = moment_of(datetime(*reading))
        later = moment_of(datetime(*reading), later=True)
        assert (earlier, later) == (datetime(*first, tzinfo=UTC), datetime(*second, tzinfo=UTC))
        if earlier != later:
            assert other_reading(earlier) == later
            assert other_reading(later) == earlier
        else:
            assert other_reading(earlier) is None


@pytest.mark.parametrize(
    ("zone", "day"), [(EAST, (2024, 10, 20)), (EAST, (2024, 3, 20)), (WEST, (2024, 10, 20))]
)
@pytest.mark.django_db
def test_a_deadline_counts_hours_and_not_what_the_clock_on_the_wall_shows(
    zone, day, maker, source, target
):
    noon = datetime(*day, 12, tzinfo=ZoneInfo(zone))
    proposal = factories.proposed(maker, source, target, at=noon)
    connection.check_constraints()  # the guard of the database counts as well, at commit
    assert proposal.due_at - noon.astimezone(UTC) == timedelta(days=30)


def delegated(**typed):
    me, other = factories.user("Anna Berg"), factories.user("Carl Dahl")
    sent = {"delegate": other.email, "ends_at": "2098-01-01"} | typed
    return DelegationForm(sent, instance=Delegation(delegator=me))


OUTSIDE = ["9999-12-31T23:59", "0001-01-01T00:00", "2100-01-01T00:00", "1969-12-31T23:59"]
OUTSIDE += ["9999-12-31T23:59:59+00:00"]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("typed", ["9999-12-31", "0001-01-01", "2099-12-31", "1969-12-31"])
@pytest.mark.parametrize("field", ["starts_at", "ends_at"])
def test_a_delegation_beyond_all_bounds_is_refused_beside_its_field(db, zone, field, typed):
    with override_settings(TIME_ZONE=zone):
        form = delegated(**{field: typed})
        assert form.errors[field] == ["Choose a date from 1970 to 2099."]


@pytest.mark.parametrize(("zone", "reading"), [row[:2] for row in READINGS])
def test_a_delegation_may_begin_and_end_on_the_day_when_clocks_change(db, zone, reading):
    year = (2098 - 2026) // 28 * 28 + 2026  # the calendar of 2026 comes back every 28 years
    typed = f"{datetime(*reading):{year}-%m-%d}"
    with override_settings(TIME_ZONE=zone):
        form = delegated(starts_at=typed, ends_at=typed)
        assert form.is_valid(), form.errors
        lasted = form.cleaned_data["ends_at"] - form.cleaned_data["starts_at"]
        assert lasted.total_seconds() / 3600 in (23, 24, 25)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("typed", OUTSIDE)
@pytest.mark.parametrize("name", ["started_at", "ended_at"])
def test_an_involvement_beyond_all_bounds_is_refused_in_the_admin(as_, source, zone, name, typed):
    root = as_(factories.user("Root", is_superuser=True, is_staff=True))
    day, _, time = typed[:19].partition("T")
    sent = {"system": source.pk, "user": User.objects.get().pk, "kind": factories.kind("X").pk}
    sent |= {"started_at_0": "2020-01-01", "started_at_1": "00:00", f"{name}_0": day}
    with override_settings(TIME_ZONE=zone):
        page = root.post("/admin/proposals/involvement/add/", sent | {f"{name}_1": time})
    assert "Choose a date from 1970 to 2099." in page.content.decode()
    assert not Involvement.objects.exists()


@pytest.mark.parametrize(("zone", "reading"), [row[:2] for row in READINGS[1:3]])
def test_the_admin_takes_what_a_clock_shows_twice_or_never(as_, source, zone, reading):
    root = as_(factories.user("Root", is_superuser=True, is_staff=True))
    day = datetime(*reading).replace(year=2026 - 6)
    sent = {"system": source.pk, "user": User.objects.get().pk, "kind": factories.kind("X").pk}
    sent |= {"started_at_0": f"{day:%Y-%m-%d}", "started_at_1": f"{day:%H:%M}"}
    with override_settings(TIME_ZONE=zone):
        assert root.post("/admin/proposals/involvement/add/", sent).status_code == 302


@pytest.mark.parametrize("at", ["2025-10-26T02:30:00", "2025-03-30T02:30:00"])
def test_the_register_is_shown_at_a_time_the_clock_showed_twice_or_never(as_, story, at):
    root = as_(factories.user("Root", is_superuser=True, is_staff=True))
    with override_settings(TIME_ZONE=EAST):
        page = root.get("/audit/register/", {"at": at})
        assert page.status_code == 200
        assert ("showed this time twice" in page.content.decode()) == (at[5:7] == "10")
        form = MomentForm({"lifecycle": "ALL", "at": at})
        assert form.is_valid()
        if at[5:7] == "10":
            assert form.other_reading == datetime(2025, 10, 26, 0, 30, 0, 999_999, tzinfo=UTC)
            link = root.get("/audit/register/", {"at": "2025-10-26T02:30:00+02:00"})
            assert "CEST" in link.content.decode()


def test_the_bounds_stand_beside_each_date_and_number(db):
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True, is_staff=True, is_active=True)
    fields = []
    for model, page in admin.site._registry.items():
        if not page.has_change_permission(request):
            continue
        for name, field in page.get_form(request, model(pk=1)).base_fields.items():
            known = {column.name: column for column in model._meta.concrete_fields}.get(name)
            if isinstance(known, (models.DateTimeField, models.IntegerField)):
                fields.append((f"{model.__name__}.{name}", field))
    fields += [(name, DelegationForm.base_fields[name]) for name in ("starts_at", "ends_at")]
    fields += list(SpanForm.base_fields.items())
    assert len(fields) >= 8
    for name, field in fields:
        attrs = field.widget.attrs
        assert (
            " to " in field.help_text
            or {"min", "max"} <= attrs.keys()
            or "today" in (field.help_text.lower())
        ), name


@pytest.mark.parametrize("number", ["0", "3651", "99999999999999999999", "-1"])
def test_a_policy_beyond_its_bounds_is_refused_beside_its_field(as_, db, number):
    root = as_(factories.user("Root", is_superuser=True, is_staff=True))
    page = root.get("/admin/proposals/policy/1/change/").content.decode()
    assert "From 1 to 3,650." in page
    fields = {f.name: getattr(Policy.objects.get(), f.name) for f in Policy._meta.fields}
    sent = {name: value for name, value in fields.items() if value not in (False, None)}
    answer = root.post("/admin/proposals/policy/1/change/", sent | {"time_out_days": number})
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()


LONG = ["0" * 20 + "9" * 30, "9" * 30, "-1", "1e5", "\u0663", ""]


@pytest.mark.parametrize("number", LONG)
def test_a_number_of_no_page_breaks_none(as_, story, number):
    client = as_(story.create.maker)
    for query in ("before", "after", "page", "older_than"):
        assert client.get("/proposals/", {query: number}).status_code == 200
    for page in ("/systems/", "/flows/", "/inbox/"):
        assert client.get(page, {"page": number}).status_code == 200


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("year", ["9999", "1", "0", "10000", "x", "2026"])
def test_a_list_by_years_knows_which_there_are(as_, story, zone, year):
    root = as_(factories.user("Root", is_superuser=True, is_staff=True))
    with override_settings(TIME_ZONE=zone):
        for place, field in [("transition", "at"), ("delegation", "starts_at")]:
            page = root.get(f"/admin/proposals/{place}/", {f"{field}__year": year}, follow=True)
            assert page.status_code == 200


STORED = ["9999-12-31 23:59:59", "0001-01-01 00:00:00"]
STORED_ON_POSTGRESQL = ["10000-01-01 04:59:00", "infinity", "-infinity", "0044-03-15 00:00:00 BC"]


def beyond(value: str) -> str:
    """The zone whose clock shows it beyond the calendar."""
    return WEST if value[0] in "0-" else EAST


@pytest.mark.once(on="postgresql")
@pytest.mark.parametrize("zone", ZONES)
def test_a_stored_moment_beyond_all_bounds_breaks_no_page_and_is_named(as_, story, cast, zone):
    values = STORED + (STORED_ON_POSTGRESQL if connection.vendor == "postgresql" else [])
    values = thorough.cases(values, lambda value: value if zone == beyond(value) else None)
    root = as_(cast.superuser)
    wish = factories.proposed(
        cast.maker, story.create.source, story.create.target, specification_name="b"
    )
    delegation = Delegation.objects.filter(delegator=cast.source_approver).get()
    involvement = Involvement.objects.filter(user=cast.source_approver).get()
    places = ["/proposals/?state=OPEN", wish.get_absolute_url(), "/me/", "/inbox/", "/insights/"]
    places += [wish.source.get_absolute_url(), story.logical.get_absolute_url(), "/quality/"]
    places += ["/admin/proposals/delegation/", "/admin/proposals/involvement/"]
    places += [f"/admin/proposals/involvement/{involvement.pk}/change/"]
    places += [f"/admin/proposals/delegation/{delegation.pk}/history/"]
    places += ["/admin/proposals/historicaldelegation/", "/admin/proposals/transition/"]
    without_guards()
    for value in values:
        column = "ends_at" if value[0] in "9i" or value.startswith("10000") else "starts_at"
        with override_settings(TIME_ZONE=zone), connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE proposals_delegation SET {column} = %s WHERE id = %s",
                [value, delegation.pk],
            )
            cursor.execute(
                f"UPDATE proposals_historicaldelegation SET {column} = %s WHERE id = %s",
                [value, delegation.pk],
            )
            if column == "starts_at":
                cursor.execute(
                    "UPDATE proposals_involvement SET started_at = %s WHERE id = %s",
                    [value, involvement.pk],
                )
            for place in places:
                assert root.get(place).status_code == 200, (value, place)
            client = as_(cast.source_approver)
            assert client.get("/me/").status_code == 200
            assert client.get("/inbox/").status_code == 200
            root = as_(cast.superuser)
            call_command("remind_approvers")
            rows = {breach.rows for breach in verify.breaches() if breach.invariant == "moments"}
            assert f"delegation {delegation.pk}" in rows
            cursor.execute(
                f"UPDATE proposals_delegation SET {column} = %s WHERE id = %s",
                [f"{2026 if column == 'starts_at' else 2098}-01-01 00:00:00", delegation.pk],
            )


# what readers see of them


@pytest.mark.parametrize(
    ("zone", "first", "second"),
    [
        (EAST, (datetime(2026, 10, 25, 0, 30), "CEST"), (datetime(2026, 10, 25, 1, 30), "CET")),
        (WEST, (datetime(2026, 11, 1, 5, 30), "EDT"), (datetime(2026, 11, 1, 6, 30), "EST")),
    ],
)
@pytest.mark.parametrize(
    "written", ['{{ at|date:"j M Y, H:i T" }}', '{{ at|date:"j M Y, H:i:s T" }}', "{{ at }}"]
)
def test_two_moments_that_a_clock_shows_alike_are_written_apart(zone, first, second, written):
    """Each with its zone, which Django leaves out exactly there; `{{ at }}` is the admin's way."""
    with override_settings(TIME_ZONE=zone):
        shown = [
            Template(written).render(Context({"at": at.replace(tzinfo=UTC)}))
            for at, _ in (first, second)
        ]
    clocks = [text.rpartition(" ") for text in shown]
    assert clocks[0][0] == clocks[1][0]
    assert [clock[2] for clock in clocks] == [first[1], second[1]]
