"""What the organization holds before the first call, and what tests put there behind the API's back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from simulator import audit_log, group_users, groups, invites, users
from simulator.clock import SECONDS_PER_DAY
from simulator.data_retention import DEFAULT_RETENTION, RETENTION
from simulator.errors import conflict, not_found
from simulator.ids import object_id
from simulator.users import OWNER, READER, NewMember, Status, User
from simulator.world import World

DEFAULT_OWNER_EMAIL = "owner@beacon.example"
DEFAULT_OWNER_NAME = "Morgan Owner"
DEFAULT_DOMAIN = "agency.example"
DEFAULT_DAYS_AGO = 90

# fmt: off
FIRST_NAMES = (
    "Alex", "Amara", "Ana", "Andre", "Aisha", "Ben", "Bianca", "Carlos", "Chloe", "Dana", "Dev",
    "Elena", "Eli", "Fatima", "Grace", "Hugo", "Ines", "Ivan", "Jada", "Jonas", "Kai", "Keiko",
    "Leila", "Liam", "Luz", "Maya", "Milo", "Nadia", "Noah", "Olga", "Omar", "Priya", "Quinn",
    "Rosa", "Sam", "Tara", "Uma", "Victor", "Wen", "Yusuf", "Zoe",
)
LAST_NAMES = (
    "Abbott", "Alvarez", "Baker", "Bennett", "Chen", "Costa", "Diaz", "Doyle", "Evans", "Fischer",
    "Flores", "Garcia", "Green", "Hassan", "Hughes", "Ito", "Jackson", "Kaur", "Kelly", "Lopez",
    "Martin", "Mendes", "Nguyen", "Novak", "Okafor", "Ortiz", "Park", "Patel", "Quigley", "Reyes",
    "Rossi", "Santos", "Silva", "Tanaka", "Torres", "Usman", "Vargas", "Walsh", "Wong", "Young",
    "Zhang",
)
# fmt: on


class SeedOrder(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A bulk of made-up members who joined `added_days_ago`, without an audit entry each."""

    members: Annotated[int, Meta(ge=0)] = 0
    owners: list[str] = []
    oddities: bool = False
    domain: str = DEFAULT_DOMAIN
    added_days_ago: Annotated[int, Meta(ge=0)] = DEFAULT_DAYS_AGO


def ensure_organization(world: World) -> None:
    """Give an empty state its one owner, its retention control and an audit entry without details."""
    if world.store.load(audit_log.KEY_OWNER) is not None:
        return
    with world.store.transaction():
        owner = NewMember(email=DEFAULT_OWNER_EMAIL, name=DEFAULT_OWNER_NAME, role=OWNER)
        user = users.add(world, owner, at=world.now())
        world.store.save(audit_log.KEY_OWNER, {"id": user.id, "email": user.email})
        world.store.save(RETENTION, DEFAULT_RETENTION)
        audit_log.record(world, audit_log.Event(audit_log.EVENT_WITHOUT_SCHEMA, None, None, None))


def seed(world: World, order: SeedOrder) -> int:
    """Add members in bulk; returns how many were added."""
    now = world.now()
    joined = now - order.added_days_ago * SECONDS_PER_DAY
    with world.store.transaction():
        before = world.store.next_seq("users")
        for email in order.owners:
            _add_owner(world, email, joined)
        first = world.store.next_seq("users")
        world.store.run_many(users.INSERT, _made_up_rows(order, first, joined, now))
        if order.oddities:
            _add_oddities(world, order.domain, joined)
        return world.store.next_seq("users") - before


def _add_owner(world: World, email: str, joined: int) -> None:
    user_id = users.find_by_email(world, email)
    if user_id is None:
        users.add(world, NewMember(email=email, name=_name_of(email), role=OWNER, added_at=joined), at=joined)
        return
    user = users.fetch(world, user_id)
    user.role = OWNER
    users.save(world, user)


def _name_of(email: str) -> str:
    return email.partition("@")[0].replace(".", " ").title()


