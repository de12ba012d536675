"""Without a mouse: pickers, shortcuts, and the whole story from the maker to the register."""

import pytest
from playwright.sync_api import expect

from proposals.models import PhysicalFlow, Proposal, State

from . import factories
from .browsing import Visitor


@pytest.fixture
def visitor(chromium, live_server, people):
    made = Visitor(chromium, live_server.url, script=True)
    yield made
    made.context.close()


# the picker of systems, as the ARIA Authoring Practices describe a combobox


@pytest.fixture
def picker(visitor, people, source, target):
    """The source field of an empty form, in focus, with two systems that begin with "led"."""
    factories.system("Ledger Archive", code="LEDARC")
    visitor.sign_in(people.maker).page.goto("/proposals/new/")
    visitor.check()
    field = visitor.page.get_by_role("combobox", name="Source")
    field.focus()
    return field


def offers(visitor, **which):
    return visitor.page.get_by_role("listbox", name="Systems").get_by_role("option", **which)


def test_arrows_move_and_enter_takes(visitor, picker):
    keys = visitor.page.keyboard
    expect(picker).to_have_attribute("aria-expanded", "false")
    keys.type("led")
    expect(offers(visitor)).to_have_count(2)
    expect(picker).to_have_attribute("aria-expanded", "true")
    expect(
        visitor.page.get_by_role("status").filter(has_text="2 found. Choose with the arrow keys.")
    ).to_have_count(1)
    expect(offers(visitor, name="Ledger LEDGER")).to_have_attribute("aria-selected", "true")
    visitor.check()
    keys.press("ArrowDown")
    chosen = offers(visitor, selected=True)
    expect(chosen).to_have_text("Ledger Archive LEDARC")
    expect(picker).to_have_attribute("aria-activedescendant", chosen.get_attribute("id"))
    for key in ("ArrowDown", "ArrowUp", "ArrowUp", "ArrowDown"):
        keys.press(key)
    keys.press("Enter")
    expect(picker).to_have_value("Ledger Archive (LEDARC)")
    expect(picker).to_have_attribute("aria-expanded", "false")
    expect(picker).to_be_focused()
    assert visitor.page.url.endswith("/proposals/new/")


def test_escape_closes_and_keeps_what_was_typed(visitor, picker):
    visitor.page.keyboard.type("led")
    expect(offers(visitor)).to_have_count(2)
    visitor.page.keyboard.press("Escape")
    expect(picker).to_have_attribute("aria-expanded", "false")
    expect(picker).to_have_value("led")
    visitor.page.keyboard.press("ArrowDown")
    expect(picker).to_have_attribute("aria-expanded", "true")


def test_enter_before_the_list_has_come_submits_nothing(visitor, picker):
    visitor.page.keyboard.type("LEDARC")
    visitor.page.keyboard.press("Enter")
    expect(offers(visitor)).to_have_count(1)
    visitor.page.keyboard.press("Tab")
    expect(picker).to_have_value("Ledger Archive (LEDARC)")
    expect(visitor.page.get_by_label("Target")).to_be_focused()


def test_a_name_nobody_has_is_said_at_once(visitor, picker):
    visitor.page.keyboard.type("nowhere")
    expect(
        visitor.page.get_by_text("No system has this in its name, code or unit.")
    ).to_be_visible()
    expect(picker).to_have_attribute("aria-expanded", "false")
    visitor.check()


def test_a_finger_chooses_too(visitor, picker):
    visitor.page.set_viewport_size({"width": 390, "height": 800})
    visitor.page.keyboard.type("arch")
    offers(visitor, name="Ledger Archive").click()
    expect(picker).to_have_value("Ledger Archive (LEDARC)")
    expect(offers(visitor)).to_have_count(0)


def test_after_an_error_focus_is_in_the_first_wrong_field_and_the_summary_leads_to_each(
    visitor, people, source, target
):
    page = visitor.sign_in(people.maker).page
    page.goto(f"/proposals/new/?source={source.pk}")
    expect(page.get_by_label("Target")).to_be_focused()
    page.get_by_label("Target").fill("nowhere")
    page.get_by_role("button", name="Save as draft").press("Enter")
    summary = page.get_by_role("alert")
    expect(page.get_by_label("Target")).to_be_focused()
    visitor.complaints.clear()  # Chromium logs the 400
    visitor.check()
    page.get_by_label("Source").focus()
    summary.get_by_role("link", name="Target").press("Enter")
    expect(page.get_by_label("Target")).to_be_focused()
    expect(page.get_by_label("Target")).to_have_value("nowhere")


# shortcuts


@pytest.fixture
def inbox(visitor, people, source, target):
    """The inbox of an approver with two proposals in it, oldest first."""
    for name in ("one.csv", "two.csv"):
        factories.proposed(people.maker, source, target, specification_name=name)
    visitor.sign_in(people.source_approver)
    return visitor.page


