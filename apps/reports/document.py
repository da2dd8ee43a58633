"""What a report is made of, whatever form it is given: sections of figures, tables and charts. Pure.

A report is data first: its JSON (sorted keys, no times of making) is what is signed, and page, PDF, CSV and XLSX are
made from it. The same data give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

# How a column or figure is written. None is a figure that is not shown (privacy floor); "" does not apply.
KINDS = ("text", "count", "percent", "money", "date", "days")
Value = str | int | Decimal | date | None
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Stat:
    """One headline figure; `define` is its key in definitions.py, `age` says how old it is."""

    label: str
    value: Value
    kind: str = "count"
    define: str = ""
    age: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    key: str
    label: str
    kind: str = "count"
    define: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of a table: bars or lines over the table's rows, of the named columns; `target` is drawn dashed."""

    kind: str
    columns: tuple[str, ...]
    target: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows in the order of `columns`; the first column names the row. `sentence` says what there is to see."""

    key: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    sentence: str = ""
    chart: Chart | None = None
    note: str = ""
    empty: str = "Nothing to show."


@dataclass(frozen=True, slots=True)
class Section:
    key: str
    title: str
    intro: str = ""
    stats: Sequence[Stat] = ()
    tables: Sequence[Table] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report about the end of a day. `opinion` is its one line at the top, `notes` what a reader must know."""

    kind: str
    title: str
    scope: str
    scope_label: str
    as_of: date
    is_floored: bool
    opinion: str
    sections: Sequence[Section]
    notes: Sequence[str] = field(default_factory=tuple)


Data = dict[str, Any]


def data_of(document: Document) -> Data:
    """The report as plain data: dates and money as text."""
    plain: Data = _plain(asdict(document))
    return plain | {"format": FORMAT}


def to_json(data: Data) -> bytes:
    """The bytes that are stored, hashed and signed."""
    return json.dumps(data, sort_keys=True, ensure_ascii=False, indent=1).encode() + b"\n"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return value


def tables_of(data: Data) -> list[Data]:
    """All tables of a report, in order."""
    return [table for section in data["sections"] for table in section["tables"]]


def words(value: Any, kind: str) -> str:
    """A value as people read it: "12,400", "48%", "$1,209.60", "November 24, 2026"; "not shown" for one that is hidden."""
    if value is None:
        return "not shown"
    if value == "" or kind == "text":
        return str(value)
    if kind == "percent":
        return f"{value}%"
    if kind == "money":
        return f"${Decimal(value):,.2f}".removesuffix(".00")
    if kind == "date":
        day = date.fromisoformat(value)
        return f"{day:%B} {day.day}, {day.year}"
    unit = "" if kind == "count" else " day" if value == 1 else " days"
    return f"{value:,}{unit}"
