"""The vendor's edge without a network: every answer becomes records, one of six errors, or a list that says it is not whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from apps.licenses.ports import (
    AlreadyExists,
    Listing,
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    ProviderError,
    Rejected,
    Transient,
)
from apps.vendors.errors import CredentialMissing
from apps.vendors.models import Workspace
from apps.vendors.openai_organization.adapter import Adapter
from apps.vendors.openai_organization.client import Client
from apps.vendors.providers import key_of
from apps.vendors.wire import READ_TRIES, Wire

Answer = Callable[[httpx2.Request], httpx2.Response]
USER = {"object": "organization.user", "id": "user-1", "email": "Bob@Mass.example", "role": "reader", "added_at": 1}


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between tries, noted and not slept."""
    slept: list[float] = []
    monkeypatch.setattr("apps.vendors.wire.time.sleep", slept.append)
    return slept


def adapter(answer: Answer) -> Adapter:
    wire = Wire(base_url="https://vendor.example/v1", key="the-key", transport=httpx2.MockTransport(answer))
    return Adapter(Client(wire))


def page(*rows: Any, **envelope: Any) -> httpx2.Response:
    return httpx2.Response(200, json={"object": "list", "data": rows, "has_more": False, **envelope})


def pages(*answers: httpx2.Response) -> tuple[Adapter, list[httpx2.Request]]:
    """An adapter that gets these answers one after the other (the last one again and again), and what it sent."""
    sent: list[httpx2.Request] = []
    waiting: Iterator[httpx2.Response] = iter(answers[:-1])

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        given = next(waiting, answers[-1])
        # A response object can be read once; a repeated one is made anew.
        return httpx2.Response(given.status_code, headers=given.headers, content=given.content)

    return adapter(answer), sent


def members(one: Adapter) -> tuple[list[str], Listing]:
    listing = Listing()
    return [member.vendor_id for member in one.members(listing)], listing


# ---- lists -----------------------------------------------------------------------------------------------------------


def test_pages_are_followed_to_the_end_by_the_last_id() -> None:
    one, sent = pages(page(USER, has_more=True, last_id="user-1"), page({**USER, "id": "user-2"}, last_id="user-2"))
    assert members(one) == (["user-1", "user-2"], Listing(pages=2, records=2))
    assert [request.url.params.get("after") for request in sent] == [None, "user-1"]
    assert {request.url.params["limit"] for request in sent} == {"100"}


