"""One bad row at a time: what it costs, whom it bears on, and what it never does to the rows beside it."""

from __future__ import annotations

import contextlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.agencies import fiction, roster
from apps.agencies.roster import Known
from apps.core.delimited import is_personal

AGENCIES = {"AAA": True, "BBB": True, "OLD": False}
HEADER = ",".join(roster.COLUMNS)
PEOPLE = 6


def line(number: int, **cells: str) -> str:
    values = {
        "employee_id": f"E{number}", "email": f"e{number}@mass.example", "first_name": "Bob", "last_name": "Ng",
        "title": "Analyst", "agency_code": "AAA", "manager_id": "", "status": "active", "seasonal": "no",
        "start_date": "2020-01-02", "end_date": "",
    } | cells  # fmt: skip
    return ",".join(values.values())


def known_from(made: roster.Plan) -> dict[str, Known]:
    return {r.employee_id: Known(r.employee_id, r.digest, r.email, r.agency_code, r.status) for r in made.joins}


def plan(*lines: str, known: dict[str, Known] | None = None, taken: dict[str, str] | None = None) -> roster.Plan:
    return roster.plan("\n".join([HEADER, *lines]).encode(), known or {}, AGENCIES, taken=taken)


ALL = [line(number) for number in range(PEOPLE)]
KNOWN = known_from(plan(*ALL))


@pytest.mark.parametrize(
    "bad",
    [
        line(1, title='"Analyst'),
        line(1, last_name='Ng"'),
        line(1, title='"' + "x" * 200_000),
        line(1, status="?"),
        line(1, agency_code="XXX"),
        line(1, title="=1+1"),
        line(1, title="a\x00b"),
        line(1, employee_id=""),
        line(1, employee_id="E\x001"),
        line(1, email=""),
        "E1",
        "E1,e1@mass.example,Bob",
    ],
    ids=lambda text: str(text)[:40],
)
def test_a_bad_row_costs_itself_alone_and_nobody_reads_as_a_leaver(bad: str) -> None:
    made = plan(ALL[0], bad, *ALL[2:], known=KNOWN)
    assert made.separations == 0
    assert made.unchanged + len(made.changes) >= PEOPLE - 1
    assert [row.line for row in made.rejected] in ([], [3])
    assert all("\x00" not in row.employee_id for row in made.rejected)


def test_a_quoted_cell_may_hold_the_delimiter_and_quotation_marks() -> None:
    made = plan(line(1, title='"Analyst, ""senior"""'))
    assert [row.title for row in made.joins] == ['Analyst, "senior"']


def test_a_later_good_row_counts_where_the_first_about_the_person_was_bad() -> None:
    made = plan(line(0, status="?"), line(0, title="Boss"), *ALL[1:], known=KNOWN)
    assert [row.title for row in made.changes] == ["Boss"]
    assert [row.line for row in made.rejected] == [2]


def test_whoever_leaves_a_closed_agency_leaves() -> None:
    known = {"E0": KNOWN["E0"]._replace(agency_code="OLD", digest="")}
    made = plan(line(0, agency_code="OLD", status="separated"), known=known)
    assert [row.employee_id for row in made.leavers] == ["E0"]
    assert plan(line(0, agency_code="OLD"), known=known).rejected[0].reason.endswith("no longer active.")


def test_the_address_of_somebody_who_is_not_in_the_hr_system_is_not_given_away() -> None:
    taken = {"e9@mass.example": "X9"}
    made = plan(line(9), taken=taken)
    assert [row.reason for row in made.rejected] == ["email belongs to employee X9."]
    assert [row.employee_id for row in plan(line(9, employee_id="X9"), taken=taken).joins] == ["X9"]


def test_rows_that_name_nobody_hold_the_file_where_people_are_missing() -> None:
    made = plan(line(0, employee_id="", email="unknown@mass.example"), *ALL[1:], known=KNOWN)
    assert (made.absent, made.nameless) == (["E0"], 1)
    assert any("do not say whose" in reason for reason in roster.hold_reasons(made, KNOWN, PEOPLE))
    whole = plan(line(0, employee_id="", email="unknown@mass.example"), *ALL, known=KNOWN)
    assert roster.hold_reasons(whole, KNOWN, PEOPLE) == []


