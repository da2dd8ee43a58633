"""A finished month comes out the same whenever it is asked for, reconciles, and tells leaders nothing about few people."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.accounts.actors import EVERYWHERE, SYSTEM, Actor, Role
from apps.agencies.models import Agency
from apps.core import clock
from apps.core.errors import Invalid
from apps.licenses import services as licenses
from apps.licenses.chargeback import cost_in, month_end
from apps.licenses.chargeback_forms import data_of
from apps.licenses.chargeback_selectors import (
    NOT_ASSIGNED,
    WITH_SMALL,
    Month,
    Place,
    Share,
    _contracts,
    last_month,
    month_named,
    month_of,
    months_known,
    statement_for,
    statement_in,
)
from apps.licenses.models import Contract, Seat
from tests.factories.cast import World
from tests.web.test_matrix import client_of

pytestmark = pytest.mark.django_db


def on(day: date, act: Callable[[], Any]) -> Any:
    """Do it at noon of a calendar day of the state."""
    noon = clock.end_of(day) - timedelta(hours=12)
    with clock.shifted(noon - clock.now()):
        return act()


@pytest.fixture
def month() -> date:
    """The last finished month but one: its own and a later one are over."""
    return (last_month() - timedelta(days=1)).replace(day=1)


@pytest.fixture
def state(month: date) -> World:
    """Three people of agency A hold a seat from the 5th, one of them until the 15th; the contract is of 40 days before."""
    world: World = on(month - timedelta(days=10), partial(World.build, more=3))
    seats: list[Seat] = on(month.replace(day=5), partial(world.holders, 3))
    on(month.replace(day=15), partial(licenses.seat_revoke, actor=world.erin, seat=seats[0], reason="Left"))
    return world


def lines(actor: Actor, month: date) -> dict[str, tuple[int | None, int]]:
    return {line.name: (line.seat_days, line.cents) for line in statement_for(actor, month).lines}


def test_seats_count_by_day_and_all_lines_give_the_contracts_cost(state: World, month: date) -> None:
    last = month_end(month)
    statement = statement_for(state.erin, month)
    terms = _contracts(clock.now())[0]
    held = 10 + 2 * (last.day - 4)
    found = lines(state.erin, month)
    assert found["Agency of Apples"][0] == held
    assert found["Agency of Apples"][1] == pytest.approx(held * 10_800 / 365, abs=1)
    assert found[NOT_ASSIGNED][0] == 1000 * last.day - held
    assert statement.total == statement.cost
    # The contract of the world was recorded ten days before the month, from thirty days before that on.
    assert not statement.corrections
    assert statement.cost == cost_in(terms, month, last)


def test_the_first_month_is_cut_and_an_earlier_start_is_a_correction(state: World, month: date) -> None:
    before = (month - timedelta(days=1)).replace(day=1)
    statement = statement_for(state.erin, before)
    terms = _contracts(clock.now())[0]
    whole = sum(cost_in(terms, one, month_end(one)) for one in months_known() if one <= before)
    assert statement.cost == whole
    assert {one.month for one in statement.corrections} == {one for one in months_known() if one < before}


def test_what_is_recorded_later_changes_no_finished_month(state: World, month: date) -> None:
    told = data_of(statement_for(state.erin, month))
    following = (month_end(month) + timedelta(days=1)).replace(day=12)
    amend = partial(
        licenses.contract_amend, actor=state.erin, contract=state.contract, seats=50,
        effective_on=month.replace(day=11), note="Recorded late",
    )  # fmt: skip
    on(following, amend)
    licenses.contract_amend(
        actor=state.erin, contract=state.contract, seats=7, effective_on=month, note="Recorded later still"
    )
    Agency.objects.filter(pk=state.a.pk).update(name="Another name")
    assert data_of(statement_for(state.erin, month)) == told
    later = statement_for(state.erin, following.replace(day=1))
    days = month_end(month).day - 10
    assert [one.month for one in later.corrections] == [month]
    assert later.corrections[0].cents == pytest.approx(50 * days * 10_800 / 365, abs=1)
    assert later.total == later.cost
    share = later.contracts[0]
    assert share.bought_days == 1050 * month_end(following).day


def test_two_contracts_at_once_each_reconcile(state: World, month: date) -> None:
    create = partial(
        licenses.contract_create, actor=state.erin, number="C-2", vendor="Vendor", from_on=month.replace(day=20),
        until_on=month + timedelta(days=400), seats=33, price_per_seat_year=Decimal("99.99"),
    )  # fmt: skip
    on(month.replace(day=20), create)
    found = month_of(month)
    assert [share.terms.number for share in found.shares] == ["C-1", "C-2"]
    for share in found.shares:
        assert sum(share.amounts.values()) + share.unassigned == share.cost
    statement = statement_for(state.erin, month)
    assert statement.total == statement.cost == sum(share.cost for share in found.shares)


def test_a_month_that_is_not_over_is_refused(state: World) -> None:
    with pytest.raises(Invalid):
        month_named(f"{clock.today():%Y-%m}")
    with pytest.raises(Invalid):
        month_named("October")
    with pytest.raises(CommandError):
        call_command("export_chargeback", month="2999-01")


def test_everybody_sees_their_part(state: World, month: date) -> None:
    url = f"{reverse('licenses:charge-back')}?month={month:%Y-%m}"
    for name, words in (("erin", "Agency of Apples"), ("lee", WITH_SMALL), ("alice", "Agency of Apples")):
        page = client_of(state, name).get(url).content.decode()
        assert words in page, name
    assert "Agency of Apples" not in client_of(state, "lee").get(url).content.decode()
    assert "Agency of Apples" not in client_of(state, "charlie").get(url).content.decode()
    assert client_of(state, "bob").get(url).status_code == 403
    assert statement_for(state.lee, month).total == statement_for(state.erin, month).total


def test_all_forms_say_the_same(state: World, month: date) -> None:
    client: Client = client_of(state, "erin")
    asked = {"month": f"{month:%Y-%m}"}
    url = reverse("licenses:charge-back")
    told = client.get(reverse("api:charge-back"), asked).json()
    out = StringIO()
    call_command("export_chargeback", month=asked["month"], json=True, stdout=out)
    assert json.loads(out.getvalue()) == told
    csv = client.get(url, asked | {"format": "csv"}).content.decode()
    for line in told["lines"]:
        assert f"{line['seat_days']},{line['amount']}" in csv
    first, again = (client.get(url, asked | {"format": "xlsx"}).content for _ in range(2))
    assert first == again


def test_seats_cost_no_longer_than_their_contract_runs(state: World, month: date) -> None:
    """The contract ends on the 20th and two people keep their seats: what they hold after it is nobody's cost."""
    Contract.objects.update(until_on=month.replace(day=20))
    with connection.cursor() as cursor:
        # As it was known then: histories are not written by hand outside of tests.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE audit_fact SET facts = facts || jsonb_build_object('until_on', %s::text) WHERE source = 'licenses_contract'",
            [month.replace(day=20).isoformat()],
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
    statement, found = statement_for(state.erin, month), lines(state.erin, month)
    assert found["Agency of Apples"][0] == 10 + 2 * 16
    assert found[NOT_ASSIGNED][0] == 1000 * 20 - 42
    assert statement.total == statement.cost


