"""Looking at a workspace: every member, invitation and group into the observed state, in bounded memory.

Lists are read outside transactions into temporary tables and compared there; only what changed is written. Own writes
of the last minutes are trusted over a list that may lag behind them. What a list no longer shows is asked for by its
id before it counts as gone: lists skip rows while others change, and a record may be unreadable.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import connection, transaction

from apps.agencies.models import Agency
from apps.core.db.copy import copy_rows
from apps.licenses.ports import GroupSeen, Listing, Misconfigured, ProviderError, SeatProvider
from apps.vendors.models import Operation, VendorAccount, VendorGroup, Workspace
from apps.vendors.planning import group_name

OWN_WRITES = timedelta(minutes=15)
# Where more are missing, this many are asked for; a single one who is there discredits the whole list.
CONFIRMED = 200
_BATCH = 5000
_BEAT_SECONDS = 20.0
_STAGES = {
    "seen_member": "vendor_id text, email text, name text, role text, is_service bool, is_scim bool,"
    " added_at timestamptz, seat_type text, status text",
    "seen_invite": "vendor_id text, email text, role text, status text, invited_at timestamptz,"
    " expires_at timestamptz, accepted_at timestamptz",
    "seen_membership": "member_id text, group_id text",
    "seen_alive": "vendor_id text",
}


@dataclass(slots=True)
class Observation:
    """How the lists were read, and how long they were."""

    members: int = 0
    invites: int = 0
    groups: int = 0
    members_before: int = 0
    complete: bool = True
    # Records that could not be read.
    aside: int = 0
    groups_seen: list[GroupSeen] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def fail(self, problem: str) -> None:
        self.complete = False
        self.problems.append(problem)

    def add(self, name: str, listing: Listing) -> None:
        self.complete = self.complete and listing.complete
        self.aside += listing.aside
        shown = [f"{name}: {problem}" for problem in listing.problems[:5]]
        more = len(listing.problems) - len(shown)
        self.problems += shown + ([f"{name}: and {more} more like these."] if more > 0 else [])


@contextmanager
def stages() -> Iterator[None]:
    """The temporary tables of one observation."""
    with connection.cursor() as cursor:
        for name, columns in _STAGES.items():
            cursor.execute(f"CREATE TEMPORARY TABLE {name} ({columns})")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {', '.join(_STAGES)}")


def members_listed(workspace: Workspace) -> int:
    """How many members the last complete list had."""
    return VendorAccount.objects.filter(workspace=workspace, gone_at=None).exclude(status="inactive").count()


def read(provider: SeatProvider, workspace: Workspace, started: datetime, beat: Callable[[], None]) -> Observation:
    """Read every list into the stages. `beat` is called now and then meanwhile (it renews the lease).

    Raises `Misconfigured`; every other failure makes the observation incomplete.
    """
    seen = Observation(members_before=members_listed(workspace))
    listing = Listing()
    seen.members = _stage("seen_member", provider.members(listing), beat)
    seen.add("Members", listing)
    listing = Listing()
    seen.invites = _stage("seen_invite", provider.invites(listing), beat)
    seen.add("Invitations", listing)
    _read_groups(provider, seen, beat)
    if seen.complete:
        _confirm(workspace, "Members", _MEMBERS_MISSING, started, provider.has_member, seen, beat)
        _confirm(workspace, "Invitations", _INVITES_MISSING, started, provider.has_invite, seen, beat)
    seen.problems += _undocumented()
    return seen


def _read_groups(provider: SeatProvider, seen: Observation, beat: Callable[[], None]) -> None:
    listing = Listing()
    seen.groups_seen = list(provider.groups(listing))
    seen.groups = len(seen.groups_seen)
    seen.add("Groups", listing)
    mirrors = _mirrors()
    for group in seen.groups_seen:
        if group.name in mirrors:
            listing = Listing()
            pairs = ((member, group.vendor_id) for member in provider.group_members(group.vendor_id, listing))
            _stage("seen_membership", pairs, beat)
            seen.add(f"Group {group.name}", listing)


_MEMBERS_MISSING = """
    SELECT a.vendor_id FROM vendors_vendoraccount a WHERE workspace_id = %(ws)s AND gone_at IS NULL
        AND status <> 'inactive' AND NOT EXISTS (SELECT 1 FROM seen_member n WHERE n.vendor_id = a.vendor_id) ORDER BY a.id
"""
_INVITES_MISSING = """
    SELECT a.vendor_id FROM vendors_vendorinvite a WHERE workspace_id = %(ws)s AND gone_at IS NULL
        AND status NOT IN ('accepted', 'expired') AND NOT (is_ours AND invited_at >= %(trusted)s)
        AND NOT EXISTS (SELECT 1 FROM seen_invite n WHERE n.vendor_id = a.vendor_id) ORDER BY a.id
