"""How long a sign-in lasts: 30 minutes without a click, 8 hours at most, and 10 minutes for sensitive acts.

Sessions are rows of our own (SESSION_ENGINE), so that a person sees theirs and ends them, and a role that was
withdrawn ends them all: what has no row is signed out at the next click (ASVS 7.3.1, 7.3.2, 7.4.1, 7.5.2).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.http import HttpRequest

from apps.accounts.models import Session
from apps.core import clock

IDLE = timedelta(minutes=30)
AT_MOST = timedelta(hours=8)
FRESH = timedelta(minutes=10)
# A click within a minute of the last one is not written down.
_NOTED_EVERY = timedelta(minutes=1)
_SIGNED_IN_AT, _SEEN_AT, _PROVED_AT, _METHOD = "signed_in_at", "seen_at", "proved_at", "sign_in_method"


class SessionStore(DatabaseStore):
    """Django's database sessions, with the columns by which people know them again."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row = cast(Session, super().create_model_instance(data))
        user_id = data.get(SESSION_KEY)
        row.user_id = int(user_id) if user_id else None
        row.started_at = _read(data.get(_SIGNED_IN_AT)) or clock.now()
        row.seen_at = _read(data.get(_SEEN_AT)) or clock.now()
        row.method = data.get(_METHOD, "")
        row.agent = data.get("agent", "")
        row.address = data.get("address")
        return row


def begin(request: HttpRequest, *, method: str, proved_at: datetime | None) -> None:
    """A sign-in begins. `proved_at`: when the person last proved who they are, as far as is known."""
    moment = clock.now()
    request.session[_SIGNED_IN_AT] = request.session[_SEEN_AT] = moment.isoformat()
    request.session[_METHOD] = method
    request.session["agent"] = browser_of(request.headers.get("User-Agent", ""))
    request.session["address"] = request.META.get("REMOTE_ADDR") or None
    request.session.set_expiry(moment + AT_MOST)
    prove(request, proved_at)


def prove(request: HttpRequest, at: datetime | None) -> None:
    """Remember when the person last proved who they are; None: that is not known."""
    request.session[_PROVED_AT] = at.isoformat() if at else ""


def has_lapsed(request: HttpRequest) -> bool:
    """Whether the sign-in is over: too long without a click, or too long altogether. Notes the click otherwise."""
    moment = clock.now()
    seen, began = _read(request.session.get(_SEEN_AT)), _read(request.session.get(_SIGNED_IN_AT))
    if seen is None or began is None or moment - seen > IDLE or moment - began > AT_MOST:
        return True
    if moment - seen > _NOTED_EVERY:
        request.session[_SEEN_AT] = moment.isoformat()
    return False


def is_fresh(request: HttpRequest) -> bool:
    """Whether the person proved within the last 10 minutes who they are."""
    proved = _read(request.session.get(_PROVED_AT))
    return proved is not None and clock.now() - proved <= FRESH


def method_of(request: HttpRequest) -> str:
    """How the person signed in: `oidc:NAME`, `saml:NAME`, `break-glass` or `demo`."""
    return str(request.session.get(_METHOD, ""))


_BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (("Windows", "Windows"), ("iPhone", "iPhone"), ("Android", "Android"), ("Mac OS", "Mac"), ("Linux", "Linux"))


def browser_of(agent: str) -> str:
    """The browser and the system in two words, by which a person knows a session again; nothing finer is kept."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "Another program")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return f"{browser} on {system}" if system else browser


def _read(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
