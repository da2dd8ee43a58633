"""The charge-back statement of a finished month, cut to what a reader may see.

Everything is read as it was known when the month ended: seats from their periods, contracts and agencies from their
histories, amendments by when they were recorded. So a month comes out the same whenever it is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection

from apps.accounts.actors import EVERYWHERE, Actor, Role
from apps.core import clock
from apps.core.errors import Invalid
from apps.core.floor import PRIVACY_FLOOR
from apps.licenses.chargeback import Correction, Share, Terms, cells, corrections, month_end, months_between, shared

READERS = (Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR, Role.LEADER, Role.CONTACT)
NOT_ASSIGNED = "Not assigned"
WITH_SMALL = "Not assigned, and agencies with fewer than ten seats"
# After midnight, acts that began before it may still be on their way.
_SETTLING = timedelta(minutes=15)

_CONTRACTS = """
    SELECT c.id, c.number, c.from_on, c.until_on, c.price_per_seat_year,
        c.seats - COALESCE(sum(a.seats), 0), COALESCE(array_agg(a.effective_on ORDER BY a.id) FILTER (WHERE a.id > 0), '{}'),
        COALESCE(array_agg(a.seats ORDER BY a.id) FILTER (WHERE a.id > 0), '{}')
    FROM licenses_contract_at(%(moment)s) c
    LEFT JOIN licenses_amendment a ON a.contract_id = c.id AND a.recorded_at < %(moment)s
    GROUP BY c.id, c.number, c.from_on, c.until_on, c.price_per_seat_year, c.seats ORDER BY c.number
"""
# A seat costs no longer than its contract runs, and counts to the agency where it was when a calendar day of the state
# ended, as in every report. People are counted
# once in a month, where they were last: so agencies together never seem to be about more people than they are.
_SEAT_DAYS = """
    SELECT contract_id, agency_id, sum(days), count(*) FILTER (WHERE place = 1) FROM (
        SELECT *, row_number() OVER (PARTITION BY employee_id ORDER BY since DESC) AS place FROM (
        SELECT s.contract_id, p.agency_id, p.employee_id, lower(p.during) AS since,
            LEAST(COALESCE((upper(p.during) AT TIME ZONE %(zone)s)::date - 1, %(last)s), %(last)s, c.until_on)
            - GREATEST((lower(p.during) AT TIME ZONE %(zone)s)::date, %(first)s, c.from_on) + 1 AS days
        FROM licenses_seatperiod p JOIN licenses_seat s ON s.id = p.seat_id
        JOIN licenses_contract_at(%(ends)s) c ON c.id = s.contract_id
        WHERE p.during && tstzrange(%(begins)s, %(ends)s)
        ) x WHERE days > 0
    ) y GROUP BY contract_id, agency_id
"""
_AGENCIES = "SELECT id, code, name, COALESCE(parent_id, id) FROM agencies_agency_at(%(moment)s) ORDER BY name, code"


class Place(NamedTuple):
    """An agency as it was when the month ended."""

    id: int
    code: str
    name: str
    parent: int


@dataclass(frozen=True, slots=True)
class Month:
    """A month as it was known when it ended, exact: what contracts cost, and by how many people seats were held."""

    first: date
    shares: list[Share]
    corrections: list[Correction]
    # How many people an agency's line is about: those who held a seat, and no more than seats for the whole month.
    people: dict[int, int]
    places: dict[int, Place]

    @property
    def cost(self) -> int:
        """Of the month and of what was corrected in it, in cents."""
        return sum(share.cost for share in self.shares) + sum(one.cents for one in self.corrections)

    def seat_days(self, agencies: frozenset[int]) -> int:
        return sum(share.seat_days.get(pk, 0) for share in self.shares for pk in agencies)

    def amount(self, agencies: frozenset[int]) -> int:
        return sum(share.amounts.get(pk, 0) for share in self.shares for pk in agencies)


@dataclass(frozen=True, slots=True)
class Line:
    """One line: an agency, several together (no code), what is not assigned, or a correction. Money in cents."""

    kind: str
    code: str
    name: str
    seat_days: int | None
    cents: int


@dataclass(frozen=True, slots=True)
class Statement:
    """What a reader sees of a month. `is_whole` says that the lines are all there are, and give the contracts' cost."""

    month: date
    lines: list[Line]
    contracts: list[Share]
    corrections: list[Correction]
    is_whole: bool
    is_exact: bool
    cost: int

    @property
    def total(self) -> int:
        return sum(line.cents for line in self.lines)

    @property
    def seat_days(self) -> int:
        return sum(line.seat_days or 0 for line in self.lines)


