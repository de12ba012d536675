"""Pictures of the register: which boxes and arrows, what a proposal draws in, and what the pages
make of them.
"""

import re
from itertools import product
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from proposals import workflow
from proposals.models import Involvement, Proposal, System
from proposals.reports.flow_picture import of_flow, of_system
from proposals.reports.neighbourhood import around_route, around_system, route_is_living, sent_along
from proposals.reports.proposal_page import proposal_details

from . import factories, thorough


@pytest.fixture
def as_(client):
    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


def text(response) -> str:
    """What a reader reads: without tags, spaces collapsed."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def drawn(picture):
    """The names of the boxes by column, and each arrow as (look, from x to x)."""
    columns = {}
    for placed in picture.drawing.boxes:
        columns.setdefault(placed.column, []).append((placed.box.name, placed.box.note))
    return list(columns.values())


def looks(picture):
    return sorted(path.look for path in picture.drawing.arrows)


def rows_of(picture):
    return [(row.source, row.target, row.what) for row in picture.rows]


def system_picture(system):
    proposals = Proposal.objects.open().touching(system).annotate(route_is_living=route_is_living())
    return of_system(system, around_system(system), list(proposals))


def proposal_picture(proposal):
    return proposal_details(Proposal.objects.get(pk=proposal.pk)).picture


# a system


def test_a_system_stands_between_those_that_send_to_it_and_those_it_sends_to(source, target):
    feed, archive = factories.system("Feed"), factories.system("Archive")
    factories.flow(feed, source, physical=2)
    factories.flow(source, target, physical=1)
    factories.flow(source, archive)
    picture = system_picture(source)
    assert drawn(picture) == [
        [("Feed", "2 physical flows")],
        [("Ledger", "Application")],
        [("Archive", "no physical flow"), ("Risk Engine", "1 physical flow")],
    ]
    assert looks(picture) == ["active", "active", "pending"]
    assert rows_of(picture) == [
        ("Feed", "Ledger", "2 physical flows"),
        ("Ledger", "Archive", "no physical flow"),
        ("Ledger", "Risk Engine", "1 physical flow"),
    ]
    assert picture.summary == "1 flow into Ledger and 2 flows out of it."


def test_removed_flows_are_not_drawn(source, target):
    flow = factories.flow(source, target)
    flow.remove()
    factories.store(flow, at=factories.timezone.now())
    assert system_picture(source).rows == []


def test_a_flow_from_a_system_to_itself_is_an_arrow_around_it(source):
    factories.flow(source, source, physical=1)
    picture = system_picture(source)
    assert drawn(picture) == [[("Ledger", "Application")]]
    assert looks(picture) == ["active"]
    assert rows_of(picture) == [("Ledger", "Ledger", "1 physical flow")]


def test_of_200_flows_the_busiest_are_drawn_and_the_others_counted_and_linked(source):
    for number in range(200):
        factories.flow(
            source,
            factories.system(f"Receiver {number:03}"),
            physical=1 if number in (7, 150) else 0,
        )
    around = around_system(source)
    assert (len(around["out"].flows), around["out"].total, around["out"].left_out) == (25, 200, 175)
    picture = of_system(source, around)
    names = [name for name, _ in drawn(picture)[1]]
    assert names == [
        *(f"Receiver {number:03}" for number in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 150)),
        "and 188 more",
    ]
    rest = picture.drawing.boxes[-1].box
    assert rest.url == "/flows/?system=Ledger+%28LEDGER%29&way=out"
    assert rows_of(picture)[-1] == ("Ledger", "188 more", "not drawn: in the list of flows")
    assert picture.drawing.height < 800


def test_the_rest_has_a_box_of_its_own_whatever_the_number_of_a_system(source, target):
    """True == 1: a system whose id is 1 once lost its box to the remainder."""
    first = System.objects.filter(pk=1).first() or factories.system("First", pk=1)
    for number in range(19):
        factories.flow(factories.system(f"Feed {number:02}"), target)
    factories.flow(first, target, physical=1)
    picture = system_picture(target)
    names = [name for name, _ in drawn(picture)[0]]
    assert (len(names), names[-1], first.name in names) == (13, "and 8 more", True)


def test_one_too_many_is_drawn_rather_than_counted(source):
    for number in range(13):
        factories.flow(source, factories.system(f"Receiver {number:03}"))
    assert len(drawn(system_picture(source))[1]) == 13


def test_what_open_proposals_would_do_is_drawn_in(cast, source, target):
    archive, feed = factories.system("Archive Two"), factories.system("Feed")
    factories.flow(source, archive, physical=1)
    factories.flow(feed, source, physical=1)
    doomed = factories.flow(source, factories.system("Zoo"), physical=1).physical_flows.get()
    factories.proposed(cast.maker, source, target)
    factories.proposed(cast.maker, feed, source, specification_name="more.csv")
    removal = Proposal.removal_of(doomed, cast.maker)
    removal.reason = factories.reason()
    workflow.submit(removal, [], by=cast.maker)
    picture = system_picture(source)
    assert drawn(picture) == [
        [("Feed", "± more proposed")],
        [("Ledger", "Application")],
        [
            ("Archive Two", "1 physical flow"),
            ("Risk Engine", "+ proposed"),
            ("Zoo", "✕ removal proposed"),
        ],
    ]
    assert looks(picture) == ["active", "changes", "comes", "goes"]


def test_what_a_proposal_concerns_is_drawn_before_the_busiest(cast, source):
    for number in range(20):
        factories.flow(source, factories.system(f"Receiver {number:03}"), physical=1)
    quiet = factories.flow(source, factories.system("Quiet"))
    removal = Proposal.removal_of(quiet, cast.maker)
    removal.reason = factories.reason()
    workflow.submit(removal, [], by=cast.maker)
    assert ("Quiet", "✕ removal proposed") in drawn(system_picture(source))[1]


# a route


def test_a_route_has_what_is_sent_in_its_middle_and_what_lies_around_it_outside(source, target):
    flow = factories.flow(source, target, physical=2)
    factories.flow(factories.system("Feed"), source)
    factories.flow(target, factories.system("Report"), physical=1)
    through = factories.system("Hub")
    factories.flow(source, through, physical=1)
    factories.flow(through, target, physical=1)
    factories.flow(target, source, physical=1)
    flow.number_physical = 2
    picture = of_flow(flow, list(flow.physical_flows.active()))
    assert drawn(picture) == [
        [("Feed", "no physical flow")],
        [("Ledger", "Application")],
        [
            ("run 0", "File transport, daily"),
            ("run 1", "File transport, daily"),
            ("Hub", "indirect way"),
        ],
        [("Risk Engine", "Application")],
        [("Report", "1 physical flow")],
    ]
    assert rows_of(picture) == [
        ("Ledger", "Risk Engine", "run 0: File transport, daily"),
        ("Ledger", "Risk Engine", "run 1: File transport, daily"),
        ("Feed", "Ledger", "no physical flow"),
        ("Risk Engine", "Report", "1 physical flow"),
        ("Ledger", "Hub", "1 physical flow"),
        ("Hub", "Risk Engine", "1 physical flow"),
        ("Risk Engine", "Ledger", "1 physical flow"),
    ]
    assert (
        picture.summary
        == "1 flow into Ledger, 1 flow out of Risk Engine, one back from target to source."
    )
    assert (
        len(picture.drawing.arrows) == 9
    )  # two on each of two sent, two through the hub, feed, report, back


def test_a_bare_route_says_that_nothing_is_known_to_be_sent(imported):
    imported.number_physical = 0
    picture = of_flow(imported, [])
    assert drawn(picture)[1] == [("No physical flow", "how is not known")]
    assert looks(picture) == ["pending", "pending"]


def test_many_physical_flows_and_neighbours_are_counted(source, target):
    flow = factories.flow(source, target, physical=30)
    for number in range(40):
        factories.flow(factories.system(f"Feed {number:02}"), source)
        factories.flow(source, factories.system(f"Other {number:02}"))
    flow.number_physical = 30
    columns = drawn(of_flow(flow, list(flow.physical_flows.active()[:7])))
    assert columns[0][-1] == ("and 34 more", "in the list")
    assert columns[2][6] == ("and 24 more", "physical flows")
    assert columns[2][7:] == [
        *((f"Other 0{number}", "no physical flow") for number in range(3)),
        ("and 37 more", "in the list"),
    ]


def test_a_route_from_a_system_to_itself_has_it_at_both_ends(source):
    flow = factories.flow(source, source, physical=1)
    flow.number_physical = 1
    picture = of_flow(flow, list(flow.physical_flows.all()))
    assert [names[0][0] for names in drawn(picture)] == ["Ledger", "run 0", "Ledger"]


# a proposal


def test_a_new_flow_comes(cast, proposal):
    picture = proposal_picture(proposal)
    assert drawn(picture)[1] == [("trades.csv", "+ comes")]
    assert looks(picture) == ["comes", "comes"]


def test_a_new_flow_comes_beside_what_stays(cast, source, target):
    factories.flow(source, target, physical=8)
    proposal = factories.proposed(cast.maker, source, target)
    middle = drawn(proposal_picture(proposal))[1]
    assert middle[0] == ("trades.csv", "+ comes")
    assert middle[1:6] == [(f"run {number}", "File transport, daily") for number in range(5)]
    assert middle[6:] == [("and 3 more", "physical flows")]


def changed(physical, maker, kind, **values):
    wish = kind(physical, maker)
    wish.reason = factories.reason()
    for field, value in values.items():
        setattr(wish, field, value)
    types = [factories.data_type("Trades")] if kind == Proposal.change_of else []
    workflow.submit(wish, types, by=maker)
    return wish


def test_a_change_changes_and_a_removal_goes(cast, source, target):
    flow = factories.flow(source, target, physical=2)
    first, second = flow.physical_flows.order_by("name")
    change = changed(first, cast.maker, Proposal.change_of, frequency="MONTHLY")
    removal = changed(second, cast.maker, Proposal.removal_of)
    assert drawn(proposal_picture(change))[1] == [
        ("run 0", "± changes"),
        ("run 1", "File transport, daily"),
    ]
    assert drawn(proposal_picture(removal))[1] == [
        ("run 1", "✕ goes"),
        ("run 0", "File transport, daily"),
    ]


def test_a_removal_of_a_bare_route_goes(cast, imported):
    removal = changed(imported, cast.maker, Proposal.removal_of)
    assert drawn(proposal_picture(removal))[1] == [("the logical flow alone", "✕ goes")]


def test_a_closed_proposal_has_no_picture(cast, proposal):
    workflow.cancel(proposal, by=cast.maker)
    assert proposal_picture(proposal) is None


def test_who_shares_the_specification_is_named_and_counted(cast, source, target):
    shared = factories.specification(source, "positions.csv", types=[factories.data_type()])
    first = factories.flow(source, target, physical=2, spec=shared).physical_flows.first()
    factories.flow(source, factories.system("Archive Two"), physical=9, spec=shared)
    removal = changed(first, cast.maker, Proposal.removal_of)
    known = proposal_details(Proposal.objects.get(pk=removal.pk))
    assert {str(physical.logical_flow) for physical in known.sent.elsewhere} == {
        "Ledger → Archive Two"
    }
    assert (len(known.sent.elsewhere), known.sent.of_specification, known.sent.of_route) == (
        7,
        11,
        2,
    )
    assert [str(consequence) for consequence in known.consequences] == [
        "The physical flow run 0 is removed. Its history stays."
    ]


def test_the_last_physical_flow_is_warned_of(cast, source, target):
    only = factories.flow(source, target, physical=1).physical_flows.get()
    removal = changed(only, cast.maker, Proposal.removal_of)
    known = proposal_details(Proposal.objects.get(pk=removal.pk))
    assert [consequence.warns for consequence in known.consequences] == [False, True, True]


# pages


def svg_of(response):
    drawing = re.search(r'<svg class="drawing".*?</svg>', response.content.decode(), re.S)
    return ElementTree.fromstring(drawing[0])


@pytest.mark.parametrize("page", ["system", "flow", "proposal"])
def test_a_picture_is_named_links_every_box_and_needs_no_style(as_, cast, source, target, page):
    flow = factories.flow(source, target, physical=1)
    factories.flow(factories.system("<Feed> & Söhne"), source)
    proposal = factories.proposed(cast.maker, source, target)
    url = {"system": source, "flow": flow, "proposal": proposal}[page].get_absolute_url()
    response = as_(cast.both).get(url)
    svg = svg_of(response)
    assert svg.attrib["role"] == "group"
    named = {svg.attrib["aria-labelledby"], svg.attrib["aria-describedby"]}
    assert named == {element.attrib["id"] for element in svg if element.tag in ("title", "desc")}
    links = svg.findall("a")
    assert len(links) == len(svg.findall(".//rect"))
    for link in links:
        assert as_(cast.both).get(link.attrib["href"].split("#")[0]).status_code == 200
    assert "<Feed> & Söhne" in {
        element.text.partition(" (")[0] for element in svg.findall(".//g/title")
    }
    assert "style=" not in response.content.decode()


def test_the_table_says_the_same_as_the_picture(as_, cast, source, target):
    flow = factories.flow(source, target, physical=1)
    factories.flow(factories.system("Feed"), source)
    page = text(as_(cast.maker).get(flow.get_absolute_url()))
    assert (
        "From To What Ledger Risk Engine run 0: File transport, daily Feed Ledger no physical flow"
        in page
    )


def test_long_names_are_shortened_and_told_in_full(as_, cast, source):
    name = "Consolidated Cross-Border Capacity and Transmission Rights Workbench"
    factories.flow(source, factories.system(name, code="ALBATROSS"))
    page = as_(cast.maker).get(source.get_absolute_url()).content.decode()
    assert f"<title>{name} (ALBATROSS): no physical flow</title>" in page
    assert "Consolidated Cross-" in page
    assert "Border Capacity and…" in page


def test_the_rest_leads_to_the_list_of_those_that_go_the_same_way(as_, cast, source, target):
    flow, back = factories.flow(source, target), factories.flow(target, source)
    client = as_(cast.maker)

    def listed(way):
        return set(client.get("/flows/", {"system": "LEDGER", "way": way}).context["page"].rows)

    assert (listed("out"), listed("into"), listed("")) == ({flow}, {back}, {flow, back})


def test_a_system_with_200_flows_shows_25_and_leads_to_all(as_, cast, source):
    for number in range(200):
        factories.flow(source, factories.system(f"Receiver {number:03}"))
    page = text(as_(cast.maker).get(source.get_absolute_url()))
    assert "Flows out 200" in page
    assert "These 25 have the most physical flows. All 200 out of Ledger" in page
    assert page.count("Receiver 024") == 1
    assert "Receiver 025" not in page


# how much is read


# Small look-ups by index, each of a few rows; how many rows a page reads is tried with thousands of
# proposals, in test_rows_read.
MOST_QUERIES = 38


def test_the_neighbourhood_is_looked_up_group_by_group(source, target, django_assert_num_queries):
    factories.flow(source, target, physical=3)
    with django_assert_num_queries(4 + 7 + 5):
        around_system(source)
        around_route(source, target)
        sent_along(source, target, None)


def queries_of(client, url, most):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    assert len(queries) <= most, "\n".join(query["sql"] for query in queries)
    return len(queries)


def asked(cast, source, target, kind):
    """An open proposal of each type, on a route where there is more."""
    flow = factories.flow(source, target, physical=2)
    if kind == "CREATE":
        return factories.proposed(
            cast.maker,
            source,
            target,
            specification=flow.physical_flows.first().specification,
            specification_name="",
            specification_format="",
            name="another",
        )
    change = {"EDIT": Proposal.change_of, "DELETE": Proposal.removal_of}[kind]
    return changed(
        flow.physical_flows.first(),
        cast.maker,
        change,
        **({"frequency": "MONTHLY"} if kind == "EDIT" else {}),
    )


def alike_on_the_page(case: tuple) -> tuple | None:
    """Each kind for who decides, and each person for one kind."""
    kind, person = case
    return case if person == "target_approver" or kind == "CREATE" else None


@pytest.mark.once(on="sqlite")
@pytest.mark.parametrize(
    ("kind", "person"),
    thorough.cases(
        product(["CREATE", "EDIT", "DELETE"], ["target_approver", "steward", "stranger"]),
        alike_on_the_page,
    ),
)
def test_the_decision_page_costs_few_queries_whatever_is_asked_and_however_much_lies_around(
    as_, cast, source, target, kind, person
):
    proposal = asked(cast, source, target, kind)
    if person == "steward":
        Involvement.objects.filter(system=target).update(ended_at=timezone.now())
    client = as_(getattr(cast, person))
    queries_of(client, proposal.get_absolute_url(), most=MOST_QUERIES)
    for _ in range(24):
        other = factories.system()
        factories.flow(source, other, physical=1, spec=source.specifications.first())
        factories.flow(other, target, physical=1)
        factories.involve(factories.user(), source)
    factories.flow(target, source, physical=1)
    queries_of(client, proposal.get_absolute_url(), most=MOST_QUERIES)


@pytest.mark.once(on="sqlite")
def test_the_page_of_a_system_costs_few_queries_however_many_flows_it_has(
    as_, cast, source, target
):
    client = as_(cast.both)
    factories.proposed(cast.maker, source, target)
    factories.flow(source, factories.system())
    queries_of(client, source.get_absolute_url(), most=MOST_QUERIES)
    for number in range(30):
        factories.flow(source, factories.system(), physical=1)
        factories.proposed(cast.maker, source, target, specification_name=f"{number}.csv")
        source.name = f"Ledger {number}"
        source.save()
    queries_of(client, source.get_absolute_url(), most=MOST_QUERIES)


@pytest.mark.once(on="sqlite")
def test_the_pages_of_flows_cost_few_queries_for_much_as_for_little(as_, cast, source, target):
    client = as_(cast.both)
    flow = factories.flow(source, target, physical=1)
    physical = flow.physical_flows.get()
    for number in range(25):
        done = factories.proposed(cast.maker, source, target, specification_name=f"{number}.csv")
        workflow.approve(done, sides=["SOURCE", "TARGET"], by=cast.both)
        factories.proposed(cast.maker, source, target, specification_name=f"another {number}.csv")
        factories.flow(source, factories.system(), physical=1, spec=physical.specification)
    for place in (flow, physical):
        queries_of(client, place.get_absolute_url(), most=MOST_QUERIES)
