"""From the record to operations: rows of desired and observed for `reconcile.decide`, and its answers back in.

Used with the decision (a few people, in the decision's own transaction) and after every observation (everybody).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from apps.core import clock, requests
from apps.vendors.lifecycle import OPEN, REMOVALS
from apps.vendors.models import Operation, VendorGroup, Workspace
from apps.vendors.providers import policy_of
from apps.vendors.reconcile import PRIORITY, URGENT, Difference, Policy, Row, Wanted, decide

# Invitations count since the grant or since the account vanished; clocks differ by minutes.
# People who are in step are counted, not fetched: after the roll-out that is nearly everybody.
_ROWS = """
    WITH desired AS (
        SELECT s.employee_id, s.state, s.granted_at FROM licenses_seat s JOIN agencies_agency a ON a.id = s.agency_id
        WHERE s.state IN ('granted', 'suspended') AND a.workspace = %(name)s
            AND (%(ids)s::bigint[] IS NULL OR s.employee_id = ANY(%(ids)s))
    ), account AS (
        SELECT DISTINCT ON (employee_id) *, count(*) OVER (PARTITION BY employee_id) AS n FROM vendors_vendoraccount
        WHERE workspace_id = %(ws)s AND gone_at IS NULL AND employee_id IS NOT NULL
            AND (%(ids)s::bigint[] IS NULL OR employee_id = ANY(%(ids)s))
        ORDER BY employee_id, is_ours DESC, id
    ), mirror AS (
        SELECT DISTINCT ON (agency_id) agency_id, vendor_id FROM vendors_vendorgroup
        WHERE workspace_id = %(ws)s AND gone_at IS NULL AND NOT is_scim AND agency_id IS NOT NULL
        ORDER BY agency_id, id
    ), invite AS (
        SELECT DISTINCT ON (employee_id) * FROM vendors_vendorinvite
        WHERE workspace_id = %(ws)s AND gone_at IS NULL AND employee_id IS NOT NULL
            AND (%(ids)s::bigint[] IS NULL OR employee_id = ANY(%(ids)s))
        ORDER BY employee_id, (status = 'pending') DESC, invited_at DESC NULLS LAST, id DESC
    ), people AS (
        SELECT employee_id FROM desired WHERE state = 'granted' UNION SELECT employee_id FROM account
        UNION SELECT employee_id FROM invite WHERE status NOT IN ('accepted', 'expired')
    )
    SELECT e.id, e.email, e.status = 'separated', COALESCE(d.state, ''),
        (SELECT max(x.changed_at) FROM licenses_seat x WHERE x.employee_id = e.id), COALESCE(away.title, ''),
        COALESCE(away.is_there, false),
        EXISTS (SELECT 1 FROM licenses_legalhold x WHERE x.employee_id = e.id AND x.ended_at IS NULL),
        e.agency_id, COALESCE(g.vendor_id, ''),
        ac.id, COALESCE(ac.vendor_id, ''), COALESCE(ac.email, ''), COALESCE(ac.role, ''), COALESCE(ac.status, ''),
        COALESCE(ac.is_ours, false), COALESCE(ac.is_service, false), COALESCE(ac.is_scim, false),
        COALESCE(ac.email_key, '') = ANY(%(protected)s), COALESCE(ac.groups, '{}'), COALESCE(ac.n, 0),
        iv.id, COALESCE(iv.vendor_id, ''), COALESCE(iv.status, ''), iv.expires_at, COALESCE(iv.is_ours, false),
        (SELECT COALESCE(sum(x.sends), 0) FROM vendors_vendorinvite x WHERE x.workspace_id = %(ws)s
            AND x.employee_id = e.id AND x.is_ours AND x.status <> 'accepted' AND x.invited_at >= GREATEST(d.granted_at,
                (SELECT max(y.gone_at) FROM vendors_vendoraccount y
                WHERE y.workspace_id = %(ws)s AND y.employee_id = e.id)) - interval '5 minutes'),
        EXISTS (SELECT 1 FROM vendors_vendoraccount x WHERE x.workspace_id = %(ws)s AND x.employee_id = e.id
            AND x.gone_at IS NOT NULL AND x.is_ours)
    FROM people p JOIN agencies_employee e ON e.id = p.employee_id
    LEFT JOIN desired d ON d.employee_id = e.id
    LEFT JOIN account ac ON ac.employee_id = e.id
    LEFT JOIN invite iv ON iv.employee_id = e.id
    LEFT JOIN mirror g ON g.agency_id = e.agency_id
    LEFT JOIN LATERAL (
        SELECT w.title, EXISTS (SELECT 1 FROM vendors_vendoraccount x WHERE x.workspace_id = w.id AND x.employee_id = e.id
            AND x.gone_at IS NULL AND x.status <> 'inactive') AS is_there
        FROM licenses_seat s JOIN agencies_agency a ON a.id = s.agency_id JOIN vendors_workspace w ON w.name = a.workspace
        WHERE s.employee_id = e.id AND s.state = 'granted' AND w.is_active AND w.id <> %(ws)s
            AND d.employee_id IS NULL AND ac.id IS NOT NULL LIMIT 1) away ON true
    WHERE NOT COALESCE(d.state = 'granted' AND (
            (ac.n = 1 AND ac.status = 'active' AND ac.role IN ('reader', 'member', '') AND (NOT ac.is_ours OR NOT %(writes)s
                OR ac.groups = CASE WHEN g.vendor_id IS NULL THEN '{}'::varchar[] ELSE ARRAY[g.vendor_id]::varchar[] END))
            OR (ac.id IS NULL AND iv.status = 'pending' AND (iv.expires_at IS NULL OR iv.expires_at > %(now)s))), false)
        AND NOT EXISTS (SELECT 1 FROM vendors_operation o WHERE o.workspace_id = %(ws)s AND o.employee_id = e.id
            AND (%(since)s::timestamptz IS NOT NULL AND (o.state = ANY(%(open)s) OR o.finished_at >= %(since)s)))
