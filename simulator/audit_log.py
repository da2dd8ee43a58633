"""The vendor's audit log (vendor fact sheet 3.6, 9.14).

Every change leaves an entry in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from simulator import pages
from simulator.errors import bad_request
from simulator.ids import object_id
from simulator.messages import Call, Reply
from simulator.world import DEFAULT_PROJECT_ID, DEFAULT_PROJECT_NAME, World

ADMIN_KEY_ID = "key_simulator_admin"
WORKSPACE_KEY_ID = "key_simulator_workspace"
KEY_OWNER = "key_owner"
TENANT_PREFIX = "tenant."
# From the block of addresses reserved for documentation (RFC 5737).
SESSION_ADDRESS = "192.0.2.10"
SESSION_USER_AGENT = "Mozilla/5.0 (simulated)"

# A kind of event for which the vendor publishes no detail schema.
EVENT_WITHOUT_SCHEMA = "tenant.sso.migrated"

# The audit log says "member" where users and invites say "reader".
_AUDIT_ROLES = {"reader": "member"}


@dataclass(frozen=True)
class Actor:
    """Who did it: `actor_id` is the key's or the user's id; `shown` is the entry's `actor` object."""

    actor_id: str
    user_id: str
    email: str | None
    shown: Mapping[str, Any]


def session_actor(user_id: str, email: str | None) -> Actor:
    """Return a person who acted signed in, as when accepting an invite."""
    session = {
        "user": {"id": user_id, "email": email},
        "ip_address": SESSION_ADDRESS,
        "user_agent": SESSION_USER_AGENT,
    }
    return Actor(user_id, user_id, email, {"type": "session", "session": session})


def key_owner(world: World) -> tuple[str, str]:
    """Return the id and email of the owner who made the admin key."""
    owner = world.store.load(KEY_OWNER)
    return owner["id"], owner["email"]


def api_key_actor(world: World, key_id: str = ADMIN_KEY_ID) -> Actor:
    """Return the key that a call uses: by default the organization's admin key."""
    user_id, email = key_owner(world)
    api_key = {"id": key_id, "type": "user", "user": {"id": user_id, "email": email}}
    return Actor(key_id, user_id, email, {"type": "api_key", "api_key": api_key})


def workspace_key_actor(world: World) -> Actor:
    """Return the workspace's key, which the same owner made."""
    return api_key_actor(world, WORKSPACE_KEY_ID)


def audit_role(role: str | None) -> str | None:
    """Return a role in the audit log's words."""
    return _AUDIT_ROLES.get(role or "", role)


@dataclass(frozen=True)
class Event:
    """What happened, by default now.

    `detail` goes under a key equal to `type`; None leaves the key out.
    """

    type: str
    resource_id: str | None
    detail: Mapping[str, Any] | None
    actor: Actor | None
    at: int | None = None


def record_by_key(world: World, event: str, resource_id: str, detail: Mapping[str, Any]) -> None:
    """Write an entry for a change made through the API; call it inside the transaction of the change."""
    record(world, Event(event, resource_id, detail, api_key_actor(world)))


