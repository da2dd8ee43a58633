"""Which route of the vendor is answered by what. A further surface of the vendor is a further table here."""

from __future__ import annotations

from typing import NamedTuple

from simulator import (
    audit_log,
    compliance,
    compliance_logs,
    costs,
    data_retention,
    group_users,
    groups,
    invites,
    usage,
    usage_limits,
    users,
    workspace_groups,
    workspace_invites,
    workspace_usage,
    workspace_users,
)
from simulator.gates import ComplianceGate, Gate, OrganizationGate, SignedGate, WorkspaceGate
from simulator.settings import (
    ANALYTICS_READ,
    COMPLIANCE_READ,
    DIRECTORY_READ,
    DIRECTORY_WRITE,
    INVITATION_READ,
    INVITATION_WRITE,
    USAGE_LIMIT_READ,
    USAGE_LIMIT_WRITE,
    USER_READ,
    USER_WRITE,
)
from simulator.world import Handler

VENDOR_PREFIX = "/v1"
ORGANIZATION = f"{VENDOR_PREFIX}/organization"
WORKSPACE = f"{VENDOR_PREFIX}/manage/workspaces/{{workspace_id}}"
ANALYTICS = f"{VENDOR_PREFIX}/analytics/workspaces/{{workspace_id}}"
COMPLIANCE = f"{VENDOR_PREFIX}/compliance/workspaces/{{workspace_id}}"

ADMIN_KEY = "admin key"
WORKSPACE_KEY = "workspace key"
SIGNATURE = "signature"


class VendorEndpoint(NamedTuple):
    """One method and path of the vendor, what answers it, and which key opens it."""

    method: str
    template: str
    handler: Handler
    gate: Gate
    key: str

    @property
    def name(self) -> str:
        """How faults, limits and the journal name the route."""
        return f"{self.method} {self.template}"


ORGANIZATION_ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", f"{ORGANIZATION}/users", users.list_users),
    ("GET", f"{ORGANIZATION}/users/{{user_id}}", users.retrieve_user),
    ("POST", f"{ORGANIZATION}/users/{{user_id}}", users.update_user),
    ("DELETE", f"{ORGANIZATION}/users/{{user_id}}", users.delete_user),
    ("GET", f"{ORGANIZATION}/invites", invites.list_invites),
    ("POST", f"{ORGANIZATION}/invites", invites.create_invite),
    ("GET", f"{ORGANIZATION}/invites/{{invite_id}}", invites.retrieve_invite),
    ("DELETE", f"{ORGANIZATION}/invites/{{invite_id}}", invites.delete_invite),
    ("GET", f"{ORGANIZATION}/groups", groups.list_groups),
    ("POST", f"{ORGANIZATION}/groups", groups.create_group),
    ("GET", f"{ORGANIZATION}/groups/{{group_id}}", groups.retrieve_group),
    ("POST", f"{ORGANIZATION}/groups/{{group_id}}", groups.update_group),
    ("DELETE", f"{ORGANIZATION}/groups/{{group_id}}", groups.delete_group),
    ("GET", f"{ORGANIZATION}/groups/{{group_id}}/users", group_users.list_members),
    ("POST", f"{ORGANIZATION}/groups/{{group_id}}/users", group_users.add_member),
    ("GET", f"{ORGANIZATION}/groups/{{group_id}}/users/{{user_id}}", group_users.retrieve_member),
    ("DELETE", f"{ORGANIZATION}/groups/{{group_id}}/users/{{user_id}}", group_users.remove_member),
    ("GET", f"{ORGANIZATION}/audit_logs", audit_log.list_entries),
    ("GET", f"{ORGANIZATION}/usage/completions", usage.completions),
    ("GET", f"{ORGANIZATION}/costs", costs.costs),
    ("GET", f"{ORGANIZATION}/data_retention", data_retention.retrieve_retention),
    ("POST", f"{ORGANIZATION}/data_retention", data_retention.update_retention),
)

