"""Units, data types and people: whoever names one means what lies below it too, unless they say
"only this".
"""

from time import perf_counter

import pytest

from proposals import workflow
from proposals.models import (
    DataType,
    LogicalFlow,
    OrganisationalUnit,
    PhysicalFlow,
    Proposal,
    User,
    lineages,
    querysets,
    reading,
    with_below,
)

from . import factories
from .test_lists import csv_rows, xlsx_rows
from .test_pages import queries, text


@pytest.fixture
def units(db):
    """Group above Trading above Desk; Legal stands beside."""
    return chain(factories.unit, "Group", "Trading", "Desk") | {"Legal": factories.unit("Legal")}


@pytest.fixture
def types(db):
    """Deals above Trades above FX; People stands beside."""
    made = chain(factories.data_type, "Deals", "Trades", "FX")
    return made | {"People": factories.data_type("People")}


def chain(make, *names: str) -> dict:
    rows, above = {}, None
    for name in names:
        rows[name] = make(name)
        type(rows[name]).objects.filter(pk=rows[name].pk).update(parent=above)
        above = rows[name]
    return rows


def declare(flow, data_type) -> None:
    factories.store(flow, at=flow.origin_batch.at, declared_data_types=[data_type])


def make_circle(rows: dict, upper: str, lower: str) -> None:
    """Put the upper one below the lower one, as only a hand or a file can."""
    model = type(rows[upper])
    model.objects.filter(pk=rows[upper].pk).update(parent=rows[lower])


@pytest.fixture
def placed(units):
    """A system in the Desk, one in Trading, one in Legal, one in no unit."""
    names = {"Blotter": "Desk", "Book": "Trading", "Contracts": "Legal"}
    made = {
        name: factories.system(name, code=name, organisational_unit=units[unit])
        for name, unit in names.items()
    }
    return made | {"Stray": factories.system("Stray", code="Stray")}


UNITS = [
    ("Group", "", ["Blotter", "Book"]),
    ("Trading", "", ["Blotter", "Book"]),
    ("Trading", "on", ["Book"]),
    ("Desk", "", ["Blotter"]),
    ("Group", "on", []),
    ("Legal", "", ["Contracts"]),
]


@pytest.mark.parametrize(("unit", "only", "expected"), UNITS)
def test_the_systems_of_a_unit_are_those_below_it_too(
    as_, cast, units, placed, unit, only, expected
):
    asked = {"organisational_unit": units[unit].pk, "only": only}
    client = as_(cast.stranger)
    page = client.get("/systems/", asked).context["page"]
    assert [row.name for row in page.rows] == expected
    assert [
        row[1] for row in csv_rows(client.get("/systems/", asked | {"as": "csv"}))[1:]
    ] == expected
    assert [row[1] for row in xlsx_rows(client.get("/systems/", asked | {"as": "xlsx"}))[1:]] == (
        expected
    )


@pytest.mark.parametrize(
    ("unit", "only", "expected"),
    [
        ("Group", "", ["Blotter → Stray", "Stray → Book"]),
        ("Trading", "on", ["Stray → Book"]),
        ("Desk", "", ["Blotter → Stray"]),
        ("Group", "on", []),
    ],
)
def test_flows_and_proposals_of_a_unit_have_an_end_in_it_or_below(
    as_, cast, units, placed, unit, only, expected
):
    routes = [("Blotter", "Stray"), ("Stray", "Book"), ("Contracts", "Stray")]
    for source, target in routes:
        factories.flow(placed[source], placed[target])
        factories.proposed(cast.maker, placed[source], placed[target])
    asked, client = {"unit": units[unit].pk, "only": only}, as_(cast.stranger)
    assert [str(row) for row in client.get("/flows/", asked).context["page"].rows] == expected
    proposals = client.get("/proposals/", asked | {"order": "oldest"}).context["page"].rows
    assert [f"{row.source.name} → {row.target.name}" for row in proposals] == expected
    for url in ("/flows/", "/proposals/"):
        assert len(csv_rows(client.get(url, asked | {"as": "csv"}))) == 1 + len(expected)


TYPES = [
    ("Deals", "", ["Deals", "FX", "Trades"]),
    ("Trades", "", ["FX", "Trades"]),
    ("Trades", "on", ["Trades"]),
    ("FX", "", ["FX"]),
]


@pytest.mark.parametrize(("data_type", "only", "expected"), TYPES)
def test_proposals_of_a_data_type_carry_it_or_one_below(
    as_, cast, types, source, target, data_type, only, expected
):
    for row in types.values():
        factories.proposed(cast.maker, source, target, [row], specification_name=f"{row}.csv")
    asked, client = {"data_type": types[data_type].pk, "only": only}, as_(cast.stranger)
    rows = client.get("/proposals/", asked).context["page"].rows
    assert sorted(row.specification_name for row in rows) == [f"{name}.csv" for name in expected]
    assert len(csv_rows(client.get("/proposals/", asked | {"as": "csv"}))) == 1 + len(expected)