def record(world: World, event: Event) -> None:
    """Write an entry; call it inside the transaction of the change."""
    seq = world.store.next_seq("audit_log")
    entry_id = object_id("audit_log", seq)
    moment = world.now() if event.at is None else event.at
    entry: dict[str, Any] = {
        "id": entry_id,
        "type": event.type,
        "effective_at": moment,
        "project": {"id": DEFAULT_PROJECT_ID, "name": DEFAULT_PROJECT_NAME},
        "actor": event.actor.shown if event.actor else None,
    }
    if event.detail is not None:
        entry[event.type] = event.detail
    row = (
        seq,
        entry_id,
        moment,
        event.type,
        event.resource_id,
        event.actor and event.actor.actor_id,
        event.actor and event.actor.user_id,
        event.actor and event.actor.email,
        DEFAULT_PROJECT_ID,
        msgspec.json.encode(entry).decode(),
    )
    world.store.run("INSERT INTO audit_log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


# Both statements are whole texts, so that no SQL is ever put together from what a caller sends. The
# order is newest first; `after` means older, `before` means newer.
_FILTERS = """
    WHERE effective_at <= :shown_at
      AND (:gt IS NULL OR effective_at > :gt) AND (:gte IS NULL OR effective_at >= :gte)
      AND (:lt IS NULL OR effective_at < :lt) AND (:lte IS NULL OR effective_at <= :lte)
      AND (effective_at, seq) < (:after_time, :after_seq)
      AND (effective_at, seq) > (:before_time, :before_seq)
      AND (NOT :tenant_only OR type LIKE 'tenant.%')
      AND (:types IS NULL OR type IN (SELECT value FROM json_each(:types)))
      AND (:emails IS NULL OR lower(actor_email) IN (SELECT lower(value) FROM json_each(:emails)))
      AND (:projects IS NULL OR project_id IN (SELECT value FROM json_each(:projects)))
      AND (:actors IS NULL OR actor_id IN (SELECT value FROM json_each(:actors))
           OR actor_user_id IN (SELECT value FROM json_each(:actors)))
"""
_PAGE = "SELECT id, body FROM audit_log INDEXED BY audit_log_page" + _FILTERS  # constants
_PAGE_OF_RESOURCES = (
    "SELECT id, body FROM audit_log INDEXED BY audit_log_resource"  # constants
    + _FILTERS
    + " AND resource_id IN (SELECT value FROM json_each(:resources))"
)
_OLDER = " ORDER BY effective_at DESC, seq DESC LIMIT :rows"
_NEWER = " ORDER BY effective_at, seq LIMIT :rows"
_LISTS = {
    (False, False): _PAGE + _OLDER,
    (False, True): _PAGE + _NEWER,
    (True, False): _PAGE_OF_RESOURCES + _OLDER,
    (True, True): _PAGE_OF_RESOURCES + _NEWER,
}


def list_entries(world: World, call: Call) -> Reply:
    """GET /v1/organization/audit_logs: newest first, filtered, by cursor in either direction."""
    query = call.query
    limit = pages.read_limit(query, pages.CURSOR_LIST_LIMIT, world.settings)
    types = pages.read_array(query, "event_types")
    tenant_only = bool(pages.read_bool(query, "tenant_only"))
    if tenant_only and any(not name.startswith(TENANT_PREFIX) for name in types or ()):
        raise bad_request("With tenant_only all event types must be tenant-scoped.", param="event_types")
    resources = pages.read_json_array(query, "resource_ids")
    after = _position(world, query.get("after"), "after")
    before = _position(world, query.get("before"), "before")
    # Only a lone `before` reads backwards; with both cursors the page is the stretch between them.
    backwards = before is not None and after is None
    after_time, after_seq = after or (pages.END, pages.END)
    before_time, before_seq = before or (-1, -1)
    params = {
        "shown_at": world.visible_at(),
        **{name: pages.read_seconds(query, f"effective_at[{name}]") for name in ("gt", "gte", "lt", "lte")},
        "after_time": after_time,
        "after_seq": after_seq,
        "before_time": before_time,
        "before_seq": before_seq,
        "tenant_only": tenant_only,
        "types": pages.read_json_array(query, "event_types"),
        "emails": pages.read_json_array(query, "actor_emails"),
        "actors": pages.read_json_array(query, "actor_ids"),
        "projects": pages.read_json_array(query, "project_ids"),
        "resources": resources,
        "rows": limit + 1,
    }
    rows = world.store.rows(_LISTS[resources is not None, backwards], params)
    if backwards:
        # Newest first again, with the surplus row that marks "more" still at the end.
        rows = rows[:limit][::-1] + rows[limit:]
    return Reply(pages.cursor_page([(entry_id, body) for entry_id, body in rows], limit))


def _position(world: World, cursor: str | None, param: str) -> tuple[int, int] | None:
    if cursor is None:
        return None
    row = world.store.one("SELECT effective_at, seq FROM audit_log WHERE id = ?", (cursor,))
    if row is not None:
        return row[0], row[1]
    if world.settings.unknown_cursor == "error":
        raise pages.unknown_cursor(cursor, param)
    return (-1, -1) if param == "after" else (pages.END, pages.END)