def test_nine_seats_that_pass_from_hand_to_hand_are_nine() -> None:
    state = on(last_month() - timedelta(days=10), partial(World.build, more=10))
    on(last_month(), partial(state.holders, 9))
    last = state.employee("A109")
    on(last_month() + timedelta(days=3), lambda: licenses.seat_revoke(
        actor=state.erin, seat=Seat.objects.filter(state="granted").first(), reason="Left"
    ))  # fmt: skip
    on(last_month() + timedelta(days=4), partial(state.holder, last))
    assert month_of(last_month()).people[state.a.pk] < 10


# ---- small agencies -----------------------------------------------------------------------------------------


def _month(people: dict[int, int], parents: dict[int, int]) -> Month:
    terms = _terms()
    days = {pk: count * 31 for pk, count in people.items()}
    share = Share(
        terms, 100_000, 31_000, days, {pk: count * 31 for pk, count in people.items()}, 100_000 - sum(days.values())
    )
    places = {pk: Place(pk, f"C{pk}", f"Agency {pk}", parents.get(pk, pk)) for pk in {*people, *parents.values()}}
    return Month(date(2026, 10, 1), [share], [], people, places)


def _terms() -> Any:
    from apps.licenses.chargeback import Terms

    return Terms(1, "C-1", date(2026, 1, 1), date(2026, 12, 31), 1000, 10_800)


def leader(*codes: str) -> Actor:
    return Actor("l", "Leader", roles={Role.LEADER: frozenset(codes)})


def test_a_leader_reads_no_small_agency_and_the_total_reconciles() -> None:
    found = _month({1: 40, 2: 3, 3: 4, 4: 60}, {1: 9, 2: 9, 3: 9, 4: 8})
    statement = statement_in(found, leader(EVERYWHERE))
    assert statement.total == statement.cost
    names = {line.name: line.seat_days for line in statement.lines}
    assert names["Agency 4"] == 60 * 31
    assert names["Agency 9: C1, C2, C3 together"] == 47 * 31
    assert statement_in(found, SYSTEM).total == statement.total


def test_two_leaders_together_learn_no_more() -> None:
    """The secretariat's lines are lines of the whole; what is joined across secretariats shows to neither alone."""
    found = _month({1: 40, 2: 3, 3: 60, 4: 20}, {1: 8, 2: 9, 3: 9, 4: 7})
    whole = {line.name: line.seat_days for line in statement_in(found, leader(EVERYWHERE)).lines}
    for code in ("C7", "C8", "C9"):
        for line in statement_in(found, leader(code)).lines:
            assert whole[line.name] == line.seat_days
            assert (line.seat_days or 0) >= 10 * 31
    alone = _month({1: 40, 2: 3, 4: 20}, {1: 8, 2: 9, 4: 7})
    assert statement_in(alone, leader("C9")).lines == []
    assert statement_in(alone, leader("C7")).lines == []
    assert [line.seat_days for line in statement_in(alone, leader("C8")).lines] == [40 * 31]


def test_day_ends_are_the_states(state: World, month: date) -> None:
    """A seat given out minutes before midnight in Boston counts that day, though UTC is a day ahead."""
    late: datetime = clock.end_of(month.replace(day=7)) - timedelta(minutes=5)
    before = lines(state.erin, month)["Agency of Apples"][0]
    with clock.shifted(late - clock.now()):
        state.holder(state.employee("A003"))
    after = lines(state.erin, month)["Agency of Apples"][0]
    assert (after or 0) - (before or 0) == month_end(month).day - 6
