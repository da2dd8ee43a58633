"""What is asked of the vendor, as a table: one row of desired and observed in, operations and differences out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.vendors.reconcile import DELIVERY, MAX_INVITES, MEMBER_ROLES, Difference, Policy, Row, Wanted, decide

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SOON, AGO = NOW + timedelta(days=1), NOW - timedelta(days=1)

# Three kinds of workspace: one that can only remove, one that can suspend too, one that the identity provider manages.
REMOVES = Policy()
SUSPENDS = Policy(suspends=True)
WATCHED = Policy(writes=False)

HOLDER = Row(
    employee_id=1, email="bob@x.example", is_separated=False, seat="granted", decided_at=AGO, moves_to="", is_there=False,
    is_on_hold=False, agency_id=1, agency_group="g-1", account_id=7, account_ref="user-7",
    account_email="bob@x.example", account_role="reader", account_status="active", is_ours=True, is_service=False,
    is_scim=False, is_break_glass=False, groups=["g-1"], mirrored=["g-1", "g-2"], accounts=1, invite_id=None,
    invite_ref="", invite_status="", invite_expires_at=None, invite_is_ours=False, invites_sent=0, was_member=False,
)  # fmt: skip
NOBODY_YET = HOLDER._replace(
    account_id=None, account_ref="", account_email="", account_role="", account_status="", is_ours=False, groups=[],
    accounts=0,
)  # fmt: skip
GONE = HOLDER._replace(seat="")
INVITED = NOBODY_YET._replace(invite_id=1, invite_ref="i-1", invite_status="pending", invite_is_ours=True)
PAUSED = HOLDER._replace(
    seat="suspended", account_status="inactive", invite_id=1, invite_ref="i-1", invite_status="pending"
)
LEFT = GONE._replace(is_separated=True)
UNKNOWN = HOLDER._replace(employee_id=None, seat="", is_ours=False)

CASES: list[tuple[str, Row, Policy, list[str]]] = [
    # a granted seat
    ("in step", HOLDER, REMOVES, []),
    ("no account yet", NOBODY_YET, REMOVES, ["invite"]),
    ("invited", INVITED._replace(invite_expires_at=SOON), REMOVES, []),
    ("invited, and the vendor names no end", INVITED, REMOVES, []),
    ("invited, in a state that nobody documented", INVITED._replace(invite_status="on_hold"), REMOVES, []),
    ("the time of the invitation is over", INVITED._replace(invite_expires_at=AGO), REMOVES, ["invite"]),
    ("the invitation expired", INVITED._replace(invite_status="expired", invites_sent=1), REMOVES, ["invite"]),
    ("three invitations expired", INVITED._replace(invite_status="expired", invites_sent=3), REMOVES, ["stale_invite"]),
    ("accepted once, not a member now", INVITED._replace(invite_status="accepted"), REMOVES, ["invite"]),
    ("the account vanished", NOBODY_YET._replace(was_member=True), REMOVES, ["ghost", "invite"]),
    ("in no group", HOLDER._replace(groups=[]), REMOVES, ["group_add"]),
    ("in the former agency's group too", HOLDER._replace(groups=["g-1", "g-2"]), REMOVES, ["group_remove"]),
    ("in a group made by hand", HOLDER._replace(groups=["g-1", "by hand"]), REMOVES, []),
    ("with a role that no seat has", HOLDER._replace(account_role="wizard"), REMOVES, ["wrong_role"]),
    ("with two accounts", HOLDER._replace(accounts=2), REMOVES, ["duplicate"]),
    ("managed by the identity provider", HOLDER._replace(is_scim=True, groups=[]), REMOVES, []),
    ("not made by Beacon", HOLDER._replace(is_ours=False, groups=[]), REMOVES, []),
    ("suspended at the vendor", HOLDER._replace(account_status="inactive"), SUSPENDS, ["restore"]),
    ("in a status that nobody documented", HOLDER._replace(account_status="napping"), SUSPENDS, []),
    # no seat any more
    ("released", GONE, REMOVES, ["remove"]),
    ("released where suspending is possible", GONE, SUSPENDS, ["remove"]),
    ("suspended, with an invitation of ours", PAUSED._replace(invite_is_ours=True), SUSPENDS, ["withdraw"]),
    ("suspended, and an owner invites the person again", PAUSED, SUSPENDS, ["orphan"]),
    ("suspended, and the invitation has run out", PAUSED._replace(invite_expires_at=AGO), SUSPENDS, []),
    ("to be removed, with an invitation of ours", PAUSED._replace(seat="", invite_is_ours=True), SUSPENDS, ["remove"]),
    ("released while suspended at the vendor", GONE._replace(account_status="inactive"), SUSPENDS, ["remove"]),
    ("left", LEFT, REMOVES, ["remove"]),
    ("suspended", HOLDER._replace(seat="suspended"), REMOVES, ["remove"]),
    ("suspended where that is possible", HOLDER._replace(seat="suspended"), SUSPENDS, ["suspend"]),
    ("suspended already", HOLDER._replace(seat="suspended", account_status="inactive"), SUSPENDS, []),
    ("without seat and not ours", GONE._replace(is_ours=False), REMOVES, ["orphan"]),
    ("left and not ours", LEFT._replace(is_ours=False), REMOVES, ["leaver"]),
    ("not ours and suspended", GONE._replace(is_ours=False, account_status="inactive"), SUSPENDS, []),
    ("an owner", GONE._replace(account_role="owner"), REMOVES, []),
    ("an owner who left", LEFT._replace(account_role="owner"), REMOVES, ["leaver"]),
    ("a service account", GONE._replace(is_service=True), REMOVES, []),
    ("a break-glass account", GONE._replace(is_break_glass=True), REMOVES, []),
    ("managed elsewhere, without seat", GONE._replace(is_scim=True), REMOVES, ["orphan"]),
    ("managed elsewhere, and left", LEFT._replace(is_scim=True), REMOVES, ["leaver"]),
    ("an invitation lies with them", INVITED._replace(seat=""), REMOVES, ["withdraw"]),
    ("somebody else's invitation", INVITED._replace(seat="", invite_is_ours=False), REMOVES, ["orphan"]),
    ("an expired invitation", INVITED._replace(seat="", invite_status="expired"), REMOVES, []),
    # holds and retention
    ("left, under legal hold", LEFT._replace(is_on_hold=True), REMOVES, ["leaver"]),
    ("left, under legal hold, suspendable", LEFT._replace(is_on_hold=True), SUSPENDS, ["suspend"]),
    ("the same, done", LEFT._replace(is_on_hold=True, account_status="inactive"), SUSPENDS, []),
    ("no retention on record", GONE, Policy(removes=False), ["orphan"]),
    ("no retention on record, suspendable", GONE, Policy(suspends=True, removes=False), ["suspend"]),
    ("invited, under legal hold", INVITED._replace(seat="", is_on_hold=True), REMOVES, ["withdraw"]),
    # a move to another workspace: add there, then remove here
    ("moves, not there yet", GONE._replace(moves_to="Justice"), REMOVES, ["wrong_workspace"]),
    ("moves, and is there", GONE._replace(moves_to="Justice", is_there=True), REMOVES, ["remove"]),
    ("moves, not ours", GONE._replace(moves_to="Justice", is_there=True, is_ours=False), REMOVES, ["wrong_workspace"]),
    ("left meanwhile", LEFT._replace(moves_to="Justice"), REMOVES, ["remove"]),
    # accounts of nobody
    ("nobody in the directory", UNKNOWN, REMOVES, ["unmanaged"]),
    ("nobody, an owner", UNKNOWN._replace(account_role="owner"), REMOVES, []),
    ("nobody, without an address", UNKNOWN._replace(account_email=""), REMOVES, ["unmanaged"]),
    # where the identity provider carries out
    ("delivered", HOLDER._replace(is_scim=True), WATCHED, []),
    ("not delivered yet", NOBODY_YET._replace(decided_at=NOW - DELIVERY / 2), WATCHED, []),
    ("not delivered for long", NOBODY_YET, WATCHED, ["ghost"]),
    ("invited by the provider", INVITED, WATCHED, []),
    ("taken away too late", GONE._replace(is_scim=True), WATCHED, ["orphan"]),
    ("to be taken away", GONE._replace(is_scim=True, decided_at=NOW - DELIVERY / 2), WATCHED, []),
    ("left and still there", LEFT._replace(is_scim=True), WATCHED, ["leaver"]),
    ("wrong role, looked at only", HOLDER._replace(account_role="wizard"), WATCHED, ["wrong_role"]),
]


@pytest.mark.parametrize(("row", "policy", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_is_asked_of_the_vendor(row: Row, policy: Policy, expected: list[str]) -> None:
    assert [answer.kind for answer in decide(row, policy, NOW)] == expected


def test_an_expired_invitation_of_ours_is_named_so_that_it_can_be_sent_anew() -> None:
    (ours,) = decide(INVITED._replace(invite_status="expired"), REMOVES, NOW)
    (others,) = decide(INVITED._replace(invite_status="expired", invite_is_ours=False), REMOVES, NOW)
    assert isinstance(ours, Wanted)
    assert isinstance(others, Wanted)
    assert (ours.vendor_ref, others.vendor_ref) == ("i-1", "")


# ---- whatever is seen ----------------------------------------------------------------------------------------------

times = st.sampled_from([None, AGO, SOON])
policies = st.builds(Policy, st.booleans(), st.booleans(), st.booleans())
rows = st.builds(
    Row,
    employee_id=st.sampled_from([None, 1]),
    email=st.just("bob@mass.example"),
    is_separated=st.booleans(),
    seat=st.sampled_from(["", "granted", "suspended"]),
    decided_at=st.sampled_from([None, AGO, NOW]),
    moves_to=st.sampled_from(["", "Justice"]),
    is_there=st.booleans(),
    is_on_hold=st.booleans(),
    agency_id=st.just(1),
    agency_group=st.sampled_from(["", "g-1"]),
    account_id=st.sampled_from([None, 7]),
    account_ref=st.just("user-7"),
    account_email=st.sampled_from(["", "bob@mass.example"]),
    account_role=st.sampled_from(["", "reader", "member", "owner", "wizard"]),
    account_status=st.sampled_from(["active", "inactive", "napping"]),
    is_ours=st.booleans(),
    is_service=st.booleans(),
    is_scim=st.booleans(),
    is_break_glass=st.booleans(),
    groups=st.lists(st.sampled_from(["g-1", "g-2", "by-hand"]), unique=True),
    mirrored=st.just(["g-1", "g-2"]),
    accounts=st.integers(0, 2),
    invite_id=st.sampled_from([None, 3]),
    invite_ref=st.just("invite-3"),
    invite_status=st.sampled_from(["pending", "expired", "accepted", "on_hold", ""]),
    invite_expires_at=times,
    invite_is_ours=st.booleans(),
    invites_sent=st.integers(0, 5),
    was_member=st.booleans(),
)


def asked(row: Row, policy: Policy) -> list[Wanted]:
    return [answer for answer in decide(row, policy, NOW) if isinstance(answer, Wanted)]


@given(rows, policies)
@settings(max_examples=300, deadline=None)
def test_what_is_not_ours_is_never_written_to(row: Row, policy: Policy) -> None:
    wanted = asked(row, policy)
    kinds = {one.kind for one in wanted}
    if row.employee_id is None or not policy.writes:
        assert kinds == set()
    if row.account_id is not None and (row.is_protected or not row.is_ours):
        assert not kinds & {"remove", "suspend", "restore", "group_add", "group_remove"}
    assert "withdraw" not in kinds or row.invite_is_ours
    assert all(one.kind != "group_remove" or one.group_ref in {"g-1", "g-2"} for one in wanted)


@given(rows, policies)
@settings(max_examples=300, deadline=None)
def test_who_is_held_or_in_a_workspace_without_retention_is_never_removed(row: Row, policy: Policy) -> None:
    kinds = {one.kind for one in asked(row, policy)}
    if row.is_on_hold or not policy.removes:
        assert "remove" not in kinds
    assert policy.suspends or not kinds & {"suspend", "restore"}
    # Nobody loses one account before the other is there.
    if row.moves_to and not row.is_there and not row.is_separated:
        assert not kinds & {"remove", "suspend"}


@given(rows, policies)
@settings(max_examples=300, deadline=None)
def test_only_holders_are_invited_once_and_boundedly(row: Row, policy: Policy) -> None:
    kinds = [one.kind for one in asked(row, policy)]
    # Out of several groups at once, of everything else one.
    single = [kind for kind in kinds if kind != "group_remove"]
    assert len(set(single)) == len(single)
    if "invite" in kinds:
        assert row.seat == "granted"
        assert row.account_id is None
        assert row.invites_sent < MAX_INVITES
        unknown = row.invite_status not in {"expired", "accepted"}
        lies = row.invite_expires_at is None or row.invite_expires_at > NOW
        assert not (row.invite_id and unknown and lies)
    if {"remove", "withdraw", "suspend"} & set(kinds):
        assert row.seat != "granted"
        assert not {"invite", "restore"} & set(kinds)


@given(rows, policies)
@settings(max_examples=200, deadline=None)
def test_a_role_that_no_seat_has_is_named_except_where_it_is_not_ours_to_judge(row: Row, policy: Policy) -> None:
    answers = decide(row, policy, NOW)
    named = any(isinstance(answer, Difference) and answer.kind == "wrong_role" for answer in answers)
    holds = row.employee_id is not None and row.seat == "granted" and row.account_id is not None
    assert named is (holds and row.account_role not in MEMBER_ROLES and not row.is_protected)


@given(rows, policies)
@settings(max_examples=200, deadline=None)
def test_an_account_that_may_be_used_without_a_seat_is_ended_or_named(row: Row, policy: Policy) -> None:
    """Nothing is passed over in silence, except owners, service and break-glass accounts of people who are employed."""
    if row.employee_id is None or row.account_id is None or row.seat == "granted" or not row.is_active:
        return
    if row.is_protected and not row.is_scim and not row.is_separated:
        return
    if not policy.writes and row.decided_at is not None and NOW - row.decided_at <= DELIVERY:
        return
    found = [answer.kind for answer in decide(row, policy, NOW)]
    assert set(found) & {"remove", "suspend", "orphan", "leaver", "wrong_workspace"}
