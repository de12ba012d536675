"""What a hostile client makes up: requests to any URL, in anybody's name, with anything in them."""

from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from hypothesis import strategies as st

METHODS = ["GET"] * 10 + ["POST"] * 14 + ["HEAD", "PUT", "DELETE", "BREW"]
ROLES = (
    ["maker"] * 3
    + ["source", "target", "delegate", "steward", "stranger"]
    + ["auditor", "superuser"] * 3
)
ROLES += ["anonymous", "inactive"]

NASTY = [
    *(
        "",
        " ",
        "\x00",
        "\x00\x00",
        "a\x00b",
        "\r\nX-Evil: 1",
        "\t",
        "\u200b",
        "\u202e",
        "\ufeff",
        "\ud83d\ude00",
        "²",
        "\u0661",
    ),
    *(
        "0",
        "-1",
        "1",
        "2",
        "9" * 5,
        "2147483648",
        "9223372036854775807",
        "9223372036854775808",
        "9" * 40,
        "1e400",
        "NaN",
    ),
    *(
        "Infinity",
        "0x1F",
        "1_000",
        "1.5",
        "+1",
        " 1 ",
        "true",
        "True",
        "None",
        "null",
        "[]",
        "{}",
        "[object Object]",
    ),
    *(
        "' OR '1'='1",
        '"; DROP TABLE proposals_proposal; --',
        "%",
        "_",
        "\\",
        "%00",
        "%s%n",
        "{{ 7*7 }}",
        "{% now 'Y' %}",
    ),
    *(
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "../../etc/passwd",
        "//evil.example",
        "file:///",
    ),
    *(
        "0001-01-01T00:00",
        "9999-12-31T23:59",
        "2026-02-30",
        "2026-11-25T25:61",
        "24:00",
        "2026-W01",
        "-1000-01-01",
    ),
    *(
        "csv",
        "xlsx",
        "2026-01-01",
        "1970-01-01",
        "2026-11-01T00:00:00",
        "-submitted_at",
        "name",
        "-name",
        "due",
        "LIVING",
    ),
    *(
        "LEDGER",
        "RISK",
        "ledger",
        "Ledger (LEDGER)",
        "mia",
        "PENDING_APPROVALS",
        "FULLY_APPROVED",
        "SOURCE",
        "BOTH",
    ),
    *(
        "x" * 300,
        "x" * 5000,
        "é" * 2000,
        "(" * 500,
        "a b " * 3000,
        "İ",
        "ß",
        "ǆ",
        "\u0130\u0307",
        "\U0001d50fedger",
        "ﬁ",
    ),
]
PARAMETERS = [
    *(
        "q",
        "state",
        "type",
        "system",
        "unit",
        "maker",
        "data_type",
        "older_than",
        "whose",
        "before",
        "after",
        "page",
    ),
    *(
        "source",
        "target",
        "from",
        "history",
        "kind",
        "lifecycle",
        "origin",
        "organisational_unit",
        "next",
        "format",
    ),
    # of the admin
    *(
        "p",
        "o",
        "all",
        "e",
        "_popup",
        "_to_field",
        "_changelist_filters",
        "app_label",
        "model_name",
        "field_name",
        "term",
    ),
    *(
        "id",
        "id__exact",
        "id__in",
        "pk",
        "at__year",
        "at__month",
        "at__day",
        "submitted_at__gte",
        "history_date__year",
    ),
    *(
        "is_active__exact",
        "state__exact",
        "maker__id__exact",
        "kind__id__exact",
        "ended_at__isempty",
        "lifecycle__exact",
    ),
    *(
        "q__regex",
        "name__iregex",
        "password__startswith",
        "proposal__maker__password",
        "__",
        "a__b__c",
        "starts_at__day",
    ),
    *(
        "csrfmiddlewaretoken",
        "_method",
        "side",
        "verb",
        "chosen",
        "as",
        "sort",
        "specification",
        "draft",
        "show",
    ),
    *(
        "first",
        "last",
        "at",
        "lifecycle",
        "typed",
        "unit",
        "since",
        "until",
        "as",
        "as",
        "first",
        "last",
    ),
]
FORM = {
    "source": "LEDGER",
    "target": "RISK",
    "with_physical_flow": "True",
    "specification_name": "new.csv",
    "specification": "",
    "specification_format": "FLAT_FILE",
    "specification_description": "d",
    "name": "n",
    "transport": "FILE_TRANSPORT",
    "frequency": "DAILY",
    "basis_offset": "1",
    "criticality": "HIGH",
    "description": "d",
    "external_id": "x",
    "justification": "j",
    "reason": "1",
    "data_types": "1",
    "submit": "1",
    "side": "SOURCE",
    "comment": "c",
    "verb": "approve",
    "chosen": "1",
    "notices_wanted": "DIGEST",
    "delegate": "mia",
    "starts_at": "",
    "ends_at": "2099-01-01",
    "note": "n",
    "username": "u",
    "password": "p",
    # of the admin
    "code": "C",
    "kind": "APPLICATION",
    "lifecycle": "ACTIVE",
    "email": "a@example.com",
    "is_active": "on",
    "action": "end_now",
    "_selected_action": "1",
    "select_across": "0",
    "index": "0",
    "_save": "1",
    "post": "yes",
    "user": "1",
    "system": "1",
    "system_kind": "APPLICATION",
    "involvement_kind": "1",
    "may_approve": "on",
    "started_at_0": "2026-01-01",
    "started_at_1": "00:00",
    "ended_at_0": "",
    "ended_at_1": "",
    "time_out_days": "9",
    "maker_decides": "NEVER",
    "side_without_approver": "STEWARD",
    "later_physical_flows": "DIRECT",
    "remind_after_days": "3",
    "draft": "1",
    "show": "1",
    "form_key": "",
    "read_physical_flow_version": "1",
    "password1": "a long new one",
    "password2": "a long new one",
    "old_password": "x",
    "usable_password": "true",
}
HEADERS = [
    *(
        "HTTP_HOST",
        "HTTP_X_FORWARDED_HOST",
        "HTTP_X_FORWARDED_FOR",
        "HTTP_X_FORWARDED_PROTO",
        "HTTP_REFERER",
    ),
    *(
        "HTTP_ORIGIN",
        "HTTP_USER_AGENT",
        "HTTP_ACCEPT",
        "HTTP_ACCEPT_LANGUAGE",
        "HTTP_ACCEPT_ENCODING",
        "HTTP_COOKIE",
    ),
    *(
        "HTTP_HX_REQUEST",
        "HTTP_HX_CURRENT_URL",
        "HTTP_HX_TARGET",
        "HTTP_X_REQUESTED_WITH",
        "HTTP_IF_MODIFIED_SINCE",
    ),
    *(
        "HTTP_IF_NONE_MATCH",
        "HTTP_RANGE",
        "HTTP_EXPECT",
        "HTTP_AUTHORIZATION",
        "HTTP_CONTENT_ENCODING",
        "REMOTE_ADDR",
    ),
    *("HTTP_X_CSRFTOKEN", "HTTP_TRANSFER_ENCODING", "HTTP_X_HTTP_METHOD_OVERRIDE"),
]
COOKIES = [
    "sessionid=x",
    "sessionid=" + "a" * 4000,
    "csrftoken=\x00",
    "messages=" + "x" * 3000,
    "messages=W10:1:x",
    "a=b; ;=",
]
TYPES = [
    *(
        "application/json",
        "text/plain",
        "application/xml",
        "multipart/form-data",
        "multipart/form-data; boundary=",
    ),
    *(
        "application/x-www-form-urlencoded; charset=utf-16",
        "application/x-www-form-urlencoded; charset=\xfc",
        "",
        "x",
    ),
    *(
        "multipart/form-data; boundary=B; charset=utf-7",
        "application/x-www-form-urlencoded; charset=latin-1",
        "*/*",
    ),
]