def _made_up_rows(order: SeedOrder, first: int, joined: int, now: int) -> Iterator[tuple[object, ...]]:
    for seq in range(first, first + order.members):
        given = FIRST_NAMES[seq % len(FIRST_NAMES)]
        family = LAST_NAMES[seq // len(FIRST_NAMES) % len(LAST_NAMES)]
        # The row number keeps addresses apart, whatever was seeded before.
        email = f"{given}.{family}.{seq}@{order.domain}".lower()
        member = NewMember(email=email, name=f"{given} {family}", added_at=joined)
        yield users.as_row(users.build(member, seq, now), seq, now, member)


def _add_oddities(world: World, domain: str, joined: int) -> None:
    """Add what a client must not stumble over (vendor fact sheet 9.11).

    A member without email, name and role; a service account; a member and a group that the identity
    provider manages; and one whose address differs in case from the invite that brought them in.
    """
    nobody = NewMember(email=None, name=None, role=None, added_at=joined)
    robot = NewMember(email=None, name="Nightly export", is_service_account=True, added_at=joined)
    synced = NewMember(email=f"sid.synced@{domain}", name="Sid Synced", is_scim_managed=True, added_at=joined)
    for member in (nobody, robot):
        users.add(world, member, at=joined)
    synced_user = users.add(world, synced, at=joined)
    group = groups.add(world, "Synced from directory", is_scim_managed=True)
    group_users.add(world, group.id, synced_user.id)
    _add_with_other_case(world, domain, joined)


def _add_with_other_case(world: World, domain: str, joined: int) -> None:
    invited = f"casey.cased@{domain}"
    member = NewMember(email=f"Casey.Cased@{domain.upper()}", name="Casey Cased", added_at=joined)
    users.add(world, member, at=joined)
    seq = world.store.next_seq("invites")
    invite = invites.Invite(
        id=object_id("invite", seq),
        email=invited,
        role=READER,
        status=invites.ACCEPTED,
        created_at=joined,
        expires_at=joined + round(world.settings.invite_lifetime_days * SECONDS_PER_DAY),
        accepted_at=joined,
        projects=[],
    )
    invites.insert(world, seq, invite, accept_at=None)


def add_members(world: World, members: list[NewMember]) -> list[User]:
    """Add named members as if an owner had done it on the vendor's own pages, with an audit entry each.

    Raises a 409 that names the first address which belongs to a member already; then none is added.
    """
    actor = audit_log.session_actor(*audit_log.key_owner(world))
    now = world.now()
    added = []
    with world.store.transaction():
        for member in members:
            if users.find_by_email(world, member.email) is not None:
                raise conflict(f"{member.email} is already a member.", code="user_already_member")
            user = users.add(world, member, at=now)
            detail = {"id": user.id, "data": {"role": audit_log.audit_role(user.role)}}
            audit_log.record(world, audit_log.Event("user.added", user.id, detail, actor))
            added.append(user)
    return added


def remove_members(world: World, emails: list[str]) -> int:
    """Remove members by address as if an owner had done it on the vendor's own pages; returns how many."""
    actor = audit_log.session_actor(*audit_log.key_owner(world))
    found = [user_id for email in emails if (user_id := users.find_by_email(world, email))]
    with world.store.transaction():
        for user_id in found:
            users.remove(world, users.fetch(world, user_id), actor=actor)
    return len(found)


def set_status(world: World, email: str, status: Status) -> str:
    """Make a member inactive, or active again, as if an owner had done it on the vendor's own pages.

    Returns their id; raises a 404 where there is no such member.
    """
    user_id = users.find_by_email(world, email)
    if user_id is None:
        raise not_found("user", email, param="email")
    actor = audit_log.session_actor(*audit_log.key_owner(world))
    detail = {"id": user_id, "changes_requested": {"status": status}}
    with world.store.transaction():
        users.save(world, users.fetch(world, user_id), status=status)
        audit_log.record(world, audit_log.Event("user.updated", user_id, detail, actor))
    return user_id
