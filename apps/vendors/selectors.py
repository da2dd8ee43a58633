"""Reading the vendor's side, cut to what the actor may see."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from apps.accounts.actors import Actor, Role
from apps.agencies.models import Employee
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.core.progress import Progress
from apps.licenses.models import Seat
from apps.vendors.lifecycle import REMOVALS
from apps.vendors.limiter import estimate, per_minute
from apps.vendors.models import (
    Drift,
    Operation,
    SyncRun,
    VendorAccount,
    VendorEvent,
    VendorGroup,
    VendorInvite,
    Workspace,
)
from apps.vendors.providers import limits_of

_READERS = (Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR)


def workspaces_visible_to(actor: Actor) -> QuerySet[Workspace]:
    """Those who run or review the roll-out; leaders see how fresh the picture is."""
    workspaces = Workspace.objects.all()
    return workspaces if actor.has(*_READERS, Role.LEADER) else workspaces.none()


def runs_visible_to(actor: Actor) -> QuerySet[SyncRun]:
    runs = SyncRun.objects.select_related("workspace")
    return runs if actor.has(*_READERS) else runs.none()


def operations_visible_to(actor: Actor) -> QuerySet[Operation]:
    """All for EOTSS, privacy office and auditors; for others those about themselves."""
    operations = Operation.objects.select_related("workspace", "employee", "employee__agency")
    return operations if actor.has(*_READERS) else operations.filter(employee=actor.employee_id or 0)


def drifts_visible_to(actor: Actor) -> QuerySet[Drift]:
    drifts = Drift.objects.select_related("workspace", "employee", "account")
    return drifts if actor.has(*_READERS) else drifts.none()


def events_visible_to(actor: Actor) -> QuerySet[VendorEvent]:
    events = VendorEvent.objects.select_related("workspace")
    return events if actor.has(*_READERS) else events.none()


def progress_of(run: SyncRun) -> Progress | None:
    """How many of the run's operations have ended; None where it asked for nothing or waits for a second person."""
    states = dict(run.operations.values_list("state").annotate(Count("pk")))
    total = sum(states.values())
    if not total or run.state in {"held", "discarded"}:
        return None
    ended = sum(states.get(state, 0) for state in ("done", "superseded", "discarded"))
    stuck = states.get("needs_attention", 0)
    is_finished = ended + stuck == total
    label = "Done" if ended == total else "Needs attention" if is_finished else "Being sent"
    message = f"{stuck:,} need attention." if stuck else ""
    return Progress(ended, total, is_finished, label, message)


def estimate_words(run: SyncRun) -> str:
    """How long the plan takes at the vendor's limits, honestly: "At 100 calls a minute: about 6 h 40 min"."""
    counts = {kind: int(count) for kind, count in run.counts.items() if kind != "drift"}
    words = _at_the_limit(run.workspace, counts)
    if counts and not words:
        return "No limit of calls is on record for this workspace, so nothing can be said of how long it takes."
    return words


def waiting_words(workspace: Workspace) -> str:
    """How long what waits to be sent takes at the workspace's limits; empty where nothing waits or no limit is known."""
    waiting = Operation.objects.filter(workspace=workspace, state__in=["pending", "running", "retry"])
    return _at_the_limit(workspace, dict(waiting.values_list("kind").annotate(Count("pk"))))


def _at_the_limit(workspace: Workspace, counts: dict[str, int]) -> str:
    limits = limits_of(workspace)
    seconds = estimate(workspace, counts).total_seconds()
    if not counts or not seconds:
        return ""
    slowest = max(counts, key=lambda kind: counts[kind] / (per_minute(limits, kind) or 10**9))
    minutes = max(1, round(seconds / 60))
    words = f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
    return f"At {per_minute(limits, slowest):,} calls a minute: about {words}."


def per_agency_of(run: SyncRun) -> list[tuple[str, int]]:
    """How many people of each agency would lose their access by the plan, most first."""
    removals = run.operations.filter(kind__in=REMOVALS)
    rows = (
        removals.values_list("employee__agency__name").annotate(n=Count("pk")).order_by("-n", "employee__agency__name")
    )
    return [(str(name or "No agency"), int(count)) for name, count in rows]