"""
_NOBODY = """
    SELECT id, vendor_id, email, role, status, is_service, is_scim, email_key = ANY(%(protected)s)
    FROM vendors_vendoraccount a
    WHERE workspace_id = %(ws)s AND gone_at IS NULL AND employee_id IS NULL
        AND NOT EXISTS (SELECT 1 FROM vendors_operation o WHERE o.workspace_id = %(ws)s
            AND o.target = 'account:' || a.vendor_id AND (o.state = ANY(%(open)s) OR o.finished_at >= %(since)s))
"""


# Invitations that somebody sent by hand to people whom the directory does not know.
_STRAY = """
    SELECT vendor_id, email FROM vendors_vendorinvite WHERE workspace_id = %(ws)s AND gone_at IS NULL
        AND employee_id IS NULL AND NOT is_ours AND status NOT IN ('accepted', 'expired')
        AND (expires_at IS NULL OR expires_at > %(now)s) AND email_key <> ALL(%(protected)s)
"""


@dataclass(slots=True)
class Plan:
    """What `decide` said about a workspace."""

    wanted: list[Wanted] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for one in self.wanted:
            counts[one.kind] = counts.get(one.kind, 0) + 1
        return counts | ({"drift": len(self.differences)} if self.differences else {})


def plan_for(workspace: Workspace, *, employee_ids: Iterable[int] | None = None, since: datetime | None = None) -> Plan:
    """Compare desired with observed for some people or for everybody.

    `since` is the start of the observation: people written to after it, or with an operation still open, are left for
    the next one, because the list may be older than the write.
    """
    plan, now, policy = Plan(), clock.now(), policy_of(workspace)
    mirrored = list(_groups(workspace).values_list("vendor_id", flat=True))
    ids = None if employee_ids is None else list(employee_ids)
    parameters: dict[str, Any] = {
        "ws": workspace.pk, "name": workspace.name, "ids": ids, "now": now, "since": since, "open": list(OPEN),
        "protected": [email.lower() for email in workspace.protected_emails], "writes": policy.writes,
    }  # fmt: skip
    # A named cursor keeps memory bounded at any number of people.
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(_ROWS, parameters)
        for found in iter(lambda: cursor.fetchmany(2000), []):
            for r in found:
                _sort(plan, Row._make((*r[:20], mirrored, *r[20:])), policy, now)
    if ids is None:
        with connection.cursor() as cursor:
            cursor.execute(_NOBODY, parameters)
            for found_one in cursor.fetchall():
                _sort(plan, _nobody(*found_one), policy, now)
            cursor.execute(_STRAY, parameters)
            plan.differences += [
                Difference("unmanaged", f"invite:{ref}", f"{email} is invited but no employee has this address.")
                for ref, email in cursor.fetchall()
            ]
        if policy.writes:
            plan.wanted += _groups_to_make(workspace)
    return plan


def _sort(plan: Plan, row: Row, policy: Policy, now: datetime) -> None:
    for answer in decide(row, policy, now):
        if isinstance(answer, Wanted):
            plan.wanted.append(answer)
        else:
            plan.differences.append(answer)


def _nobody(
    pk: int, ref: str, email: str, role: str, status: str, is_service: bool, is_scim: bool, is_break_glass: bool
) -> Row:
    return Row(
        None, "", False, "", None, "", False, False, None, "", pk, ref, email, role, status, False, is_service, is_scim,
        is_break_glass, [], [], 1, None, "", "", None, False, 0, False,
    )  # fmt: skip


def _groups(workspace: Workspace) -> Any:
    return VendorGroup.objects.filter(workspace=workspace, gone_at=None, agency__isnull=False, is_scim=False)


def group_name(code: str, name: str) -> str:
    """The name of the group that mirrors an agency."""
    return f"{code} {name}"[:255]


def _groups_to_make(workspace: Workspace) -> list[Wanted]:
    """Agencies with a granted seat in the workspace whose group is missing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT a.id, a.code, a.name FROM licenses_seat s JOIN agencies_agency a ON a.id = s.agency_id"
            " WHERE s.state = 'granted' AND a.workspace = %s AND NOT EXISTS (SELECT 1 FROM vendors_vendorgroup g"
            " WHERE g.workspace_id = %s AND g.agency_id = a.id AND g.gone_at IS NULL) ORDER BY a.code",
            [workspace.name, workspace.pk],
        )
        found = cursor.fetchall()
    return [
        Wanted(
            "group_create", f"group:{code}", None, "", "Groups mirror agencies",
            group_ref=group_name(code, name), agency_id=pk,
        )
        for pk, code, name in found
    ]  # fmt: skip


