"""What must be asked of the vendor so that it shows what was decided. Pure and level-triggered.

One row per person or account goes in (desired and observed side by side), operations and drift come out. Never
proposes to touch what Beacon does not own, what SCIM manages, service accounts or owners.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

MEMBER_ROLES = frozenset({"reader", "member", ""})
MAX_INVITES = 3
# Removals go before everything else, memberships of groups after the accounts.
PRIORITY = {"remove": 0, "withdraw": 0, "invite": 5, "group_create": 6, "group_remove": 7, "group_add": 8}

HOLD_PEOPLE, HOLD_SHARE = 25, 0.02
HOLD_AGENCY_PEOPLE, HOLD_AGENCY_SHARE = 3, 0.10
HOLD_SHRINK = 0.20


class Row(NamedTuple):
    """One person (or one account of nobody) in one workspace. Times are aware; absent things are None or empty."""

    employee_id: int | None
    email: str
    is_separated: bool
    is_desired: bool
    agency_id: int | None
    agency_group: str
    account_id: int | None
    account_ref: str
    account_email: str
    account_role: str
    is_ours: bool
    is_service: bool
    is_scim: bool
    groups: list[str]
    mirrored: list[str]
    accounts: int
    invite_id: int | None
    invite_ref: str
    invite_status: str
    invite_expires_at: datetime | None
    invite_is_ours: bool
    invites_sent: int
    was_member: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """One operation: what, to whom, and why in words that a person understands."""

    kind: str
    target: str
    employee_id: int | None
    email: str
    why: str
    vendor_ref: str = ""
    group_ref: str = ""
    agency_id: int | None = None
    # The person was a member before and vanished at the vendor.
    is_again: bool = False

    @property
    def is_removal(self) -> bool:
        return self.kind in {"remove", "withdraw"}


@dataclass(frozen=True, slots=True)
class Difference:
    """One drift: the account's primary key, its class, and a sentence."""

    kind: str
    target: str
    detail: str
    account_id: int | None = None
    employee_id: int | None = None


def person_target(employee_id: int) -> str:
    return f"person:{employee_id}"


def decide(row: Row, now: datetime) -> Iterator[Wanted | Difference]:
    """The operations and differences that one row demands."""
    if row.employee_id is None:
        yield from _of_nobody(row)
    elif row.is_desired:
        yield from _present(row, now)
    else:
        yield from _absent(row, now)
    if row.accounts > 1:
        detail = f"{row.accounts} accounts belong to this person."
        yield Difference("duplicate", row.account_ref, detail, row.account_id, row.employee_id)


def _invited(row: Row, now: datetime) -> bool:
    """Whether an invitation lies with the person. A status that nobody documented counts as one: better to wait."""
    expired = row.invite_expires_at is not None and row.invite_expires_at <= now
    return row.invite_id is not None and row.invite_status not in {"expired", "accepted"} and not expired


def _is_protected(row: Row) -> bool:
    return row.is_service or row.is_scim or row.account_role == "owner"


def _of_nobody(row: Row) -> Iterator[Difference]:
    if not _is_protected(row) and row.account_email:
        detail = f"{row.account_email} is a member but no employee has this address."
        yield Difference("unmanaged", row.account_ref, detail, row.account_id)


def _present(row: Row, now: datetime) -> Iterator[Wanted | Difference]:
    if row.account_id is None:
        yield from _missing(row, now)
        return
    if row.account_role not in MEMBER_ROLES and not _is_protected(row):
        detail = f"The vendor shows the role {row.account_role}; a seat's role is reader."
        yield Difference("wrong_role", row.account_ref, detail, row.account_id, row.employee_id)
    if row.is_ours and not _is_protected(row):
        yield from _memberships(row)


