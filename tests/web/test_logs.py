"""Nothing that is logged tells who somebody is or lets anybody in, whatever comes in and whatever breaks."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from apps.agencies.models import Employee
from apps.core.logs import JsonFormatter, RequestIdFilter, scrubbed
from tests.factories.cast import World
from tests.web.test_matrix import client_of

SECRETS = {
    "an address": "bob.private@mass.example", "a key": "sk-admin-0123456789abcdef", "a token": "beacon_tok_9f8e7d6c5b4a3210",
    "a cookie": "c0ffee1234567890abcdef", "a password": "correct-horse-battery", "a code": "oidc-code-4711",
}  # fmt: skip


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the log would have: our formatter on the root, down to the finest level."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(RequestIdFilter())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)


def tells_nothing(stream: io.StringIO, *more: str) -> None:
    text = stream.getvalue()
    assert [what for what, secret in SECRETS.items() if secret in text] == []
    assert [one for one in more if one in text] == []
    for line in text.splitlines():
        json.loads(line)


@pytest.mark.django_db
def test_flows_with_personal_and_secret_input(
    world: World, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(world, "erin")
    client.raise_request_exception = False
    client.cookies["other"] = SECRETS["a cookie"]
    session = client.session.session_key or ""
    query = "&".join(f"q={secret}" for secret in SECRETS.values())
    headers = {
        "authorization": f"Bearer {SECRETS['a token']}",
        "x-api-key": SECRETS["a key"],
        "referer": f"http://x/?{query}",
    }
    for path in ("/people/", "/no/such/", "/seats/", "/workspaces/new/"):
        client.get(f"{path}?{query}", headers=headers)
        client.post(
            f"{path}?{query}", {"email": SECRETS["an address"], "password": SECRETS["a password"]}, headers=headers
        )
    Client().get(f"/api/v1/seats/?{query}", headers=headers)
    Client().get(f"/accounts/oidc/state/login/callback/?code={SECRETS['a code']}&state={SECRETS['a token']}")
    Client(enforce_csrf_checks=True).post(
        "/accounts/login/", {"login": SECRETS["an address"], "password": SECRETS["a password"]}
    )
    assert "django.request" in lines.getvalue(), "the test sees what is logged"
    tells_nothing(lines, session, "Bob Employee")


@pytest.mark.django_db
def test_an_error_that_speaks_of_a_row(world: World, lines: io.StringIO) -> None:
    """What PostgreSQL says of the row that stood in the way has the address in it."""
    bob = world.employee("A003")
    Employee.objects.filter(pk=bob.pk).update(email=SECRETS["an address"])
    other = world.employee("A004")
    try:
        Employee.objects.filter(pk=other.pk).update(email=SECRETS["an address"])
    except IntegrityError:
        logging.getLogger("django.request").exception(
            "Internal Server Error: %s", f"/people/?q={SECRETS['an address']}"
        )
    assert "IntegrityError" in lines.getvalue()
    tells_nothing(lines)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("GET /people/?q=Bob+Employee&code=1 HTTP/1.1", "GET /people/"),
        ("Cookie: __Host-beacon=abc; other=def", "Cookie:"),
        ("{'Authorization': 'Bearer abc.def'}", "Authorization"),
        ("postgresql://beacon_app:hunter2@db/beacon", "db/beacon"),
        ("password=hunter2, next", "next"),
        ("client_secret: 'abc'", "client_secret"),
        ("Is the broker away? Nobody knows", "Is the broker away? Nobody knows"),
    ],
)
def test_what_is_taken_out_and_what_stays(text: str, kept: str) -> None:
    done = scrubbed(text)
    assert kept in done
    assert not [one for one in ("Bob", "abc", "def", "hunter2", "code=1") if one in done]


_WORD = st.text("abcxyz", min_size=1, max_size=8)


@given(st.text(), st.builds("{}.{}@{}.example".format, _WORD, _WORD, _WORD), st.text())
def test_no_address_gets_through(before: str, address: str, after: str) -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "%s %s %s", (before, address, after), None)
    line: dict[str, Any] = json.loads(JsonFormatter().format(record))
    assert address not in line["message"]
