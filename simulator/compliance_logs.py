"""The compliance API's log files (vendor fact sheet 6).

Events are cut by time into files, one for each kind and stretch of `log_file_seconds` in which something
happened; a file is offered once its stretch is over. Delivery is at least once: each file begins with the
last event of the one before, under the same id. After 30 days a file is gone.

A file is fetched in two steps: the API answers with a redirect to a signed address that is good for a few
minutes and needs, and takes, no key.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec

from simulator import pages
from simulator.clock import SECONDS_PER_DAY
from simulator.errors import ApiError, bad_request, not_found
from simulator.messages import Call, Reply, json_reply
from simulator.pages import LimitRule
from simulator.world import World

LIST_LIMIT = LimitRule(default=20, lowest=1, highest=100)
RETENTION_DAYS = 30
SIGNED_SECONDS = 300
JSON_LINES = "application/jsonl"
FILES = "/_files"

AUDIT = "AUDIT_LOG"
AUTH = "AUTH_LOG"
# Offered by the vendor, and always empty here: nobody converses with a simulator.
SILENT = ("CONVERSATION_MESSAGE", "CODEX_LOG")

# Where the events of each kind lie, as (time, source, row number). Following an invite's link is signing in.
_EVENTS = {
    AUDIT: """
        SELECT effective_at AS at, 'audit' AS source, seq FROM audit_log
        WHERE effective_at >= :start AND effective_at < :end
        UNION ALL SELECT at, 'call', seq FROM workspace_calls WHERE at >= :start AND at < :end
    """,
    AUTH: """
        SELECT effective_at AS at, 'auth' AS source, seq FROM audit_log
        WHERE type = 'invite.accepted' AND effective_at >= :start AND effective_at < :end
    """,
}
_BODIES = {
    "audit": "SELECT body FROM audit_log WHERE seq = ?",
    "auth": "SELECT body FROM audit_log WHERE seq = ?",
    "call": "SELECT body FROM workspace_calls WHERE seq = ?",
}


class LogFile(NamedTuple):
    """One file: the events of a kind from `end - width` on, before `end`."""

    event_type: str
    end: int
    width: int

    @property
    def file_id(self) -> str:
        """Its id, from which it can be found again."""
        return f"log-{self.event_type.lower()}-{self.end}"


def list_files(world: World, call: Call) -> Reply:
    """GET .../logs: files of one kind whose end lies strictly after `after`, oldest first."""
    _require_plan(world)
    query = call.query
    event_type = query.get("event_type")
    if event_type not in (*_EVENTS, *SILENT):
        raise bad_request(f"event_type must be one of {', '.join((*_EVENTS, *SILENT))}.", param="event_type")
    limit = pages.read_limit(query, LIST_LIMIT, world.settings)
    after, before = _read_time(call, "after"), _read_time(call, "before")
    found = [] if event_type in SILENT else _files(world, event_type, after, before, limit + 1)
    data = [_described(world, file) for file in found[:limit]]
    last = data[-1]["end_time"] if data else None
    return json_reply({"object": "list", "data": data, "has_more": len(found) > limit, "last_end_time": last})


def _require_plan(world: World) -> None:
    """Raise a 404 where the plan lacks the logs, as is said of government workspaces."""
    if not world.settings.plan_has_compliance_logs:
        raise ApiError(HTTPStatus.NOT_FOUND, "Not found.", code="not_found")


def _read_time(call: Call, name: str) -> float | None:
    text = call.query.get(name)
    if text is None:
        return None
    try:
        # A plus sign that was not escaped arrives as a space.
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as error:
        raise bad_request(f"{name} must be a time in ISO 8601, not '{text}'.", param=name) from error
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()


def _files(world: World, event_type: str, after: float | None, before: float | None, rows: int) -> list[LogFile]:
    width = world.settings.log_file_seconds
    first = _oldest_end(world) if after is None else max(_oldest_end(world), int(after // width + 1) * width)
    last = world.now() if before is None else min(world.now(), int(-(-before // 1)) - 1)
    sql = f"SELECT DISTINCT at / :width FROM ({_EVENTS[event_type]}) ORDER BY 1 LIMIT :rows"
    bounds = {"start": first - width, "end": last - last % width, "width": width, "rows": rows}
    return [LogFile(event_type, (number + 1) * width, width) for (number,) in world.store.rows(sql, bounds)]


def _oldest_end(world: World) -> int:
    """Return the end of the oldest file that is still kept."""
    width, cut = world.settings.log_file_seconds, world.now() - RETENTION_DAYS * SECONDS_PER_DAY
    return -(-cut // width) * width


def _described(world: World, file: LogFile) -> dict[str, Any]:
    content = _content(world, file)
    return {
        "id": file.file_id,
        "event_type": file.event_type,
        "end_time": iso(file.end),
        "file_name": f"{file.file_id}.jsonl",
        "file_size": len(content),
        "file_sha256": sha256(content).hexdigest(),
    }


def iso(moment: int) -> str:
    """Return a Unix time as the log files write it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _content(world: World, file: LogFile) -> bytes:
    """Return a file's lines: the last event of the file before, then its own in the order of time."""
    events = _EVENTS[file.event_type]
    start = file.end - file.width
    before = world.store.rows(f"{events} ORDER BY at DESC, source DESC, seq DESC LIMIT 1", {"start": 0, "end": start})
    own = world.store.rows(f"{events} ORDER BY at, source, seq", {"start": start, "end": file.end})
    return b"".join(msgspec.json.encode(line) + b"\n" for line in _lines(world, file.event_type, [*before, *own]))


