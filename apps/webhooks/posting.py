"""One call of one address: judged, pinned, signed, bounded. What comes of it is an `Answer` and never an error.

The name is looked up once, every address that it leads to is judged (core.outgoing), and the connection goes to one of
those very addresses: a second look-up could say something else. The certificate is checked against the name all the same.
"""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx2
from django.conf import settings
from standardwebhooks import Webhook

from apps.core import outgoing
from apps.webhooks.events import CONTENT_TYPE

TIMEOUT_SECONDS = 10.0
KEPT = 500
_READ = 4096
GONE = 410
# Whoever answers so, or not at all, is not asked for anything else for a while.
_BUSY = frozenset({429, 502, 503, 504})
_LONG = re.compile(r"[A-Za-z0-9+/_=.-]{24,}")
Resolve = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver said: its status (None: it gave none) and a little of its text."""

    status: int | None
    text: str

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        return self.status == GONE

    @property
    def wants_rest(self) -> bool:
        return self.status is None or self.status in _BUSY

    def __str__(self) -> str:
        return f"{self.status}: {self.text}" if self.status else self.text


def resolve(host: str, port: int) -> list[str]:
    """Every network address of a name, in the resolver's order. An unknown name has none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def judged(address: str) -> tuple[str, int, str]:
    """The name, the port and the network address to connect to. Raises `outgoing.AddressRefused`."""
    allowed = outgoing.Allowed(is_demo=settings.WEBHOOKS_LOOPBACK)
    host, port = outgoing.host_of(address, allowed)
    return host, port, str(outgoing.judged(address, resolve(host, port), allowed)[0])


def signed(secrets: Sequence[str], *, key: str, at: datetime, body: str) -> dict[str, str]:
    """The headers of Standard Webhooks: one signature for each secret that is good now."""
    signatures = [Webhook(secret).sign(key, at, body) for secret in secrets]
    return {
        "webhook-id": key,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def post(address: str, event: Mapping[str, Any], *, secrets: Sequence[str], at: datetime) -> Answer:
    """Send one event. A redirect is an answer like another: it is not followed."""
    try:
        host, port, network = judged(address)
    except outgoing.AddressRefused as refused:
        return Answer(None, f"Not called. {refused}")
    body = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    headers = signed(secrets, key=str(event["id"]), at=at, body=body)
    headers |= {
        "host": host if port in {80, 443} else f"{host}:{port}",
        "content-type": CONTENT_TYPE,
        "user-agent": "Beacon",
        "accept-encoding": "identity",
    }
    try:
        return _called(_pinned(address, network, port), host, headers, body.encode())
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        return Answer(None, f"No answer ({type(error).__name__}).")


def _pinned(address: str, network: str, port: int) -> str:
    """The address with the network address that was judged in place of the name."""
    parts = urlsplit(address)
    place = f"[{network}]" if ":" in network else network
    return urlunsplit((parts.scheme, f"{place}:{port}", parts.path or "/", parts.query, ""))


def _called(url: str, host: str, headers: dict[str, str], body: bytes) -> Answer:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    # Proxies of the machine are not asked: they would look the name up again.
    with (
        httpx2.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False) as client,
        client.stream("POST", url, content=body, headers=headers, extensions={"sni_hostname": host}) as response,
    ):
        said = b""
        for piece in response.iter_raw():
            said += piece
            if len(said) >= _READ or time.monotonic() > deadline:
                break
        return Answer(response.status_code, scrubbed(said[:_READ]))


def scrubbed(said: bytes) -> str:
    """A little of an answer, fit to be kept: one line, and nothing that could be a key or a token."""
    text = said.decode("utf-8", errors="replace")
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return _LONG.sub("…", line)[:KEPT]
