"""Reading the HR file: everything that real files have, and numbers that add up whatever comes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.agencies import roster
from apps.agencies.roster import Known

AGENCIES = {"AAA": True, "BBB": True, "OLD": False}
HEADER = ",".join(roster.COLUMNS)


def line(employee_id: str = "E1", email: str = "bob@mass.example", **cells: str) -> str:
    values = {
        "employee_id": employee_id, "email": email, "first_name": "Bob", "last_name": "Ng", "title": "Analyst",
        "agency_code": "AAA", "manager_id": "", "status": "active", "seasonal": "no", "start_date": "2020-01-02",
        "end_date": "",
    } | cells  # fmt: skip
    return ",".join(values.values())


def plan(*lines: str, known: dict[str, Known] | None = None, header: str = HEADER) -> roster.Plan:
    return roster.plan("\n".join([header, *lines]).encode(), known or {}, AGENCIES)


def known_from(made: roster.Plan) -> dict[str, Known]:
    return {r.employee_id: Known(r.employee_id, r.digest, r.email, r.agency_code, r.status) for r in made.joins}


@pytest.mark.parametrize(
    "content",
    [
        ("﻿" + HEADER + "\r\n" + line()).encode("utf-8"),
        (HEADER + "\r\n\r\n" + line() + "\r\n\r\n").encode("latin-1"),
        (HEADER.replace(",", ";") + "\n" + line().replace(",", ";")).encode(),
        (HEADER + "\r" + line()).encode("utf-16"),
        (HEADER.upper().replace("_", " ") + "\n" + line()).encode(),
        ("\t".join(reversed(roster.COLUMNS)) + "\n" + "\t".join(reversed(line().split(",")))).encode(),
    ],
    ids=["bom-crlf", "latin-1-blank-lines", "semicolons", "utf-16-cr", "odd-headers", "tabs-other-order"],
)
def test_files_as_they_come_are_read(content: bytes) -> None:
    made = roster.plan(content, {}, AGENCIES)
    assert [row.email for row in made.joins] == ["bob@mass.example"]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"email": ""}, "email is missing"),
        ({"email": "bob at work"}, "not an address"),
        ({"agency_code": "XXX"}, "not an agency"),
        ({"agency_code": "OLD"}, "no longer active"),
        ({"status": "retired"}, "not active, leave or separated"),
        ({"start_date": "2026-02-31"}, "not a date"),
        ({"start_date": "1066-10-14"}, "believable"),
        ({"start_date": "2020-01-02", "end_date": "01/01/2019"}, "before start_date"),
        ({"title": "=cmd()"}, "formula"),
        ({"last_name": "@sum"}, "formula"),
        ({"first_name": "a\x00b"}, "control character"),
        ({"seasonal": "perhaps"}, "neither yes nor no"),
        ({"employee_id": " "}, "employee_id is missing"),
        ({"employee_id": "E 1"}, "may not have"),
    ],
)
def test_a_bad_row_is_named_and_costs_no_good_one(cells: dict[str, str], reason: str) -> None:
    made = plan(line("E2", "good@mass.example"), line(**cells))
    assert [row.employee_id for row in made.joins] == ["E2"]
    assert [bad.line for bad in made.rejected] == [3]
    assert reason in made.rejected[0].reason


def test_addresses_are_compared_without_case_and_padding_and_dates_may_be_american() -> None:
    made = plan(line(email="  Bob@Mass.Example ", start_date="01/02/2020", agency_code="aaa"))
    assert plan(line(), known=known_from(made)).unchanged == 1


def test_a_repeated_row_and_a_repeated_address_are_rejected_with_the_line_of_the_first() -> None:
    made = plan(line(), line(), line("E2"))
    assert [bad.reason for bad in made.rejected] == [
        "The employee already stands on line 2.",
        "email already stands on line 2.",
    ]


def test_an_address_may_go_to_a_newcomer_once_its_holder_leaves_in_any_order() -> None:
    known = known_from(plan(line()))
    made = plan(line("E2"), line("E1", status="separated"), known=known)
    assert [row.employee_id for row in made.joins] == ["E2"]
    assert made.separations == 1
    clash = plan(line("E2"), line("E1", "bob@mass.example", title="Boss"), known=known)
    assert [(bad.employee_id, bad.reason) for bad in clash.rejected] == [("E2", "email belongs to employee E1.")]
    assert len(clash.changes) == 1
    two = plan(line("E2"), line("E3"), line("E1", status="separated"), known=known)
    assert ([row.employee_id for row in two.joins], len(two.rejected)) == (["E2"], 1)


def test_a_bad_row_about_somebody_known_does_not_read_as_their_leaving() -> None:
    known = known_from(plan(line()))
    for broken in (line(status="?"), line(employee_id=""), "E1,bob@mass.example"):
        assert plan(broken, known=known).absent == []
    assert plan(line("E2", "other@mass.example"), known=known).absent == ["E1"]


def test_moves_changes_and_returns_are_told_apart() -> None:
    known = known_from(plan(line()))
    assert len(plan(line(agency_code="BBB"), known=known).moves) == 1
    assert len(plan(line(title="Boss"), known=known).changes) == 1
    gone = {"E1": known["E1"]._replace(status="separated")}
    assert len(plan(line(title="Boss"), known=gone).joins) == 1


@pytest.mark.parametrize("name", ["SSN", "Social Security No", "Driver's license", "Bank account number"])
def test_personal_numbers_are_refused_as_a_file(name: str) -> None:
    with pytest.raises(roster.FileRefused, match="must not receive"):
        plan(header=f"{HEADER},{name}")


def test_missing_columns_are_named_unknown_ones_too_and_a_mapping_helps() -> None:
    with pytest.raises(roster.FileRefused, match="email"):
        plan(header=HEADER.replace("email", "post"))
    assert plan(line() + ",7", header=f"{HEADER},Floor").ignored_columns == ["Floor"]
    mapped = roster.plan(f"{HEADER.replace('email', 'Post')}\n{line()}".encode(), {}, AGENCIES, {"post": "email"})
    assert len(mapped.joins) == 1
    with pytest.raises(roster.FileRefused, match="empty"):
        roster.plan(b"\n \n", {}, AGENCIES)


@pytest.mark.parametrize(("leaving", "held"), [(25, False), (26, True)])
def test_the_hold_begins_after_twenty_five_people(leaving: int, held: bool) -> None:
    # Spread over agencies so that no agency's own threshold is reached.
    known = {f"E{n}": Known(f"E{n}", "", f"e{n}@x.example", f"A{n % 10}", "active") for n in range(1000)}
    made = roster.Plan(rows=1000 - leaving, absent=[f"E{n}" for n in range(leaving)])
    assert bool(roster.hold_reasons(made, known, 1000)) is held


def test_the_hold_begins_at_an_agencys_share_an_empty_and_a_shorter_file() -> None:
    known = {f"E{n}": Known(f"E{n}", "", f"e{n}@x.example", "AAA" if n < 20 else "BBB", "active") for n in range(1000)}
    assert not roster.hold_reasons(roster.Plan(rows=997, absent=["E0", "E1", "E2"]), known, 1000)
    assert roster.hold_reasons(roster.Plan(rows=996, absent=["E0", "E1", "E2", "E3"]), known, 1000)
    assert roster.hold_reasons(roster.Plan(rows=0), known, 1000) == ["The file has no rows."]
    assert roster.hold_reasons(roster.Plan(rows=949), known, 1000)
    assert not roster.hold_reasons(roster.Plan(rows=950), known, 1000)


_cell = st.one_of(
    st.sampled_from(
        ["E1", "E2", "AAA", "BBB", "active", "separated", "no", "2020-01-01", "a@b.example", "", " ", "=1+1"]
    ),
    st.text(
        st.characters(blacklist_characters="\n\r\u2028\u2029\x85\x0b\x0c\x1c\x1d\x1e", blacklist_categories=("Cs",)),
        max_size=12,
    ),
)


@given(st.lists(st.lists(_cell, min_size=1, max_size=13), max_size=30))
@settings(max_examples=60, deadline=None)
def test_whatever_comes_the_numbers_add_up(rows: list[list[str]]) -> None:
    import csv
    import io

    out = io.StringIO()
    csv.writer(out).writerows([list(roster.COLUMNS), *rows])
    known = {"E1": Known("E1", "", "a@b.example", "AAA", "active")}
    counts = roster.plan(out.getvalue().encode("utf-8"), known, AGENCIES).counts()
    parts = ("joins", "moves", "changes", "unchanged", "rejected", "leavers_in_file")
    assert counts["rows"] == sum(counts[part] for part in parts)