def _lines(world: World, event_type: str, events: list[tuple[int, str, int]]) -> Iterable[dict[str, Any]]:
    for at, source, seq in events:
        body = msgspec.json.decode(world.store.value(_BODIES[source], (seq,)))
        common = {
            "event_type": event_type,
            "timestamp": iso(at),
            "workspace_id": world.settings.workspace_id,
        }
        yield common | _SHAPES[source](body)


def _audit_line(body: dict[str, Any]) -> dict[str, Any]:
    detail = body.get(body["type"])
    return {"event_id": body["id"], "action": body["type"], "actor": body["actor"], "details": detail}


def _auth_line(body: dict[str, Any]) -> dict[str, Any]:
    session = (body["actor"] or {}).get("session", {})
    actor = {"type": "USER", **session.get("user", {})}
    event_id, address = f"auth-{body['id']}", session.get("ip_address")
    return {"event_id": event_id, "action": "LOGIN_SUCCEEDED", "actor": actor, "ip_address": address}


def _call_line(body: dict[str, Any]) -> dict[str, Any]:
    request = {name: body[name] for name in ("method", "path", "status", "request_id")}
    actor = {"type": "API_KEY", "id": body["actor_id"]}
    known = {name: body[name] for name in ("event_id", "action")}
    return {**known, "actor": actor, "request": request, "details": body["params"]}


_SHAPES = {"audit": _audit_line, "auth": _auth_line, "call": _call_line}


def _find(world: World, file_id: str) -> LogFile:
    """Return the file with an id; raises a 404 for one that never was and a 410 for one that is too old."""
    width = world.settings.log_file_seconds
    for event_type, events in _EVENTS.items():
        end = file_id.removeprefix(f"log-{event_type.lower()}-")
        # Twelve digits reach far beyond the calendar's end, and every number a file's id can hold.
        if not (end.isascii() and end.isdigit() and len(end) <= 12) or int(end) % width or int(end) > world.now():
            continue
        if int(end) < _oldest_end(world):
            message = f"Log file '{file_id}' is older than {RETENTION_DAYS} days."
            raise ApiError(HTTPStatus.GONE, message, param="log_id", code="expired")
        if world.store.one(f"{events} LIMIT 1", {"start": int(end) - width, "end": int(end)}):
            return LogFile(event_type, int(end), width)
    raise not_found("log file", file_id, param="log_id")


def redirect_to_file(world: World, call: Call) -> Reply:
    """GET .../logs/{log_id}: a 307 to an address that is good for five minutes."""
    _require_plan(world)
    file = _find(world, call.params["log_id"])
    expires = world.now() + SIGNED_SECONDS
    query = urlencode({"expires": expires, "signature": _signature(world, file.file_id, str(expires))})
    location = f"http://{call.headers.get('host', '')}{FILES}/{file.file_id}?{query}"
    return Reply(b"", HTTPStatus.TEMPORARY_REDIRECT, headers={"location": location})


def _signature(world: World, file_id: str, expires: str) -> str:
    return hmac.new(world.signing_key, f"{file_id}?{expires}".encode(), sha256).hexdigest()


def serve_file(world: World, call: Call) -> Reply:
    """GET /_files/{log_id}: the lines, for whoever has a valid signature."""
    file_id, expires = call.params["log_id"], call.query.get("expires", "")
    given = call.query.get("signature", "")
    if not hmac.compare_digest(given.encode(), _signature(world, file_id, expires).encode()):
        raise ApiError(HTTPStatus.FORBIDDEN, "The signature does not fit.", param="signature")
    if world.now() >= int(expires):
        raise ApiError(HTTPStatus.FORBIDDEN, "The address has expired.", param="expires")
    return Reply(_content(world, _find(world, file_id)), media_type=JSON_LINES)
