"""What cannot work, or must not be on in production, stops the start with one sentence."""

import os
import re
import subprocess
import sys
from ipaddress import ip_address

import pytest
from django.core.exceptions import ImproperlyConfigured

from waltzflow import environment, oidc

from .run import PRODUCTION, ROOT

KEY = PRODUCTION["SECRET_KEY"]


@pytest.fixture
def operator(monkeypatch):
    """Sets variables of the environment; None takes one away."""

    def say(**variables):
        for name, value in variables.items():
            monkeypatch.delenv(name, raising=False) if value is None else monkeypatch.setenv(
                name, value
            )

    return say


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        (None, "Set SECRET_KEY to a long random text"),
        ("", "Set SECRET_KEY to a long random text"),
        (KEY[:49], "too easy to guess"),
        ("abcabcabc" * 10, "too easy to guess"),
        (environment.FOR_TRYING, "too easy to guess"),
        (f"django-insecure-{KEY}", "too easy to guess"),
    ],
)
def test_a_missing_or_weak_secret_is_none(operator, key, sentence):
    operator(SECRET_KEY=key)
    with pytest.raises(ImproperlyConfigured, match=sentence):
        environment.secret(debug=False)
    assert environment.secret(debug=True)


@pytest.mark.parametrize(
    ("hosts", "sentence"),
    [
        (None, "Set ALLOWED_HOSTS"),
        (" , ", "Set ALLOWED_HOSTS"),
        ("a.example,*", "may not be “\\*”"),
    ],
)
def test_the_hosts_have_to_be_named(operator, hosts, sentence):
    operator(ALLOWED_HOSTS=hosts)
    with pytest.raises(ImproperlyConfigured, match=sentence):
        environment.hosts(debug=False)


BAD_URLS = [
    *(
        "waltzflow.example",
        "ftp://a.example",
        "//a.example",
        "javascript:alert(1)",
        "https://",
        "https://a b",
    ),
    *(
        "https://a.example/a b",
        "https://a.example/..",
        "https://a.example/a//b",
        "https://a.example?x",
        "https://a.example#x",
        "https://me@a.example",
        "https://a:b",
    ),
    *(
        "https://a.example\\@b",
        "https://a..example",
        "https://exämple.org",
        "http://a.example:80:80",
        "https://a\nb",
    ),
]


@pytest.mark.parametrize("url", BAD_URLS)
def test_a_base_url_no_link_can_begin_with_is_refused(operator, url):
    operator(BASE_URL=url)
    with pytest.raises(ImproperlyConfigured, match="BASE_URL is “"):
        environment.base_url(debug=False, served=["a.example"])


@pytest.mark.parametrize(
    ("told", "url"),
    [
        *((None, "http://127.0.0.1:8000"), ("https://A.Example/", "https://a.example")),
        ("HTTPS://A.example/Flows/Of.Us/", "https://a.example/Flows/Of.Us"),
        *(
            ("http://[::1]:8000", "http://[::1]:8000"),
            ("http://intranet:8080//", "http://intranet:8080"),
        ),
    ],
)
def test_a_base_url_is_read_as_it_is_meant(operator, told, url):
    operator(BASE_URL=told)
    served = ["127.0.0.1", "[::1]", "a.example", "intranet"]
    assert str(environment.base_url(debug=False, served=served)) == url


def test_the_inside_is_not_shown_on_a_public_site(operator):
    operator(BASE_URL="https://waltzflow.example")
    with pytest.raises(ImproperlyConfigured, match="DEBUG shows the inside of the site"):
        environment.base_url(debug=True, served=["waltzflow.example"])


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "five", "²", "000", " 0 "])
def test_a_number_that_is_none_is_refused(operator, text):
    operator(SIGN_IN_TRIES=text)
    with pytest.raises(ImproperlyConfigured, match="SIGN_IN_TRIES is “"):
        environment.number("SIGN_IN_TRIES", 5)


def start(**variables) -> subprocess.CompletedProcess:
    environ = {"PATH": os.environ["PATH"]} | PRODUCTION | variables
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
    )


def test_the_start_is_refused_without_a_secret_and_the_last_line_says_why():
    refused = start(SECRET_KEY="")
    assert refused.returncode == 1
    assert refused.stderr.splitlines() == [
        "Set SECRET_KEY to a long random text, or DEBUG=1 to try things on your machine."
    ]


