"""Log lines as JSON with the request id. What is logged never holds mail text, tokens or names (docs/logs.md).

Our own lines are written so. Those of libraries, and what an error says of itself, go through `scrubbed` first.
"""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime

from apps.core import requests

# In this order: what is most telling first. Names cannot be told from words; that lines have none is up to who writes them.
_TELLING = (
    # What the database says of a row: Key (email)=(…) already exists; Failing row contains (…).
    (re.compile(r"(Key \([^)]*\)=)\(.*\)"), r"\1[…]"),
    (re.compile(r"(Failing row contains )\(.*\)"), r"\1[…]"),
    # A user and a password inside an address.
    (re.compile(r"(?<=://)[^\s/@\"']+@"), "[…]@"),
    # All of a query: searches have names in them, sign-ins have codes.
    (re.compile(r"(?<=[\w/.\-])\?[^\s\"'<>]*=[^\s\"'<>]*"), "?[…]"),
    (re.compile(r"\b(Bearer|Basic|Token|Digest)\s+[\w.+/=~:-]+", re.I), r"\1 […]"),
    (re.compile(r"\b(cookie|set-cookie|authorization)\b([\"']?\s*[:=]\s*)[^\n]*", re.I), r"\1\2[…]"),
    (
        re.compile(r"([\w-]*(?:password|passwd|secret|token|session|csrf|api_?key|credential)[\w-]*)([\"']?\s*[:=]\s*)[^\s,;]+", re.I),
        r"\1\2[…]",
    ),
    (re.compile(r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+"), "[address]"),
    (re.compile(r"\bsk-[\w-]{8,}"), "[key]"),
)  # fmt: skip


def scrubbed(text: str) -> str:
    """`text` without addresses, queries, cookies and whatever looks like a secret."""
    for pattern, instead in _TELLING:
        text = pattern.sub(instead, text)
    return text


class RequestIdFilter(logging.Filter):
    """Puts the id of the request under way on every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = requests.current()
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, request id, traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": scrubbed(record.getMessage()),
            "request_id": getattr(record, "request_id", ""),
        }
        if record.exc_info:
            line["traceback"] = scrubbed(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)
