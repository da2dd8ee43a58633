"""Faults that leave the effect alone and spoil the answer's body."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import msgspec

from simulator.faults import Fault
from simulator.messages import HTML, JSON, Call, Reply

HTML_PAGE = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Wait</body></html>"

DEFAULT_MISSING_FIELD = "id"
DEFAULT_EXTRA_FIELD = "x_undocumented"
DEFAULT_EXTRA_VALUE = {"added": "without notice"}
DEFAULT_UNKNOWN_VALUE = "something_new"

ENUM_FIELDS = ("status", "role", "group_type", "type", "source")
CURSOR_FIELDS = ("last_id", "next", "next_page", "cursor", "last_end_time")
CURSOR_PARAMS = ("after", "page", "cursor")

Document = dict[str, Any]


def tamper(fault: Fault, call: Call, reply: Reply) -> Reply:
    """Return the reply as the fault leaves it; faults without a say in bodies return it as it is."""
    if fault.kind == "html_200":
        return Reply(HTML_PAGE, media_type=HTML)
    if reply.status != HTTPStatus.OK:
        return reply
    if fault.kind == "truncated_json":
        return Reply(reply.body[: len(reply.body) // 2])
    change = _CHANGES.get(fault.kind)
    if change is None or reply.media_type != JSON:
        return reply
    document: Document = msgspec.json.decode(reply.body)
    change(fault, call, document)
    return Reply(msgspec.json.encode(document))


def _target(fault: Fault, document: Document) -> Document | None:
    """Return the object a field fault applies to: a row of a list, or the document itself."""
    rows = document.get("data")
    if fault.where == "envelope" or not isinstance(rows, list):
        return document
    return rows[fault.row] if fault.row < len(rows) else None


def _missing_field(fault: Fault, _call: Call, document: Document) -> None:
    target = _target(fault, document)
    if target is not None:
        target.pop(fault.field or DEFAULT_MISSING_FIELD, None)


def _set_field(target: Document | None, fault: Fault, name: str, default: Any) -> None:
    if target is not None:
        target[fault.field or name] = default if fault.value is msgspec.UNSET else fault.value


def _extra_field(fault: Fault, _call: Call, document: Document) -> None:
    _set_field(_target(fault, document), fault, DEFAULT_EXTRA_FIELD, DEFAULT_EXTRA_VALUE)


def _unknown_enum(fault: Fault, _call: Call, document: Document) -> None:
    target = _target(fault, document)
    known = next((name for name in ENUM_FIELDS if name in (target or {})), "object")
    _set_field(target, fault, known, DEFAULT_UNKNOWN_VALUE)


def _cursor_field(document: Document) -> str | None:
    return next((name for name in CURSOR_FIELDS if name in document), None)


def _stuck_cursor(_fault: Fault, call: Call, document: Document) -> None:
    """Hand the caller's own cursor back, so that the next page is this page again."""
    given = next((call.query[name] for name in CURSOR_PARAMS if name in call.query), None)
    field = _cursor_field(document)
    if given is not None and field is not None:
        document[field] = given
        document["has_more"] = True


def _null_cursor(_fault: Fault, _call: Call, document: Document) -> None:
    field = _cursor_field(document)
    if field is not None:
        document[field] = None
        document["has_more"] = True


def _empty_has_more(_fault: Fault, _call: Call, document: Document) -> None:
    document["data"] = []
    document["has_more"] = True


def _repeated_row(fault: Fault, _call: Call, document: Document) -> None:
    rows = document.get("data")
    if isinstance(rows, list) and fault.row < len(rows):
        rows.append(rows[fault.row])


def _skipped_row(fault: Fault, _call: Call, document: Document) -> None:
    rows = document.get("data")
    if isinstance(rows, list) and fault.row < len(rows):
        del rows[fault.row]


_CHANGES: dict[str, Callable[[Fault, Call, Document], None]] = {
    "missing_field": _missing_field,
    "extra_field": _extra_field,
    "unknown_enum": _unknown_enum,
    "stuck_cursor": _stuck_cursor,
    "null_cursor": _null_cursor,
    "empty_has_more": _empty_has_more,
    "repeated_row": _repeated_row,
    "skipped_row": _skipped_row,
}