def operations_write(
    workspace: Workspace, wanted: list[Wanted], *, cause: str, state: str = "pending", run_id: int | None = None,
    urgent: bool = False,
) -> int:  # fmt: skip
    """Write the wanted operations; where one is open for the same target, that one goes on. Returns how many asked.

    `urgent` ones go before everything else; an open one for the same target is hurried along.
    """
    now = clock.now()
    rows = [
        Operation(
            workspace=workspace, kind=one.kind, target=one.target, employee_id=one.employee_id, email=one.email,
            vendor_ref=one.vendor_ref, group_ref=one.group_ref, state=state,
            priority=URGENT if urgent and one.is_removal else PRIORITY[one.kind], next_attempt_at=now, created_at=now,
            cause=f"{cause}: {one.why}"[:200], decided_in=requests.current()[:64], run_id=run_id,
        )
        for one in wanted
    ]  # fmt: skip
    Operation.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=True)
    if urgent:
        targets = [one.target for one in wanted if one.is_removal]
        waiting = Operation.objects.filter(workspace=workspace, target__in=targets, kind__in=REMOVALS)
        waiting.filter(state__in=["pending", "retry"]).update(priority=URGENT, next_attempt_at=now)
        waiting.filter(state__in=["planned", "needs_attention"]).update(
            state="pending", priority=URGENT, next_attempt_at=now
        )
    return len(rows)


# An operation about a person's account that the seat no longer demands, or demands the opposite of; and a removal that
# was under way when a legal hold began.
OVERTAKEN = """(
    o.target LIKE 'person:%%' AND (o.kind IN ('invite', 'restore')) <> EXISTS (
        SELECT 1 FROM licenses_seat s JOIN agencies_agency a ON a.id = s.agency_id
        WHERE s.employee_id = o.employee_id AND s.state = 'granted' AND a.workspace = %(name)s)
    OR o.kind = 'remove' AND EXISTS (
        SELECT 1 FROM licenses_legalhold h WHERE h.employee_id = o.employee_id AND h.ended_at IS NULL)
)"""
_SUPERSEDE = f"""
    UPDATE vendors_operation o SET finished_at = %(now)s,
        state = CASE WHEN o.state = 'planned' THEN 'discarded' ELSE 'superseded' END
    WHERE o.workspace_id = %(ws)s AND (%(ids)s::bigint[] IS NULL OR o.employee_id = ANY(%(ids)s)) AND NOT o.is_unclear
        AND o.state IN ('planned', 'pending', 'retry', 'needs_attention') AND {OVERTAKEN}
"""


def supersede(workspace: Workspace, employee_ids: Iterable[int] | None) -> int:
    """Drop operations (of these people, or of everybody) that a newer decision has overtaken and that cannot have
    acted. Returns how many.
    """
    ids = None if employee_ids is None else list(employee_ids)
    with connection.cursor() as cursor:
        cursor.execute(_SUPERSEDE, {"ws": workspace.pk, "ids": ids, "name": workspace.name, "now": clock.now()})
        return int(cursor.rowcount)
