"""Invites, and the people who accept them or let them lapse (vendor fact sheet 3.2).

Nothing runs in the background. When an invite is made it is settled, from the seed and the address alone,
whether and when its recipient accepts; `settle` then carries out what has fallen due, in order and with
the time at which it fell due, before each call is answered. To a caller this cannot be told from a
service that acts by itself, and two runs with the same calls agree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from simulator import audit_log, pages, users
from simulator.clock import SECONDS_PER_DAY
from simulator.errors import ApiError, bad_request, conflict, not_found
from simulator.ids import draw, draw_share, object_id
from simulator.messages import Call, Reply, json_reply, read_body
from simulator.users import (
    DEFAULT_SEAT,
    NewMember,
    ProjectMembership,
    SeatType,
    WorkspaceRole,
    email_key,
)
from simulator.world import DEFAULT_PROJECT_ID, DEFAULT_PROJECT_NAME, World

PENDING = "pending"
ACCEPTED = "accepted"
EXPIRED = "expired"

SETTLE_BATCH = 5_000
LONGEST_ADDRESS = 320

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_NAME_BREAK = re.compile(r"[._+-]+")


class ProjectGrant(msgspec.Struct):
    """A project that accepting brings membership of."""

    id: str
    role: Literal["member", "owner"]


class Invite(msgspec.Struct, kw_only=True):
    """An invite as the API shows one. Times are Unix seconds."""

    object: str = "organization.invite"
    id: str
    email: str
    role: Literal["owner", "reader"]
    status: str
    created_at: int
    expires_at: int
    accepted_at: int | None = None
    projects: list[ProjectGrant]


@dataclass(frozen=True)
class Terms:
    """What an invite carries that the organization's API does not show."""

    seat_type: SeatType = DEFAULT_SEAT
    workspace_role: WorkspaceRole | None = None
    is_scim_managed: bool = False


PLAIN = Terms()


class InviteOrder(msgspec.Struct):
    """The body of a create. `projects` left out means the default project, an empty list means none."""

    email: Annotated[str, Meta(max_length=LONGEST_ADDRESS)]
    role: Literal["owner", "reader"]
    projects: list[ProjectGrant] | UnsetType = UNSET


def create_invite(world: World, call: Call) -> Reply:
    """POST /v1/organization/invites: what happens for a member or a pending address is a setting."""
    order = read_body(call, InviteOrder)
    if there_is := check_order(world, order.email):
        return Reply(there_is.encode())
    return json_reply(send(world, order, actor=audit_log.api_key_actor(world)))


def send(world: World, order: InviteOrder, *, actor: audit_log.Actor | None, terms: Terms = PLAIN) -> Invite:
    """Make an invite, whatever is there already. Without an actor it is the directory's doing."""
    with world.store.transaction():
        invite = _place(world, order, terms)
        data = {"email": invite.email, "role": audit_log.audit_role(invite.role)}
        detail = {"id": invite.id, "data": data}
        audit_log.record(world, audit_log.Event("invite.sent", invite.id, detail, actor))
    return invite


def check_order(world: World, email: str) -> str | None:
    """Return the pending invite (as JSON) that a create for the address is to answer with, if any.

    Raises what the settings say for a member and for an address that has been invited.
    """
    if not _ADDRESS.fullmatch(email):
        raise bad_request(f"'{email}' is not a valid email address.", param="email")
    refuse_member(world, email)
    pending = _pending(world, email)
    if pending and world.settings.reinvite_pending == "error":
        raise bad_request("This address has a pending invite.", param="email", code="invite_already_pending")
    return pending if world.settings.reinvite_pending == "same" else None


def refuse_member(world: World, email: str) -> None:
    """Raise what the settings say for an address that belongs to a member."""
    status = HTTPStatus(world.settings.invite_member)
    if status is HTTPStatus.OK or users.find_by_email(world, email) is None:
        return
    raise ApiError(status, "This user is already a member.", param="email", code="user_already_member")


def _pending(world: World, email: str) -> str | None:
    sql = """
        SELECT body FROM invites WHERE email_key = ? AND status = 'pending' AND deleted_at IS NULL
        ORDER BY seq DESC LIMIT 1
    """
    body: str | None = world.store.value(sql, (email_key(email),))
    return body


def expiry(world: World) -> int:
    """Return when an invite sent now expires."""
    return world.now() + round(world.settings.invite_lifetime_days * SECONDS_PER_DAY)


def _place(world: World, order: InviteOrder, terms: Terms) -> Invite:
    now, key = world.now(), email_key(order.email)
    seq = world.store.next_seq("invites")
    expires_at = expiry(world)
    default = [ProjectGrant(DEFAULT_PROJECT_ID, "member")]
    invite = Invite(
        id=object_id("invite", seq),
        email=order.email,
        role=order.role,
        status=PENDING,
        created_at=now,
        expires_at=expires_at,
        projects=default if order.projects is UNSET else order.projects,
    )
    # A reminder counts as a further invite, so that who ignored the first may follow the second.
    earlier = world.store.value("SELECT count(*) + coalesce(sum(resent), 0) FROM invites WHERE email_key = ?", (key,))
    insert(world, seq, invite, accept_at=acceptance(world, str(key), earlier, expires_at), terms=terms)
    return invite


