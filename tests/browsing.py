"""A person at a browser, for the tests that need one. Fails on console errors, on CSP reports and on what axe finds."""

import os

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

# playwright runs an event loop in this thread, which Django's guard against blocking calls takes for its own.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
expect.set_options(timeout=10_000)


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM")
        assert path, "Set CHROMIUM to the path of a Chromium, or run `make test`, which finds or installs one."
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


class Visitor:
    """One person at one browser. Fails on console errors, on CSP reports and on what axe finds."""

    def __init__(self, browser, base: str, script: bool, scheme: str = "light") -> None:
        self.base = base
        self.context = browser.new_context(java_script_enabled=script, color_scheme=scheme, base_url=base)
        self.page = self.context.new_page()
        self.script = script
        self.complaints: list[str] = []
        self.page.on("console", lambda m: m.type == "error" and self.complaints.append(m.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def sign_in(self, user) -> "Visitor":
        self.context.clear_cookies()
        self.page.goto("/inbox/")
        self.page.get_by_label("Username").fill(user.username)
        self.page.get_by_label("Password").fill("waltzflow")
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("heading", name="Inbox")).to_be_visible()
        return self

    def check(self) -> None:
        self.page.wait_for_load_state("networkidle")  # axe in the middle of a page change finds no document
        assert self.complaints == [], self.page.url
        if self.script:
            found = Axe().run(self.page)
            assert found.violations_count == 0, f"{self.page.url}\n{found.generate_report()}"

    def approve(self, side: str, comment: str) -> None:
        expect(self.page.get_by_text(f"For the {side}, as Data Owner.")).to_be_visible()
        self.page.get_by_label("Comment").fill(comment)
        self.check()
        self.page.get_by_role("button", name="Approve").click()