@pytest.mark.parametrize(
    ("verbose", "printed"),
    [(None, ["an error"]), ("0", ["an error"]), ("1", ["a page view", "an error"])],
)
def test_page_views_are_printed_only_where_they_are_asked_for(verbose, printed):
    log = (
        "import django, logging; django.setup(); server = logging.getLogger('django.server');"
        "server.info('a page view'); server.error('an error')"
    )
    environ = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "waltzflow.settings"}
    environ |= PRODUCTION | ({"VERBOSE": verbose} if verbose else {})
    done = subprocess.run(
        [sys.executable, "-c", log], cwd=ROOT, env=environ, capture_output=True, text=True
    )
    assert [line.partition("django.server: ")[2] for line in done.stderr.splitlines()] == printed


def test_who_gets_checkpoints_has_a_mail_address(operator):
    operator(LEDGER_MAIL="a@x.example, b@x.example")
    assert environment.addresses("LEDGER_MAIL") == ["a@x.example", "b@x.example"]
    operator(LEDGER_MAIL="auditors")
    with pytest.raises(ImproperlyConfigured, match="no mail address"):
        environment.addresses("LEDGER_MAIL")


@pytest.mark.parametrize(
    ("url", "roots", "sentence"),
    [
        ("stamps.example", __file__, "has to look like https://stamps.example/tsa"),
        ("file:///etc/passwd", __file__, "has to look like https://stamps.example/tsa"),
        ("https://stamps.example/tsa", None, "LEDGER_TIMESTAMP_ROOTS both or neither"),
        (None, __file__, "LEDGER_TIMESTAMP_ROOTS both or neither"),
        ("https://stamps.example/tsa", "/nowhere.pem", "“/nowhere.pem”, which is no file"),
    ],
)
def test_a_service_of_stamps_is_named_with_what_vouches_for_it(operator, url, roots, sentence):
    operator(LEDGER_TIMESTAMP_URL=url, LEDGER_TIMESTAMP_ROOTS=roots)
    with pytest.raises(ImproperlyConfigured, match=sentence):
        environment.timestamps()
    operator(LEDGER_TIMESTAMP_URL="http://127.0.0.1:318/tsa", LEDGER_TIMESTAMP_ROOTS=__file__)
    assert environment.timestamps()[0] == "http://127.0.0.1:318/tsa"


@pytest.mark.parametrize("text", ["10.1.0.0", "10.1.0.0/16, ::1/128"])
def test_networks_are_read(operator, text):
    operator(WEBHOOK_PRIVATE_ADDRESSES=text)
    read = environment.networks("WEBHOOK_PRIVATE_ADDRESSES")
    assert len(read) == len(text.split(","))
    assert ip_address("10.1.0.0") in read[0]


@pytest.mark.parametrize("text", ["10.1.2.3/16", "intranet", "10.1.0.0-10.2.0.0", "1"])
def test_what_is_no_network_stops_the_start(operator, text):
    operator(WEBHOOK_PRIVATE_ADDRESSES=text)
    with pytest.raises(ImproperlyConfigured, match="WEBHOOK_PRIVATE_ADDRESSES cannot be read: "):
        environment.networks("WEBHOOK_PRIVATE_ADDRESSES")