@pytest.mark.parametrize(("data_type", "only", "expected"), TYPES)
@pytest.mark.parametrize("how", ["declared", "sent"])
@pytest.mark.parametrize("few", [0, 1, 5000])
def test_where_data_of_a_type_goes_is_answered_by_the_flows_and_their_file(
    as_, cast, types, target, monkeypatch, data_type, only, expected, how, few
):
    """However many flows count as few, which decides how they are asked for and sorted."""
    monkeypatch.setattr(reading, "LOOKED_UP", few)
    for name, row in types.items():
        owner = factories.system(f"From {name}")
        if how == "sent":
            factories.flow(owner, target, 2, factories.specification(owner, types=[row]))
        else:
            declare(factories.flow(owner, target), row)
    asked, client = {"data_type": types[data_type].pk, "only": only}, as_(cast.stranger)
    response = client.get("/flows/", asked)
    in_order = (
        expected if len(expected) <= few else [row for row in [*types][::-1] if row in expected]
    )
    assert [row.source.name for row in response.context["page"].rows] == [
        f"From {name}" for name in in_order
    ]
    header, *rows = csv_rows(client.get("/flows/", asked | {"as": "csv"}))
    assert [row[header.index("Data types")] for row in rows] == in_order


def test_a_removed_physical_flow_carries_nothing_any_more(as_, cast, types, source, target):
    spec = factories.specification(source, types=[types["FX"]])
    factories.flow(source, target, 1, spec)
    factories.remove_flows(PhysicalFlow, LogicalFlow)
    url = f"/flows/?data_type={types['FX'].pk}"
    assert "No flow matches" in text(as_(cast.stranger).get(url))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"transport": "WEB"}, ["Web daily", "Web weekly"]),
        ({"frequency": "DAILY"}, ["Mail daily", "Web daily"]),
        ({"transport": "WEB", "frequency": "DAILY"}, ["Web daily"]),
        ({"criticality": "HIGH"}, ["Web weekly"]),
        ({"format": "JSON"}, ["Mail daily"]),
        ({"specification": "DAILY web"}, ["Web daily"]),
        ({"format": "JSON", "transport": "WEB"}, []),
        ({"specification": "nowhere"}, []),
    ],
)
@pytest.mark.parametrize("few", [0, 1, 5000])
def test_flows_are_filtered_by_what_is_sent_along_them(
    as_, cast, target, monkeypatch, asked, expected, few
):
    """Of one flow both ways of sending: what is asked for has to be true of one of them."""
    monkeypatch.setattr(reading, "LOOKED_UP", few)
    ways = {
        "Web daily": {"transport": "WEB", "frequency": "DAILY"},
        "Web weekly": {"transport": "WEB", "frequency": "WEEKLY", "criticality": "HIGH"},
        "Mail daily": {"transport": "EMAIL", "frequency": "DAILY"},
    }
    for name, way in ways.items():
        owner = factories.system(name)
        kind = "JSON" if name == "Mail daily" else "XML"
        wish = {"specification_name": f"{name.lower()}.csv", "specification_format": kind}
        factories.involve(cast.both, owner)
        made = factories.proposed(cast.maker, owner, target, **wish, **way)
        workflow.approve(made, sides=["SOURCE", "TARGET"], by=cast.both)
    client = as_(cast.stranger)
    rows = client.get("/flows/", asked).context["page"].rows
    assert sorted(row.source.name for row in rows) == expected
    assert len(csv_rows(client.get("/flows/", asked | {"as": "csv"}))) == 1 + len(expected)


@pytest.mark.parametrize(("unit", "only", "expected"), UNITS)
def test_quality_asks_of_a_unit_and_what_lies_below_it(
    as_, cast, units, placed, unit, only, expected
):
    url, asked = "/quality/systems-without-approver/", {"unit": units[unit].pk, "only": only}
    client = as_(cast.stranger)
    assert sorted(line.name for line in client.get(url, asked).context["lines"]) == expected
    assert len(csv_rows(client.get(url, asked | {"as": "csv"}))) == 1 + len(expected)


def test_whose_proposals_they_are_reaches_all_people_below(as_, cast, units, source, target):
    """My team's are those of the line of managers; my unit's those of whoever works in it
    or below.
    """
    boss = factories.user("Boss", organisational_unit=units["Trading"])
    head = factories.user("Head", manager=boss)
    trader = factories.user("Trader", manager=head, organisational_unit=units["Desk"])
    colleague = factories.user("Colleague", organisational_unit=units["Trading"])
    makers = [boss, head, trader, colleague]
    for number, maker in enumerate(makers):
        factories.proposed(maker, source, target, specification_name=f"{number}.csv")

    def makers_of(reader: User, whose: str) -> list[str]:
        rows = (
            as_(reader).get("/proposals/", {"whose": whose, "order": "oldest"}).context["page"].rows
        )
        return [row.maker.name for row in rows]

    assert makers_of(boss, "mine") == ["Boss"]
    assert makers_of(boss, "team") == ["Head", "Trader"]
    assert makers_of(boss, "unit") == ["Boss", "Trader", "Colleague"]
    assert makers_of(head, "unit") == []
    User.objects.filter(pk=boss.pk).update(manager=trader)
    assert makers_of(boss, "team") == ["Head", "Trader"]