nasty = st.one_of(st.sampled_from(NASTY), st.text(max_size=30))
pairs = st.lists(st.tuples(st.sampled_from(PARAMETERS) | st.text(max_size=8), nasty), max_size=4)


def mostly(usual, *rare):
    """Three times of four the usual: requests that are wrong in all respects never get far."""
    return st.integers(0, 3).flatmap(lambda n: usual if n else st.one_of(*rare))


@dataclass
class Sent:
    """One request: everything of it made up."""

    method: str
    role: str
    path: str
    query: str = ""
    content: bytes = b""
    kind: str = "application/x-www-form-urlencoded"
    headers: dict = field(default_factory=dict)


def urls_from(known: list[str]):
    """Known ones, known ones with another id in them, and nonsense."""
    ids = st.sampled_from(
        [
            "0",
            "1",
            "2",
            "3",
            "9" * 30,
            "-1",
            "x",
            "%00",
            "%2e%2e",
            "1%0d%0aX-Evil:1",
            "²",
            "1/../2",
            "_5F",
        ]
    )

    def bent(url: str, number: str) -> str:
        return "/".join(number if part.isdigit() else part for part in url.split("/"))

    made_up = st.text(max_size=20).map(lambda text: "/" + quote(text, safe="/%.;"))
    usual = st.sampled_from(known)
    return mostly(usual, st.builds(bent, usual, ids), made_up)


def forms():
    """A form as pages send it, with some fields left out, doubled, or holding what no page
    sends.
    """
    bent = st.dictionaries(st.sampled_from(sorted(FORM)), nasty, max_size=4)
    gone = st.sets(st.sampled_from(sorted(FORM)), max_size=20)
    kept = st.builds(
        lambda gone, bent: {name: FORM[name] for name in FORM if name not in gone} | bent,
        gone,
        bent,
    )
    return st.builds(lambda form, more: [*form.items(), *more], kept, pairs)


