"""Who belongs into which group of a workspace, and what is still to be done: for the identity team, where Beacon only
looks. The sync verifies the outcome; nothing here is written down.
"""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection

from apps.vendors.models import Workspace
from apps.vendors.planning import group_name


class Membership(NamedTuple):
    """One line: the agency's group, the person, and the step: add, remove, suspend (a legal hold forbids
    removing), or keep as it is.
    """

    group: str
    employee_id: str
    email: str
    step: str


# Desired: granted seats of agencies placed here. Observed: active accounts. Who never had a seat is drift, not a task.
_MEMBERSHIPS = """
    WITH desired AS (
        SELECT s.employee_id, a.code, a.name FROM licenses_seat s JOIN agencies_agency a ON a.id = s.agency_id
        WHERE s.state = 'granted' AND a.workspace = %(name)s
    ), shown AS (
        SELECT DISTINCT employee_id FROM vendors_vendoraccount
        WHERE workspace_id = %(ws)s AND gone_at IS NULL AND status <> 'inactive' AND employee_id IS NOT NULL
            AND NOT is_service AND role <> 'owner' AND email_key <> ALL(%(protected)s)
    )
    SELECT COALESCE(d.code, a.code), COALESCE(d.name, a.name), e.employee_id, e.email,
        CASE WHEN d.employee_id IS NULL AND EXISTS (SELECT 1 FROM licenses_legalhold h WHERE h.employee_id = e.id
                AND h.ended_at IS NULL) THEN 'suspend' WHEN d.employee_id IS NULL THEN 'remove'
            WHEN s.employee_id IS NULL THEN 'add' ELSE 'keep' END
    FROM desired d FULL JOIN shown s ON s.employee_id = d.employee_id
    JOIN agencies_employee e ON e.id = COALESCE(d.employee_id, s.employee_id)
    JOIN agencies_agency a ON a.id = e.agency_id
    WHERE d.employee_id IS NOT NULL OR EXISTS (SELECT 1 FROM licenses_seat x WHERE x.employee_id = e.id)
    ORDER BY 1, 4
"""


def memberships(workspace: Workspace) -> list[Membership]:
    """Every line of a workspace, by group and address."""
    protected = [email.lower() for email in workspace.protected_emails]
    with connection.cursor() as cursor:
        cursor.execute(_MEMBERSHIPS, {"ws": workspace.pk, "name": workspace.name, "protected": protected})
        return [
            Membership(group_name(code, name), employee_id, email, step)
            for code, name, employee_id, email, step in cursor.fetchall()
        ]
