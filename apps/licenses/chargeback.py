"""What a month of the contracts cost and who bears it. Pure; money in whole cents.

A contract year runs from the contract's first day to the day before its anniversary, and each of its days costs the
same. A month costs what the contract cost up to its last day less what it cost up to the day before its first, each
rounded to the cent: so the months of a year always give the year, and a part of a month at either end costs its days.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from apps.core.floor import PRIVACY_FLOOR

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Terms:
    """A contract as it was known at some moment. `changes` are seats added or taken away, each from a day on."""

    id: int
    number: str
    from_on: date
    until_on: date
    seats: int
    cents: int
    changes: tuple[tuple[date, int], ...] = ()


# ---- months ------------------------------------------------------------------------------------------------


def month_end(day: date) -> date:
    """The last day of a day's month."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - _DAY


def months_between(first: date, last: date) -> list[date]:
    """The first days of the months from one day's to another's, both included."""
    found, month = [], first.replace(day=1)
    while month <= last:
        found.append(month)
        month = month_end(month) + _DAY
    return found


def _anniversary(day: date, years: int) -> date:
    """The same day so many years later; the first of March where a year has no February 29."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


# ---- cost --------------------------------------------------------------------------------------------------


def cost_in(terms: Terms, first: date, last: date) -> int:
    """What a contract costs from one day to another, both included, in cents."""
    return _rounded(_cost_until(terms, last)) - _rounded(_cost_until(terms, first - _DAY))


def seat_days_in(terms: Terms, first: date, last: date) -> int:
    """The seats bought, day by day, from one day to another."""
    return sum(
        seats * days for begins, ends, seats in _stretches(terms) if (days := _overlap(begins, ends, first, last))
    )


def _cost_until(terms: Terms, last: date) -> Fraction:
    total, year = Fraction(), 0
    begins = terms.from_on
    while begins <= min(last, terms.until_on):
        year += 1
        following = _anniversary(terms.from_on, year)
        seat_days = seat_days_in(terms, begins, min(last, following - _DAY))
        total += Fraction(seat_days * terms.cents, (following - begins).days)
        begins = following
    return total


def _stretches(terms: Terms) -> Iterable[tuple[date, date, int]]:
    """First day, last day and seats of each stretch of the contract without a change."""
    begins, seats = terms.from_on, terms.seats
    for day, change in sorted(terms.changes):
        if begins < day <= terms.until_on:
            yield begins, day - _DAY, max(0, seats)
            begins = day
        if day <= terms.until_on:
            seats += change
    yield begins, terms.until_on, max(0, seats)


def _overlap(begins: date, ends: date, first: date, last: date) -> int:
    return max(0, (min(ends, last) - max(begins, first)).days + 1)


def _rounded(amount: Fraction) -> int:
    return int(amount + Fraction(1, 2))


# ---- who bears it ------------------------------------------------------------------------------------------


def split(cents: int, weights: Sequence[int]) -> list[int]:
    """An amount in proportion to weights, to the cent: each its whole cents, the rest by largest remainder.

    Equal remainders go in order. Where all weights are zero, nobody bears anything.
    """
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    shares = [cents * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda place: (-(cents * weights[place] % whole), place))
    for place in order[: cents - sum(shares)]:
        shares[place] += 1
    return shares


@dataclass(frozen=True, slots=True)
class Share:
    """What one contract cost in a month, and how it falls on agencies (by id, with their seat-days)."""

    terms: Terms
    cost: int
    bought_days: int
    seat_days: Mapping[int, int]
    amounts: Mapping[int, int]
    unassigned: int


def shared(terms: Terms, month: date, seat_days: Mapping[int, int]) -> Share:
    """A contract's month over the agencies whose seats they were; seats that nobody held are not assigned.

    An amendment recorded later can leave fewer seats than were held: then the agencies bear all, and nothing is left.
    """
    last = month_end(month)
    cost, bought = cost_in(terms, month, last), seat_days_in(terms, month, last)
    agencies = sorted(seat_days)
    *amounts, rest = split(cost, [*(seat_days[pk] for pk in agencies), max(0, bought - sum(seat_days.values()))])
    if not bought and not sum(seat_days.values()):
        rest = cost
    return Share(terms, cost, bought, seat_days, dict(zip(agencies, amounts, strict=True)), rest)


@dataclass(frozen=True, slots=True)
class Correction:
    """What an earlier month turned out to cost more or less, by what was recorded in this one."""

    number: str
    month: date
    cents: int


def corrections(before: Iterable[Terms], after: Iterable[Terms], month: date) -> list[Correction]:
    """The months before `month` that cost something else by what is known `after` than by what was known `before`."""
    known = {terms.id: terms for terms in before}
    found = []
    for terms in sorted(after, key=lambda one: one.number):
        old = known.get(terms.id)
        starts = min(terms.from_on, old.from_on) if old else terms.from_on
        for earlier in months_between(starts, month - _DAY) if terms != old else ():
            last = month_end(earlier)
            was = cost_in(old, earlier, last) if old else 0
            if change := cost_in(terms, earlier, last) - was:
                found.append(Correction(terms.number, earlier, change))
    return found


# ---- who may see which line --------------------------------------------------------------------------------


def cells(people: Mapping[int, int], parent_of: Mapping[int, Hashable]) -> list[tuple[Hashable | None, frozenset[int]]]:
    """Agencies as lines that tell nothing about fewer than ten people, each with the secretariat that it is all of.

    Small agencies of a secretariat come together in one line, with the next smallest where they are too few by
    themselves. Where a whole secretariat is too few, it joins those of others (None). The pattern is the same for every
    reader, so that no two views give a line away. What is too few in the whole state comes last, as None with fewer
    than ten people: it must not stand by itself.
    """
    members: dict[Hashable, list[int]] = {}
    for pk in people:
        members.setdefault(parent_of[pk], []).append(pk)
    found: list[tuple[Hashable | None, frozenset[int]]] = []
    outside: set[int] = set()
    for parent in sorted(members, key=str):
        alone, together = _gathered({pk: people[pk] for pk in members[parent]})
        found += [(parent, frozenset({pk})) for pk in alone]
        if together and sum(people[pk] for pk in together) < PRIVACY_FLOOR:
            outside |= together
        elif together:
            found.append((parent, frozenset(together)))
    while outside and found and sum(people[pk] for pk in outside) < PRIVACY_FLOOR:
        smallest = min(found, key=lambda cell: (sum(people[pk] for pk in cell[1]), str(cell[0]), sorted(cell[1])))
        found.remove(smallest)
        outside |= smallest[1]
    return [*found, *([(None, frozenset(outside))] if outside else [])]


def _gathered(people: Mapping[int, int]) -> tuple[list[int], set[int]]:
    """Agencies that may stand alone, and those that must not."""
    order = sorted(people, key=lambda pk: (people[pk], pk))
    together = {pk for pk in order if people[pk] < PRIVACY_FLOOR}
    alone = [pk for pk in order if pk not in together]
    while together and alone and sum(people[pk] for pk in together) < PRIVACY_FLOOR:
        together.add(alone.pop(0))
    return alone, together
