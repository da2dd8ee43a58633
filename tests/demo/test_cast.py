"""The cast: names that mean access, each person once, and nobody who could be mistaken for one of the crowd."""

from __future__ import annotations

from datetime import date

from apps.agencies import fiction
from apps.agencies.management.commands.make_roster import places
from demo.cast import BY_KEY, CAST


def test_everyone_is_there_once() -> None:
    for field in ("key", "email", "name", "look_at"):
        values = [getattr(person, field) for person in CAST]
        assert len(set(values)) == len(values), field
    ids = [person.employee_id for person in CAST if person.employee_id]
    assert len(set(ids)) == len(ids)
    assert set(BY_KEY) >= {"erin", "paula", "alice", "bob", "charlie", "dana", "lee", "audrey"}


def test_nobody_of_the_crowd_has_an_address_or_number_of_the_cast() -> None:
    crowd = fiction.people(places(), 5_000, 1, date(2026, 11, 24))
    assert not {row[1] for row in crowd} & {person.email for person in CAST}
    assert not {row[0] for row in crowd} & {person.employee_id for person in CAST}
    # At any number of people: the crowd's names are made of these two lists.
    assert not [p.name for p in CAST if p.first in fiction.FIRST and p.last in fiction.LAST]


def test_employees_of_the_cast_work_in_agencies_that_exist() -> None:
    codes = {place.code for place in places()}
    assert {person.agency for person in CAST if person.employee_id} <= codes
