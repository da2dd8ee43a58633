"""Invitations to the workspace: the same invites as the organization's, in the workspace's words.

The vendor's document for these routes was not to be had (vendor fact sheet 4, "[?]"): list, get, create,
resend and delete exist, their paths and fields are our assumption. Who accepts, and when, is settled as
for the organization.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from simulator import audit_log, invites, pages, users
from simulator.invites import LONGEST_ADDRESS, InviteOrder, Terms
from simulator.messages import Call, Reply, json_reply, read_body
from simulator.users import DEFAULT_SEAT, MEMBER, OWNER, READER, SeatType, WorkspaceRole
from simulator.workspace_users import LIST_LIMIT
from simulator.world import World

_BODY = "CASE WHEN changed_at > :shown_at THEN prior_body ELSE body END"
_ROW = f"""
    json_object('object', 'workspace.invite', 'id', id, 'email', {_BODY} ->> '$.email',
      'role', coalesce(workspace_role, CASE {_BODY} ->> '$.role' WHEN 'owner' THEN 'owner' ELSE 'member' END),
      'seat_type', seat_type, 'status', {_BODY} ->> '$.status', 'created_at', {_BODY} ->> '$.created_at',
      'expires_at', {_BODY} ->> '$.expires_at', 'accepted_at', {_BODY} ->> '$.accepted_at')
"""
_LIST = f"""
    SELECT id, {_ROW} FROM invites
    WHERE seq > :after AND shown_from <= :shown_at AND (deleted_at IS NULL OR deleted_at > :shown_at)
    ORDER BY seq LIMIT :rows
"""
_ONE = f"SELECT {_ROW} FROM invites WHERE id = :id"


class Order(msgspec.Struct):
    """The body of a create."""

    email: Annotated[str, Meta(max_length=LONGEST_ADDRESS)]
    role: WorkspaceRole = MEMBER
    seat_type: SeatType = DEFAULT_SEAT


def list_invites(world: World, call: Call) -> Reply:
    """GET .../invites: pending, accepted and expired alike, in the order they were made."""
    limit = pages.read_limit(call.query, LIST_LIMIT, world.settings)
    after = 0
    if cursor := call.query.get("after"):
        position = world.store.value("SELECT seq FROM invites WHERE id = ?", (cursor,))
        after = pages.start_after(position, cursor, world.settings)
    params = {"after": after, "shown_at": world.visible_at(), "rows": limit + 1}
    return Reply(pages.cursor_page(world.store.rows(_LIST, params), limit))


def create_invite(world: World, call: Call) -> Reply:
    """POST .../invites: what happens for a member or a pending address is a setting."""
    order = read_body(call, Order)
    if there_is := invites.check_order(world, order.email):
        return _shown(world, msgspec.json.decode(there_is, type=invites.Invite).id)
    role: Literal["owner", "reader"] = OWNER if order.role == OWNER else READER
    placed = InviteOrder(email=order.email, role=role, projects=[])
    terms = Terms(seat_type=order.seat_type, workspace_role=order.role)
    actor = audit_log.workspace_key_actor(world)
    return _shown(world, invites.send(world, placed, actor=actor, terms=terms).id)


def _shown(world: World, invite_id: str) -> Reply:
    """Return one invite, always fresh."""
    return Reply(str(world.store.value(_ONE, {"id": invite_id, "shown_at": pages.END})).encode())


def retrieve_invite(world: World, call: Call) -> Reply:
    """GET .../invites/{invite_id}."""
    return _shown(world, invites.fetch(world, call.params["invite_id"]).id)


_RESEND = """
    UPDATE invites SET status = 'pending', expires_at = :expires_at, accept_at = :accept_at,
      due_at = coalesce(:accept_at, :expires_at), resent = resent + 1, body = :body, changed_at = :now,
      prior_body = CASE WHEN changed_at > :shown_at THEN prior_body ELSE body END
    WHERE id = :id
"""
_WAITING = """
    SELECT max(CASE WHEN id = :id AND status = 'pending' THEN accept_at END), count(*) + coalesce(sum(resent), 0)
    FROM invites WHERE email_key = :key
"""


def resend_invite(world: World, call: Call) -> Reply:
    """POST .../invites/{invite_id}/resend: the message goes out again and the time to accept starts anew."""
    invite = invites.fetch(world, call.params["invite_id"])
    invites.refuse_accepted(invite)
    invites.refuse_member(world, invite.email)
    key, now = users.email_key(invite.email), world.now()
    accept_at, earlier = world.store.rows(_WAITING, {"id": invite.id, "key": key})[0]
    invite.status, invite.expires_at = invites.PENDING, invites.expiry(world)
    if accept_at is None:
        # Who was about to accept still is; everybody else thinks again.
        accept_at = invites.acceptance(world, str(key), earlier, invite.expires_at)
    params = {
        "id": invite.id,
        "expires_at": invite.expires_at,
        "accept_at": accept_at,
        "body": msgspec.json.encode(invite).decode(),
        "now": now,
        "shown_at": world.visible_at(),
    }
    data = {"email": invite.email, "role": audit_log.audit_role(invite.role)}
    actor = audit_log.workspace_key_actor(world)
    with world.store.transaction():
        world.store.run(_RESEND, params)
        audit_log.record(world, audit_log.Event("invite.sent", invite.id, {"id": invite.id, "data": data}, actor))
    return _shown(world, invite.id)


class InviteDeleted(msgspec.Struct):
    """The answer to a delete."""

    id: str
    object: Literal["workspace.invite.deleted"] = "workspace.invite.deleted"
    deleted: bool = True


def delete_invite(world: World, call: Call) -> Reply:
    """DELETE .../invites/{invite_id}: an accepted invite cannot be deleted."""
    invite = invites.fetch(world, call.params["invite_id"])
    invites.withdraw(world, invite, actor=audit_log.workspace_key_actor(world))
    return json_reply(InviteDeleted(invite.id))