def decision_behind(operation: Operation) -> list[AuditEvent]:
    """The acts on the person's seats or in the same request from which the operation follows, earliest first."""
    if operation.employee_id is None or not operation.decided_in:
        return []
    seats = [str(pk) for pk in Seat.objects.filter(employee=operation.employee_id).values_list("pk", flat=True)]
    events = AuditEvent.objects.filter(
        record_type=Seat._meta.label, record_id__in=seats, request_id=operation.decided_in
    )
    return list(events.order_by("pk")[:5])


@dataclass(frozen=True, slots=True)
class VendorWord:
    """What one workspace last showed of a person, and when Beacon last looked."""

    workspace: Workspace
    word: str
    record: VendorAccount | VendorInvite | None
    groups: list[str]


def vendor_words_for(employee_id: int) -> list[VendorWord]:
    """What every workspace that knows the person last showed of them; that of their agency first, also if it shows nothing."""
    accounts = VendorAccount.objects.filter(employee=employee_id, gone_at=None).select_related("workspace")
    invites = (
        VendorInvite.objects.filter(employee=employee_id, gone_at=None).exclude(status="accepted")
        .order_by("-invited_at").select_related("workspace")
    )  # fmt: skip
    names = dict(VendorGroup.objects.filter(gone_at=None).values_list("vendor_id", "name"))
    words = [
        VendorWord(
            account.workspace, _account_word(account), account,
            [names.get(group, group) for group in account.groups],
        )
        for account in accounts
    ]  # fmt: skip
    known = {word.workspace.pk for word in words}
    for invite in invites:
        if invite.workspace_id not in known:
            known.add(invite.workspace_id)
            words.append(VendorWord(invite.workspace, _invite_word(invite), invite, []))
    home = Workspace.objects.filter(
        name=Employee.objects.filter(pk=employee_id).values("agency__workspace")[:1]
    ).first()
    if home is not None and home.pk not in known:
        words.append(VendorWord(home, "nothing", None, []))
    return sorted(words, key=lambda word: word.workspace != home)


def vendor_word_for(employee_id: int, workspace_name: str) -> str:
    """What one workspace last showed of a person: active, suspended, invited, expired or nothing."""
    account = VendorAccount.objects.filter(employee=employee_id, workspace__name=workspace_name, gone_at=None).first()
    if account is not None:
        return _account_word(account)
    invites = VendorInvite.objects.filter(employee=employee_id, workspace__name=workspace_name, gone_at=None)
    invite = invites.exclude(status="accepted").order_by("-invited_at").first()
    return _invite_word(invite) if invite else "nothing"


def _account_word(account: VendorAccount) -> str:
    return "suspended" if account.status == "inactive" else "active"


def _invite_word(invite: VendorInvite) -> str:
    over = invite.status == "expired" or (invite.expires_at is not None and invite.expires_at <= clock.now())
    return "expired" if over else "invited"


def counts_of(workspace: Workspace) -> dict[str, int]:
    """Members, open invitations, operations by state and open drift of one workspace."""
    operations = dict(
        Operation.objects.filter(workspace=workspace, state__in=["pending", "running", "retry", "needs_attention"])
        .values_list("state")
        .annotate(Count("pk"))
    )
    return {
        "members": VendorAccount.objects.filter(workspace=workspace, gone_at=None).exclude(status="inactive").count(),
        "suspended": VendorAccount.objects.filter(workspace=workspace, gone_at=None, status="inactive").count(),
        "invited": VendorInvite.objects.filter(workspace=workspace, gone_at=None, status="pending").count(),
        "waiting": sum(operations.get(state, 0) for state in ("pending", "running", "retry")),
        "needs_attention": operations.get("needs_attention", 0),
        "drift": Drift.objects.filter(Q(state="open"), workspace=workspace).count(),
    }
