"""How many seats a workspace has left to promise: never more people are invited than it has seats."""

from __future__ import annotations

from django.db import connection

from apps.core import clock
from apps.vendors.models import Workspace

_SEATS_LOCK = 0x53656154  # "SeaT": workers count and claim one after the other
_SEATS_USED = """
    SELECT (SELECT count(*) FROM vendors_vendoraccount WHERE workspace_id = %(ws)s AND gone_at IS NULL AND NOT is_service)
        + (SELECT count(*) FROM vendors_vendorinvite WHERE workspace_id = %(ws)s AND gone_at IS NULL
            AND status NOT IN ('accepted', 'expired') AND (expires_at IS NULL OR expires_at > %(now)s))
        + (SELECT count(*) FROM vendors_operation WHERE workspace_id = %(ws)s AND kind = 'invite'
            AND (state = 'running' OR state = 'retry' AND is_unclear))
"""


def seats_left(workspace: Workspace) -> int | None:
    """How many more people may be invited: the workspace's seats less members, invitations that lie with people, and
    invitations under way. None where the record does not say how many seats there are.

    Other workers wait here until the caller's transaction ends.
    """
    if not workspace.seats:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_SEATS_LOCK, workspace.pk])
        cursor.execute(_SEATS_USED, {"ws": workspace.pk, "now": clock.now()})
        row = cursor.fetchone()
    return max(0, workspace.seats - int(row[0] if row else 0))
