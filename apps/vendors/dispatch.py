"""Sending operations: claim a batch, call the vendor outside the transaction, write down what it answered.

1. Claim up to a batch of due operations with SKIP LOCKED; write an attempt for each; commit.
2. Call, several at once. A write is sent once.
3. Record the batch's answers in one transaction: done, retry later, needs attention, or unclear.
4. Ask again what these people's seats demand: a newer decision may have come meanwhile.

A worker that dies between 1 and 3 leaves its operations leased; when the lease ends they count as unclear.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import F, Q

from apps.agencies.models import Agency
from apps.core import clock
from apps.core.failpoints import failpoint
from apps.licenses.ports import (
    AlreadyExists,
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    ProviderError,
    Receipt,
    Rejected,
    SeatProvider,
    Transient,
)
from apps.vendors import capacity, limiter
from apps.vendors.errors import CredentialMissing
from apps.vendors.hooks import people_reconcile
from apps.vendors.lifecycle import REMOVALS
from apps.vendors.models import Attempt, Operation, VendorAccount, VendorGroup, VendorInvite, Workspace
from apps.vendors.planning import OVERTAKEN, supersede
from apps.vendors.providers import provider_for
from apps.vendors.sync import workspace_halt
from apps.vendors.wire import PAUSE_WITHOUT_WORD, SCIM_MANAGED

BATCH, THREADS = 64, 16
# What is claimed last may take until every call has timed out; both together stay under the task's hard limit.
BUDGET_SECONDS = 30.0
LEASE = timedelta(minutes=3)
# These have the same effect once or twice, so that an unclear one is repeated and not looked at first.
REPEATABLE = ("remove", "suspend", "restore", "role")
# Seconds, then 6, 12, 24 h, daily to day 28.
DELAYS = (5, 30, 120, 600, 3600, 6 * 3600, 12 * 3600, 24 * 3600)
GIVE_UP = timedelta(days=28)
BREAKER_CALLS, BREAKER_SHARE, BREAKER_PAUSE = 50, 0.40, timedelta(minutes=5)

# What a newer decision has overtaken stays behind for `supersede`: a removal is never sent to a holder.
# Materialized, so that the limit holds under every plan (tests/db/test_claims.py).
_CLAIM = f"""
    WITH due AS MATERIALIZED (
        SELECT o.id FROM vendors_operation o
        WHERE o.workspace_id = %(ws)s AND o.state IN ('pending', 'retry') AND o.next_attempt_at <= %(now)s
            AND NOT o.is_unclear AND o.kind = %(kind)s AND NOT ({OVERTAKEN})
        ORDER BY o.priority, o.next_attempt_at, o.id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
    UPDATE vendors_operation SET state = 'running', attempts = attempts + 1, last_attempt_at = %(now)s,
        leased_until = %(until)s
    WHERE id IN (SELECT id FROM due) RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Answered:
    """What the vendor answered to one operation: a receipt or one of the six errors."""

    operation: Operation
    attempt: Attempt
    receipt: Receipt | None
    error: ProviderError | None


def dispatch(workspace: Workspace, *, budget: float = BUDGET_SECONDS, batch: int = BATCH) -> int:
    """Send what is due until nothing is, or for `budget` seconds. Returns how many calls were made."""
    leases_expire(workspace)
    sent, deadline = 0, time.monotonic() + budget
    try:
        with provider_for(workspace) as provider, ThreadPoolExecutor(THREADS) as threads:
            claimed = _claim(workspace, batch, deadline)
            calls = _send(threads, provider, claimed)
            while claimed:
                answers = [call.result() for call in calls]
                failpoint("after_vendor_call")
                # The next batch is on its way while this one is written down.
                claimed = _claim(workspace, batch) if time.monotonic() < deadline else []
                calls = _send(threads, provider, claimed)
                _record(workspace, answers)
                failpoint("after_recording")
                sent += len(answers)
                if not claimed and time.monotonic() < deadline:
                    claimed = _claim(workspace, batch, deadline)
                    calls = _send(threads, provider, claimed)
    except CredentialMissing as error:
        workspace_halt(workspace, str(error))
    return sent


def _send(
    threads: ThreadPoolExecutor, provider: SeatProvider, claimed: list[tuple[Operation, Attempt]]
) -> list[Future[Answered]]:
    return [threads.submit(_call, provider, operation, attempt) for operation, attempt in claimed]


def leases_expire(workspace: Workspace) -> int:
    """Operations whose worker died: they may have acted, so they are looked at before they are sent again."""
    dead = Operation.objects.filter(workspace=workspace, state=Operation.State.RUNNING, leased_until__lt=clock.now())
    return dead.update(
        state=Operation.State.RETRY,
        is_unclear=~Q(kind__in=REPEATABLE),
        last_error="The worker stopped in mid-call.",
    )


def _claim(workspace: Workspace, batch: int, patience_until: float = 0.0) -> list[tuple[Operation, Attempt]]:
    """Claim due operations, as many as the workspace's allowances admit.

    Where work is due and the allowance used up, wait for the next call until `patience_until` (monotonic seconds).
    While the workspace is halted or its breaker open, what takes access away is tried alone.
    """
    while True:
        workspace.refresh_from_db()
        claimed, wait = _claim_allowed(workspace, batch)
        if claimed:
            failpoint("after_claim")
        if claimed or wait is None or time.monotonic() + wait > patience_until:
            return claimed
        time.sleep(wait)  # seconds at most, and nothing else to do: the next call is not allowed before


def _claim_allowed(workspace: Workspace, batch: int) -> tuple[list[tuple[Operation, Attempt]], float | None]:
    """Draw from the allowance of each kind that is due, claim that many. Returns also the seconds until one more call
    is allowed, or None where nothing is due.

    A transaction for each kind: workers who see another order of urgency hold no two allowances at once.
    """
    open_now = not workspace.is_halted and not (workspace.paused_until and workspace.paused_until > clock.now())
    kinds = Operation.Kind.values if open_now else REMOVALS
    claimed: list[tuple[Operation, Attempt]] = []
    waits: list[float] = []
    for kind, due in _due(workspace, kinds):
        room = batch - len(claimed)
        if room <= 0:
            break
        with transaction.atomic():
            if kind == Operation.Kind.INVITE:
                room = min(room, _seats(workspace, due))
            granted, wait = limiter.take(workspace, kind, min(due, room))
            found = _claim_kind(workspace, kind, granted) if granted else []
            limiter.give_back(workspace, kind, granted - len(found))
        claimed += found
        if wait:
            waits.append(wait)
    return claimed, min(waits) if waits else None


def _seats(workspace: Workspace, due: int) -> int:
    """How many of the due invitations find a seat; what must wait for one says so."""
    left = capacity.seats_left(workspace)
    if left is None or left >= due:
        return due
    waiting = Operation.objects.filter(workspace=workspace, kind="invite", state=Operation.State.PENDING, last_error="")
    waiting.update(
        last_error=f"Waits for a seat: the workspace has {workspace.seats:,}, and all are in use or promised."
    )
    return left


_DUE = """
    SELECT k.kind, x.due FROM unnest(%(kinds)s::varchar[]) k (kind) CROSS JOIN LATERAL (
        SELECT count(*) AS due, min(priority) AS first FROM (
            SELECT priority FROM vendors_operation WHERE workspace_id = %(ws)s AND kind = k.kind
                AND state IN ('pending', 'retry') AND next_attempt_at <= %(now)s AND NOT is_unclear
            ORDER BY priority, next_attempt_at LIMIT %(most)s) y) x
    WHERE x.due > 0 ORDER BY x.first, k.kind
"""


def _due(workspace: Workspace, kinds: Sequence[str]) -> list[tuple[str, int]]:
    """Kinds of operations that are due, the most pressing first, with how many (up to a batch)."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"ws": workspace.pk, "now": clock.now(), "kinds": list(kinds), "most": BATCH})
        return [(str(kind), int(count)) for kind, count in cursor.fetchall()]


def _claim_kind(workspace: Workspace, kind: str, count: int) -> list[tuple[Operation, Attempt]]:
    with connection.cursor() as cursor:
        cursor.execute(
            _CLAIM,
            {
                "ws": workspace.pk, "name": workspace.name, "now": clock.now(), "until": clock.now() + LEASE,
                "limit": count, "kind": kind,
            },
        )  # fmt: skip
        ids = [row[0] for row in cursor.fetchall()]
    operations = list(Operation.objects.filter(pk__in=ids).order_by("priority", "pk"))
    attempts = Attempt.objects.bulk_create(
        [Attempt(operation=one, workspace=workspace, at=clock.now()) for one in operations]
    )
    return list(zip(operations, attempts, strict=True))


# ---- calling: no database from here to _record ------------------------------------------------------------


def _call(provider: SeatProvider, operation: Operation, attempt: Attempt) -> Answered:
    calls: dict[str, Callable[[], Receipt]] = {
        "invite": lambda: provider.invite(operation.email, operation.vendor_ref),
        "withdraw": lambda: _withdraw(provider, operation),
        "remove": lambda: provider.remove(operation.vendor_ref),
        "suspend": lambda: provider.suspend(operation.vendor_ref),
        "restore": lambda: provider.restore(operation.vendor_ref),
        "role": lambda: provider.set_member_role(operation.vendor_ref),
        "group_create": lambda: provider.group_create(operation.group_ref),
        "group_add": lambda: provider.group_add(operation.group_ref, operation.vendor_ref),
        "group_remove": lambda: provider.group_remove(operation.group_ref, operation.vendor_ref),
    }
    try:
        return Answered(operation, attempt, calls[operation.kind](), None)
    except ProviderError as error:
        return Answered(operation, attempt, None, error)


def _withdraw(provider: SeatProvider, operation: Operation) -> Receipt:
    """Withdraw an invitation; if it was accepted between plan and call, say which member it became.

    What is to become of that member is decided anew in `_record`: a legal hold may keep the account.
    """
    try:
        return provider.withdraw(operation.vendor_ref)
    except AlreadyExists:
        member = provider.member_by_email(operation.email)
        if member is None:
            raise
        if member.role == "owner" or member.is_scim or member.is_service:
            raise Rejected("The invitation was accepted by an account that Beacon never removes.") from None
        return Receipt("", member.vendor_id)


# ---- recording --------------------------------------------------------------------------------------------


def _record(workspace: Workspace, answers: list[Answered]) -> None:
    """Write a batch of answers down in one transaction, then ask what the people's seats demand now."""
    with transaction.atomic():
        ids = [answered.operation.pk for answered in answers]
        current = {one.pk: one for one in Operation.objects.select_for_update().filter(pk__in=ids).order_by("pk")}
        known = [a for a in answers if _is_still_ours(current[a.operation.pk], a.operation)]
        failed = False
        for answered in known:
            operation = current[answered.operation.pk]
            _react(workspace, operation, answered)
            _note(operation, answered)
            failed = failed or answered.error is not None
        done = [current[a.operation.pk] for a in known if current[a.operation.pk].state == Operation.State.DONE]
        _invited(workspace, [(current[a.operation.pk], a.receipt) for a in known if a.receipt])
        Attempt.objects.bulk_update([a.attempt for a in known], ["outcome", "status", "message", "request_id"])
        Operation.objects.bulk_update([current[a.operation.pk] for a in known], _RECORDED)
        if failed:
            _breaker(workspace)
        # What is to be tried again may have been overtaken while it was under way.
        supersede(workspace, [one.employee_id for one in current.values() if one.employee_id])
        people = [one.employee_id for one in done if one.employee_id]
        if people:
            people_reconcile(workspace, people, "After the vendor's answer")


_RECORDED = [
    "state", "attempts", "next_attempt_at", "leased_until", "is_unclear", "last_error", "request_id", "finished_at",
]  # fmt: skip


def _is_still_ours(current: Operation, claimed: Operation) -> bool:
    """False where the lease ended and somebody else looks after the operation now."""
    return current.state == Operation.State.RUNNING and current.attempts == claimed.attempts


def _note(operation: Operation, answered: Answered) -> None:
    error, attempt = answered.error, answered.attempt
    attempt.outcome = type(error).__name__ if error else "done"
    attempt.status = error.status if error else 200
    attempt.message = error.message if error else ""
    attempt.request_id = error.request_id if error else (answered.receipt or Receipt("")).request_id
    operation.request_id, operation.leased_until = attempt.request_id, None


def _invited(workspace: Workspace, answered: list[tuple[Operation, Receipt]]) -> None:
    """The invitations that were made become part of the observed state, without waiting for the next look."""
    now = clock.now()
    sent = [(operation, receipt) for operation, receipt in answered if _was_invited(operation)]
    again = {receipt.vendor_id for operation, receipt in sent if operation.vendor_ref == receipt.vendor_id}
    VendorInvite.objects.filter(workspace=workspace, vendor_id__in=again).update(
        sends=F("sends") + 1, status="pending", expires_at=None, gone_at=None
    )
    made = [
        VendorInvite(
            workspace=workspace, vendor_id=receipt.vendor_id or f"operation-{operation.pk}", email=operation.email,
            email_key=operation.email.lower(), role="reader", status="pending", invited_at=now,
            employee_id=operation.employee_id, is_ours=True,
        )
        for operation, receipt in sent
        if receipt.vendor_id not in again
    ]  # fmt: skip
    VendorInvite.objects.bulk_create(
        made,
        update_conflicts=True,
        unique_fields=["workspace", "vendor_id"],
        update_fields=["is_ours", "employee", "gone_at"],
    )


def _was_invited(operation: Operation) -> bool:
    return operation.kind == Operation.Kind.INVITE and operation.state == Operation.State.DONE


def _react(workspace: Workspace, operation: Operation, answered: Answered) -> None:
    """One reaction for each of the six errors."""
    error = answered.error
    if error is None:
        _done(workspace, operation, answered.receipt or Receipt(""))
        return
    operation.last_error = error.message
    is_gone = isinstance(error, NotFound)
    is_so_already = is_gone and operation.kind in {"remove", "withdraw", "group_remove", "suspend"}
    if is_so_already or (isinstance(error, AlreadyExists) and operation.kind in {"group_add", "group_remove"}):
        _done(workspace, operation, Receipt(error.request_id))
    elif is_gone and operation.kind in {"restore", "group_add", "role"}:
        _vanished(workspace, operation)
    elif isinstance(error, (OutcomeUnknown, AlreadyExists)):
        _unclear(operation)
    elif isinstance(error, Transient):
        _later(workspace, operation, error)
    elif isinstance(error, Misconfigured):
        operation.state, operation.attempts = Operation.State.PENDING, operation.attempts - 1
        operation.next_attempt_at = clock.now() + timedelta(seconds=PAUSE_WITHOUT_WORD)
        workspace_halt(workspace, f"HTTP {error.status}: {error.message}")
    else:
        _refused(workspace, operation, error)


def _refused(workspace: Workspace, operation: Operation, error: ProviderError) -> None:
    """The vendor will not do it, however often it is asked: somebody must look, and is told in words what at."""
    operation.state = Operation.State.NEEDS_ATTENTION
    if error.code != SCIM_MANAGED:
        operation.last_error = f"The vendor refuses: {error.message}"
        return
    operation.last_error = "The identity provider manages this account or group: make the change there."
    if operation.kind not in {"group_add", "group_remove"}:
        VendorAccount.objects.filter(workspace=workspace, vendor_id=operation.vendor_ref).update(is_scim=True)


def _vanished(workspace: Workspace, operation: Operation) -> None:
    """The account is not there any more: what was wanted of it is no longer, and the next comparison begins anew."""
    operation.state, operation.finished_at = Operation.State.SUPERSEDED, clock.now()
    operation.last_error = "The account is gone at the vendor."
    if operation.kind == "restore":
        VendorAccount.objects.filter(workspace=workspace, vendor_id=operation.vendor_ref).update(gone_at=clock.now())


def _unclear(operation: Operation) -> None:
    """It may have acted. What may be repeated is; everything else waits for an observation."""
    operation.state = Operation.State.RETRY
    operation.is_unclear = operation.kind not in REPEATABLE
    operation.next_attempt_at = clock.now() + timedelta(seconds=DELAYS[0])


def _later(workspace: Workspace, operation: Operation, error: Transient) -> None:
    now = clock.now()
    if now - operation.created_at > GIVE_UP:
        operation.state = Operation.State.NEEDS_ATTENTION
        operation.last_error = f"Tried for 28 days. The vendor last said: {error.message}"
        return
    operation.state = Operation.State.RETRY
    if error.status == 429:
        operation.attempts -= 1
        seconds = error.retry_after or PAUSE_WITHOUT_WORD
        operation.next_attempt_at = limiter.pause(workspace, operation.kind, seconds)
        return
    base = DELAYS[min(operation.attempts, len(DELAYS)) - 1]
    # Jitter so that a thousand operations do not come back in the same second.
    operation.next_attempt_at = now + timedelta(seconds=base * random.uniform(0.75, 1.25))  # noqa: S311 - no secret


def _breaker(workspace: Workspace) -> None:
    """At 40% failures in 50 calls the job pauses; removals are still tried."""
    last = list(
        Attempt.objects.filter(workspace=workspace)
        .exclude(outcome="started")
        .values_list("outcome", flat=True)[:BREAKER_CALLS]
    )
    failed = sum(1 for outcome in last if outcome not in {"done", "NotFound", "AlreadyExists"})
    if len(last) >= BREAKER_CALLS and failed >= BREAKER_SHARE * len(last):
        Workspace.objects.filter(pk=workspace.pk).update(paused_until=clock.now() + BREAKER_PAUSE)


def _done(workspace: Workspace, operation: Operation, receipt: Receipt) -> None:
    """The vendor did it: the operation ends, and the observed state follows without waiting for the next look."""
    now = clock.now()
    operation.state, operation.finished_at = Operation.State.DONE, now
    operation.is_unclear, operation.last_error = False, ""
    if operation.kind == Operation.Kind.INVITE:
        return  # written for the whole batch by _invited
    if operation.kind == Operation.Kind.WITHDRAW:
        _withdrawn(workspace, operation, receipt)
    elif operation.kind == Operation.Kind.REMOVE:
        _removed(workspace, operation, operation.vendor_ref)
    elif operation.kind in {Operation.Kind.SUSPEND, Operation.Kind.RESTORE}:
        status = "inactive" if operation.kind == Operation.Kind.SUSPEND else "active"
        account = VendorAccount.objects.filter(workspace=workspace, vendor_id=operation.vendor_ref)
        account.update(status=status, status_set_at=now)
    elif operation.kind == Operation.Kind.ROLE:
        VendorAccount.objects.filter(workspace=workspace, vendor_id=operation.vendor_ref).update(role="member")
    elif operation.kind == Operation.Kind.GROUP_CREATE:
        code = operation.target.partition(":")[2]
        VendorGroup.objects.update_or_create(
            workspace=workspace,
            vendor_id=receipt.vendor_id,
            defaults={"name": operation.group_ref, "agency": Agency.objects.filter(code=code).first()},
        )
    else:
        _membership(workspace, operation)


def _withdrawn(workspace: Workspace, operation: Operation, receipt: Receipt) -> None:
    """The invitation is gone; or it was accepted meanwhile by the member whom the receipt names, who is ours then."""
    now = clock.now()
    invites = VendorInvite.objects.filter(workspace=workspace, vendor_id=operation.vendor_ref)
    if not receipt.vendor_id:
        invites.update(gone_at=now, removed_at=now, is_ours=False)
        return
    invites.update(status="accepted")
    VendorAccount.objects.update_or_create(
        workspace=workspace,
        vendor_id=receipt.vendor_id,
        defaults={"employee_id": operation.employee_id, "is_ours": True, "gone_at": None, "removed_at": None},
        create_defaults={
            "employee_id": operation.employee_id, "is_ours": True, "email": operation.email,
            "email_key": operation.email.lower(),
        },
    )  # fmt: skip


def _removed(workspace: Workspace, operation: Operation, member_id: str) -> None:
    """The account is gone by our hand, and with it our claim: should it come back, that is drift.

    Invitations that still lie with the person stay ours, because they are still to be withdrawn.
    """
    now = clock.now()
    accounts = VendorAccount.objects.filter(workspace=workspace, vendor_id=member_id)
    accounts.update(gone_at=now, removed_at=now, is_ours=False)
    if operation.employee_id:
        answered = VendorInvite.objects.filter(workspace=workspace, employee=operation.employee_id)
        answered.filter(status__in=["accepted", "expired"]).update(is_ours=False)


def _membership(workspace: Workspace, operation: Operation) -> None:
    account = VendorAccount.objects.filter(workspace=workspace, vendor_id=operation.vendor_ref).first()
    if account is None:
        return
    groups = set(account.groups)
    groups.add(operation.group_ref) if operation.kind == "group_add" else groups.discard(operation.group_ref)
    account.groups = sorted(groups)
    account.save(update_fields=["groups"])