def insert(world: World, seq: int, invite: Invite, *, accept_at: int | None, terms: Terms = PLAIN) -> None:
    """Insert an invite whose recipient accepts at `accept_at`, or never; call it inside a transaction."""
    due_at = invite.expires_at if accept_at is None else accept_at
    row = (
        seq,
        invite.id,
        email_key(invite.email),
        invite.status,
        accept_at,
        invite.expires_at,
        due_at,
        msgspec.json.encode(invite).decode(),
        invite.created_at,
        terms.seat_type,
        terms.workspace_role,
        terms.is_scim_managed,
    )
    world.store.run(_INSERT, row)


_INSERT = """
    INSERT INTO invites (seq, id, email_key, status, accept_at, expires_at, due_at, body, shown_from,
      seat_type, workspace_role, is_scim_managed)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def acceptance(world: World, key: str, earlier: int, expires_at: int) -> int | None:
    """Return when the recipient of the n-th invite to an address accepts it, or None for never."""
    settings = world.settings
    if draw_share(settings.seed, "accepts", key, earlier) >= settings.accept_rate:
        return None
    shortest, longest = settings.accept_after_seconds
    moment = world.now() + shortest + draw(settings.seed, "delay", key, earlier) % (longest - shortest + 1)
    return moment if moment < expires_at else None


_DUE = """
    SELECT seq, body, accept_at, due_at FROM invites
    WHERE status = 'pending' AND deleted_at IS NULL AND due_at <= ? ORDER BY due_at, seq LIMIT ?
"""


def settle(world: World) -> None:
    """Accept and expire what has fallen due up to now; costs one index seek when nothing has."""
    while due := world.store.rows(_DUE, (world.now(), SETTLE_BATCH)):
        with world.store.transaction():
            for seq, body, accept_at, due_at in due:
                _settle_one(world, seq, msgspec.json.decode(body, type=Invite), accept_at, due_at)


def _settle_one(world: World, seq: int, invite: Invite, accept_at: int | None, due_at: int) -> None:
    if accept_at is None:
        _save(world, seq, invite, status=EXPIRED, at=due_at)
    elif users.find_by_email(world, invite.email) is None:
        accept(world, seq, invite, at=due_at)
    else:
        # Who is a member already does not follow a second link; that invite lies until it expires.
        world.store.run("UPDATE invites SET accept_at = NULL, due_at = expires_at WHERE seq = ?", (seq,))


def accept(world: World, seq: int, invite: Invite, *, at: int) -> str:
    """Accept a pending invite and return the member's id; call it inside a transaction.

    An address that is a member already keeps its one membership.
    """
    user_id = users.find_by_email(world, invite.email)
    joins = user_id is None
    if user_id is None:
        user_id = users.add(world, _newcomer(invite, terms_of(world, seq)), at=at).id
    _save(world, seq, invite, status=ACCEPTED, at=at)
    actor = audit_log.session_actor(user_id, invite.email)
    audit_log.record(world, audit_log.Event("invite.accepted", invite.id, {"id": invite.id}, actor, at))
    if joins:
        detail = {"id": user_id, "data": {"role": audit_log.audit_role(invite.role)}}
        audit_log.record(world, audit_log.Event("user.added", user_id, detail, actor, at))
        _join_directory_groups(world, user_id, invite.email, at)
    return user_id


_DIRECTORY_GROUPS = """
    INSERT OR IGNORE INTO group_members (group_id, user_id, shown_from)
    SELECT g.group_id, :user, :at FROM idp_group_members m JOIN idp_groups g ON g.name = m.group_name
    WHERE m.email_key = :key AND g.group_id IS NOT NULL
"""


def _join_directory_groups(world: World, user_id: str, email: str, at: int) -> None:
    """Put a newcomer into the groups that the identity provider assigned them to while they were pending."""
    world.store.run(_DIRECTORY_GROUPS, {"user": user_id, "key": email_key(email), "at": at})


def terms_of(world: World, seq: int) -> Terms:
    """Return what the invite with that row number carries beside what it shows."""
    row = world.store.one("SELECT seat_type, workspace_role, is_scim_managed FROM invites WHERE seq = ?", (seq,))
    return Terms(row[0], row[1], bool(row[2])) if row else PLAIN


def _newcomer(invite: Invite, terms: Terms) -> NewMember:
    local_part = invite.email.partition("@")[0]
    name = " ".join(word.capitalize() for word in _NAME_BREAK.split(local_part) if word)
    granted = [ProjectMembership(grant.id, _project_name(grant.id), grant.role) for grant in invite.projects]
    return NewMember(
        email=invite.email,
        name=name,
        role=invite.role,
        projects=granted,
        seat_type=terms.seat_type,
        workspace_role=terms.workspace_role,
        is_scim_managed=terms.is_scim_managed,
    )


def _project_name(project_id: str) -> str:
    return DEFAULT_PROJECT_NAME if project_id == DEFAULT_PROJECT_ID else project_id


_SAVE = """
    UPDATE invites SET status = :status, body = :body, changed_at = :at,
      prior_body = CASE WHEN changed_at > :shown_at THEN prior_body ELSE body END
    WHERE seq = :seq