def test_groups_follow_their_own_cursor() -> None:
    group = {"id": "group-1", "name": "AAA", "created_at": 1, "is_scim_managed": False, "group_type": "group"}
    one, sent = pages(page(group, has_more=True, next="opaque"), page({**group, "id": "group-2"}, next=None))
    assert [found.vendor_id for found in one.groups(Listing())] == ["group-1", "group-2"]
    assert sent[1].url.params["after"] == "opaque"


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ([page(has_more=True, last_id=None)], "empty although"),
        ([page(USER, has_more=True, last_id=None)], "gives no cursor"),
        ([page(USER, has_more=True, last_id="user-1")], "stands still"),
        ([httpx2.Response(200, html="<h1>Maintenance</h1>")], "not what the API promises"),
        ([httpx2.Response(200, content=b'{"object": "list", "data": [{"id": "us')], "not what the API promises"),
        ([httpx2.Response(200, content=b"null")], "not what the API promises"),
        ([httpx2.Response(200, content=b"")], "not what the API promises"),
        ([page(has_more="yes")], "not what the API promises"),
        ([httpx2.Response(200, json={"data": None, "has_more": False})], "not what the API promises"),
        ([httpx2.Response(200, json={"object": "list", "data": []})], "not what the API promises"),
        ([httpx2.Response(500, text="oops")], "HTTP 500"),
        ([httpx2.Response(502, html="<html>Bad gateway</html>")], "HTTP 502"),
        ([httpx2.Response(302, headers={"location": "https://elsewhere.example"})], "HTTP 302"),
        ([page(USER, has_more=True, last_id="user-1"), httpx2.Response(503)], "Page 2 could not be read"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_list_that_does_not_end_well_says_so(answers: list[httpx2.Response], problem: str) -> None:
    one, _ = pages(*answers)
    _, listing = members(one)
    assert not listing.complete
    assert problem in listing.problems[-1]
    assert "<" not in listing.problems[-1]


def test_one_bad_record_is_set_aside_and_the_others_go_on() -> None:
    one, _ = pages(
        page(USER, {"email": "no-id@mass.example"}, None, "text", {**USER, "id": 7}, {**USER, "id": "user-2"})
    )
    found, listing = members(one)
    assert found == ["user-1", "user-2"]
    assert (listing.complete, listing.aside, listing.records) == (True, 4, 6)


def test_what_is_null_or_undocumented_is_taken_as_it_is() -> None:
    odd = {"id": "user-1", "email": None, "name": None, "role": "wizard", "mood": {"very": "odd"}, "added_at": None}
    one, _ = pages(page(odd))
    (member,) = one.members(Listing())
    assert (member.email, member.role, member.is_service, member.added_at) == ("", "wizard", False, None)


def test_an_address_is_looked_up_without_regard_to_case() -> None:
    one, sent = pages(page({**USER, "id": "other", "email": "bobby@mass.example"}, USER))
    found = one.member_by_email("bob@mass.example")
    assert found is not None
    assert found.vendor_id == "user-1"
    assert "emails" in str(sent[0].url)
    assert pages(page())[0].member_by_email("bob@mass.example") is None


def test_absence_is_what_the_vendor_answers_with_404_and_nothing_else() -> None:
    assert pages(httpx2.Response(200, json=USER))[0].has_member("user-1")
    assert pages(httpx2.Response(200, text="unreadable"))[0].has_member("user-1")
    assert not pages(httpx2.Response(404, json={}))[0].has_invite("invite-1")
    with pytest.raises(Transient):
        pages(httpx2.Response(500))[0].has_member("user-1")


# ---- reads are tried again, writes are sent once --------------------------------------------------------------------


def test_a_list_that_is_not_there_means_a_wrong_address_and_never_that_all_are_gone() -> None:
    with pytest.raises(Misconfigured, match="Look at address"):
        members(pages(httpx2.Response(404, json={"error": "nothing here"}))[0])


@pytest.mark.parametrize("status", [408, 500, 503])
def test_reads_are_tried_again(status: int, pauses: list[float]) -> None:
    one, sent = pages(httpx2.Response(status), page(USER))
    assert members(one)[0] == ["user-1"]
    assert len(sent) == 2
    assert len(pauses) == 1


def test_reads_are_tried_a_few_times_and_not_for_ever(pauses: list[float]) -> None:
    one, sent = pages(httpx2.Response(503))
    assert not members(one)[1].complete
    assert len(sent) == READ_TRIES
    assert sum(pauses) < 30


def test_a_long_pause_is_not_slept_through(pauses: list[float]) -> None:
    one, sent = pages(httpx2.Response(429, headers={"retry-after": "600"}))
    assert not members(one)[1].complete
    assert sum(pauses) < 30
    assert sent


WRITES: list[tuple[str, Callable[[Adapter], Any]]] = [
    ("invite", lambda one: one.invite("bob@mass.example")),
    ("withdraw", lambda one: one.withdraw("invite-1")),
    ("remove", lambda one: one.remove("user-1")),
    ("group_create", lambda one: one.group_create("AAA")),
    ("group_add", lambda one: one.group_add("group-1", "user-1")),
    ("group_remove", lambda one: one.group_remove("group-1", "user-1")),
]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409, 422, 429, 500, 502, 503])
@pytest.mark.parametrize(("name", "write"), WRITES, ids=[name for name, _ in WRITES])
def test_a_write_is_sent_once_whatever_is_answered(name: str, write: Callable[[Adapter], Any], status: int) -> None:
    one, sent = pages(httpx2.Response(status, headers={"x-request-id": "req-7"}, json={"error": {"message": "No."}}))
    with pytest.raises(ProviderError) as refused:
        write(one)
    assert len(sent) == 1
    assert (refused.value.status, refused.value.request_id, refused.value.message) == (status, "req-7", "No.")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, Rejected), (401, Misconfigured), (403, Misconfigured), (404, NotFound), (409, AlreadyExists),
        (422, Rejected), (408, OutcomeUnknown), (429, Transient), (500, OutcomeUnknown), (503, OutcomeUnknown),
    ],
)  # fmt: skip
def test_each_status_has_its_reaction(status: int, error: type[ProviderError]) -> None:
    with pytest.raises(ProviderError) as refused:
        pages(httpx2.Response(status))[0].invite("bob@mass.example")
    assert type(refused.value) is error


