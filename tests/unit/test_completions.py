"""The learning system's file keeps the roster's discipline: a bad row costs itself, and the same record twice is one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.training import completions

EMPLOYEES, COURSES, TODAY = {"A003": 3, "A004": 4}, {"AI-101": 1, "AI-102": 2}, date(2026, 11, 24)
KNOWN = completions.Known(EMPLOYEES, COURSES, TODAY)
HEADER = "employee_id,course,completed_on,score,record_id"


def read(*rows: str, header: str = HEADER) -> completions.Reading:
    return completions.read("\n".join([header, *rows]).encode(), KNOWN)


def test_rows_become_completions_whatever_the_file_looks_like() -> None:
    text = "\n Employee ID ; Course ; Completed On ; Score\r\nA003;ai-101;11/02/2026;95%\r\n;;;\r\n A004 ;AI-102;2026-11-03;\r\n"
    found = completions.read(text.encode("utf-16"), KNOWN)
    assert [(c.employee, c.course, c.completed_on, c.score) for c in found.good] == [
        (3, 1, date(2026, 11, 2), Decimal(95)),
        (4, 2, date(2026, 11, 3), None),
    ]
    assert (found.rows, found.rejected) == (2, [])


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("X999,AI-101,2026-11-01", "not in the directory"),
        (",AI-101,2026-11-01", "not in the directory"),
        ("A003,NOPE,2026-11-01", "not a course"),
        ("A003,AI-101,2026-02-31", "not a date"),
        ("A003,AI-101,", "not a date"),
        ("A003,AI-101,2026-11-25", "in the future"),
        ("A003,AI-101,2026-11-01,many", "not a number"),
        ("A003,AI-101,2026-11-01,101", "between 0 and 100"),
        ("A003,AI-101,2026-11-01,-1", "between 0 and 100"),
        ("A003,AI-101,2026-11-01,NaN", "between 0 and 100"),
        ("A003,AI-101,2026-11-01,Infinity", "between 0 and 100"),
        ("A003,AI-101,2026-11-01,90,a\x00b", "control character"),
        ("A003,AI-101,2026-11-01,90," + "r" * 81, "longer than 80"),
        ('"A003,AI-101,2026-11-01,90,r-1', "not in the directory"),
    ],
)
def test_a_bad_row_is_named_by_line_and_costs_no_good_one(row: str, reason: str) -> None:
    found = read(row, "A004,AI-101,2026-11-01")
    assert [c.employee for c in found.good] == [4]
    assert [bad["line"] for bad in found.rejected] == [2]
    assert reason in str(found.rejected[0]["reason"])


def test_the_same_record_twice_is_one_and_another_under_its_id_is_named() -> None:
    found = read("A003,AI-101,2026-11-01,90,r-1", "A003,AI-101,2026-11-01,90,r-1", "A004,AI-101,2026-11-01,90,r-1")
    assert len({c.source_id for c in found.good}) == 1
    assert [(bad["line"], bad["reason"]) for bad in found.rejected] == [
        (4, "record_id already stands on line 2, about something else.")
    ]


@pytest.mark.parametrize(
    ("header", "words"),
    [("employee_id,course", "completed_on"), ("", "empty"), (f"{HEADER},SSN", "must not receive")],
)
def test_a_file_that_cannot_be_used_is_refused_with_a_sentence(header: str, words: str) -> None:
    with pytest.raises(completions.FileRefused, match=words):
        read(header=header)


_cell = st.one_of(st.sampled_from(["A003", "AI-101", "2026-11-01", "90", "", '"', "NaN", "1e999"]), st.text(max_size=8))


@given(st.lists(st.lists(_cell, max_size=7).map(",".join), max_size=30))
@settings(max_examples=60, deadline=None)
def test_whatever_comes_every_row_is_good_or_named(rows: list[str]) -> None:
    found = completions.read("\n".join([HEADER, *rows]).encode(errors="replace"), KNOWN)
    assert found.rows == len(found.good) + len(found.rejected)