"""


def _save(world: World, seq: int, invite: Invite, *, status: str, at: int) -> None:
    invite.status = status
    invite.accepted_at = at if status == ACCEPTED else None
    body = msgspec.json.encode(invite).decode()
    params = {"seq": seq, "status": status, "body": body, "at": at, "shown_at": world.visible_at()}
    world.store.run(_SAVE, params)


def accept_by_hand(world: World, row: tuple[Any, ...] | None) -> str:
    """Accept at once the invite in a row of (seq, body); returns the member's id.

    Raises a 404 where there is no invite and a 409 where it has expired or was accepted (fact sheet 9.9).
    """
    if row is None:
        raise ApiError(HTTPStatus.NOT_FOUND, "No invite for that address or id.")
    seq, invite = row[0], msgspec.json.decode(row[1], type=Invite)
    if invite.status != PENDING:
        raise conflict(f"The invite is {invite.status}.", code=f"invite_{invite.status}")
    with world.store.transaction():
        return accept(world, seq, invite, at=world.now())


def accept_all(world: World) -> int:
    """Accept every pending invite at once; returns how many there were."""
    sql = "SELECT seq, body FROM invites WHERE status = 'pending' AND deleted_at IS NULL ORDER BY seq"
    rows, now = world.store.rows(sql), world.now()
    with world.store.transaction():
        for seq, body in rows:
            accept(world, seq, msgspec.json.decode(body, type=Invite), at=now)
    return len(rows)


_LIST = """
    SELECT id, CASE WHEN changed_at > :shown_at THEN prior_body ELSE body END FROM invites
    WHERE seq > :after AND shown_from <= :shown_at AND (deleted_at IS NULL OR deleted_at > :shown_at)
    ORDER BY seq LIMIT :rows
"""


def list_invites(world: World, call: Call) -> Reply:
    """GET /v1/organization/invites: pending, accepted and expired alike; the vendor offers no filter."""
    limit = pages.read_limit(call.query, pages.CURSOR_LIST_LIMIT, world.settings)
    after = 0
    if cursor := call.query.get("after"):
        position = world.store.value("SELECT seq FROM invites WHERE id = ?", (cursor,))
        after = pages.start_after(position, cursor, world.settings)
    params = {"after": after, "shown_at": world.visible_at(), "rows": limit + 1}
    return Reply(pages.cursor_page(world.store.rows(_LIST, params), limit))


def fetch(world: World, invite_id: str) -> Invite:
    """Return an invite; raises a 404 if there is none with that id."""
    body = world.store.value("SELECT body FROM invites WHERE id = ? AND deleted_at IS NULL", (invite_id,))
    if body is None:
        raise not_found("invite", invite_id, param="invite_id")
    return msgspec.json.decode(body, type=Invite)


def retrieve_invite(world: World, call: Call) -> Reply:
    """GET /v1/organization/invites/{invite_id}: a deleted invite is a 404, there is no "revoked"."""
    return json_reply(fetch(world, call.params["invite_id"]))


class InviteDeleted(msgspec.Struct):
    """The answer to a delete."""

    id: str
    object: Literal["organization.invite.deleted"] = "organization.invite.deleted"
    deleted: bool = True


def delete_invite(world: World, call: Call) -> Reply:
    """DELETE /v1/organization/invites/{invite_id}: an accepted invite cannot be deleted (fact sheet 9.10)."""
    invite = fetch(world, call.params["invite_id"])
    withdraw(world, invite, actor=audit_log.api_key_actor(world))
    return json_reply(InviteDeleted(invite.id))


def withdraw(world: World, invite: Invite, *, actor: audit_log.Actor | None) -> None:
    """Delete an invite; raises a 400 for an accepted one."""
    refuse_accepted(invite)
    with world.store.transaction():
        world.store.run("UPDATE invites SET deleted_at = ? WHERE id = ?", (world.now(), invite.id))
        audit_log.record(world, audit_log.Event("invite.deleted", invite.id, {"id": invite.id}, actor))


def refuse_accepted(invite: Invite) -> None:
    """Raise a 400 for an invite that was accepted."""
    if invite.status == ACCEPTED:
        raise bad_request("Invite was already accepted.", param="invite_id", code="invite_already_accepted")