"""


def _confirm(
    workspace: Workspace, name: str, missing: str, started: datetime, is_there: Callable[[str], bool],
    seen: Observation, beat: Callable[[], None],
) -> None:  # fmt: skip
    """Ask for what is missing by its id, one by one; who answers is kept in `seen_alive`."""
    with connection.cursor() as cursor:
        cursor.execute(missing, {"ws": workspace.pk, "trusted": started - OWN_WRITES})
        ids = [row[0] for row in cursor.fetchall()]
    alive: list[list[str]] = []
    try:
        for vendor_id in ids[:CONFIRMED]:
            beat()
            if is_there(vendor_id):
                alive.append([vendor_id])
    except Misconfigured:
        raise
    except ProviderError as error:
        seen.fail(f"{name}: who is missing could not be asked for: {error.message} (HTTP {error.status}).")
    if alive:
        seen.problems.append(f"{name}: {len(alive):,} are missing from the list and there when asked for by id.")
    if alive and len(ids) > CONFIRMED:
        seen.fail(f"{name}: {len(ids):,} are missing from a list that is not to be believed.")
    copy_rows("seen_alive", ["vendor_id"], alive)


def _undocumented() -> list[str]:
    """States of invitations that nobody documented: kept as they are, and said."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT left(status, 40), count(*) FROM seen_invite WHERE status NOT IN ('pending', 'accepted', 'expired')"
            " GROUP BY 1 ORDER BY 2 DESC LIMIT 5"
        )
        found = cursor.fetchall()
    return [f"Invitations: {count:,} with the status {status!r}, which is not documented." for status, count in found]


def _stage(table: str, rows: Iterable[Any], beat: Callable[[], None]) -> int:
    columns = [part.split()[0] for part in _STAGES[table].split(", ")]
    stream, count = iter(rows), 0
    while batch := list(islice(_beating(stream, beat), _BATCH)):
        with transaction.atomic():
            count += copy_rows(table, columns, batch)
        beat()
    return count


def _beating(rows: Iterator[Any], beat: Callable[[], None]) -> Iterator[Any]:
    """The rows as they come; slow pages do not let the lease end."""
    last = time.monotonic()
    for row in rows:
        if time.monotonic() - last > _BEAT_SECONDS:
            beat()
            last = time.monotonic()
        yield row


def _mirrors() -> dict[str, int]:
    """Agencies by the name of the group that mirrors them."""
    return {group_name(code, name): pk for pk, code, name in Agency.objects.values_list("pk", "code", "name")}


def _store_groups(workspace: Workspace, groups: list[GroupSeen], trusted: datetime) -> None:
    """Groups are few: compare them one by one. One that has an agency's group name mirrors that agency."""
    mirrors = _mirrors()
    for group in groups:
        VendorGroup.objects.update_or_create(
            workspace=workspace,
            vendor_id=group.vendor_id,
            defaults={
                "name": group.name[:255], "is_scim": group.is_scim, "agency_id": mirrors.get(group.name),
                "gone_at": None,
            },
        )  # fmt: skip
    # A group that Beacon has just made may be missing from a list that lags.
    made = Operation.objects.filter(workspace=workspace, kind="group_create", finished_at__gte=trusted)
    gone = VendorGroup.objects.filter(workspace=workspace).exclude(name__in=made.values("group_ref"))
    gone.exclude(vendor_id__in=[group.vendor_id for group in groups]).delete()


# ---- storing -----------------------------------------------------------------------------------------------

