"""What the vendor really holds beside what Beacon decided, and which of the differences have a name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from apps.licenses.models import Seat, SeatPeriod
from apps.vendors.models import Drift, Operation, SyncRun, VendorAccount
from simulator.testing import RunningSimulator

OWNER = "owner@beacon.example"


def listed(simulator: RunningSimulator, path: str) -> Iterator[dict[str, Any]]:
    """Every row of a list of the organization's API, all pages."""
    after = ""
    while True:
        page = simulator.call("GET", f"/v1/organization/{path}?limit=100{after}").json
        yield from page["data"]
        if not page["has_more"]:
            return
        after = f"&after={page['last_id']}"


def members(simulator: RunningSimulator) -> set[str]:
    """Addresses of everybody who has an account, suspended ones too."""
    return {str(user["email"]).lower() for user in listed(simulator, "users")}


def usable(simulator: RunningSimulator) -> set[str]:
    """Addresses whose accounts can be used."""
    users = listed(simulator, "users")
    return {str(u["email"]).lower() for u in users if (u.get("user") or {}).get("enabled", True)}


def pending(simulator: RunningSimulator) -> Counter[str]:
    """How many invitations lie with each address."""
    return Counter(str(i["email"]).lower() for i in listed(simulator, "invites") if i["status"] == "pending")


def invited(simulator: RunningSimulator) -> Counter[str]:
    """How many invitations of each address the vendor knows, whatever became of them."""
    return Counter(str(i["email"]).lower() for i in listed(simulator, "invites"))


def granted() -> set[str]:
    return {e.lower() for e in Seat.objects.filter(state="granted").values_list("employee__email", flat=True)}


def ever_granted() -> set[str]:
    emails = SeatPeriod.objects.filter(state="granted").values_list("employee__email", flat=True)
    return {email.lower() for email in emails}


def named() -> set[str]:
    """Whose difference has a name: an open drift, a held plan, an operation that needs attention."""
    drifts = Drift.objects.filter(state="open")
    found = set(drifts.values_list("employee__email", flat=True)) | set(drifts.values_list("account__email", flat=True))
    found |= {d.detail.partition(" ")[0] for d in drifts if d.kind == "unmanaged" and d.account_id is None}
    waiting = Operation.objects.filter(state__in=["planned", "needs_attention"])
    return {email.lower() for email in found | set(waiting.values_list("email", flat=True)) if email}


def differences(simulator: RunningSimulator, *, apart: frozenset[str] = frozenset({OWNER})) -> list[str]:
    """Where desired and observed differ without a name; `apart` are accounts that are nobody's business."""
    wanted, there, asked, names = granted(), usable(simulator), set(pending(simulator)), named()
    lacking = [f"{email} has a seat and no account" for email in wanted - there - asked - names]
    extra = ((there | asked) - wanted - names) - apart
    return lacking + [f"{email} has an account and no seat" for email in extra]


def history() -> str:
    """What was asked of the vendor and what is known of it, for whoever has to find out why something differs."""
    found = [
        f"{run.started_at:%H:%M:%S} run {run.pk}: {run.state}, {run.counts} {run.problems} {run.hold_reasons}"
        for run in SyncRun.objects.order_by("pk")
    ]
    found += [
        f"{one.created_at:%H:%M:%S} {one.kind} {one.email}: {one.state}, {one.attempts} tries, last "
        f"{one.last_attempt_at}, next {one.next_attempt_at}, unclear: {one.is_unclear} {one.last_error} ({one.cause})"
        for one in Operation.objects.order_by("pk")
    ]
    found += [
        f"{account.email}: {account.status} since {account.status_set_at}, ours: {account.is_ours}, gone {account.gone_at}"
        for account in VendorAccount.objects.order_by("pk")
    ]
    return "\n".join(found)
