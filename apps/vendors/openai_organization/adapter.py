"""The `SeatProvider` over the vendor's organization API: pages into records, records into what Beacon means.

Lists are read to the end or marked incomplete: an empty page that promises more, a cursor that stands still, or an
answer that is not the API's ends the list with a sentence, and nothing is removed on its account.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from apps.licenses.ports import (
    AlreadyExists,
    GroupSeen,
    InviteSeen,
    Listing,
    MemberSeen,
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    ProviderError,
    Receipt,
    Rejected,
)
from apps.vendors.openai_organization.client import Answer, Client

_USERS_PER_PAGE, _GROUPS_PER_PAGE = 100, 1000
_MAX_PAGES = 20_000
Seen = TypeVar("Seen")


class _Page(msgspec.Struct):
    """The envelope of every list. `last_id` is the cursor of users and invites, `next` that of groups."""

    data: list[msgspec.Raw]
    has_more: bool
    last_id: str | None = None
    next: str | None = None


class _User(msgspec.Struct):
    id: str
    email: str | None = None
    name: str | None = None
    role: str | None = None
    added_at: int | None = None
    is_service_account: bool | None = None
    is_scim_managed: bool | None = None


class _Invite(msgspec.Struct):
    id: str
    email: str
    status: str
    role: str | None = None
    created_at: int | None = None
    expires_at: int | None = None
    accepted_at: int | None = None


class _Group(msgspec.Struct):
    id: str
    name: str
    is_scim_managed: bool | None = None


class _GroupUser(msgspec.Struct):
    id: str


class _Retention(msgspec.Struct):
    type: str


class _Made(msgspec.Struct):
    id: str = ""


_PAGE = msgspec.json.Decoder(_Page)

_DECODERS: dict[type[Any], msgspec.json.Decoder[Any]] = {
    kind: msgspec.json.Decoder(kind) for kind in (_User, _Invite, _Group, _GroupUser)
}


class Adapter:
    """See `licenses.ports.SeatProvider`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    # -- lists ----------------------------------------------------------------------------------------------------

    def members(self, listing: Listing) -> Iterator[MemberSeen]:
        fetch = lambda after: self._client.users(after=after, limit=_USERS_PER_PAGE)  # noqa: E731 - one line, used once
        return _walk(fetch, _User, _member, listing)

    def invites(self, listing: Listing) -> Iterator[InviteSeen]:
        fetch = lambda after: self._client.invites(after=after, limit=_USERS_PER_PAGE)  # noqa: E731 - as above
        return _walk(fetch, _Invite, _invite, listing)

    def groups(self, listing: Listing) -> Iterator[GroupSeen]:
        fetch = lambda after: self._client.groups(after=after, limit=_GROUPS_PER_PAGE)  # noqa: E731 - as above
        return _walk(fetch, _Group, lambda g: GroupSeen(g.id, g.name, bool(g.is_scim_managed)), listing)

    def group_members(self, group_id: str, listing: Listing) -> Iterator[str]:
        fetch = lambda after: self._client.group_users(  # noqa: E731 - as above
            group_id, after=after, limit=_GROUPS_PER_PAGE
        )
        return _walk(fetch, _GroupUser, lambda user: str(user.id), listing)

    def has_member(self, member_id: str) -> bool:
        return _is_there(lambda: self._client.user(member_id))

    def has_invite(self, invite_id: str) -> bool:
        return _is_there(lambda: self._client.invite(invite_id))

    def member_by_email(self, email: str) -> MemberSeen | None:
        listing = Listing()
        seen = _records(self._client.users_by_email(email), _User, listing)
        found = [_member(user) for user in seen]
        return next((member for member in found if member.email.lower() == email.lower()), None)

    def retention(self) -> str:
        return _decoded(self._client.data_retention(), _Retention).type

    # -- writes ---------------------------------------------------------------------------------------------------

    def invite(self, email: str) -> Receipt:
        return _made(self._client.invite_create(email))

    def withdraw(self, invite_id: str) -> Receipt:
        try:
            return _done(self._client.invite_delete(invite_id))
        except Rejected as refusal:
            # An accepted invitation cannot be deleted: the person is a member by now.
            raise AlreadyExists(refusal.message, status=refusal.status, request_id=refusal.request_id) from refusal

    def remove(self, member_id: str) -> Receipt:
        return _done(self._client.user_delete(member_id))

    def group_create(self, name: str) -> Receipt:
        return _made(self._client.group_create(name))

    def group_add(self, group_id: str, member_id: str) -> Receipt:
        return _done(self._client.group_user_add(group_id, member_id))

    def group_remove(self, group_id: str, member_id: str) -> Receipt:
        return _done(self._client.group_user_remove(group_id, member_id))


