"""A person at a browser, for the tests that need one. Fails on console errors, on CSP reports and
on what axe finds.
"""

import os
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.urls import Resolver404, resolve
from playwright.sync_api import expect, sync_playwright

from . import thorough
from .run import chromium as find_chromium

# playwright runs an event loop in this thread, which Django's guard against blocking calls takes
# for its own.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
expect.set_options(timeout=10_000)


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        path = find_chromium()
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


TELEPHONE = {"width": 390, "height": 800}
UNSETTLED = ".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added"
# Nothing that is seen moves any more. What a closed <details> hides stands still in the middle of
# its way: for that it does not wait.
STILL = """() => Promise.race([
    Promise.all(document.getAnimations()
        .filter(animation => animation.effect.target.checkVisibility())
        .map(animation => animation.finished)),
    new Promise(done => setTimeout(done, 1000)),
])"""
# All of WCAG 2.2 AA: the size of targets is the one rule of it that axe does not try by itself.
EVERYTHING = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
CONTRAST = EVERYTHING | {"runOnly": {"type": "rule", "values": ["color-contrast"]}}


# Pages that show every colour there is; `make test` looks at the contrast of these in the dark.
IN_THE_DARK = {
    *("home", "sign-in", "inbox", "proposal", "proposal-new", "flows", "system", "me", "insights"),
    *("quality-list", "audit-difference", "admin:proposals_user_change"),
}


class Visitor:
    """One person at one browser. Fails on console errors, on CSP reports and on what axe finds in
    either theme.
    """

    def __init__(self, browser, base: str, script: bool) -> None:
        self.base = base
        self.context = browser.new_context(java_script_enabled=script, base_url=base)
        self.page = self.context.new_page()
        self.script = script
        self.complaints: list[str] = []
        self.checked_in_the_dark: set[str] = set()
        self.page.on("console", lambda m: m.type == "error" and self.complaints.append(m.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def sign_in(self, user) -> "Visitor":
        """At the inbox, as somebody who has signed in."""
        client = Client()
        client.force_login(user)
        session = {
            "name": "sessionid",
            "value": client.cookies["sessionid"].value,
            "url": self.base,
        }
        self.context.clear_cookies()
        self.context.add_cookies([session])
        self.page.goto("/inbox/")
        return self

    def sign_in_by_password(self, user) -> "Visitor":
        self.context.clear_cookies()
        self.page.goto("/inbox/")
        self.give_password(user)
        expect(self.page.get_by_role("heading", name="Inbox")).to_be_visible()
        return self

    def give_password(self, user) -> None:
        """At the sign-in, wherever it leads."""
        self.page.get_by_label("User name or mail address").fill(user.username)
        self.page.get_by_label("Password").fill("waltzflow")
        self.page.get_by_role("button", name="Sign in").click()

    def check(self) -> None:
        assert self.complaints == [], self.page.url
        self.check_by_axe()

    def check_by_axe(self) -> None:
        """The theme changes colours and nothing else: of the dark one axe looks at the contrast
        only, in `make test` once for each page of IN_THE_DARK.
        """
        view = self.view()
        if thorough.LONG or view in IN_THE_DARK - self.checked_in_the_dark:
            self.checked_in_the_dark.add(view)
            self._axe("dark", CONTRAST)
        self._axe("light")

    def view(self) -> str:
        """The name of the page's URL; "" where there is none, as that of a refusal."""
        try:
            return resolve(urlsplit(self.page.url).path).view_name
        except Resolver404:
            return ""

    def _axe(self, scheme: str, options: dict = EVERYTHING) -> None:
        if not self.script:
            return
        self.page.wait_for_load_state()  # axe in the middle of a page change finds no document
        expect(self.page.locator(UNSETTLED)).to_have_count(0)
        # At once, or it measures a colour on its way.
        self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        self.page.evaluate(STILL)
        # Half a megabyte, to send and to read: once for a document.
        script = "0" if self.page.evaluate("'axe' in window") else AXE_SCRIPT
        result = Axe(script).run(self.page, options=options)
        self.page.emulate_media(reduced_motion="no-preference")
        assert result.violations_count == 0, (
            f"{self.page.url}, {scheme}\n{result.generate_report()}"
        )

    def check_on_a_telephone(self) -> None:
        """The same page, narrow; afterwards it is wide again."""
        assert self.complaints == [], self.page.url
        self.page.set_viewport_size(TELEPHONE)
        self._axe("light")
        self.check_width()

    def check_width(self) -> None:
        """That a telephone shows all of it; afterwards the page is wide again."""
        self.page.set_viewport_size(TELEPHONE)
        overflow = self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        assert not overflow, f"{self.page.url} scrolls sideways on a telephone"
        self.page.set_viewport_size({"width": 1280, "height": 800})

    def approve(self, side: str, comment: str) -> None:
        expect(self.page.get_by_text(f"For the {side}, as Data Owner.")).to_be_visible()
        self.page.get_by_label("Comment").fill(comment)
        self.page.get_by_role("button", name="Approve").click()
