"""Writing the audit trail. A plain call inside the transaction of the act; never a signal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from django.db import connection
from django.db.models import Model

from apps.audit.models import AuditEvent
from apps.core import requests
from apps.core.db.copy import copy_rows

_SECRET = re.compile(r"secret|password|token|api_?key|credential", re.IGNORECASE)
_COLUMNS = (
    "stream", "actor_key", "actor_name", "role", "verb", "record_type", "record_id", "record_name",
    "before", "after", "reason", "request_id",
)  # fmt: skip


class Who(Protocol):
    """What the trail needs to know of an actor; the name is frozen into the event."""

    @property
    def key(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def role(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of a set-based act."""

    record_id: str
    record_name: str = ""
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


def record(
    actor: Who,
    verb: str,
    target: Model,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
    name: str = "",
    role: str = "",
    at: datetime | None = None,
) -> AuditEvent:
    """Write one event about `target` in the current transaction.

    `verb` is `app.noun.past` ("licenses.seat.granted"); its first part names the stream. Values under keys that
    look like secrets are masked. `at` is given only where the exact time would betray somebody (an anonymous report);
    otherwise the database's clock says when. Raises `RuntimeError` outside a transaction: an act and its event stand or fall
    together.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("An audit event must be written in the transaction of its act.")
    moment = {} if at is None else {"at": at}
    return AuditEvent.objects.create(
        **moment,
        stream=verb.split(".", 1)[0],
        actor_key=actor.key,
        actor_name=actor.name,
        role=role or actor.role,
        verb=verb,
        record_type=target._meta.label,
        record_id=str(target.pk),
        record_name=(name or str(target))[:200],
        before=masked(before or {}),
        after=masked(after or {}),
        reason=reason,
        request_id=requests.current(),
    )


def record_many(actor: Who, verb: str, model: type[Model], entries: Iterable[Entry]) -> int:
    """Write one event per entry by COPY: for acts that touch thousands of records. Returns how many."""
    if not connection.in_atomic_block:
        raise RuntimeError("An audit event must be written in the transaction of its act.")
    stream, label, request_id = verb.split(".", 1)[0], model._meta.label, requests.current()
    rows = (
        (
            stream, actor.key, actor.name, actor.role, verb, label, entry.record_id, entry.record_name[:200],
            json.dumps(masked(entry.before), default=str), json.dumps(masked(entry.after), default=str),
            entry.reason, request_id,
        )
        for entry in entries
    )  # fmt: skip
    return copy_rows(AuditEvent._meta.db_table, _COLUMNS, rows)


def masked(values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` fit for the trail: dates as text, secrets as asterisks."""
    return {key: "***" if _SECRET.search(key) and value else _plain(value) for key, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return masked(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return str(value)
