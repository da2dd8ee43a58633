"""The calls of the vendor's organization API that Beacon uses, and nothing else: bytes out, bytes in."""

from __future__ import annotations

from typing import Any

from apps.vendors.wire import Answer, Wire


class Client:
    """Calls by name. Raises only the six errors of `licenses.ports`."""

    def __init__(self, wire: Wire) -> None:
        self._org = wire.once.admin.organization
        self._read, self._write = wire.read, wire.write

    # -- reads ----------------------------------------------------------------------------------------------

    def users(self, *, after: str | None, limit: int) -> Answer:
        return self._read("list_members", lambda: self._org.users.with_raw_response.list(**_page(after, limit)))

    def user(self, user_id: str) -> Answer:
        return self._read("get_member", lambda: self._org.users.with_raw_response.retrieve(user_id))

    def users_by_email(self, email: str) -> Answer:
        return self._read("list_members", lambda: self._org.users.with_raw_response.list(emails=[email], limit=10))

    def invites(self, *, after: str | None, limit: int) -> Answer:
        return self._read("list_invites", lambda: self._org.invites.with_raw_response.list(**_page(after, limit)))

    def invite(self, invite_id: str) -> Answer:
        return self._read("get_invite", lambda: self._org.invites.with_raw_response.retrieve(invite_id))

    def groups(self, *, after: str | None, limit: int) -> Answer:
        return self._read("list_groups", lambda: self._org.groups.with_raw_response.list(**_page(after, limit)))

    def group_users(self, group_id: str, *, after: str | None, limit: int) -> Answer:
        return self._read(
            "list_group_members",
            lambda: self._org.groups.users.with_raw_response.list(group_id, **_page(after, limit)),
        )

    def data_retention(self) -> Answer:
        return self._read("retention", self._org.data_retention.with_raw_response.retrieve)

    def audit_logs(self, *, since: int, after: str | None, limit: int) -> Answer:
        return self._read(
            "audit_log",
            lambda: self._org.audit_logs.with_raw_response.list(effective_at={"gte": since}, **_page(after, limit)),
        )

    def usage(self, *, start: int, end: int, page: str | None) -> Answer:
        more: dict[str, Any] = {} if page is None else {"page": page}
        return self._read(
            "usage",
            lambda: self._org.usage.with_raw_response.completions(
                start_time=start, end_time=end, bucket_width="1d", group_by=["user_id"], limit=31, **more
            ),
        )

    # -- writes: sent once ------------------------------------------------------------------------------------

    def invite_create(self, email: str) -> Answer:
        # Without `projects: []` the person would join the default project.
        return self._write(lambda: self._org.invites.with_raw_response.create(email=email, role="reader", projects=[]))

    def invite_delete(self, invite_id: str) -> Answer:
        return self._write(lambda: self._org.invites.with_raw_response.delete(invite_id))

    def user_delete(self, user_id: str) -> Answer:
        return self._write(lambda: self._org.users.with_raw_response.delete(user_id))

    def user_role(self, user_id: str, role: str) -> Answer:
        return self._write(lambda: self._org.users.with_raw_response.update(user_id, role=role))

    def group_create(self, name: str) -> Answer:
        return self._write(lambda: self._org.groups.with_raw_response.create(name=name))

    def group_user_add(self, group_id: str, user_id: str) -> Answer:
        return self._write(lambda: self._org.groups.users.with_raw_response.create(group_id, user_id=user_id))

    def group_user_remove(self, group_id: str, user_id: str) -> Answer:
        # The SDK takes the user first here, unlike everywhere else.
        return self._write(lambda: self._org.groups.users.with_raw_response.delete(user_id, group_id=group_id))


def _page(after: str | None, limit: int) -> dict[str, Any]:
    return {"limit": limit} if after is None else {"limit": limit, "after": after}
