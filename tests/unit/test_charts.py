"""Charts and workbooks: the same data give the same bytes anywhere, and a cell never becomes a formula."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from apps.core import charts
from apps.core.workbooks import Sheet, SheetColumn, workbook

_ELSEWHERE = """
from django.conf import settings
settings.configure(CACHES={"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}})
from tests.unit.test_charts import drawn
print(drawn(), end="")
"""


def drawn() -> str:
    return charts.lines(
        charts.LineData(["A", "B", "C"], {"One": [1, None, 30], "Two": [5, 6, 30]}, ("Plan", [10, 20, 30]))
    )


@pytest.fixture(autouse=True)
def _nothing_kept(settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}


def test_another_process_draws_the_same_bytes() -> None:
    answer = subprocess.run(  # our own interpreter, our own words
        [sys.executable, "-c", _ELSEWHERE], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    assert answer.stdout == drawn()


def test_a_hidden_figure_leaves_a_gap_and_says_so() -> None:
    bars = charts.bars(charts.BarData(["Asked", "Enabled"], [12400, None], "People"))
    assert "12,400" in bars
    assert "not shown" in bars
    alone = charts.lines(charts.LineData(["A", "B", "C"], {"One": [1, None, 3]}))
    whole = charts.lines(charts.LineData(["A", "B", "C"], {"One": [1, 2, 3]}))
    # Points are drawn, and nothing between them over the day that is not shown.
    assert len(re.findall(r'd="M[\d.]+,[\d.]+L[\d.,L]+"', whole)) == 1
    assert re.findall(r'd="M[\d.]+,[\d.]+L[\d.,L]+"', alone) == []
    assert ">One<" in alone


def test_nothing_is_fetched_and_too_many_lines_are_refused() -> None:
    assert "http" not in drawn().replace("http://www.w3.org/", "")
    with pytest.raises(ValueError, match="told apart"):
        charts.lines(charts.LineData(["A"], {str(n): [n] for n in range(7)}))


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
OPENINGS = st.sampled_from(["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(TEXTS, st.builds("{}{}".format, OPENINGS, TEXTS)), min_size=1, max_size=6))
def test_no_text_becomes_a_formula(texts: list[str]) -> None:
    made = workbook([Sheet("Texts", [SheetColumn("Text")], [[text] for text in texts])])
    assert made == workbook([Sheet("Texts", [SheetColumn("Text")], [[text] for text in texts])])
    page = load_workbook(io.BytesIO(made)).active
    assert page is not None
    for row in page.iter_rows(min_row=2):
        cell = row[0]
        assert cell.data_type in {"s", "n", "inlineStr"}
        assert not str(cell.value or "").startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))


def test_a_workbook_does_not_say_when_it_was_saved() -> None:
    sheet = Sheet("A", [SheetColumn("Text")], [["x"]])
    made = workbook([sheet])
    with time_machine.travel("2031-01-01"):
        assert workbook([sheet]) == made


def test_columns_are_typed_and_the_header_stays() -> None:
    columns = [SheetColumn("Day", "date"), SheetColumn("Money", "money"), SheetColumn("Count", "number")]
    rows = [["2026-11-24", "1209.60", 12], ["not shown", "not shown", None]]
    page = load_workbook(io.BytesIO(workbook([Sheet("A/B*", columns, rows)])))["A B"]
    assert page.freeze_panes == "A2"
    assert [cell.value for cell in page[1]] == ["Day", "Money", "Count"]
    day, money, count = (cell.value for cell in page[2])
    assert getattr(day, "date", lambda: day)() == date(2026, 11, 24)
    assert (Decimal(str(money)), count) == (Decimal("1209.6"), 12)
    assert page["A3"].value == "not shown"
