"""The ChatGPT Admin API as Beacon speaks it: along paths that are settings, strictly read, written once."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import httpx2
import pytest

from apps.licenses.ports import AlreadyExists, Listing, Misconfigured, Receipt, Rejected, Transient
from apps.vendors.assumptions import values
from apps.vendors.chatgpt_workspace.adapter import Adapter
from apps.vendors.chatgpt_workspace.assumptions import SPECS
from apps.vendors.chatgpt_workspace.client import Client
from apps.vendors.idp_managed import adapter as idp
from apps.vendors.wire import Wire

REF = "11111111-2222-4333-8444-555555555555"
Answer = Callable[[httpx2.Request], httpx2.Response]


def adapter(answer: Answer, base: str = "https://vendor.example/v1", **changed: str) -> Adapter:
    wire = Wire(base_url=base, key="the-key", transport=httpx2.MockTransport(answer))
    return Adapter(Client(wire, REF, values(SPECS, changed)))


def recorded(*answers: httpx2.Response, **changed: str) -> tuple[Adapter, list[httpx2.Request]]:
    """An adapter that gets these answers one after the other, and what it sent."""
    sent: list[httpx2.Request] = []
    waiting = iter(answers)

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        return next(waiting)

    return adapter(answer, **changed), sent


def page(*rows: Any, **envelope: Any) -> httpx2.Response:
    return httpx2.Response(200, json={"object": "list", "data": rows, "has_more": False, **envelope})


NO_GROUPS = page(cursor=None)


def test_members_are_read_a_thousand_at_a_time_and_no_role_is_made_up() -> None:
    row = {"id": "u-1", "email": None, "name": None, "role": "wizard", "seat_type": "codex"}
    one, sent = recorded(
        NO_GROUPS, page(row, has_more=True, last_id="u-1"), page({"id": "u-2", "email": "b@x.example"})
    )
    listing = Listing()
    first, second = one.members(listing)
    assert (first.email, first.role, first.seat_type, first.is_scim) == ("", "wizard", "codex", None)
    assert (second.vendor_id, second.status) == ("u-2", "active")
    assert listing.complete
    assert [dict(request.url.params) for request in sent[1:]] == [{"limit": "1000"}, {"limit": "1000", "after": "u-1"}]
    assert {request.headers["authorization"] for request in sent} == {"Bearer the-key"}


def test_who_is_in_a_group_of_the_identity_provider_counts_as_managed_by_it() -> None:
    groups = page(
        {"id": "g-1", "name": "Push", "source": "scim"}, {"id": "g-2", "name": "Hand", "source": "manual"}, cursor=None
    )
    inside = page({"id": "u-1", "is_scim_managed": True}, {"id": "u-2", "is_scim_managed": False}, cursor=None)
    one, _ = recorded(groups, inside, page({"id": "u-1"}, {"id": "u-2"}, {"id": "u-3"}))
    assert [(member.vendor_id, member.is_scim) for member in one.members(Listing())] == [
        ("u-1", True),
        ("u-2", None),
        ("u-3", None),
    ]


def test_groups_that_cannot_be_read_make_the_list_of_members_incomplete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.vendors.wire.time.sleep", lambda seconds: None)
    one, _ = recorded(*[httpx2.Response(500)] * 4, page({"id": "u-1"}))
    listing = Listing()
    list(one.members(listing))
    assert not listing.complete
    assert "identity provider" in listing.problems[0]


def test_bodies_and_paths_are_settings_and_values_cannot_break_out() -> None:
    one, sent = recorded(
        httpx2.Response(200, json={"id": "i-1"}), httpx2.Response(200, json={}), httpx2.Response(200, json={}),
        invite_body='{"address": "{email}", "seats": [{"for": "{email}"}]}', user_update_method="POST",
        suspend_body='{"active": false}', user_path="/manage/workspaces/{workspace}/people/{user}",
    )  # fmt: skip
    hostile = 'bob"}@x.example'
    assert one.invite(hostile) == Receipt("", "i-1")
    one.suspend("u/1?x#y")
    one.remove("u-1")
    assert json.loads(sent[0].content) == {"address": hostile, "seats": [{"for": hostile}]}
    assert (sent[1].method, json.loads(sent[1].content)) == ("POST", {"active": False})
    assert sent[1].url.raw_path.decode() == f"/v1/manage/workspaces/{REF}/people/u%2F1%3Fx%23y"
    assert sent[2].method == "DELETE"


@pytest.mark.parametrize(
    ("changed", "call"),
    [
        ({"user_path": ""}, lambda one: one.remove("u-1")),
        ({"suspend_body": "{not json"}, lambda one: one.suspend("u-1")),
        ({"user_update_method": "GET"}, lambda one: one.suspend("u-1")),
        ({}, lambda one: one.remove("")),
    ],
)
def test_a_setting_that_cannot_work_is_named_before_anything_is_sent(
    changed: dict[str, str], call: Callable[[Adapter], object]
) -> None:
    one, sent = recorded(**changed)
    with pytest.raises(Misconfigured):
        call(one)
    assert sent == []


def test_what_the_identity_provider_manages_is_refused_for_good() -> None:
    error = {"error": {"message": "Managed.", "type": "x", "param": None, "code": "scim_managed_resource"}}
    one, _ = recorded(
        httpx2.Response(409, json=error), httpx2.Response(409, json={"error": {"message": "There already."}})
    )
    with pytest.raises(Rejected) as refused:
        one.remove("u-1")
    assert refused.value.code == "scim_managed_resource"
    with pytest.raises(AlreadyExists):
        one.group_create("AAA")


def test_an_expired_invitation_is_sent_anew_and_one_that_is_gone_is_made() -> None:
    one, sent = recorded(
        httpx2.Response(200, json={"id": "i-1"}),
        httpx2.Response(404, json={}),
        httpx2.Response(200, json={"id": "i-2"}),
    )
    assert one.invite("bob@x.example", "i-1").vendor_id == "i-1"
    assert one.invite("bob@x.example", "i-1").vendor_id == "i-2"
    assert [request.url.path.rpartition("/")[2] for request in sent] == ["resend", "resend", "invites"]


def test_log_files_are_fetched_from_the_signed_address_without_our_key() -> None:
    line = {
        "event_id": "e-1",
        "action": "wizard.summoned",
        "timestamp": "2026-11-24T12:00:00Z",
        "actor": None,
        "details": {"id": "u-1"},
    }
    own = {
        "event_id": "e-2",
        "action": "LIST_WORKSPACE_USERS",
        "timestamp": "2026-11-24T12:00:00Z",
        "actor": {"type": "API_KEY", "id": "k"},
    }
    body = "\n".join([json.dumps(line), json.dumps(own), "{broken"]).encode()
    one, sent = recorded(
        page({"id": "log-1"}, last_end_time="2026-11-24T12:10:00Z"),
        httpx2.Response(307, headers={"location": "https://files.example/log-1?signature=s"}),
        httpx2.Response(200, content=body),
    )
    listing = Listing()
    (event,) = one.events(datetime(2026, 11, 24, tzinfo=UTC), listing)
    assert (event.event_id, event.kind, event.subject, event.actor) == ("e-1", "wizard.summoned", "u-1", "")
    assert (listing.complete, listing.aside) == (True, 1)
    assert "authorization" not in sent[2].headers
    assert sent[2].url.host == "files.example"


def test_a_signed_address_without_protection_is_not_followed() -> None:
    one, sent = recorded(
        page({"id": "log-1"}), httpx2.Response(307, headers={"location": "http://169.254.169.254/latest/"})
    )
    listing = Listing()
    assert list(one.events(datetime(2026, 11, 24, tzinfo=UTC), listing)) == []
    assert not listing.complete
    assert len(sent) == 2


def test_usage_is_asked_by_day_and_the_last_day_is_included() -> None:
    row = {"date": "2026-11-23", "user_id": "u-1", "email": "b@x.example", "messages": 4, "gpt_messages": None}
    one, sent = recorded(page(row, next_page=None))
    (seen,) = one.usage(date(2026, 11, 20), date(2026, 11, 23), Listing())
    assert (seen.day, seen.messages, seen.gpt_messages) == (date(2026, 11, 23), 4, 0)
    assert sent[0].url.params["start_date"] == "2026-11-20"
    assert sent[0].url.params["end_date"] == "2026-11-24"


def test_where_the_identity_provider_writes_beacon_sends_nothing() -> None:
    reader, sent = recorded()
    watching = idp.Adapter(reader)
    for call in (
        lambda: watching.invite("bob@x.example"), lambda: watching.withdraw("i-1"), lambda: watching.remove("u-1"),
        lambda: watching.suspend("u-1"), lambda: watching.restore("u-1"), lambda: watching.set_member_role("u-1"),
        lambda: watching.group_create("AAA"), lambda: watching.group_add("g-1", "u-1"), lambda: watching.group_remove("g-1", "u-1"),
    ):  # fmt: skip
        with pytest.raises(Rejected):
            call()
    assert sent == []


def test_without_an_allowance_a_pause_of_the_vendor_ends_the_reading() -> None:
    one, sent = recorded(httpx2.Response(429, headers={"retry-after": "7"}))
    with pytest.raises(Transient) as refused:
        one.has_member("u-1")
    assert refused.value.retry_after == 7
    assert len(sent) == 1