def test_the_list_of_shortcuts_opens_and_closes_by_keyboard(visitor, inbox):
    inbox.keyboard.press("?")
    dialog = inbox.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    visitor.check()
    inbox.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_letters_lead_to_the_pages(inbox):
    places = {
        "gp": "Proposals",
        "gs": "Systems",
        "gf": "Flows",
        "gq": "Quality",
        "gn": "Insights",
        "gi": "Inbox",
    }
    for keys, heading in (places | {"n": "Propose a flow"}).items():
        for key in keys:
            inbox.keyboard.press(key)
        expect(inbox.get_by_role("heading", name=heading, level=1)).to_be_visible()


def test_j_and_k_walk_the_rows_and_x_chooses(inbox):
    links = inbox.locator("main table .lead a")
    for key, focused in [("j", 0), ("j", 1), ("j", 1), ("k", 0)]:
        inbox.keyboard.press(key)
        expect(links.nth(focused)).to_be_focused()
    inbox.keyboard.press("x")
    expect(inbox.get_by_role("checkbox", name="Choose proposal").first).to_be_checked()
    expect(links.first).to_be_focused()


def test_the_slash_leads_into_the_search_from_everywhere_and_f_into_that_of_the_list(inbox):
    inbox.goto("/systems/")
    inbox.keyboard.press("f")
    expect(inbox.get_by_label("Search", exact=True)).to_be_focused()
    inbox.keyboard.press("Escape")
    inbox.get_by_role("heading", name="Systems").click()
    inbox.keyboard.press("/")
    expect(inbox.get_by_role("searchbox", name="Search everything")).to_be_focused()
    inbox.set_viewport_size({"width": 390, "height": 800})
    inbox.goto("/inbox/")
    inbox.keyboard.press("/")
    expect(inbox.get_by_role("heading", name="Search", level=1)).to_be_visible()
    expect(inbox.get_by_role("searchbox", name="Search everything")).to_be_focused()


def test_in_a_field_keys_are_only_letters(inbox):
    field = inbox.get_by_role("combobox", name="System")
    field.focus()
    inbox.keyboard.type("gin?/xjar")
    expect(field).to_have_value("gin?/xjar")
    expect(inbox.get_by_role("heading", name="Inbox", level=1)).to_be_visible()
    expect(inbox.get_by_role("dialog")).to_have_count(0)


def test_shortcuts_can_be_turned_off_and_on_again(inbox):
    inbox.keyboard.press("?")
    inbox.get_by_role("checkbox", name="Use shortcuts in this browser").press("Space")
    inbox.keyboard.press("Escape")
    inbox.reload()
    for key in ("?", "g", "p", "j"):
        inbox.keyboard.press(key)
    expect(inbox.get_by_role("dialog")).to_have_count(0)
    expect(inbox.get_by_role("heading", name="Inbox")).to_be_visible()
    inbox.get_by_role("button", name="Keyboard shortcuts").press("Enter")
    expect(inbox.get_by_role("checkbox", name="Use shortcuts in this browser")).not_to_be_checked()


# the whole story


class Typist:
    """Somebody with a keyboard and nothing else."""

    def __init__(self, page) -> None:
        self.page, self.type = page, page.keyboard.type

    def press(self, key: str) -> None:
        self.page.wait_for_load_state()  # before it, nothing listens to keys yet
        self.page.keyboard.press(key)

    def tab_to(self, role: str, name: str) -> None:
        """Tab until the focus is there; a page where that takes 80 is none for a keyboard."""
        wanted = self.page.get_by_role(role, name=name, exact=True)
        expect(wanted).to_be_visible()
        for _ in range(80):
            if wanted.evaluate("element => element === document.activeElement"):
                return
            self.press("Tab")
        raise AssertionError(f"The {role} “{name}” is not reached.")

    def fill(self, role: str, name: str, keys: str) -> None:
        self.tab_to(role, name)
        self.type(keys)

    def sign_in(self, user) -> None:
        self.page.goto("/inbox/")
        self.fill("textbox", "User name or mail address", user.username)
        self.fill("textbox", "Password", "waltzflow")
        self.press("Enter")
        expect(self.page.get_by_role("heading", name="Inbox")).to_be_visible()

    def sign_out(self) -> None:
        self.tab_to("button", "Sign out")
        self.press("Enter")
        expect(self.page.get_by_role("button", name="Sign in")).to_be_visible()

    def choose_system(self, name: str, keys: str) -> None:
        self.fill("combobox", name, keys)
        expect(
            self.page.get_by_role("listbox", name="Systems").get_by_role("option")
        ).to_have_count(1)
        self.press("Enter")


