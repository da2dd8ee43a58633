"""The calls of the ChatGPT Admin API that Beacon uses: generic calls of the SDK, along paths that are settings."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import httpx2

from apps.licenses.ports import Misconfigured, Transient
from apps.vendors.wire import Answer, Wire

_REDIRECTS = (301, 302, 303, 307, 308)


class Client:
    """Calls by name. `values` are the assumptions in use. Raises only the six errors of `licenses.ports`."""

    def __init__(self, wire: Wire, workspace_ref: str, values: Mapping[str, str]) -> None:
        self._wire, self._ref, self._values = wire, workspace_ref, values

    # -- reads ------------------------------------------------------------------------------------------------

    def users(self, *, after: str | None, **query: Any) -> Answer:
        limit = int(self._values["users_limit"])
        return self._get("list_members", "users_path", {"limit": limit, "after": after, **query})

    def users_by_email(self, email: str) -> Answer:
        return self.users(after=None, **{self._values["email_filter"]: email})

    def user(self, user_id: str) -> Answer:
        return self._get("get_member", "user_path", user=user_id)

    def invites(self, *, after: str | None, limit: int = 1000) -> Answer:
        return self._get("list_invites", "invites_path", {"limit": limit, "after": after})

    def invite(self, invite_id: str) -> Answer:
        return self._get("get_invite", "invite_path", invite=invite_id)

    def groups(self, *, cursor: str | None, limit: int = 100) -> Answer:
        return self._get("list_groups", "groups_path", {"limit": limit, "cursor": cursor})

    def group_users(self, group_id: str, *, cursor: str | None, limit: int = 100) -> Answer:
        query = {"limit": limit, "cursor": cursor}
        return self._get("list_group_members", "group_users_path", query, group=group_id)

    def usage(self, *, start: str, end: str, page: str | None, limit: int = 1000) -> Answer:
        query = {"start_date": start, "end_date": end, "limit": limit, "page": page}
        return self._get("usage", "usage_path", query)

    def logs(self, *, after: str, limit: int = 100) -> Answer:
        query = {"event_type": self._values["log_type"], "after": after, "limit": limit}
        return self._get("audit_log", "logs_path", query)

    def log_lines(self, log_id: str) -> bytes:
        """A file of the audit log: the API names a signed address, which is fetched without our key."""
        address = self._path("log_path", log=log_id)
        # The SDK would call a redirect an error; it is the answer.
        found = self._wire.redirect("audit_log", address)
        if found.status_code not in _REDIRECTS or not found.headers.get("location"):
            raise Transient("The log's file has no address.", status=found.status_code)
        return self._wire.fetch(found.headers["location"])

    # -- writes: sent once -------------------------------------------------------------------------------------

    def invite_create(self, email: str) -> Answer:
        return self._send("POST", self._path("invites_path"), self._body("invite_body", email=email))

    def invite_resend(self, invite_id: str) -> Answer:
        return self._send("POST", self._path("resend_path", invite=invite_id), {})

    def invite_delete(self, invite_id: str) -> Answer:
        return self._send("DELETE", self._path("invite_path", invite=invite_id))

    def user_delete(self, user_id: str) -> Answer:
        return self._send(self._values["user_remove_method"], self._path("user_path", user=user_id))

    def user_update(self, user_id: str, body: str) -> Answer:
        """Change a member; `body` names the assumption that has the JSON."""
        method = self._values["user_update_method"]
        return self._send(method, self._path("user_path", user=user_id), self._body(body))

    def group_create(self, name: str) -> Answer:
        return self._send("POST", self._path("groups_path"), {"name": name})

    def group_user_add(self, group_id: str, user_id: str) -> Answer:
        body = self._body("group_add_body", user=user_id)
        return self._send("POST", self._path("group_users_path", group=group_id), body)

    def group_user_remove(self, group_id: str, user_id: str) -> Answer:
        return self._send("DELETE", self._path("group_user_path", group=group_id, user=user_id))

    # -- inside ------------------------------------------------------------------------------------------------

    def _get(self, kind: str, path: str, query: Mapping[str, Any] | None = None, **names: str) -> Answer:
        address = self._path(path, **names)
        asked = {name: value for name, value in (query or {}).items() if value is not None}
        get = self._wire.once.get
        return self._wire.read(kind, lambda: get(address, cast_to=httpx2.Response, options={"params": asked}))

    def _send(self, method: str, address: str, body: Any = None) -> Answer:
        sdk = self._wire.once
        if method == "DELETE":
            return self._wire.write(lambda: sdk.delete(address, cast_to=httpx2.Response))
        calls: dict[str, Callable[..., Any]] = {"POST": sdk.post, "PUT": sdk.put, "PATCH": sdk.patch}
        if method not in calls:
            raise Misconfigured(f"There is no method {method!r}; look at the workspace's assumptions.")
        return self._wire.write(lambda: calls[method](address, cast_to=httpx2.Response, body=body))

    def _path(self, code: str, **names: str) -> str:
        """The path of an assumption, with names filled in and percent-encoded."""
        path = self._values[code]
        if not path.startswith("/"):
            raise Misconfigured(f"The assumption {code} has no path.")
        for name, value in {"workspace": self._ref, **names}.items():
            if not value:
                raise Misconfigured(f"The {name} has no id; look at the workspace's record.")
            path = path.replace("{" + name + "}", quote(value, safe=""))
        return path

    def _body(self, code: str, **names: str) -> Any:
        """The body of an assumption: JSON, filled in after decoding, so that no value can break out of its string."""
        try:
            body = json.loads(self._values[code])
        except ValueError as error:
            raise Misconfigured(f"The assumption {code} is not JSON.") from error
        return _filled(body, names)


def _filled(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, names) for inner in value]
    if isinstance(value, str):
        for name, given in names.items():
            if value == "{" + name + "}":
                return given
    return value