@pytest.mark.parametrize("failure", [httpx2.ConnectError, httpx2.ReadTimeout, httpx2.RemoteProtocolError])
def test_a_write_without_an_answer_may_have_acted_and_a_read_may_be_tried_later(failure: type[Exception]) -> None:
    def fail(request: httpx2.Request) -> httpx2.Response:
        raise failure("gone")

    with pytest.raises(OutcomeUnknown):
        adapter(fail).invite("bob@mass.example")
    with pytest.raises(Transient):
        adapter(fail).has_member("user-1")


@pytest.mark.parametrize("body", [b"<html>Fine</html>", b'{"object": "organ', b"", b"[]"])
def test_a_create_whose_answer_cannot_be_read_may_have_acted(body: bytes) -> None:
    with pytest.raises(OutcomeUnknown):
        pages(httpx2.Response(200, content=body))[0].invite("bob@mass.example")


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("0", 1.0), ("-3", 1.0), ("999999", 86400.0), ("soon", None), (None, None)]
)
def test_the_vendors_wish_for_a_pause_is_understood(header: str | None, seconds: float | None) -> None:
    headers = {} if header is None else {"retry-after": header}
    with pytest.raises(Transient) as refused:
        pages(httpx2.Response(429, headers=headers))[0].invite("bob@mass.example")
    assert refused.value.retry_after == seconds


def test_the_vendors_words_are_cut_to_a_line() -> None:
    long = {"error": {"message": "a\n" * 5000, "type": "x", "param": None, "code": None}}
    with pytest.raises(Rejected) as refused:
        pages(httpx2.Response(400, json=long))[0].invite("bob@mass.example")
    assert len(refused.value.message) <= 300
    assert "\n" not in refused.value.message


# ---- what is sent ----------------------------------------------------------------------------------------------------


def test_an_invitation_asks_for_a_reader_without_projects() -> None:
    one, sent = pages(httpx2.Response(200, json={"id": "invite-9"}, headers={"x-request-id": "req-1"}))
    receipt = one.invite("bob@mass.example")
    assert (receipt.vendor_id, receipt.request_id) == ("invite-9", "req-1")
    assert json.loads(sent[0].content) == {"email": "bob@mass.example", "role": "reader", "projects": []}


def test_a_group_membership_names_group_and_person_in_their_places() -> None:
    one, sent = pages(httpx2.Response(200, json={"deleted": True}))
    one.group_remove("group-1", "user-1")
    assert sent[0].url.path == "/v1/organization/groups/group-1/users/user-1"


HOSTILE = {
    "OPENAI_API_KEY": "evil", "OPENAI_ADMIN_KEY": "evil", "OPENAI_BASE_URL": "http://evil.example",
    "OPENAI_ORG_ID": "evil", "OPENAI_PROJECT_ID": "evil", "HTTP_PROXY": "http://evil.example",
    "OPENAI_CUSTOM_HEADERS": "Authorization: Bearer evil\nX-Evil: evil\nOpenAI-Organization: evil\nUser-Agent: fine",
}  # fmt: skip


def test_hostile_environment_variables_reach_neither_address_nor_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)
    one, sent = pages(page(USER))
    members(one)
    one.invite("bob@mass.example")
    assert len(sent) == 2
    for request in sent:
        assert request.url.host == "vendor.example"
        assert request.headers["authorization"] == "Bearer the-key"
        assert "evil" not in str(request.headers)
        assert not [name for name in request.headers if name.startswith("openai-")]


@pytest.mark.parametrize("key", ["schlüssel", "two\nlines", ""])
def test_a_key_that_cannot_be_sent_is_said_without_showing_it(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", key)
    with pytest.raises(CredentialMissing) as refused:
        key_of(Workspace(credential="env:A_KEY"))
    assert not key or key not in str(refused.value)


@pytest.mark.parametrize(
    "reference", ["env:NOT_SET_ANYWHERE", "file:../../etc/passwd", "file:missing", "plain-key", ""]
)
def test_a_reference_that_leads_nowhere_is_said(reference: str) -> None:
    with pytest.raises(CredentialMissing):
        key_of(Workspace(credential=reference))