def test_a_path_is_one_however_it_is_written(operator, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    operator(LEDGER_KEY="keys/private.txt")
    assert environment.path("LEDGER_KEY") == tmp_path / "keys" / "private.txt"
    operator(LEDGER_KEY=None)
    assert environment.path("LEDGER_KEY") is None


GOOD = {
    "OIDC_ISSUER": "https://login.example/realms/all",
    "OIDC_CLIENT_ID": "waltzflow",
    "OIDC_CLIENT_SECRET": "hidden",
}


def test_without_a_provider_there_is_none_and_with_one_it_is_read(operator):
    assert oidc.oidc() is None
    operator(OIDC_CREATE="off", OIDC_ONLY="0")
    assert oidc.oidc() is None
    operator(**GOOD, OIDC_GROUPS="CN=a=b=Stewards, x=staff", OIDC_ALGORITHM="ES256")
    operator(OIDC_ONLY="1", OIDC_END_SESSION_ENDPOINT="https://out.example/end")
    read = oidc.oidc()
    assert (read.groups, read.algorithm) == ({"CN=a=b": "Stewards", "x": "staff"}, "ES256")
    assert (read.is_only, read.creates) == (True, False)
    assert read.origins == ["https://login.example", "https://out.example"]
    assert "hidden" not in repr(read)


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"OIDC_ISSUER": None}, "OIDC_CLIENT_ID is set without OIDC_ISSUER"),
        (dict.fromkeys(GOOD) | {"OIDC_ONLY": "1"}, "OIDC_ONLY is set without OIDC_ISSUER"),
        ({"OIDC_CLIENT_ID": " "}, "OIDC_ISSUER is set without OIDC_CLIENT_ID"),
        ({"OIDC_CLIENT_SECRET": None}, "OIDC_ISSUER is set without OIDC_CLIENT_SECRET"),
        ({"OIDC_ISSUER": "login.example"}, "OIDC_ISSUER is “login.example”: it has to look like"),
        ({"OIDC_ISSUER": "http://login.example"}, "has to look like https://"),
        ({"OIDC_ISSUER": "https://a.example; script-src *"}, "has to look like https://"),
        ({"OIDC_ISSUER": "https://[x"}, "has to look like https://"),
        ({"OIDC_ALGORITHM": "none"}, "OIDC_ALGORITHM is “none”, which is none of RS256, ES256"),
        ({"OIDC_SCOPES": "openid profile"}, "needs openid and email"),
        (
            {"OIDC_GROUPS": "flow-stewards"},
            "OIDC_GROUPS names “flow-stewards”: it has to look like",
        ),
        ({"OIDC_GROUPS": "x=superusers"}, "and gives Stewards, Auditors, staff"),
        (
            {"OIDC_TOKEN_ENDPOINT": "https://login.example/token"},
            "OIDC_AUTHORIZATION_ENDPOINT, OIDC_USERINFO_ENDPOINT, OIDC_JWKS_ENDPOINT is missing",
        ),
    ],
)
def test_a_provider_that_is_half_named_stops_the_start(operator, variables, sentence):
    operator(**GOOD | variables)
    with pytest.raises(ImproperlyConfigured, match=re.escape(sentence)):
        oidc.oidc()


def test_the_start_without_the_secret_of_the_provider_says_so_in_one_line_without_it():
    refused = start(**GOOD | {"OIDC_CLIENT_SECRET": "", "OIDC_CREATE": "1"})
    assert refused.returncode == 1
    assert refused.stderr.splitlines() == [
        "OIDC_ISSUER is set without OIDC_CLIENT_SECRET: the provider has one for this site."
    ]


def test_forms_may_lead_to_the_provider_since_signing_out_does():
    shown = "print(settings.CONTENT_SECURITY_POLICY['DIRECTIVES']['form-action'])"
    done = subprocess.run(
        [sys.executable, "-c", f"from waltzflow import settings; {shown}"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | PRODUCTION | GOOD,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "[\"'self'\", 'https://login.example']", done.stderr


@pytest.mark.parametrize(
    ("named", "hosts", "ports"),
    [
        ("a.example,b.example", "a.example,b.example", ","),
        ("u:p%40@a:5433,b,[::1]:5434", "a,b,::1", "5433,,5434"),
    ],
)
def test_a_database_may_be_any_of_several_hosts_that_takes_what_is_written(
    operator, named, hosts, ports
):
    operator(DATABASE_URL=f"postgres://{named}/flows")
    database = environment.database("")
    assert (database["HOST"], database["PORT"], database["NAME"]) == (hosts, ports, "flows")
    assert database["OPTIONS"]["target_session_attrs"] == "read-write"
    operator(DATABASE_URL=f"postgres://{named}/flows?target_session_attrs=any")
    assert environment.database("")["OPTIONS"]["target_session_attrs"] == "any"


@pytest.mark.parametrize("named", ["a,", "a:x,b", "a,b c", "a:123456,b"])
def test_of_several_hosts_each_is_one(operator, named):
    operator(DATABASE_URL=f"postgres://{named}/flows")
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL cannot be read"):
        environment.database("")


def test_no_host_of_the_database_holds_a_request_for_minutes(operator):
    operator(DATABASE_URL="postgres://a/flows?connect_timeout=2")
    options = environment.database("")["OPTIONS"]
    assert (options["connect_timeout"], options["keepalives_idle"]) == (2, 10)
    assert "target_session_attrs" not in options
