"""What must be asked of the vendor so that it shows what was decided. Pure and level-triggered.

One row per person or account goes in (desired and observed side by side), operations and drift come out. Never
proposes to touch what Beacon does not own, what SCIM manages, service accounts or owners.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from apps.vendors.lifecycle import REMOVALS

MEMBER_ROLES = frozenset({"reader", "member", ""})
MAX_INVITES = 3
# Access that ends goes before everything else, and what somebody ordered at once before that (URGENT); memberships of
# groups come after the accounts.
URGENT = 0
PRIORITY = {
    "remove": 1, "withdraw": 1, "suspend": 1, "restore": 4, "role": 5, "invite": 5, "group_create": 6, "group_remove": 7,
    "group_add": 8,
}  # fmt: skip
# Where an identity provider carries decisions out, a difference counts after this long (it pushes every 40 minutes or so).
DELIVERY = timedelta(hours=2)

HOLD_PEOPLE, HOLD_SHARE = 25, 0.02
HOLD_AGENCY_PEOPLE, HOLD_AGENCY_SHARE = 3, 0.10
HOLD_SHRINK = 0.20


class Policy(NamedTuple):
    """What may be asked of a workspace: nothing at all (`writes`), a suspension (`suspends`), a removal (`removes`: its
    retention is on record).
    """

    writes: bool = True
    suspends: bool = False
    removes: bool = True


class Row(NamedTuple):
    """One person (or one account of nobody) in one workspace. Times are aware; absent things are None or empty.

    `seat` is the state of a live seat that belongs to this workspace; `moves_to` names another workspace where the
    person's granted seat belongs, `is_there` says whether the account there is active.
    """

    employee_id: int | None
    email: str
    is_separated: bool
    seat: str
    decided_at: datetime | None
    moves_to: str
    is_there: bool
    is_on_hold: bool
    agency_id: int | None
    agency_group: str
    account_id: int | None
    account_ref: str
    account_email: str
    account_role: str
    account_status: str
    is_ours: bool
    is_service: bool
    is_scim: bool
    is_break_glass: bool
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

    @property
    def is_active(self) -> bool:
        """Whether the account can be used. A status that nobody documented counts as usable: better to say so."""
        return self.account_id is not None and self.account_status != "inactive"

    @property
    def is_protected(self) -> bool:
        """Never touched: a service or break-glass account, an owner, or what the identity provider manages."""
        return self.is_service or self.is_scim or self.is_break_glass or self.account_role == "owner"


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
        return self.kind in REMOVALS


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


def decide(row: Row, policy: Policy, now: datetime) -> Iterator[Wanted | Difference]:
    """The operations and differences that one row demands."""
    if row.employee_id is None:
        yield from _of_nobody(row)
    elif not policy.writes:
        yield from _delivered(row, now)
    elif row.seat == "granted":
        yield from _present(row, policy, now)
    else:
        yield from _absent(row, policy, now)
    if row.accounts > 1:
        detail = f"{row.accounts} accounts belong to this person."
        yield Difference("duplicate", row.account_ref, detail, row.account_id, row.employee_id)


def _invited(row: Row, now: datetime) -> bool:
    """Whether an invitation lies with the person. A status that nobody documented counts as one: better to wait."""
    expired = row.invite_expires_at is not None and row.invite_expires_at <= now
    return row.invite_id is not None and row.invite_status not in {"expired", "accepted"} and not expired


def _of_nobody(row: Row) -> Iterator[Difference]:
    if not row.is_protected:
        detail = f"{row.account_email} is a member but no employee has this address."
        if not row.account_email:
            detail = f"The member {row.account_ref} has no address, so that nobody can tell whose account it is."
        yield Difference("unmanaged", row.account_ref, detail, row.account_id)


# ---- where Beacon writes -----------------------------------------------------------------------------------


def _present(row: Row, policy: Policy, now: datetime) -> Iterator[Wanted | Difference]:
    if row.account_id is None:
        yield from _missing(row, now)
        return
    if row.account_role not in MEMBER_ROLES and not row.is_protected:
        detail = f"The vendor shows the role {row.account_role}; a seat's role is that of a plain member."
        yield Difference("wrong_role", row.account_ref, detail, row.account_id, row.employee_id)
    if row.is_ours and not row.is_protected:
        if not row.is_active and policy.suspends:
            yield Wanted(
                "restore", person_target(row.employee_id or 0), row.employee_id, row.email,
                "The seat is granted and the account is suspended", row.account_ref, agency_id=row.agency_id,
            )  # fmt: skip
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
        "invite", target, row.employee_id, row.email, why, row.invite_ref if expired and row.invite_is_ours else "",
        agency_id=row.agency_id, is_again=row.was_member,
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


def _absent(row: Row, policy: Policy, now: datetime) -> Iterator[Wanted | Difference]:
    target = person_target(row.employee_id or 0)
    found = list(_account_without_seat(row, policy, target)) if row.account_id is not None else []
    yield from found
    # A suspended account hides no invitation: whoever accepts it is in again. One operation at a time for a person.
    if not row.is_active and _invited(row, now) and not any(isinstance(one, Wanted) for one in found):
        yield _invitation_without_seat(row, target)


def _invitation_without_seat(row: Row, target: str) -> Wanted | Difference:
    if row.invite_is_ours:
        why = "No seat is granted; the invitation is withdrawn"
        return Wanted("withdraw", target, row.employee_id, row.email, why, row.invite_ref, agency_id=row.agency_id)
    detail = f"{row.email}: {_why(row)}, and an invitation that Beacon did not send lies with the person."
    return Difference("orphan", target, detail, None, row.employee_id)


def _account_without_seat(row: Row, policy: Policy, target: str) -> Iterator[Wanted | Difference]:
    if row.moves_to and not row.is_separated and not (row.is_there and row.is_ours):
        # First added there, then removed here: nobody is without, and the seat is one all the time.
        word = "The account there is active." if row.is_there else "The account goes once the one there is active."
        yield _difference(row, "wrong_workspace", f"The person's seat belongs to {row.moves_to}. {word}")
    elif row.is_protected or not row.is_ours:
        yield from _not_ours(row)
    elif policy.suspends and (row.seat == "suspended" or row.is_on_hold or not policy.removes):
        if row.is_active:
            why = "The seat is suspended" if row.seat == "suspended" else f"{_why(row)}; {_kept(row)}"
            yield Wanted(
                "suspend", target, row.employee_id, row.email, why, row.account_ref, agency_id=row.agency_id
            )  # fmt: skip
    elif row.is_on_hold or not policy.removes:
        kind = "leaver" if row.is_separated else "orphan"
        yield _difference(row, kind, f"{_why(row)}, but {_kept(row)}, and this vendor's API cannot suspend an account.")
    else:
        yield Wanted("remove", target, row.employee_id, row.email, _why(row), row.account_ref, agency_id=row.agency_id)


def _why(row: Row) -> str:
    return "The person has left state service" if row.is_separated else "No seat is granted"


def _kept(row: Row) -> str:
    if row.is_on_hold:
        return "a legal hold keeps the account"
    return "nothing is removed while the workspace's retention is not on record"


def _not_ours(row: Row) -> Iterator[Difference]:
    """An account that Beacon does not touch: owners and service accounts may be without a seat, leavers may not."""
    if not row.is_active or (row.is_protected and not row.is_scim and not row.is_separated):
        return
    who = (
        "It is managed by the identity provider: end the assignment there." if row.is_scim
        else "Beacon never touches owners, service and break-glass accounts." if row.is_protected
        else "Beacon did not make it."
    )  # fmt: skip
    yield _difference(row, "leaver" if row.is_separated else "orphan", f"{_why(row)}. {who}")


def _difference(row: Row, kind: str, text: str) -> Difference:
    return Difference(kind, row.account_ref, f"{row.account_email}: {text}", row.account_id, row.employee_id)


# ---- where the identity provider carries out ---------------------------------------------------------------


def _delivered(row: Row, now: datetime) -> Iterator[Difference]:
    """Whether what was decided has arrived. Nothing is asked of the vendor; late is what took longer than it may."""
    is_late = row.decided_at is None or now - row.decided_at > DELIVERY
    if row.seat == "granted" and row.account_id is None:
        if is_late and not _invited(row, now):
            detail = "The seat is granted; the identity provider has not delivered the account."
            yield Difference("ghost", person_target(row.employee_id or 0), detail, None, row.employee_id)
    elif row.seat == "granted":
        if row.account_role not in MEMBER_ROLES and not row.is_protected:
            yield _difference(row, "wrong_role", f"The vendor shows the role {row.account_role}.")
    elif row.is_active and is_late and (row.is_scim or not row.is_protected or row.is_separated):
        kind = "wrong_workspace" if row.moves_to else "leaver" if row.is_separated else "orphan"
        yield _difference(row, kind, f"{_why(row)}; the identity provider has not taken the account away.")


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
