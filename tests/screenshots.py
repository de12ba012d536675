"""`make screenshots`: takes the pictures of the README from a demo company made for the
occasion.
"""

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright
from run import chromium

ROOT = Path(__file__).parent.parent
SHOTS = ROOT / "docs" / "screenshots"
ADDRESS = "127.0.0.1:8765"
PICTURES = [
    # name, who signs in, page, what to follow on it
    ("inbox", "source", "/inbox/", None),
    ("proposal", "source", "/inbox/", "table.list .lead a >> nth=1"),
    ("system", "source", "/systems/?q=Curve", "table.list .lead a >> nth=0"),
    ("quality", "source", "/quality/", None),
]


@contextmanager
def demo_site():
    """The demo company on a server of our own, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="wf-shots-") as folder:
        environ = os.environ | {"DEBUG": "1", "DATABASE_URL": f"sqlite:///{folder}/demo.sqlite3"}
        for command in (["migrate", "--verbosity", "0"], ["demo"]):
            subprocess.run(
                [sys.executable, "manage.py", *command], cwd=ROOT, env=environ, check=True
            )
        serve = [sys.executable, "manage.py", "runserver", "--noreload", "--skip-checks", ADDRESS]
        server = subprocess.Popen(
            serve, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            wait()
            yield
        finally:
            server.terminate()
            server.wait()


def wait() -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(f"http://{ADDRESS}/healthz")
            return
        except OSError:
            time.sleep(0.2)
    sys.exit("The demo site did not start.")


def take(browser, scheme: str, name: str, user: str, url: str, follow: str | None) -> None:
    context = browser.new_context(
        color_scheme=scheme, base_url=f"http://{ADDRESS}", viewport={"width": 1280, "height": 800}
    )
    page = context.new_page()
    page.goto("/sign-in/")
    page.fill("#id_username", user)
    page.fill("#id_password", "waltzflow")
    page.click("main button")
    page.goto(url)
    if follow:
        page.click(follow)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=SHOTS / f"{name}-{scheme}.png")
    context.close()


def main() -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    with demo_site(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            for picture in PICTURES:
                take(browser, scheme, *picture)
        browser.close()
    print(f"{2 * len(PICTURES)} pictures are in {SHOTS.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()