def last_month() -> date:
    """The first day of the last month that is over for good."""
    day = clock.day_before(clock.now() - _SETTLING)
    return day.replace(day=1) if day == month_end(day) else (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def months_known() -> list[date]:
    """The first days of the finished months that a contract reaches into, newest first."""
    contracts = _contracts(clock.now())
    if not contracts:
        return []
    return months_between(min(terms.from_on for terms in contracts), last_month())[::-1]


def month_named(name: str) -> date:
    """The first day of a month of an address ("2026-10"); the last finished one for an empty name. Raises `Invalid`."""
    try:
        month = date.fromisoformat(f"{name}-01") if name else last_month()
    except ValueError:
        raise Invalid("This is not a month.", how_to_fix="Write it as 2026-10.") from None
    if month > last_month():
        raise Invalid("That month is not over yet.", how_to_fix="Statements are about finished months.")
    return month


def month_of(first: date) -> Month:
    """A finished month by its first day, exact: for nobody's eyes before it is cut."""
    last = month_end(first)
    before, moment = clock.end_of(first - timedelta(days=1)), clock.end_of(last)
    given = {"zone": settings.TIME_ZONE, "first": first, "last": last, "begins": before, "ends": moment}
    held: dict[int, dict[int, int]] = {}
    people: dict[int, int] = {}
    for contract, agency, days, count in _rows(_SEAT_DAYS, given):
        held.setdefault(contract, {})[agency] = days
        # Nine seats that pass from hand to hand are more than nine people and still nine seats.
        people[agency] = people.get(agency, 0) + min(count, days // last.day)
    known = _contracts(moment)
    shares = [shared(terms, first, held.get(terms.id, {})) for terms in known]
    places = {row[0]: Place(*row) for row in _rows(_AGENCIES, {"moment": moment})}
    return Month(
        first, [share for share in shares if share.cost or share.seat_days], corrections(_contracts(before), known, first),
        people, places,
    )  # fmt: skip


def _contracts(moment: datetime) -> list[Terms]:
    """All contracts with their amendments, as they were known at a moment."""
    return [
        Terms(pk, number, from_on, until_on, seats, round(price * 100), tuple(zip(days, changes, strict=True)))
        for pk, number, from_on, until_on, price, seats, days, changes in _rows(_CONTRACTS, {"moment": moment})
    ]


# ---- cut for a reader --------------------------------------------------------------------------------------


def statement_for(actor: Actor, month: date) -> Statement:
    """EOTSS, privacy office and auditors: every agency. Leaders: their scope, small agencies together. Contacts: theirs."""
    return statement_in(month_of(month), actor)


def statement_in(month: Month, actor: Actor) -> Statement:
    """The lines of a month that are for this reader's eyes."""
    led = actor.roles.get(Role.LEADER, frozenset())
    is_whole = actor.sees_everyone or EVERYWHERE in led
    if actor.sees_everyone:
        lines = [*_agency_lines(month, month.people), *_rest(month)]
    elif led:
        lines = _floored(month, led)
    else:
        lines = _agency_lines(month, actor.agency_ids & month.people.keys())
    return Statement(
        month.first, lines, month.shares if is_whole else [], month.corrections if is_whole else [], is_whole,
        actor.sees_everyone, month.cost if is_whole else sum(line.cents for line in lines),
    )  # fmt: skip


def _agency_lines(month: Month, agencies: Any) -> list[Line]:
    places = [place for pk, place in month.places.items() if pk in agencies]
    return [_line(month, frozenset({place.id}), "agency", place.code, place.name) for place in places]


def _line(month: Month, agencies: frozenset[int], kind: str, code: str, name: str) -> Line:
    return Line(kind, code, name, month.seat_days(agencies), month.amount(agencies))


def _rest(month: Month) -> list[Line]:
    unused = sum(max(0, share.bought_days - sum(share.seat_days.values())) for share in month.shares)
    return [
        Line("not_assigned", "", NOT_ASSIGNED, unused, sum(share.unassigned for share in month.shares)),
        *(
            Line("correction", "", f"Correction of {one.month:%B %Y}, contract {one.number}", None, one.cents)
            for one in month.corrections
        ),
    ]


def _floored(month: Month, led: frozenset[str]) -> list[Line]:
    """The lines for a leader: of everything, or of the agencies of a scope. Everybody gets parts of the same pattern."""
    places = month.places
    everything = EVERYWHERE in led
    mine = {pk for pk, place in places.items() if place.code in led or places[place.parent].code in led}
    alone, together, rest = [], [], _rest(month) if everything else []
    for _, cell in cells(month.people, {pk: place.parent for pk, place in places.items()}):
        if not (everything or cell <= mine):
            continue
        if sum(month.people[pk] for pk in cell) < PRIVACY_FLOOR:
            rest = _with_small(rest, month.seat_days(cell), month.amount(cell))
        elif len(cell) == 1:
            alone += _agency_lines(month, cell)
        else:
            together.append(_line(month, cell, "small", "", _together([places[pk] for pk in cell], places)))
    return [*sorted(alone, key=lambda line: (line.name, line.code)), *together, *rest]


def _with_small(rest: list[Line], seat_days: int, cents: int) -> list[Line]:
    """What is too few in the whole state stands in the line of what is not assigned; a part of the state shows nothing."""
    if not rest:
        return []
    first = rest[0]
    together = Line(first.kind, "", WITH_SMALL, (first.seat_days or 0) + seat_days, first.cents + cents)
    return [together, *rest[1:]]


def _together(members: list[Place], places: dict[int, Place]) -> str:
    parents = {place.parent for place in members}
    where = f"{places[parents.pop()].name}: " if len(parents) == 1 else ""
    return f"{where}{', '.join(sorted(place.code for place in members))} together"


def _rows(statement: str, given: dict[str, Any]) -> Sequence[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        found: Sequence[tuple[Any, ...]] = cursor.fetchall()
    return found