def test_the_whole_story_with_the_keyboard_alone(visitor, people, source, target):
    factories.data_type("Trades")
    factories.reason("Regulation")
    typist, page = Typist(visitor.page), visitor.page

    typist.sign_in(people.maker)
    typist.press("n")
    expect(page.get_by_role("heading", name="Propose a flow")).to_be_visible()
    typist.choose_system("Source", "ledger")
    typist.choose_system("Target", "risk")
    expect(page.get_by_text("Bo Both, Tess Target can approve.")).to_be_visible()
    typist.fill("textbox", "Name", "trades.csv")
    typist.fill("combobox", "Format", "X")
    typist.tab_to("checkbox", "Trades")
    typist.press("Space")
    for name, keys in [("Transport", "Mes"), ("Frequency", "D")]:
        typist.fill("combobox", name, keys)
    typist.fill("spinbutton", "Basis offset", "1")
    typist.fill("combobox", "Criticality", "H")
    typist.fill("textbox", "Justification", "The risk report needs it.")
    typist.tab_to("button", "Submit for approval")
    typist.press("Enter")
    expect(page.get_by_role("heading", name="Waits for both sides")).to_be_visible()
    typist.sign_out()

    typist.sign_in(people.source_approver)
    typist.press("j")
    typist.press("Enter")
    expect(page.get_by_role("heading", name="Waits for both sides")).to_be_visible()
    typist.press("a")
    expect(page.get_by_role("heading", name="Approve this proposal?")).to_be_visible()
    typist.tab_to("button", "Approve")
    typist.press("Enter")
    expect(page.get_by_role("heading", name="Waits for the target")).to_be_visible()
    typist.sign_out()

    typist.sign_in(people.target_approver)
    typist.press("j")
    typist.press("x")
    typist.tab_to("button", "Approve…")
    typist.press("Enter")
    expect(page.get_by_role("heading", name="Approve: 1 proposal?")).to_be_visible()
    typist.press("Enter")
    expect(page.get_by_text("1 of 1 decided.")).to_be_visible()

    made = PhysicalFlow.objects.get()
    assert (str(made), made.transport, made.frequency) == ("trades.csv", "MESSAGING", "DAILY")
    assert (made.basis_offset, made.criticality, made.specification.format) == (1, "HIGH", "XML")
    assert visitor.complaints == []


def test_requested_changes_are_made_and_confirmed_with_the_keyboard_alone(
    visitor, people, source, target
):
    data_type, reason = factories.data_type("Trades"), factories.reason("Regulation")
    factories.proposed(people.maker, source, target, [data_type], reason=reason)
    typist, page = Typist(visitor.page), visitor.page

    def open_from_inbox(user) -> None:
        typist.sign_in(user)
        typist.press("j")
        typist.press("Enter")
        expect(page.get_by_role("heading", name="Waits for")).to_be_visible()

    open_from_inbox(people.source_approver)
    typist.press("a")
    typist.tab_to("button", "Approve")
    typist.press("Enter")
    expect(page.get_by_role("heading", name="Waits for the target")).to_be_visible()
    typist.sign_out()

    open_from_inbox(people.target_approver)
    typist.press("c")
    expect(page.get_by_role("heading", name="Request changes")).to_be_visible()
    typist.type("Why is it needed?")  # the field has the focus
    typist.tab_to("button", "Request changes")
    typist.press("Enter")
    expect(page.get_by_text("Changes requested").first).to_be_visible()
    typist.sign_out()

    typist.sign_in(people.maker)
    typist.press("g")
    typist.press("h")
    typist.tab_to("link", "Ledger → Risk Engine")
    typist.press("Enter")
    typist.tab_to("link", "Revise it")
    typist.press("Enter")
    expect(page.get_by_role("heading", name="Revise proposal")).to_be_visible()
    expect(page.get_by_text("Why is it needed?").first).to_be_visible()
    typist.tab_to("textbox", "Justification")
    typist.press("ControlOrMeta+a")
    typist.type("A law asks for it.")
    typist.tab_to("button", "Submit for approval")
    typist.press("Enter")
    expect(page.get_by_role("heading", name="Waits for both sides")).to_be_visible()
    typist.sign_out()

    # What the source had approved is asked once more, in other words only.
    open_from_inbox(people.source_approver)
    typist.tab_to("button", "Approve again, unchanged")
    typist.press("Enter")
    expect(page.get_by_role("heading", name="Waits for the target")).to_be_visible()
    typist.sign_out()

    open_from_inbox(people.target_approver)
    typist.press("a")
    typist.tab_to("button", "Approve")
    typist.press("Enter")
    expect(page.get_by_text("approved for the target").first).to_be_visible()
    assert Proposal.objects.latest("pk").state == State.FULLY_APPROVED
    assert visitor.complaints == []


def test_the_skip_link_leaves_nothing_in_the_address(visitor, people, source, target):
    page = visitor.sign_in(people.maker).page
    page.goto(f"/proposals/new/?source={source.pk}&target={target.pk}")
    page.get_by_role("link", name="Skip to the content").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    expect(page.locator("#main")).to_have_css("outline-style", "none")
    page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_text("saved as a draft")).to_be_visible()
    assert "#" not in page.url
