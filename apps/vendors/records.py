"""Records that both of the vendor's APIs give in the same form: invitations, and who did what in an audit log. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from apps.licenses.ports import InviteSeen
from apps.vendors.pages import moment


class Invite(msgspec.Struct):
    id: str
    email: str
    status: str
    role: str | None = None
    created_at: int | None = None
    expires_at: int | None = None
    accepted_at: int | None = None


def invite_seen(invite: Invite) -> InviteSeen:
    return InviteSeen(
        invite.id, invite.email, invite.role or "", invite.status, moment(invite.created_at),
        moment(invite.expires_at), moment(invite.accepted_at),
    )  # fmt: skip


def actor_of(found: Any) -> tuple[str, str]:
    """The actor's kind (session, api_key, ... or empty) and address or id."""
    if not isinstance(found, dict):
        return "", ""
    kind = str(found.get("type") or "")
    inner = found.get(kind.lower())
    source = inner if isinstance(inner, dict) else found
    user = source.get("user")
    if isinstance(user, dict):
        source = user
    return kind, str(source.get("email") or source.get("id") or "")


def subject_of(detail: dict[str, Any]) -> str:
    """Whom or what the line is about: an address where it names one, else an id."""
    data = detail.get("data")
    inner = data if isinstance(data, dict) else {}
    found = inner.get("email") or detail.get("email") or detail.get("user_id") or detail.get("principal_id")
    return str(found or detail.get("id") or "")
