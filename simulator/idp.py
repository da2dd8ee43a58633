"""The identity provider, as far as its pushes show in the vendor's data (vendor fact sheet 5 and 9.22).

It knows people by address. What it has assigned is kept, and every push brings the vendor in line with it:
members are taken over without a word, others are invited, members it manages who are no longer assigned
are removed, and those removed through the API come back. Whether a pending invite ends with the assignment
the vendor does not say; it is a setting.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import UNSET, UnsetType

from simulator import audit_log, group_users, groups, invites, users
from simulator.invites import InviteOrder, Terms
from simulator.messages import Call, Reply, json_reply, read_body
from simulator.users import OWNER, READER, email_key
from simulator.world import World

Key = str


class Assigned(msgspec.Struct, forbid_unknown_fields=True):
    """Someone assigned to the application at the identity provider."""

    email: str
    name: str | None = None


class SyncOrder(msgspec.Struct, forbid_unknown_fields=True):
    """A push. What is left out stays as in the push before; groups are addresses by group name."""

    members: list[Assigned | str] | UnsetType = UNSET
    groups: dict[str, list[str]] | UnsetType = UNSET


class Outcome(msgspec.Struct):
    """How many people and groups a push changed."""

    adopted: int = 0
    invited: int = 0
    readded: int = 0
    removed: int = 0
    invites_cancelled: int = 0
    groups: int = 0


def sync(world: World, call: Call) -> Reply:
    """POST /_sim/idp_sync: keep the lists that were given, then bring the vendor in line with what is kept."""
    order = read_body(call, SyncOrder)
    with world.store.transaction():
        if order.members is not UNSET:
            _keep_members(world, order.members)
        former = _keep_groups(world, order.groups) if order.groups is not UNSET else []
    outcome = Outcome()
    _unassign(world, outcome)
    for key, email, name in world.store.rows("SELECT email_key, email, name FROM idp_members ORDER BY email_key"):
        _assign(world, outcome, key, Assigned(email, name))
    _sync_groups(world, outcome, former)
    return json_reply(outcome)


def _keep_members(world: World, members: Iterable[Assigned | str]) -> None:
    world.store.run("DELETE FROM idp_members")
    listed = [Assigned(member) if isinstance(member, str) else member for member in members]
    rows = [(email_key(member.email), member.email, member.name) for member in listed]
    world.store.run_many("INSERT OR REPLACE INTO idp_members (email_key, email, name) VALUES (?, ?, ?)", rows)


def _keep_groups(world: World, pushed: dict[str, list[str]]) -> list[str]:
    """Keep which groups are pushed and who is in them; returns the ids of groups that no longer are."""
    before = world.store.rows("SELECT name, group_id FROM idp_groups")
    for name, _ in before:
        if name not in pushed:
            world.store.run("DELETE FROM idp_groups WHERE name = ?", (name,))
    world.store.run("DELETE FROM idp_group_members")
    world.store.run_many("INSERT OR IGNORE INTO idp_groups (name) VALUES (?)", [(name,) for name in pushed])
    rows = [(name, email_key(email)) for name, emails in pushed.items() for email in emails]
    world.store.run_many("INSERT OR IGNORE INTO idp_group_members VALUES (?, ?)", rows)
    return [group_id for name, group_id in before if name not in pushed and group_id is not None]


_UNASSIGNED = """
    SELECT id FROM users WHERE is_scim_managed = 1 AND deleted_at IS NULL
      AND (email_key IS NULL OR email_key NOT IN (SELECT email_key FROM idp_members)) ORDER BY seq
"""
_UNASSIGNED_INVITES = """
    SELECT id FROM invites WHERE is_scim_managed = 1 AND status = 'pending' AND deleted_at IS NULL
      AND email_key NOT IN (SELECT email_key FROM idp_members) ORDER BY seq