def encoded(fields: list[tuple]) -> str:
    return urlencode(fields, errors="surrogatepass")


def in_parts(fields: list[tuple], file: bytes | None) -> bytes:
    lines = []
    for name, value in fields:
        plain = name.replace('"', "").replace("\r", "").replace("\n", "")
        lines.append(
            f'--B\r\nContent-Disposition: form-data; name="{plain}"\r\n\r\n{value}\r\n'.encode(
                errors="replace"
            )
        )
    if file is not None:
        lines.append(
            b'--B\r\nContent-Disposition: form-data; name="source"; filename="../../x"\r\n\r\n'
            + file
            + b"\r\n"
        )
    return b"".join([*lines, b"--B--\r\n"])


def bodies():
    """(bytes, content type)"""
    plain = st.tuples(
        forms().map(lambda fields: encoded(fields).encode()),
        st.just("application/x-www-form-urlencoded"),
    )
    parts = st.builds(in_parts, forms(), st.none() | st.binary(max_size=50))
    multipart = st.tuples(parts, st.just("multipart/form-data; boundary=B"))
    raw = st.tuples(st.binary(max_size=200), st.sampled_from(TYPES))
    cut = st.tuples(
        parts.map(lambda content: content[: len(content) // 2]),
        st.just("multipart/form-data; boundary=B"),
    )
    return mostly(plain, multipart, raw, cut)


def on_the_wire(text: str) -> str:
    """As WSGI hands it over: a letter for each byte. What would end a header reaches no server as a
    part of one.
    """
    kept = text.translate(dict.fromkeys(map(ord, "\0\r\n")))
    return kept.encode("utf-8", "surrogatepass").decode("latin-1")


def header_values():
    hosts = st.sampled_from(
        ["testserver", "evil.example", "testserver:99999", "[::1", "a b", "\x00", "", "127.0.0.1"]
    )
    values = st.one_of(nasty, hosts, st.sampled_from(COOKIES)).map(on_the_wire)
    return mostly(st.just({}), st.dictionaries(st.sampled_from(HEADERS), values, max_size=2))


def requests(known: list[str]):
    text = st.text(max_size=20).map(on_the_wire)
    raw_query = st.one_of(
        st.just(""), pairs.map(encoded), pairs.map(encoded), text, st.just("%00=%ff&=&&a=%zz")
    )
    made = st.builds(
        lambda method, role, path, query, body, headers: Sent(
            method, role, path, query, *body, headers
        ),
        *(
            st.sampled_from(METHODS),
            st.sampled_from(ROLES),
            urls_from(known),
            raw_query,
            bodies(),
            header_values(),
        ),
    )
    bare = st.builds(Sent, st.sampled_from(METHODS), st.sampled_from(ROLES), urls_from(known))
    return st.one_of(made, made, made, bare)


# What no parser of forms takes, each with its content type.
MALFORMED = [
    (b"x", "multipart/form-data"),
    (b"x", "multipart/form-data; boundary="),
    (b"--B\r\nContent-Disposition: form-data; name", "multipart/form-data; boundary=B"),
    (
        b'--B\r\nContent-Disposition: form-data; name="a"; filename="a\0b"\r\n\r\nx\r\n--B--\r\n',
        "multipart/form-data; boundary=B",
    ),
    (
        b'--B\r\nContent-Disposition: form-data; name="a\0"\r\n\r\nx\r\n--B--',
        "multipart/form-data; boundary=B",
    ),
    (b"%00=%ff&a", "application/x-www-form-urlencoded"),
    (b"\xff\xfe", "application/json"),
]
# Junk where the admin, and our own pages, take a number, a name of a field or a date.
JUNK_QUERIES = [
    *("system=junk", "user=junk", "manager=junk", "groups=junk,2", "permissions=junk"),
    *("_popup=1&_to_field=", "_popup=1&_to_field=nothing", "_changelist_filters=%ff", "e=1&p=x"),
    *("o=x.y", "id__in=x", "at__year=x&at__month=13", "pk=%00", "q=%00", "as=xlsx&before=x"),
    *("started_at_0=x&started_at=9999999", "first=x&last=9999-12-31", "at=24:61", "=&&%zz"),
]
UNKNOWN = [
    *("/nowhere/", "/nowhere", "/admin/nowhere/", "/admin/proposals/system/x/history/"),
    *("/admin/proposals/system/1/history/x/", "/admin/proposals/nothing/add/"),
    *("/proposals/x/", "/static/nowhere.css", "/admin/r/9/x/", "//", "/%00/", "/admin/jsi18n/x"),
]
