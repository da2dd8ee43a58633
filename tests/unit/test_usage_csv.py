"""The analytics file: found by header, days kept apart from longer periods, and a bad row named and costing no good one."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.floor import floored, part_of, total_of
from apps.licenses.ports import UsageSeen
from apps.vendors import usage

TODAY = date(2026, 11, 24)
HEADER = "cadence,period_start,period_end,public_id,email,messages,gpt_messages,tool_messages,project_messages"
# As the vendor's console has exported it, every column and in its order.
WHOLE = (
    "cadence,period_start,period_end,account_id,public_id,name,email,role,user_role,department,user_status,"
    "created_or_invited_date,is_active,first_day_active_in_period,last_day_active_in_period,messages,messages_rank,"
    "gpt_messages,gpts_messaged,tool_messages,tools_messaged,last_day_active,project_messages,projects_messaged"
)


def read(*rows: str, header: str = HEADER) -> usage.Reading:
    return usage.read("\n".join([header, *rows]).encode(), TODAY)


def test_a_day_becomes_a_day() -> None:
    found = read("daily,2026-11-02,2026-11-02,user-1,Bob@Mass.example,7,1,2,3")
    assert found.days == [UsageSeen(date(2026, 11, 2), "user-1", "bob@mass.example", 7, 1, 2, 3)]
    assert (found.rows, found.periods, found.rejected) == (1, 0, [])


def test_the_vendors_whole_export_tells_first_and_last_use_and_counts_no_message() -> None:
    row = (
        "weekly,2026-11-02,2026-11-08,acct-1,user-1,Bob Employee,bob@mass.example,member,analyst,Apples,enabled,"
        "2026-01-05,true,2026-11-03,2026-11-06,41,3,2,1,9,4,2026-11-20,0,0"
    )
    found = read(row, header=WHOLE)
    assert found.days == []
    assert found.stretches == [
        usage.Stretch("user-1", "bob@mass.example", date(2026, 11, 3), date(2026, 11, 20)),
    ]
    assert (found.periods, found.period_messages) == (1, 41)
    assert "name" in found.ignored
    assert "department" in found.ignored
    assert "messages" in found.recognised
    assert not set(found.ignored) & set(found.recognised)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize(("delimiter", "newline"), [(",", "\n"), (";", "\r\n"), ("\t", "\r")])
def test_whatever_the_file_looks_like(encoding: str, delimiter: str, newline: str) -> None:
    rows = [
        ["Messages", "Straße", " E-Mail ", "Period Start", "PERIOD_END"],
        [" 5 ", "x", "BOB@mass.example", "11/2/2026", "11/2/2026"],
        ["", "", "", "", ""],
        ["1200.0", "x", "dana@mass.example", "2026-11-03T00:00:00Z", "2026-11-03"],
    ]
    found = usage.read(newline.join(delimiter.join(row) for row in rows).encode(encoding), TODAY)
    assert [(row.day, row.email, row.messages) for row in found.days] == [
        (date(2026, 11, 2), "bob@mass.example", 5),
        (date(2026, 11, 3), "dana@mass.example", 1200),
    ]
    assert found.ignored == ["Straße"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("daily,2026-11-02,,,,7,,,", "neither whose account"),
        ("daily,2026-02-30,,u,,7,,,", "not a date"),
        ("daily,,,u,,7,,,", "not a date"),
        ("daily,1026-11-02,,u,,7,,,", "before there was"),
        ("daily,2026-11-25,,u,,7,,,", "in the future"),
        ("daily,2026-11-02,2026-11-08,u,,7,,,", "more than a day"),
        ("weekly,2026-11-08,2026-11-02,u,,7,,,", "before period_start"),
        (",2026-11-02,,u,,7,,,", "how long"),
        ("daily,2026-11-02,,u,,-7,,,", "not a count"),
        ("daily,2026-11-02,,u,,many,,,", "not a count"),
        ("daily,2026-11-02,,u,,7.5,,,", "not a count"),
        ("daily,2026-11-02,,u,,NaN,,,", "not a count"),
        ("daily,2026-11-02,,u,,１２,,,", "not a count"),
        ("daily,2026-11-02,,u,,999999999,,,", "no person writes"),
        ("daily,2026-11-02,,u,,7,=1+1,,", "not a count"),
        ("daily,2026-11-02,,u\x00,,7,,,", "control character"),
        ("daily,2026-11-02,," + "u" * 121 + ",,7,,,", "too long"),
        ("daily,2026-11-02,,u,Employee, Bob,7,,,", "10 cells"),
        ("daily,2026-11-02", "2 cells"),
        ('"daily,2026-11-02,,u,,7,,,', "cells"),
    ],
)
def test_a_bad_row_is_named_by_line_and_costs_no_good_one(row: str, reason: str) -> None:
    found = read(row, "daily,2026-11-02,,dana,,1,,,")
    assert [one.vendor_id for one in found.days] == ["dana"]
    assert [bad["line"] for bad in found.rejected] == [2]
    assert reason in str(found.rejected[0]["reason"])


def test_the_same_row_twice_is_one_and_another_about_the_same_day_is_named() -> None:
    row = "daily,2026-11-02,,u,,7,,,"
    found = read(row, row, "daily,2026-11-02,,u,,8,,,")
    assert (len(found.days), found.repeated) == (1, 1)
    assert [(bad["line"], "Line 2" in str(bad["reason"])) for bad in found.rejected] == [(4, True)]


def test_an_account_id_that_everybody_shares_names_nobody() -> None:
    header = "date,account_id,email,messages"
    found = read("2026-11-02,acct,bob@mass.example,1", "2026-11-02,acct,dana@mass.example,2", header=header)
    assert [(row.vendor_id, row.email) for row in found.days] == [("", "bob@mass.example"), ("", "dana@mass.example")]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ("2026-11-01,2026-11-03,", "do not lie in the period"),
        ("2026-11-06,2026-11-03,", "in their order"),
        ("2026-11-03,2026-11-20,", "do not lie in the period"),
        ("2026-11-03,soon,", "not a date"),
    ],
)
def test_days_of_activity_must_make_sense(cells: str, reason: str) -> None:
    header = "cadence,period_start,period_end,email,messages,first_day_active_in_period,last_day_active_in_period,last_day_active"
    found = read(f"weekly,2026-11-02,2026-11-08,bob@mass.example,1,{cells}", header=header)
    assert reason in str(found.rejected[0]["reason"])


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("", "empty"),
        ("email,messages", "period_start or date"),
        ("date,email", "messages"),
        ("date,messages", "email or public_id"),
        (f"{HEADER},SSN", "must not receive"),
        (f"{HEADER},Messages", "say the same thing"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_a_sentence(header: str, words: str) -> None:
    with pytest.raises(usage.FileRefused, match=words):
        read(header=header)


_cell = st.one_of(
    st.sampled_from(["daily", "weekly", "2026-11-02", "u", "7", "", '"', "NaN", "1e999", "bob@mass.example"]),
    st.text(max_size=8),
)


@given(st.lists(st.lists(_cell, max_size=11).map(",".join), max_size=30))
@settings(max_examples=80, deadline=None)
def test_whatever_comes_every_row_is_taken_or_named(rows: list[str]) -> None:
    found = usage.read("\n".join([HEADER, *rows]).encode(errors="replace"), TODAY)
    assert found.rows == len(found.days) + found.periods + found.repeated + len(found.rejected)


# ---- the privacy floor ------------------------------------------------------------------------------------------------

_counts = st.lists(st.integers(0, 40), max_size=8)


@given(_counts)
def test_no_small_group_can_be_worked_out_from_the_total(counts: list[int]) -> None:
    shown = [floored(count) for count in counts]
    total = total_of(zip(counts, shown, strict=True))
    hidden = [count for count in counts if floored(count) is None]
    if total is not None:
        rest = total - sum(count for count in shown if count is not None)
        assert rest == 0 or (len(hidden) > 1 and rest >= 10)


@given(st.integers(0, 40), st.integers(0, 40))
def test_a_part_and_its_whole_tell_of_no_small_rest(part: int, more: int) -> None:
    whole = part + more
    shown = part_of(part, whole)
    if shown is not None and floored(whole) is not None:
        assert whole - shown == 0 or whole - shown >= 10
        assert shown == 0 or shown >= 10