def _missing(row: Row, now: datetime) -> Iterator[Wanted | Difference]:
    target = person_target(row.employee_id or 0)
    if _invited(row, now):
        return
    if row.invites_sent >= MAX_INVITES:
        detail = f"{row.invites_sent} invitations were sent and none was accepted."
        yield Difference("stale_invite", target, detail, None, row.employee_id)
        return
    if row.was_member:
        detail = "The account vanished at the vendor although the seat is granted. Beacon invites again."
        yield Difference("ghost", target, detail, None, row.employee_id)
    expired = row.invite_id is not None and row.invite_status != "accepted"
    why = "The invitation expired" if expired else "The seat is granted and there is no account"
    yield Wanted(
        "invite", target, row.employee_id, row.email, why, agency_id=row.agency_id, is_again=row.was_member
    )  # fmt: skip


def _memberships(row: Row) -> Iterator[Wanted]:
    for group in row.mirrored:
        if group in row.groups and group != row.agency_group:
            yield Wanted(
                "group_remove", f"member:{row.employee_id}:{group}", row.employee_id, row.email,
                "The person no longer works in this agency", row.account_ref, group, row.agency_id,
            )  # fmt: skip
    if row.agency_group and row.agency_group not in row.groups:
        yield Wanted(
            "group_add", f"member:{row.employee_id}:{row.agency_group}", row.employee_id, row.email,
            "Groups mirror agencies", row.account_ref, row.agency_group, row.agency_id,
        )  # fmt: skip


def _absent(row: Row, now: datetime) -> Iterator[Wanted | Difference]:
    target = person_target(row.employee_id or 0)
    if row.account_id is not None:
        if _is_protected(row):
            return
        if row.is_ours:
            why = "The person has left state service" if row.is_separated else "No seat is granted"
            yield Wanted("remove", target, row.employee_id, row.email, why, row.account_ref, agency_id=row.agency_id)
            return
        kind, detail = (
            ("leaver", "The person has left, and the account was not made by Beacon.")
            if row.is_separated
            else ("orphan", "The person has an account but no seat, and Beacon did not make it.")
        )
        yield Difference(kind, row.account_ref, f"{row.account_email}: {detail}", row.account_id, row.employee_id)
    elif _invited(row, now) and row.invite_is_ours:
        why = "No seat is granted; the invitation is withdrawn"
        yield Wanted("withdraw", target, row.employee_id, row.email, why, row.invite_ref, agency_id=row.agency_id)


# ---- the guard -------------------------------------------------------------------------------------------


def hold_reasons(
    wanted: Iterable[Wanted], members: int, members_before: int | None, per_agency: dict[int, int]
) -> list[str]:
    """Why a plan must wait for a second person; empty where it need not.

    `members` are those listed now, `members_before` those of the last complete list, `per_agency` the accounts of each
    agency. Thresholds: more than max(25, 2%) of the workspace, more than max(3, 10%) of an agency, or any removal at
    all from an empty or a 20% smaller list. The same number of people who vanished and would be invited again.
    """
    asked = list(wanted)
    return _removal_reasons([one for one in asked if one.is_removal], members, members_before, per_agency) + (
        _return_reasons(sum(one.is_again for one in asked), members, members_before)
    )


def _return_reasons(vanished: int, members: int, members_before: int | None) -> list[str]:
    if not vanished or (members and vanished <= max(HOLD_PEOPLE, HOLD_SHARE * (members_before or 0))):
        return []
    return [f"{vanished:,} people vanished at the vendor and would be invited again."]


def _removal_reasons(
    removals: list[Wanted], members: int, members_before: int | None, per_agency: dict[int, int]
) -> list[str]:
    if not removals:
        return []
    reasons: list[str] = []
    if members == 0 or (members_before and members < members_before * (1 - HOLD_SHRINK)):
        reasons.append(f"The vendor's list has {members:,} members; the last one had {members_before or 0:,}.")
    if len(removals) > max(HOLD_PEOPLE, HOLD_SHARE * members):
        reasons.append(f"{len(removals):,} of {members:,} accounts would be removed.")
    counts: dict[int, int] = {}
    for one in removals:
        counts[one.agency_id or 0] = counts.get(one.agency_id or 0, 0) + 1
    for agency_id, count in sorted(counts.items()):
        if count > max(HOLD_AGENCY_PEOPLE, HOLD_AGENCY_SHARE * per_agency.get(agency_id, 0)):
            reasons.append(f"{count:,} accounts of one agency would be removed.")
    return reasons
