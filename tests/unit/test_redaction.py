"""People are found in a text however their names are written; what is nobody's stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.reports.redaction import People, citation, withheld

OUT = withheld("c")
KNOWN = People.of(
    [("Jané", "Roe"), ("Mary Ann", "van der Berg"), ("Li", "O'Brien-Smith"), ("Pat Lone", ""), ("Cher", "")],
    ["A003", "E-1023", "12", "123456", "44"],
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ask Jané Roe today", f"Ask {OUT} today"),
        ("ask JANE ROE.", f"ask {OUT}."),
        ("Roe, Jane: yes", f"{OUT}: yes"),
        ("Jane Q. Roe", OUT),
        ("Jane\nRoe", OUT),
        ("jane_roe", OUT),
        ("van der Berg, Mary Ann and Mary Ann van der Berg", f"{OUT} and {OUT}"),
        ("Li O’Brien Smith's desk", f"{OUT}'s desk"),
        ("Pat Lone, Lone Pat", f"{OUT}, {OUT}"),
        ("id a003, E-1023, 123456", f"id {OUT}, {OUT}, {OUT}"),
        ("jane.roe@mass.example wrote", f"{OUT} wrote"),
        ("Jane met Roe; 12 of 44 said Cher", "Jane met Roe; 12 of 44 said Cher"),
        ("Roe (Jane)", "Roe (Jane)"),
        ("", ""),
    ],
)
def test_what_is_taken_out(text: str, found: str) -> None:
    assert KNOWN.taken_out(text)[0] == found


def test_the_citation_is_the_statutes() -> None:
    assert citation("f") == "M.G.L. c. 4, § 7, cl. 26(f)"


NAME = st.text("abcdefghijklmnoöüé", min_size=3, max_size=8)


@given(first=NAME, last=NAME, before=st.text(max_size=30), after=st.text(max_size=30), way=st.integers(0, 3))
def test_a_planted_name_is_gone(first: str, last: str, before: str, after: str, way: int) -> None:
    people = People.of([(first, last)], [])
    written = [f"{first} {last}", f"{last}, {first}", f"{first} {last}".upper(), f"{first}\t{last}"][way]
    clean, count = people.taken_out(f"{before} {written} {after}")
    assert count >= 1
    assert written not in clean
