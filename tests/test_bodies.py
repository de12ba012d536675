"""Bodies that are no form, or too much of one."""

import pytest

from .fingerprint import fingerprint

BODIES = {
    "JSON": ("application/json", b'{"source": "LEDGER", "target": "RISK", "draft": "1"}'),
    "XML": (
        "application/xml",
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    ),
    "plain text": ("text/plain", b"source=LEDGER&target=RISK&draft=1"),
    "no type": ("", b"source=LEDGER&target=RISK&draft=1"),
    "a broken multipart": (
        "multipart/form-data; boundary=B",
        b"--B\r\nContent-Disposition: form-data; name=",
    ),
    "a multipart without boundary": ("multipart/form-data", b"--B\r\n\r\n--B--"),
    "a boundary nobody ends": ("multipart/form-data; boundary=" + "B" * 5000, b"--B"),
    "broken base64": (
        "multipart/form-data; boundary=B",
        b'--B\r\nContent-Disposition: form-data; name="a"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n=?\r\n--B--",
    ),
    "a file": (
        "multipart/form-data; boundary=B",
        b'--B\r\nContent-Disposition: form-data; name="source"; filename="a.csv"\r\n\r\n'
        b"x\r\n--B--\r\n",
    ),
    "a thousand and one fields": ("application/x-www-form-urlencoded", b"a=1&" * 1001),
    "more than a megabyte": ("application/x-www-form-urlencoded", b"source=" + b"x" * 1024 * 1024),
    "more than a megabyte in parts": (
        "multipart/form-data; boundary=B",
        b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
        + b"x" * 1024 * 1024
        + b"\r\n--B--\r\n",
    ),
}


@pytest.mark.once(on="sqlite")
@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("page", ["/proposals/new/", "/proposals/{}/approve/", "/sign-in/"])
def test_a_body_that_is_no_form_is_a_bad_request_and_has_no_effect(
    client, cast, proposal, page, body
):
    kind, content = BODIES[body]
    client.force_login(cast.both)
    before = fingerprint()
    url = page.format(proposal.pk)
    response = client.generic("POST", url, content, content_type=kind)
    assert response.status_code == 400 or (page, response.status_code) == ("/sign-in/", 200)
    assert fingerprint() == before