_MEMBERS = """
    INSERT INTO vendors_vendoraccount (workspace_id, vendor_id, email, email_key, name, role, is_service, is_scim,
        added_at, is_ours, groups, seat_type, status)
    SELECT %(ws)s, n.vendor_id, left(n.email, 254), lower(left(n.email, 254)), left(n.name, 200), left(n.role, 40),
        n.is_service, COALESCE(n.is_scim, a.is_scim, false), n.added_at, false, '{}', left(n.seat_type, 40), left(n.status, 40)
    FROM (SELECT DISTINCT ON (vendor_id) * FROM seen_member WHERE vendor_id <> '') n
    LEFT JOIN vendors_vendoraccount a ON a.workspace_id = %(ws)s AND a.vendor_id = n.vendor_id
    WHERE a.id IS NULL
        OR (a.email, a.name, a.role, a.is_service, a.is_scim, a.seat_type) IS DISTINCT FROM
            (left(n.email, 254), left(n.name, 200), left(n.role, 40), n.is_service,
            COALESCE(n.is_scim, a.is_scim), left(n.seat_type, 40))
        OR (a.status <> left(n.status, 40) AND (a.status_set_at IS NULL OR a.status_set_at < %(trusted)s))
        OR (a.gone_at IS NOT NULL AND (a.removed_at IS NULL OR a.removed_at < %(trusted)s))
    ON CONFLICT (workspace_id, vendor_id) DO UPDATE SET email = EXCLUDED.email, email_key = EXCLUDED.email_key,
        name = EXCLUDED.name, role = EXCLUDED.role, is_service = EXCLUDED.is_service, is_scim = EXCLUDED.is_scim,
        seat_type = EXCLUDED.seat_type, status = CASE WHEN vendors_vendoraccount.status_set_at >= %(trusted)s
            THEN vendors_vendoraccount.status ELSE EXCLUDED.status END,
        gone_at = CASE WHEN vendors_vendoraccount.removed_at >= %(trusted)s THEN vendors_vendoraccount.gone_at END
"""
# Who is suspended does not stand in the list of some vendors; asking for them by id, one by one, would take too long.
_MEMBERS_GONE = """
    UPDATE vendors_vendoraccount a SET gone_at = %(started)s WHERE workspace_id = %(ws)s AND gone_at IS NULL
        AND status <> 'inactive'
        AND NOT EXISTS (SELECT 1 FROM seen_member n WHERE n.vendor_id = a.vendor_id)
        AND NOT EXISTS (SELECT 1 FROM seen_alive n WHERE n.vendor_id = a.vendor_id)
"""
_INVITES = """
    INSERT INTO vendors_vendorinvite (workspace_id, vendor_id, email, email_key, role, status, invited_at, expires_at,
        accepted_at, is_ours)
    SELECT %(ws)s, n.vendor_id, left(n.email, 254), lower(left(n.email, 254)), left(n.role, 40), left(n.status, 40),
        n.invited_at, n.expires_at, n.accepted_at, false
    FROM (SELECT DISTINCT ON (vendor_id) * FROM seen_invite WHERE vendor_id <> '') n
    LEFT JOIN vendors_vendorinvite a ON a.workspace_id = %(ws)s AND a.vendor_id = n.vendor_id
    WHERE a.id IS NULL OR (a.status, a.expires_at, a.accepted_at) IS DISTINCT FROM
            (left(n.status, 40), n.expires_at, n.accepted_at)
        OR (a.gone_at IS NOT NULL AND (a.removed_at IS NULL OR a.removed_at < %(trusted)s))
    ON CONFLICT (workspace_id, vendor_id) DO UPDATE SET status = EXCLUDED.status, expires_at = EXCLUDED.expires_at,
        invited_at = EXCLUDED.invited_at, accepted_at = EXCLUDED.accepted_at,
        gone_at = CASE WHEN vendors_vendorinvite.removed_at >= %(trusted)s THEN vendors_vendorinvite.gone_at END
"""
# An invitation that Beacon has just sent may be missing from a list that lags.
_INVITES_GONE = """
    UPDATE vendors_vendorinvite a SET gone_at = %(started)s WHERE workspace_id = %(ws)s AND gone_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM seen_invite n WHERE n.vendor_id = a.vendor_id)
        AND NOT EXISTS (SELECT 1 FROM seen_alive n WHERE n.vendor_id = a.vendor_id)
        AND NOT (is_ours AND invited_at >= %(trusted)s)
"""
# The vendor id rules; an e-mail only joins what is not joined yet. People who are employed come before those who left.
_LINK = """
    UPDATE {table} a SET employee_id = (
        SELECT e.id FROM agencies_employee e WHERE lower(e.email) = a.email_key
        ORDER BY (e.status = 'separated'), e.id LIMIT 1)
    WHERE workspace_id = %(ws)s AND employee_id IS NULL AND gone_at IS NULL AND email_key <> ''
        AND EXISTS (SELECT 1 FROM agencies_employee e WHERE lower(e.email) = a.email_key)
"""
# An account is ours where it came from an invitation of ours.
_OURS = """
    UPDATE vendors_vendoraccount a SET is_ours = true WHERE workspace_id = %(ws)s AND NOT is_ours AND gone_at IS NULL
        AND employee_id IS NOT NULL AND EXISTS (SELECT 1 FROM vendors_vendorinvite i WHERE i.workspace_id = %(ws)s
            AND i.employee_id = a.employee_id AND i.is_ours)
"""
_MEMBERSHIPS = """
    UPDATE vendors_vendoraccount a SET groups = COALESCE(m.groups, '{}')
    FROM vendors_vendoraccount b LEFT JOIN (
        SELECT member_id, array_agg(DISTINCT group_id ORDER BY group_id)::varchar[] AS groups
        FROM seen_membership GROUP BY 1) m ON m.member_id = b.vendor_id
    WHERE a.id = b.id AND a.workspace_id = %(ws)s AND a.gone_at IS NULL
        AND a.groups IS DISTINCT FROM COALESCE(m.groups, '{}')
        AND NOT EXISTS (SELECT 1 FROM vendors_operation o WHERE o.workspace_id = %(ws)s
            AND o.employee_id = a.employee_id AND o.finished_at >= %(started)s)
"""


def store(workspace: Workspace, seen: Observation, started: datetime) -> None:
    """Bring the observed state up to the stages. Absence counts only where the lists were complete."""
    parameters: dict[str, Any] = {"ws": workspace.pk, "started": started, "trusted": started - OWN_WRITES}
    statements = [
        _INVITES,
        _LINK.format(table="vendors_vendorinvite"),
        _MEMBERS,
        _LINK.format(table="vendors_vendoraccount"),
    ]
    statements += [_OURS]
    if seen.complete:
        _store_groups(workspace, seen.groups_seen, parameters["trusted"])
        statements += [_MEMBERS_GONE, _INVITES_GONE, _MEMBERSHIPS]
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(_STAGES)}")
        for statement in statements:
            cursor.execute(statement, parameters)
