"""The simulator's own routes under /_sim/: for tests and operators, from this machine only, without a key."""

from __future__ import annotations

import ipaddress
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from starlette.types import Receive, Scope, Send

from simulator import admin_page, invites, pages, seeding
from simulator.errors import ApiError, bad_request, not_found
from simulator.faults import Fault
from simulator.messages import HTML, Call, Reply, error_reply, json_reply, read_body, send_reply
from simulator.pages import LimitRule
from simulator.routes import vendor_routes
from simulator.users import NewMember, Status, email_key
from simulator.wire import read_call
from simulator.world import Handler, World

JOURNAL_LIMIT = LimitRule(default=1_000, lowest=1, highest=100_000)

COUNTS = {
    "users": "SELECT count(*) FROM users WHERE deleted_at IS NULL",
    "inactive": "SELECT count(*) FROM users WHERE deleted_at IS NULL AND inactive_at IS NOT NULL",
    "scim_managed": "SELECT count(*) FROM users WHERE deleted_at IS NULL AND is_scim_managed = 1",
    "owners": "SELECT count(*) FROM users WHERE deleted_at IS NULL AND role = 'owner'",
    "invites_pending": "SELECT count(*) FROM invites WHERE deleted_at IS NULL AND status = 'pending'",
    "invites_accepted": "SELECT count(*) FROM invites WHERE deleted_at IS NULL AND status = 'accepted'",
    "invites_expired": "SELECT count(*) FROM invites WHERE deleted_at IS NULL AND status = 'expired'",
    "groups": "SELECT count(*) FROM groups WHERE deleted_at IS NULL",
    "groups_scim_managed": "SELECT count(*) FROM groups WHERE deleted_at IS NULL AND is_scim_managed = 1",
    "group_members": "SELECT count(*) FROM group_members WHERE deleted_at IS NULL",
    "audit_entries": "SELECT count(*) FROM audit_log",
    "workspace_calls": "SELECT count(*) FROM workspace_calls",
    "idp_assigned": "SELECT count(*) FROM idp_members",
}


class AdminRoute:
    """One of the simulator's own routes. Faults, latency, key, limiter and journal do not apply to it."""

    def __init__(self, world: World, route: str, handler: Handler) -> None:
        self._world = world
        self._route = route
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = await read_call(scope, receive, self._route)
        if call is not None:
            await send_reply(send, self._answer(scope, call))

    def _answer(self, scope: Scope, call: Call) -> Reply:
        try:
            check_loopback(scope)
            invites.settle(self._world)
            return self._handler(self._world, call)
        except ApiError as error:
            return error_reply(error)


def check_loopback(scope: Scope) -> None:
    """Raise a 403 for a caller on another machine."""
    host, _ = scope["client"]
    if not ipaddress.ip_address(host).is_loopback:
        raise ApiError(HTTPStatus.FORBIDDEN, "The simulator's own routes answer to this machine only.")


def summary(world: World) -> dict[str, Any]:
    """Return counts by kind, settings and clock."""
    return {
        "now": world.now(),
        "clock_offset_seconds": world.clock.offset_seconds,
        "counts": {name: world.store.value(sql) for name, sql in COUNTS.items()},
        "calls": dict(world.journal.totals),
        "settings": world.settings,
    }


def show_state(world: World, _call: Call) -> Reply:
    """GET /_sim/state."""
    return json_reply(summary(world))


def show_page(world: World, _call: Call) -> Reply:
    """GET /_sim/: the state for a person to read."""
    faults = [placed.shown() for placed in world.faults.all()]
    calls = world.journal.find(None, None, admin_page.SHOWN_CALLS)
    return Reply(admin_page.render(summary(world), faults, calls, vendor_routes()).encode(), media_type=HTML)


def show_settings(world: World, _call: Call) -> Reply:
    """GET /_sim/settings."""
    return json_reply(world.settings)


def change_settings(world: World, call: Call) -> Reply:
    """POST /_sim/settings: a JSON object with the settings to change; answers with all of them."""
    changes = read_body(call, dict[str, Any])
    for route in changes.get("rate_limits") or ():
        world.check_route(str(route))
    try:
        world.change_settings(changes)
    except msgspec.ValidationError as error:
        raise bad_request(str(error)) from error
    return json_reply(world.settings)


class ClockOrder(msgspec.Struct, forbid_unknown_fields=True):
    """How far to push the clock."""

    advance_seconds: Annotated[int, Meta(ge=0)]


