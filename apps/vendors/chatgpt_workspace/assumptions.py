"""What Beacon assumes of the ChatGPT Admin API. The vendor has not published it; docs/vendor.md says what is known.

Paths are under the address (".../v1") and may name {workspace}, {user}, {invite}, {group}, {log}. Bodies are JSON and
may name {email} and {user}. An empty value says that the API has no such thing.
"""

from apps.vendors.assumptions import CONFIRMED, REPORTED, UNKNOWN, Spec

_WS = "/manage/workspaces/{workspace}"

SPECS = (
    Spec("users_path", "Path of the list of members", f"{_WS}/users", CONFIRMED, is_asked=True),
    Spec("users_limit", "Members on a page", "1000", REPORTED, is_asked=True),
    Spec("email_filter", "Name of the filter by exact address", "email", UNKNOWN, is_asked=True),
    Spec("user_path", "Path of one member", f"{_WS}/users/{{user}}", REPORTED, is_asked=True),
    Spec("user_remove_method", "Method that removes a member", "DELETE", UNKNOWN),
    Spec("user_update_method", "Method that changes a member", "PATCH", UNKNOWN),
    Spec("suspend_body", "Body that suspends a member (empty: it cannot)", '{"status": "inactive"}', UNKNOWN),
    Spec("restore_body", "Body that ends a suspension", '{"status": "active"}', UNKNOWN),
    Spec("role_body", "Body that makes a member a plain member", '{"role": "member"}', UNKNOWN),
    Spec("invites_path", "Path of the invitations", f"{_WS}/invites", UNKNOWN, is_asked=True),
    Spec("invite_path", "Path of one invitation", f"{_WS}/invites/{{invite}}", UNKNOWN, is_asked=True),
    Spec("invite_body", "Body of an invitation", '{"email": "{email}", "role": "member"}', UNKNOWN),
    Spec(
        "resend_path", "Path that sends an invitation anew (empty: none)", f"{_WS}/invites/{{invite}}/resend", UNKNOWN
    ),
    Spec("groups_path", "Path of the groups", f"{_WS}/groups", REPORTED, is_asked=True),
    Spec("group_users_path", "Path of a group's members", f"{_WS}/groups/{{group}}/users", REPORTED, is_asked=True),
    Spec("group_add_body", "Body that adds a member to a group", '{"user_id": "{user}"}', REPORTED),
    Spec("group_user_path", "Path of one membership", f"{_WS}/groups/{{group}}/users/{{user}}", REPORTED),
    Spec("usage_path", "Path of daily activity", "/analytics/workspaces/{workspace}/usage", REPORTED, is_asked=True),
    Spec(
        "logs_path", "Path of the audit log's files", "/compliance/workspaces/{workspace}/logs", REPORTED, is_asked=True
    ),
    Spec("log_path", "Path of one file", "/compliance/workspaces/{workspace}/logs/{log}", REPORTED),
    Spec("log_type", "The kind of file that holds the audit log", "AUDIT_LOG", REPORTED, is_asked=True),
    Spec("scope_read", "Scope for reading members", "chatgpt.enterprise.user.read", CONFIRMED),
    Spec("scope_write", "Scope for changing members", "chatgpt.enterprise.user.write", REPORTED),
    Spec("scope_groups", "Scope for groups", "chatgpt.enterprise.directory.write", REPORTED),
    Spec("scope_usage", "Scope for daily activity", "enterprise.analytics.usage.read", REPORTED),
    Spec("scope_invites", "Scope for invitations", "chatgpt.enterprise.invitation.write", UNKNOWN),
)
