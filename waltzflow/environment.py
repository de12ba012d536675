"""What the operator says, read and judged: a setting that cannot work stops the start with one
sentence.
"""

import os
import re

from django.core.exceptions import ImproperlyConfigured

FOR_TRYING = "only-for-trying-things-on-your-own-machine-never-in-production"
ORIGIN = re.compile(r"https?://([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
THIS_MACHINE = ["127.0.0.1", "localhost", "[::1]", "testserver"]


def flag(name: str) -> bool:
    return os.environ.get(name, "").strip().lower() in {"1", "true", "yes", "on"}


def listed(name: str) -> list[str]:
    return [part.strip() for part in os.environ.get(name, "").split(",") if part.strip()]


def number(name: str, default: int) -> int:
    """A whole number, 1 or more."""
    text = os.environ.get(name, "").strip() or str(default)
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
        raise ImproperlyConfigured(f"{name} is “{text}”, which is not a whole number from 1.")
    return int(text[:9])


def secret(debug: bool) -> str:
    """The key of sessions and signatures: whoever guesses it is anybody, so a weak one is none."""
    key = os.environ.get("SECRET_KEY", "")
    if debug:
        return key or FOR_TRYING
    if not key:
        raise ImproperlyConfigured(
            "Set SECRET_KEY to a long random text, or DEBUG=1 to try things on your machine."
        )
    if (
        len(key) < 50
        or len(set(key)) < 10
        or key == FOR_TRYING
        or key.startswith("django-insecure-")
    ):
        raise ImproperlyConfigured(
            "SECRET_KEY is too easy to guess: set it to 50 random characters or more."
        )
    return key


def hosts(debug: bool) -> list[str]:
    """The names under which the site is served; a request for any other is refused."""
    named = listed("ALLOWED_HOSTS")
    if debug:
        return named or THIS_MACHINE
    if not named:
        raise ImproperlyConfigured(
            "Set ALLOWED_HOSTS to the host names people use to reach the site, comma between."
        )
    if "*" in named:
        raise ImproperlyConfigured(
            "ALLOWED_HOSTS may not be “*”: name the hosts, or anybody forges the site's links."
        )
    return named


def base_url(debug: bool) -> str:
    """Where people reach the site, as http(s)://host[:port]: what links in mails begin with."""
    url = os.environ.get("BASE_URL", "").strip().rstrip("/").lower() or "http://127.0.0.1:8000"
    if not ORIGIN.fullmatch(url):
        raise ImproperlyConfigured(
            f"BASE_URL is “{url}”: it has to look like https://waltzflow.example, with no path."
        )
    if debug and url.startswith("https://"):
        raise ImproperlyConfigured(
            "DEBUG shows the inside of the site to everybody: unset it where BASE_URL is https."
        )
    return url