def advance_clock(world: World, call: Call) -> Reply:
    """POST /_sim/clock: push the clock forward and carry out what falls due on the way."""
    world.advance_clock(read_body(call, ClockOrder).advance_seconds)
    invites.settle(world)
    return json_reply({"now": world.now(), "clock_offset_seconds": world.clock.offset_seconds})


def show_faults(world: World, _call: Call) -> Reply:
    """GET /_sim/faults: each fault with how many calls matched it and how often it fired."""
    return json_reply({"data": [placed.shown() for placed in world.faults.all()]})


def set_fault(world: World, call: Call) -> Reply:
    """POST /_sim/faults."""
    fault = read_body(call, Fault)
    world.check_route(fault.route)
    return json_reply(world.faults.place(fault).shown())


def clear_faults(world: World, call: Call) -> Reply:
    """DELETE /_sim/faults: all of them, or the one given as ?id=."""
    wanted = call.query.get("id")
    if wanted is None:
        world.faults.clear()
    elif not wanted.isdigit() or not world.faults.remove(int(wanted)):
        raise not_found("fault", wanted, param="id")
    return show_faults(world, call)


def show_requests(world: World, call: Call) -> Reply:
    """GET /_sim/requests?method=&route=&limit=: the last calls, oldest first, and counts of all."""
    method, route = call.query.get("method"), call.query.get("route")
    limit = pages.read_limit(call.query, JOURNAL_LIMIT, world.settings)
    entries = world.journal.find(method, route, limit)
    totals = dict(world.journal.totals)
    shown = [entry.shown() for entry in entries]
    return json_reply({"total": world.journal.total(method, route), "totals": totals, "data": shown})


def clear_requests(world: World, _call: Call) -> Reply:
    """DELETE /_sim/requests: forget calls and counts."""
    world.journal.clear()
    return json_reply({"total": 0})


class AcceptOrder(msgspec.Struct, forbid_unknown_fields=True):
    """Which invite to accept: one by id, the newest of an address, or all that are pending."""

    email: str | None = None
    invite_id: str | None = None
    all: bool = False


def accept(world: World, call: Call) -> Reply:
    """POST /_sim/accept: accept now; an expired or accepted invite is a 409."""
    order = read_body(call, AcceptOrder)
    if order.all:
        return json_reply({"accepted": invites.accept_all(world)})
    sql = """
        SELECT seq, body FROM invites WHERE deleted_at IS NULL AND (id = :id OR email_key = :key)
        ORDER BY status = 'pending' DESC, seq DESC LIMIT 1
    """
    row = world.store.one(sql, {"id": order.invite_id, "key": email_key(order.email)})
    return json_reply({"accepted": 1, "user_id": invites.accept_by_hand(world, row)})


def seed(world: World, call: Call) -> Reply:
    """POST /_sim/seed: members in bulk."""
    return json_reply({"added": seeding.seed(world, read_body(call, seeding.SeedOrder))})


class MembersOrder(msgspec.Struct, forbid_unknown_fields=True):
    """Members to add."""

    members: list[NewMember]


def add_members(world: World, call: Call) -> Reply:
    """POST /_sim/members: add named members behind the API's back."""
    added = seeding.add_members(world, read_body(call, MembersOrder).members)
    return json_reply({"added": len(added), "data": [{"id": user.id, "email": user.email} for user in added]})


class RemovalOrder(msgspec.Struct, forbid_unknown_fields=True):
    """Members to remove, by address."""

    emails: list[str]


def remove_members(world: World, call: Call) -> Reply:
    """DELETE /_sim/members: remove members behind the API's back."""
    return json_reply({"removed": seeding.remove_members(world, read_body(call, RemovalOrder).emails)})


class StatusOrder(msgspec.Struct, forbid_unknown_fields=True):
    """Whether a member may come in."""

    email: str
    status: Status


def set_status(world: World, call: Call) -> Reply:
    """POST /_sim/members/status: as if an owner had done it on the vendor's own pages."""
    order = read_body(call, StatusOrder)
    return json_reply({"user_id": seeding.set_status(world, order.email, order.status), "status": order.status})


def reset(world: World, _call: Call) -> Reply:
    """POST /_sim/reset: back to the state of a first start, settings, clock, faults and journal included."""
    world.clear()
    seeding.ensure_organization(world)
    return show_state(world, _call)