@pytest.mark.parametrize("rows", ["units", "types"])
def test_a_circle_is_walked_once(request, rows):
    made = request.getfixturevalue(rows)
    top, middle, bottom, _ = made.values()
    make_circle(made, str(top), str(bottom))
    every = {top.pk, middle.pk, bottom.pk}
    assert all(set(with_below(row)) == every for row in (top, middle, bottom))
    assert sorted(with_below(middle)) == sorted(every)
    assert {len(names) for names in lineages(type(top)).values()} == {3, 1}


def test_a_circle_hangs_no_page(as_, cast, units, types, placed):
    make_circle(units, "Group", "Desk")
    make_circle(types, "Deals", "Deals")
    client = as_(cast.maker)
    unit, data_type = units["Desk"].pk, types["FX"].pk
    names = [
        row.name for row in client.get(f"/systems/?organisational_unit={unit}").context["page"].rows
    ]
    assert names == ["Blotter", "Book"]
    for url in (
        f"/proposals/?unit={unit}&data_type={data_type}",
        f"/flows/?unit={unit}&data_type={data_type}",
        f"/quality/systems-without-approver/?unit={unit}",
        "/proposals/new/",
    ):
        assert client.get(url).status_code == 200, url


@pytest.mark.parametrize("model", [OrganisationalUnit, DataType])
def test_a_tree_of_thousands_one_below_the_other_is_read_in_one_query(model, db):
    number = 3000
    first = model(pk=1, name="1", code="1", code_folded="1")
    rows = [
        model(pk=n, name=str(n), code=str(n), code_folded=str(n), parent_id=n - 1)
        for n in range(2, number + 1)
    ]
    model.objects.bulk_create([first, *rows])
    begin = perf_counter()
    assert with_below(first) == list(range(1, number + 1))
    assert len(lineages(model)[number]) == number
    assert perf_counter() - begin < 20


def test_a_filter_by_a_unit_takes_as_many_queries_however_deep_it_reaches(as_, cast, units, placed):
    client = as_(cast.stranger)
    numbers = {queries(client, f"/flows/?unit={unit.pk}") for unit in units.values()}
    assert len(numbers) == 1


@pytest.mark.parametrize(
    ("url", "label"),
    [
        ("/systems/?organisational_unit={unit}", "Only this data type or unit"),
        ("/flows/?unit={unit}", "Only this data type or unit"),
        ("/proposals/?unit={unit}", "Only this data type or unit"),
        ("/quality/systems-without-approver/?unit={unit}", "Only this unit"),
    ],
)
def test_only_this_is_in_sight_and_stays_ticked(as_, cast, units, url, label):
    client, url = as_(cast.stranger), url.format(unit=units["Group"].pk)
    page = client.get(url)
    form = page.context["filter"]
    assert label in text(page)
    assert form.uses_more or "only" not in form.MORE
    assert "[invalid name]" not in text(page)
    assert 'name="only" id="id_only" checked' in client.get(f"{url}&only=on").content.decode()
    assert 'id="id_only">' in page.content.decode()


def test_what_two_filters_leave_is_in_both(as_, cast, units, types, placed):
    flow = factories.flow(placed["Blotter"], placed["Stray"])
    declare(flow, types["FX"])
    factories.flow(placed["Book"], placed["Stray"])
    url = f"/flows/?unit={units['Group'].pk}&data_type={types['Deals'].pk}"
    assert [str(row) for row in as_(cast.stranger).get(url).context["page"].rows] == [
        "Blotter → Stray"
    ]


@pytest.mark.parametrize(("few", "first"), [(5000, 1000), (0, 1000), (0, 1)])
def test_the_newest_open_proposals_of_a_type_are_found_however_many_there_are(
    cast, source, target, monkeypatch, few, first
):
    monkeypatch.setattr(reading, "LOOKED_UP", few)
    monkeypatch.setattr(querysets, "NEWEST", first)
    rare, other = factories.data_type("Rare"), factories.data_type("Other")
    named = [
        factories.proposed(cast.maker, source, target, [kind], specification_name=f"{number}.csv")
        for number, kind in enumerate([rare, rare, rare, rare, other])
    ]
    workflow.cancel(named[3], by=cast.maker)
    newest = Proposal.objects.newest_open_naming
    assert list(newest([rare.pk], 2)) == [named[2], named[1]]
    assert list(newest([rare.pk, other.pk], 5)) == [named[4], *named[2::-1]]
