"""The form of the federal AI use case inventory, 2025: 36 columns, and the table of 20 common tasks. Pure.

Source: OMB's consolidated 2025 inventory, its data dictionary and its guidance on reporting (M-25-21), kept as our own
tables under data/. When each column must be filled in: `required` is always, not_retired, running (pilot or deployed),
presumed (presumed high-impact, determined not), ato, high_deployed, or never.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from apps.core.spreadsheets import safe_cell

_DATA = Path(__file__).with_name("data")
BANDS = (
    (100, "1-100"), (1_000, "101-1000"), (5_000, "1001-5000"), (10_000, "5001-10,000"), (50_000, "10,000-50,000"),
)  # fmt: skip
MOST = "50,000+"
TASK_COLUMNS = (
    "AI Use Case",
    "Agency Use (Y/N)?",
    "Name of Commercial Product or Service Used",
    "Estimated # of Licenses/Users",
)


@dataclass(frozen=True, slots=True)
class InventoryColumn:
    """One published column: its name, the question on the form, type, who fills it in, when, and what it may say."""

    name: str
    header: str
    type: str
    reported_by: str
    required: str
    allowed: tuple[str, ...]


@cache
def columns() -> tuple[InventoryColumn, ...]:
    """The 36 columns, in the published order."""
    with (_DATA / "omb_2025_columns.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            InventoryColumn(
                line["column"], line["header"], line["type"], line["reported_by"], line["required"],
                tuple(filter(None, line["allowed"].split("|"))),
            )
            for line in csv.DictReader(file)
        )  # fmt: skip


@cache
def common_tasks() -> dict[str, str]:
    """The 20 tasks of the short form, by our code."""
    with (_DATA / "omb_2025_tasks.csv").open(encoding="utf-8", newline="") as file:
        return {line["code"]: line["task"] for line in csv.DictReader(file)}


def column(name: str) -> InventoryColumn:
    return next(one for one in columns() if one.name == name)


def practices() -> tuple[InventoryColumn, ...]:
    """The nine columns about high-impact uses."""
    return tuple(one for one in columns() if one.required == "high_deployed")


def band(seats: int) -> str:
    """The licence band of the short form; empty for none."""
    if seats <= 0:
        return ""
    return next((name for most, name in BANDS if seats <= most), MOST)


def choice(name: str, letter: str) -> str:
    """The published words of a choice, by its letter."""
    return next(value for value in column(name).allowed if value.startswith(f"{letter})"))


def problems(row: Mapping[str, str]) -> list[str]:
    """What the published form would not take of a row, as sentences that say what to fill in."""
    due = _due(row)
    found = [f"Fill in: {one.header}" for one in columns() if one.required in due and not row[one.name]]
    for one in columns():
        given = row[one.name].split("; ") if one.type == "list" else [row[one.name]]
        if one.allowed and row[one.name] and not set(given) <= set(one.allowed):
            found.append(f"Choose one of the published answers: {one.header}")
    return found


def _due(row: Mapping[str, str]) -> set[str]:
    """Which kinds of columns must be filled in for this row."""
    letter, impact = row["development_stage"][:1], row["is_high_impact"][:1]
    conditions = {
        "always": True, "not_retired": letter != "d", "running": letter in {"b", "c"}, "presumed": impact == "b",
        "ato": letter in {"b", "c"} and row["have_ato"] == "Yes", "high_deployed": letter == "c" and impact == "a",
    }  # fmt: skip
    return {name for name, holds in conditions.items() if holds}


def to_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A file as the inventory is published: UTF-8 with a mark, formulas made harmless."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")
