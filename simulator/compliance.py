"""The compliance API's view of people: everyone who is or was a member (vendor fact sheet 6)."""

from __future__ import annotations

from simulator import pages
from simulator.messages import Call, Reply
from simulator.pages import LimitRule
from simulator.world import World

LIST_LIMIT = LimitRule(default=200, lowest=1, highest=1_000)

# Whoever left is shown as inactive; seats are not shown at all.
_LIST = """
    SELECT id, json_object('object', 'compliance.workspace.user', 'id', id, 'email', email, 'name', name,
      'created_at', added_at,
      'role', CASE coalesce(workspace_role, role) WHEN 'owner' THEN 'account-owner' WHEN 'admin' THEN 'account-admin'
        WHEN 'analytics-viewer' THEN 'analytics-viewer' ELSE 'standard-user' END,
      'status', CASE WHEN inactive_at IS NULL AND deleted_at IS NULL THEN 'active' ELSE 'inactive' END)
    FROM users WHERE seq > :after AND is_service_account = 0 ORDER BY seq LIMIT :rows
"""


def list_users(world: World, call: Call) -> Reply:
    """GET /v1/compliance/workspaces/{workspace_id}/users: `after` is the last id of the page before, nothing else."""
    limit = pages.read_limit(call.query, LIST_LIMIT, world.settings)
    after = 0
    if cursor := call.query.get("after"):
        position = world.store.value("SELECT seq FROM users WHERE id = ?", (cursor,))
        if position is None:
            raise pages.unknown_cursor(cursor)
        after = position
    rows = world.store.rows(_LIST, {"after": after, "rows": limit + 1})
    return Reply(pages.last_id_page(rows, limit))