# Method, path, handler, the scope it needs, and how the workspace's log names the call.
WORKSPACE_ROUTES: tuple[tuple[str, str, Handler, str, str], ...] = (
    ("GET", "/users", workspace_users.list_users, USER_READ, "LIST_WORKSPACE_USERS"),
    ("GET", "/users/{user_id}", workspace_users.retrieve_user, USER_READ, "GET_WORKSPACE_USER"),
    ("PATCH", "/users/{user_id}", workspace_users.update_user, USER_WRITE, "UPDATE_WORKSPACE_USER"),
    ("DELETE", "/users/{user_id}", workspace_users.delete_user, USER_WRITE, "DELETE_WORKSPACE_USER"),
    (
        "GET",
        "/users/{user_id}/groups",
        workspace_groups.list_groups_of_user,
        DIRECTORY_READ,
        "LIST_WORKSPACE_USER_GROUPS",
    ),
    ("GET", "/invites", workspace_invites.list_invites, INVITATION_READ, "LIST_WORKSPACE_INVITES"),
    ("POST", "/invites", workspace_invites.create_invite, INVITATION_WRITE, "CREATE_WORKSPACE_INVITE"),
    ("GET", "/invites/{invite_id}", workspace_invites.retrieve_invite, INVITATION_READ, "GET_WORKSPACE_INVITE"),
    (
        "POST",
        "/invites/{invite_id}/resend",
        workspace_invites.resend_invite,
        INVITATION_WRITE,
        "RESEND_WORKSPACE_INVITE",
    ),
    ("DELETE", "/invites/{invite_id}", workspace_invites.delete_invite, INVITATION_WRITE, "DELETE_WORKSPACE_INVITE"),
    ("GET", "/groups", workspace_groups.list_groups, DIRECTORY_READ, "LIST_WORKSPACE_DIRECTORY_GROUPS"),
    ("POST", "/groups", workspace_groups.create_group, DIRECTORY_WRITE, "CREATE_WORKSPACE_DIRECTORY_GROUP"),
    ("GET", "/groups/{group_id}", workspace_groups.retrieve_group, DIRECTORY_READ, "GET_WORKSPACE_DIRECTORY_GROUP"),
    (
        "PATCH",
        "/groups/{group_id}",
        workspace_groups.update_group,
        DIRECTORY_WRITE,
        "UPDATE_WORKSPACE_DIRECTORY_GROUP",
    ),
    (
        "DELETE",
        "/groups/{group_id}",
        workspace_groups.delete_group,
        DIRECTORY_WRITE,
        "DELETE_WORKSPACE_DIRECTORY_GROUP",
    ),
    (
        "GET",
        "/groups/{group_id}/users",
        workspace_groups.list_members,
        DIRECTORY_READ,
        "LIST_WORKSPACE_DIRECTORY_GROUP_USERS",
    ),
    (
        "POST",
        "/groups/{group_id}/users",
        workspace_groups.add_members,
        DIRECTORY_WRITE,
        "ADD_WORKSPACE_DIRECTORY_GROUP_USERS",
    ),
    (
        "DELETE",
        "/groups/{group_id}/users/{user_id}",
        workspace_groups.remove_member,
        DIRECTORY_WRITE,
        "DELETE_WORKSPACE_DIRECTORY_GROUP_USER",
    ),
    (
        "GET",
        "/usage_limits/workspace",
        usage_limits.retrieve_workspace_limit,
        USAGE_LIMIT_READ,
        "GET_WORKSPACE_USAGE_LIMIT",
    ),
    (
        "PATCH",
        "/usage_limits/workspace",
        usage_limits.update_workspace_limit,
        USAGE_LIMIT_WRITE,
        "UPDATE_WORKSPACE_USAGE_LIMIT",
    ),
    (
        "GET",
        "/usage_limits/users/{user_id}",
        usage_limits.retrieve_user_limit,
        USAGE_LIMIT_READ,
        "GET_WORKSPACE_USER_USAGE_LIMIT",
    ),
    (
        "PATCH",
        "/usage_limits/users/{user_id}",
        usage_limits.update_user_limit,
        USAGE_LIMIT_WRITE,
        "UPDATE_WORKSPACE_USER_USAGE_LIMIT",
    ),
    (
        "GET",
        "/usage_limits/users/{user_id}/monthly-usage",
        usage_limits.retrieve_monthly_usage,
        USAGE_LIMIT_READ,
        "GET_WORKSPACE_USER_MONTHLY_USAGE",
    ),
)

COMPLIANCE_ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/users", compliance.list_users),
    ("GET", "/logs", compliance_logs.list_files),
    ("GET", "/logs/{log_id}", compliance_logs.redirect_to_file),
)


def vendor_routes() -> list[VendorEndpoint]:
    """Return every route of the vendor, whichever its surface."""
    organization, compliance_gate = OrganizationGate(), ComplianceGate(COMPLIANCE_READ)
    usage_gate = WorkspaceGate(ANALYTICS_READ, "LIST_WORKSPACE_USAGE")
    return [
        *(VendorEndpoint(*route, organization, ADMIN_KEY) for route in ORGANIZATION_ROUTES),
        *(
            VendorEndpoint(method, WORKSPACE + path, handler, WorkspaceGate(scope, action), WORKSPACE_KEY)
            for method, path, handler, scope, action in WORKSPACE_ROUTES
        ),
        VendorEndpoint("GET", f"{ANALYTICS}/usage", workspace_usage.daily_usage, usage_gate, WORKSPACE_KEY),
        *(
            VendorEndpoint(method, COMPLIANCE + path, handler, compliance_gate, WORKSPACE_KEY)
            for method, path, handler in COMPLIANCE_ROUTES
        ),
        VendorEndpoint(
            "GET", f"{compliance_logs.FILES}/{{log_id}}", compliance_logs.serve_file, SignedGate(), SIGNATURE
        ),
    ]
