"""A workspace whose people come and go by the identity provider (SCIM). Beacon looks and never writes.

What was decided leaves as lists of group members for the identity team; the sync verifies the outcome.
"""

from __future__ import annotations

from typing import Any, NoReturn

from apps.licenses.ports import Receipt, Rejected, SeatProvider


def _never(*_args: Any) -> NoReturn:
    raise Rejected("The identity provider manages this workspace; Beacon does not write to it.")


class Adapter:
    """The reading half of another adapter (see `licenses.ports.SeatProvider`); every write is refused before the wire."""

    def __init__(self, reader: SeatProvider) -> None:
        self.members, self.invites, self.groups = reader.members, reader.invites, reader.groups
        self.group_members, self.member_by_email = reader.group_members, reader.member_by_email
        self.has_member, self.has_invite = reader.has_member, reader.has_invite
        self.retention, self.events, self.usage = reader.retention, reader.events, reader.usage

    def invite(self, email: str, previous: str = "") -> Receipt:
        _never(email, previous)

    def withdraw(self, invite_id: str) -> Receipt:
        _never(invite_id)

    def remove(self, member_id: str) -> Receipt:
        _never(member_id)

    def suspend(self, member_id: str) -> Receipt:
        _never(member_id)

    def restore(self, member_id: str) -> Receipt:
        _never(member_id)

    def set_member_role(self, member_id: str) -> Receipt:
        _never(member_id)

    def group_create(self, name: str) -> Receipt:
        _never(name)

    def group_add(self, group_id: str, member_id: str) -> Receipt:
        _never(group_id, member_id)

    def group_remove(self, group_id: str, member_id: str) -> Receipt:
        _never(group_id, member_id)
