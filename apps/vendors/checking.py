"""Asking a vendor read-only questions about what Beacon assumes of its API, and writing down which assumptions hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import msgspec

from apps.core import clock
from apps.licenses.ports import Listing, ProviderError, Rejected, SeatProvider
from apps.vendors.assumptions import Finding
from apps.vendors.chatgpt_workspace.client import Client
from apps.vendors.limiter import Pacer
from apps.vendors.models import Assumption, Workspace
from apps.vendors.providers import assumptions_of, kind_of, wire_for
from apps.vendors.wire import Answer, Wire


class _Row(msgspec.Struct):
    id: str
    email: str | None = None


class _Rows(msgspec.Struct):
    data: list[_Row]
    has_more: bool


def workspace_check(workspace: Workspace) -> list[Finding]:
    """Ask what can be asked by reading; record and return what was found. Nothing is changed at the vendor.

    Raises `CredentialMissing` where the key cannot be read.
    """
    with wire_for(workspace, Pacer(workspace)) as wire:
        if kind_of(workspace).has_ref:
            found = list(_of_workspace(Client(wire, workspace.vendor_ref, assumptions_of(workspace))))
        else:
            found = list(_of_lists(workspace, wire))
    for finding in found:
        Assumption.objects.update_or_create(
            workspace=workspace, code=finding.code,
            defaults={"check_holds": finding.holds, "check_answer": finding.answer, "checked_at": clock.now()},
        )  # fmt: skip
    return found


def _asked(code: str, question: Callable[[], str]) -> Finding:
    """One question; a refusal is a finding like any other."""
    try:
        return Finding(code, True, question())
    except ProviderError as error:
        return Finding(code, False, f"{type(error).__name__}: {error.message} (HTTP {error.status})")
    except msgspec.MsgspecError as error:
        return Finding(code, False, f"The answer has another form: {error}")


def _rows(answer: Answer) -> list[_Row]:
    return msgspec.json.decode(answer.body, type=_Rows).data


def _of_workspace(client: Client) -> Iterator[Finding]:
    people: list[_Row] = []
    groups: list[_Row] = []
    invites: list[_Row] = []

    def day() -> str:
        yesterday = clock.today() - timedelta(days=1)
        answer = client.usage(start=yesterday.isoformat(), end=clock.today().isoformat(), page=None, limit=1)
        return "Activity is told by day" if answer.body else "The answer is empty"

    found = _asked("users_path", lambda: _collected(people, client.users(after=None), "Members"))
    yield found
    yield Finding("users_limit", found.holds, found.answer)
    yield _asked("groups_path", lambda: _collected(groups, client.groups(cursor=None), "Groups"))
    yield _asked("invites_path", lambda: _collected(invites, client.invites(after=None, limit=100), "Invitations"))
    yield _asked("usage_path", day)
    since = (clock.now() - timedelta(days=1)).isoformat()
    found = _asked("logs_path", lambda: _collected([], client.logs(after=since), "Files of the last day"))
    yield found
    yield Finding("log_type", found.holds, found.answer)
    yield _of_first("invite_path", invites, client.invite, "invitation")
    yield _of_first("user_path", people, client.user, "member")
    yield _of_first("group_users_path", groups, lambda group: client.group_users(group, cursor=None), "group")
    yield _by_address(client, people)


def _collected(into: list[_Row], answer: Answer, noun: str) -> str:
    into.extend(_rows(answer))
    return f"{noun} on the first page: {len(into):,}"


def _of_first(code: str, rows: list[_Row], read: Callable[[str], Answer], noun: str) -> Finding:
    """Whether the first of a list can be read by its id; without one nothing is known."""
    if not rows:
        return Finding(code, None, f"There is no {noun} to ask about")
    return _asked(code, lambda: f"One {noun} can be read" if read(rows[0].id).body else "The answer is empty")


def _by_address(client: Client, people: list[_Row]) -> Finding:
    known = next((row.email for row in people if row.email), None)
    if known is None:
        return Finding("email_filter", None, "There is no member to ask about")
    words = "Found by the address of one member: "
    found = _asked("email_filter", lambda: f"{words}{len(_rows(client.users_by_email(known)))}")
    return Finding("email_filter", bool(found.holds) and found.answer == f"{words}1", found.answer)


def _of_lists(workspace: Workspace, wire: Wire) -> Iterator[Finding]:
    """Where nothing is assumed: whether the key reads every list that Beacon needs."""
    provider: SeatProvider = kind_of(workspace).build(wire, workspace, {})
    lists: dict[str, Callable[[Listing], Iterator[object]]] = {
        "members": provider.members, "invites": provider.invites, "groups": provider.groups,
        "audit log": lambda listing: provider.events(clock.now() - timedelta(days=1), listing),
    }  # fmt: skip
    for name, read in lists.items():
        yield _asked(name, lambda read=read: _first(read))  # type: ignore[misc]  # mypy does not infer the default
    yield _asked("retention", provider.retention)


def _first(read: Callable[[Listing], Iterator[object]]) -> str:
    listing = Listing()
    found = next(iter(read(listing)), None)
    if not listing.complete:
        raise Rejected("; ".join(listing.problems))
    return "can be read" if found is not None else "can be read, and is empty"