@pytest.mark.parametrize(
    ("name", "personal"),
    [
        ("SSN", True), ("ssn last 4", True), ("Emp SSN", True), ("EmployeeSSN", True), ("EmpSSNLast4", True),
        ("emp_ssn_no", True), ("Soc. Sec. No.", True), ("Driver's License", True), ("License Number", True),
        ("Bank Account", True), ("Account Number", True),
        ("Class Name", False), ("CLASSNAME", False), ("Business Unit", False), ("Fitness Note", False),
        ("License Type", False), ("Accounting Unit", False),
    ],
)  # fmt: skip
def test_personal_columns_are_known_by_word_and_not_by_chance(name: str, personal: bool) -> None:
    assert is_personal(name) is personal


@pytest.mark.parametrize("leaving", [(3, False), (4, True)])
def test_an_agency_of_thirty_holds_after_three_people(leaving: tuple[int, bool]) -> None:
    count, held = leaving
    known = {f"E{n}": Known(f"E{n}", "", f"e{n}@x.example", "AAA", "active") for n in range(30)}
    made = roster.Plan(rows=30, absent=[f"E{n}" for n in range(count)])
    assert bool(roster.hold_reasons(made, known, 30)) is held


@pytest.mark.parametrize(("count", "held"), [(40, False), (41, True)])
def test_ten_percent_of_a_large_agency_is_the_line_and_people_who_left_do_not_count(count: int, held: bool) -> None:
    known = {f"E{n}": Known(f"E{n}", "", f"e{n}@x.example", "AAA", "active") for n in range(400)}
    known |= {f"L{n}": Known(f"L{n}", "", f"l{n}@x.example", "AAA", "separated") for n in range(400)}
    known |= {f"B{n}": Known(f"B{n}", "", f"b{n}@x.example", "BBB", "active") for n in range(4000)}
    made = roster.Plan(rows=5000, absent=[f"E{n}" for n in range(count)])
    assert bool(roster.hold_reasons(made, known, 5000)) is held


@given(st.randoms(use_true_random=False), st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_the_order_of_a_files_rows_changes_nothing(dice: random.Random, seed: int) -> None:
    places = [fiction.Place("AAA", 5), fiction.Place("BBB", 3)]
    today = roster.date(2026, 11, 1)
    rows = fiction.people(places, 40, seed, today)
    known = known_from(roster.plan(fiction.to_csv(rows), {}, AGENCIES))
    night, _ = fiction.changed(rows, 0.2, seed)
    night = night[:-2]
    shuffled = list(night)
    dice.shuffle(shuffled)
    one, other = (roster.plan(fiction.to_csv(file), known, AGENCIES) for file in (night, shuffled))
    assert one.counts() == other.counts()
    assert {r.employee_id for r in one.changes} == {r.employee_id for r in other.changes}
    assert sorted(one.absent) == sorted(other.absent)


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_a_dirty_file_names_exactly_the_spoiled_lines(seed: int) -> None:
    places = [fiction.Place("AAA", 5), fiction.Place("BBB", 3)]
    rows = fiction.people(places, 120, seed, roster.date(2026, 11, 1))
    content, spoiled = fiction.spoil(rows, seed, share=0.1)
    made = roster.plan(content, {}, AGENCIES)
    assert [bad.line for bad in made.rejected] == [bad.line for bad in spoiled]
    known = known_from(roster.plan(fiction.to_csv(rows), {}, AGENCIES))
    assert roster.plan(content, known, AGENCIES).separations == 0


_piece = st.sampled_from(
    ['"', ",", ";", "\n", "\r\n", "\x00", "E1", "E2", "e1@mass.example", "AAA", "active", "=", "\ufeff", "é", " "]
)


@given(st.lists(_piece, max_size=60).map("".join), st.sampled_from(["utf-8", "utf-16", "cp1252"]))
@settings(max_examples=80, deadline=None)
def test_no_text_at_all_breaks_the_reader(text: str, encoding: str) -> None:
    content = (HEADER + "\n" + "\n".join(ALL[:2]) + "\n" + text).encode(encoding, errors="replace")
    counts = roster.plan(content, KNOWN, AGENCIES).counts()
    parts = ("joins", "moves", "changes", "unchanged", "rejected", "leavers_in_file")
    assert counts["rows"] == sum(counts[part] for part in parts)


@given(st.binary(max_size=200))
@settings(max_examples=60, deadline=None)
def test_no_bytes_at_all_break_the_reader(content: bytes) -> None:
    with contextlib.suppress(roster.FileRefused):
        roster.plan(content, KNOWN, AGENCIES)