"""


def _unassign(world: World, outcome: Outcome) -> None:
    """Remove whom the identity provider managed and manages no more; the last owner stays."""
    for (user_id,) in world.store.rows(_UNASSIGNED):
        user = users.fetch(world, user_id)
        if user.role == OWNER and users.is_last_owner(world, user_id):
            continue
        with world.store.transaction():
            users.remove(world, user, actor=None)
            # So that a later assignment is a new invitation and not a return.
            world.store.run("UPDATE users SET is_scim_managed = 0 WHERE id = ?", (user_id,))
        outcome.removed += 1
    if world.settings.idp_unassign_pending == "cancel":
        for (invite_id,) in world.store.rows(_UNASSIGNED_INVITES):
            invites.withdraw(world, invites.fetch(world, invite_id), actor=None)
            outcome.invites_cancelled += 1


def _assign(world: World, outcome: Outcome, key: Key, person: Assigned) -> None:
    """Bring one assigned person in: adopt, give back, or invite."""
    user_id = users.find_by_email(world, key)
    if user_id is not None:
        outcome.adopted += _adopt(world, user_id)
        return
    removed = world.store.value(_REMOVED, (key,))
    if removed is not None:
        _give_back(world, removed)
        outcome.readded += 1
        return
    if world.store.run(_TAKE_OVER_INVITE, (key,)):
        return
    order = InviteOrder(email=person.email, role=READER, projects=[])
    invites.send(world, order, actor=None, terms=Terms(is_scim_managed=True))
    outcome.invited += 1


def _adopt(world: World, user_id: str) -> int:
    user = users.fetch(world, user_id)
    if user.is_scim_managed:
        return 0
    user.is_scim_managed = True
    with world.store.transaction():
        users.save(world, user)
    return 1


# Only someone whom the identity provider managed when they were removed; others left for reasons of their own.
_REMOVED = """
    SELECT id FROM users WHERE email_key = ? AND deleted_at IS NOT NULL AND is_scim_managed = 1
    ORDER BY seq DESC LIMIT 1
"""
_TAKE_OVER_INVITE = """
    UPDATE invites SET is_scim_managed = 1 WHERE email_key = ? AND status = 'pending' AND deleted_at IS NULL
"""
_GIVE_BACK = "UPDATE users SET deleted_at = NULL, inactive_at = NULL, shown_from = ? WHERE id = ?"


def _give_back(world: World, user_id: str) -> None:
    """Let a removed member come back under the id they had: the person's account was never gone."""
    with world.store.transaction():
        world.store.run(_GIVE_BACK, (world.now(), user_id))
        user = users.fetch(world, user_id)
        user.user.enabled = True
        users.save(world, user)
        detail = {"id": user_id, "data": {"role": audit_log.audit_role(user.role)}}
        audit_log.record(world, audit_log.Event("user.added", user_id, detail, None))


def _sync_groups(world: World, outcome: Outcome, former: list[str]) -> None:
    with world.store.transaction():
        for group_id in former:
            if world.store.one("SELECT 1 FROM groups WHERE id = ? AND deleted_at IS NULL", (group_id,)):
                groups.remove(world, group_id, actor=None)
        for (name,) in world.store.rows("SELECT name FROM idp_groups ORDER BY name"):
            group_id = _take_over(world, name)
            world.store.run("UPDATE idp_groups SET group_id = ? WHERE name = ?", (group_id, name))
            outcome.groups += _fill(world, group_id, name)


_SAME_NAME = "SELECT id FROM groups WHERE body ->> '$.name' = ? AND deleted_at IS NULL ORDER BY seq LIMIT 1"


def _take_over(world: World, name: str) -> str:
    """Return the id of the group with a name, which the identity provider manages from now on."""
    group_id = world.store.value(_SAME_NAME, (name,))
    if group_id is None:
        group = groups.add(world, name, is_scim_managed=True)
        audit_log.record(
            world, audit_log.Event("group.created", group.id, {"id": group.id, "data": {"group_name": name}}, None)
        )
        return group.id
    group = groups.fetch(world, group_id)
    if not group.is_scim_managed:
        group.is_scim_managed = True
        groups.save(world, group)
    return group.id


_WANTED = """
    SELECT u.id FROM idp_group_members m JOIN users u ON u.email_key = m.email_key AND u.deleted_at IS NULL
    WHERE m.group_name = ? AND m.email_key IN (SELECT email_key FROM idp_members)
"""
_PRESENT = "SELECT user_id FROM group_members WHERE group_id = ? AND deleted_at IS NULL"


def _fill(world: World, group_id: str, name: str) -> int:
    """Make a group hold those who are assigned to it and nobody else; returns whether that changed anything."""
    wanted = dict.fromkeys(user_id for (user_id,) in world.store.rows(_WANTED, (name,)))
    present = {user_id for (user_id,) in world.store.rows(_PRESENT, (group_id,))}
    for user_id in present - wanted.keys():
        group_users.drop(world, group_id, user_id)
    for user_id in wanted:
        if user_id not in present:
            group_users.add(world, group_id, user_id)
    return int(present != wanted.keys())
