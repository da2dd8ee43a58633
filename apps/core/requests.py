"""The id of the request (or task) under way: it joins log lines, audit events and what the person sees."""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar

_current: ContextVar[str] = ContextVar("request_id", default="")
_ACCEPTABLE = re.compile(r"^[A-Za-z0-9_-]{8,64}$")


def current() -> str:
    """The id of the request or task under way; empty outside one."""
    return _current.get()


def begin(given: str = "") -> str:
    """Start a new id, or take over a well-formed one from the proxy."""
    value = given if _ACCEPTABLE.match(given) else secrets.token_hex(8)
    _current.set(value)
    return value


def forget() -> None:
    """Let what follows carry no id at all: nothing that is written joins it to a log line."""
    _current.set("")