# -- pages ----------------------------------------------------------------------------------------------------


def _walk(
    fetch: Callable[[str | None], Answer], kind: type[Any], convert: Callable[[Any], Seen], listing: Listing
) -> Iterator[Seen]:
    """Every record of a list, page by page; what goes wrong is written into `listing`."""
    after: str | None = None
    seen_cursors: set[str] = set()
    while listing.pages < _MAX_PAGES:
        try:
            answer = fetch(after)
            # NUL has no place in the database, and none in a name.
            page = _PAGE.decode(answer.body.replace(b"\\u0000", b""))
        except Misconfigured:
            raise
        except ProviderError as error:
            listing.fail(f"Page {listing.pages + 1} could not be read: {error.message} (HTTP {error.status}).")
            return
        except msgspec.MsgspecError:
            listing.fail(f"Page {listing.pages + 1} is not what the API promises (request {answer.request_id}).")
            return
        listing.pages += 1
        yield from (convert(record) for record in _good(page, kind, listing))
        after = page.next or page.last_id
        if not page.has_more:
            return
        problem = _stuck(page, after, seen_cursors)
        if problem or after is None:
            listing.fail(f"Page {listing.pages}: {problem}")
            return
        seen_cursors.add(after)
    listing.fail(f"The list has more than {_MAX_PAGES:,} pages.")


def _is_there(fetch: Callable[[], Answer]) -> bool:
    """Whether the vendor knows the object by its id; what it answers about it does not matter."""
    try:
        fetch()
    except NotFound:
        return False
    return True


def _stuck(page: _Page, after: str | None, seen: set[str]) -> str:
    if not page.data:
        return "the page is empty although the vendor says that there is more."
    if after is None:
        return "the vendor says that there is more but gives no cursor."
    return "the cursor stands still." if after in seen else ""


def _good(page: _Page, kind: type[Any], listing: Listing) -> Iterator[Any]:
    """The page's records; a bad one is set aside with a word, and the others go on."""
    decode = _DECODERS[kind].decode
    for raw in page.data:
        listing.records += 1
        try:
            yield decode(raw)
        except msgspec.MsgspecError as error:
            listing.set_aside(f"A record was set aside: {error}")


def _records(answer: Answer, kind: type[Any], listing: Listing) -> Iterator[Any]:
    try:
        page = _PAGE.decode(answer.body)
    except msgspec.MsgspecError as error:
        raise Rejected("The answer is not what the API promises.", request_id=answer.request_id) from error
    return _good(page, kind, listing)


def _decoded(answer: Answer, kind: type[Seen]) -> Seen:
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except msgspec.MsgspecError as error:
        raise Rejected("The answer is not what the API promises.", request_id=answer.request_id) from error


def _made(answer: Answer) -> Receipt:
    """A create that answered 200. Where the body is not readable, it may have acted: look."""
    try:
        made = msgspec.json.decode(answer.body, type=_Made)
    except msgspec.MsgspecError as error:
        raise OutcomeUnknown("The answer is not what the API promises.", request_id=answer.request_id) from error
    return Receipt(answer.request_id, made.id)


def _done(answer: Answer) -> Receipt:
    return Receipt(answer.request_id)


def _member(user: _User) -> MemberSeen:
    return MemberSeen(
        user.id, user.email or "", user.name or "", user.role or "", bool(user.is_service_account),
        bool(user.is_scim_managed), _time(user.added_at),
    )  # fmt: skip


def _invite(invite: _Invite) -> InviteSeen:
    return InviteSeen(
        invite.id, invite.email, invite.role or "", invite.status, _time(invite.created_at),
        _time(invite.expires_at), _time(invite.accepted_at),
    )  # fmt: skip


def _time(seconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
