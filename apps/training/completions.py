"""The learning system's file: read and checked. Pure: bytes and facts in, completions and rejects out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from apps.core.delimited import CONTROL, is_personal, squeezed
from apps.core.sheets import table

COLUMNS = ("employee_id", "course", "completed_on", "score", "record_id")
REQUIRED = ("employee_id", "course", "completed_on")
_SOURCE_ID = 80


class FileRefused(Exception):
    """The file as a whole cannot be used; the message says why."""


class Completed(NamedTuple):
    """One completion: primary keys of employee and course, day, score in percent, the source's own id, the line."""

    employee: int
    course: int
    completed_on: date
    score: Decimal | None
    source_id: str
    line: int


@dataclass(slots=True)
class Reading:
    """What the file holds. `rejected` has (line, reason), the header being line 1."""

    rows: int = 0
    good: list[Completed] = field(default_factory=list)
    rejected: list[dict[str, object]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Known:
    """What rows are checked against: primary keys by HR id and by course code in upper case, and the day."""

    employees: Mapping[str, int]
    courses: Mapping[str, int]
    today: date


def header_of(content: bytes) -> list[str]:
    """The file's own column names. Raises `FileRefused` where the file must not be taken, `Invalid` where it is none."""
    names, _ = table(content)
    if not names:
        raise FileRefused("The file is empty: it has not even a header.")
    if personal := [name for name in names if is_personal(name)]:
        raise FileRefused(
            f'The column "{personal[0]}" holds personal information that Beacon must not receive. '
            "Remove the column and send the file again."
        )
    return names


def places_of(names: Iterable[str], columns: Mapping[str, str]) -> dict[str, int]:
    """Where our columns stand in a header: by a mapping (ours to theirs), else by our own name, without case or blanks."""
    squeezed_names = [squeezed(name) for name in names]
    wanted = {ours: squeezed(columns.get(ours) or ours) for ours in COLUMNS}
    return {ours: squeezed_names.index(theirs) for ours, theirs in wanted.items() if theirs in squeezed_names}


def missing_in(names: Iterable[str], columns: Mapping[str, str]) -> list[str]:
    """The required columns that a header lacks."""
    places = places_of(names, columns)
    return [name for name in REQUIRED if name not in places]


def read(content: bytes, known: Known, columns: Mapping[str, str] | None = None) -> Reading:
    """Check every row of a file. Raises `FileRefused`."""
    header_of(content)
    names, rows = table(content)
    if missing := missing_in(names, columns or {}):
        raise FileRefused(f"The file lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}.")
    places = places_of(names, columns or {})
    return read_rows(
        ((line, {ours: cells[at].strip() for ours, at in places.items() if at < len(cells)}) for line, cells in rows),
        known,
    )


def read_rows(rows: Iterable[tuple[int, Mapping[str, str]]], known: Known) -> Reading:
    """Check rows as (line, our columns to text).

    Rows without a record id get one from their content, so that the same row twice is one.
    """
    found = Reading()
    first: dict[str, Completed] = {}
    for line, row in rows:
        found.rows += 1
        try:
            completed = _check(row, known, line)
            earlier = first.setdefault(completed.source_id, completed)
            if earlier[:-1] != completed[:-1]:
                raise ValueError(f"record_id already stands on line {earlier.line}, about something else.")
            found.good.append(completed)
        except ValueError as problem:
            found.rejected.append({"line": line, "reason": str(problem)})
    return found


def _check(row: Mapping[str, str], known: Known, line: int) -> Completed:
    if broken := [name for name, cell in row.items() if CONTROL.search(cell)]:
        raise ValueError(f"{broken[0]} contains a control character.")
    employee_id, code = row.get("employee_id", ""), row.get("course", "").upper()
    if employee_id not in known.employees:
        raise ValueError(f"employee_id {employee_id[:40]!r} is not in the directory.")
    if code not in known.courses:
        raise ValueError(f"course {code[:30]!r} is not a course that Beacon knows.")
    day = _day(row.get("completed_on", ""))
    if day > known.today:
        raise ValueError("completed_on lies in the future.")
    source_id = row.get("record_id") or f"{employee_id}/{code}/{day.isoformat()}"
    if len(source_id) > _SOURCE_ID:
        raise ValueError(f"record_id is longer than {_SOURCE_ID} characters.")
    score = _score(row.get("score", ""))
    return Completed(known.employees[employee_id], known.courses[code], day, score, source_id, line)


def _day(cell: str) -> date:
    try:
        return date.fromisoformat(cell) if "-" in cell else datetime.strptime(cell, "%m/%d/%Y").date()
    except ValueError:
        raise ValueError(f"completed_on {cell[:20]!r} is not a date.") from None


def _score(cell: str) -> Decimal | None:
    if not cell:
        return None
    try:
        score = Decimal(cell.removesuffix("%"))
    except InvalidOperation:
        raise ValueError(f"score {cell[:20]!r} is not a number.") from None
    if not score.is_finite() or not 0 <= score <= 100:
        raise ValueError("score is not between 0 and 100.")
    return score
