"""The learning system's file: read and checked. Pure: bytes and facts in, completions and rejects out."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

COLUMNS = ("employee_id", "course", "completed_on", "score", "record_id")
REQUIRED = ("employee_id", "course", "completed_on")


class FileRefused(Exception):
    """The file as a whole cannot be used; the message says why."""


class Completed(NamedTuple):
    """One completion: primary keys of employee and course, day, score in percent, the source's own id."""

    employee: int
    course: int
    completed_on: date
    score: Decimal | None
    source_id: str


@dataclass(slots=True)
class Reading:
    """What the file holds. `rejected` has (line, reason), the header being line 1."""

    rows: int = 0
    good: list[Completed] = field(default_factory=list)
    rejected: list[dict[str, object]] = field(default_factory=list)


def read(text: str, employees: Mapping[str, int], courses: Mapping[str, int], today: date) -> Reading:
    """Check every row. `employees` maps HR ids and `courses` course codes (upper case) to primary keys.

    Rows without a record id get one from their content, so that the same row twice is one. Raises `FileRefused`.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not lines or not lines[0].strip():
        raise FileRefused("The file is empty: it has not even a header.")
    delimiter = max(",;\t", key=lines[0].count)
    reader = csv.reader(lines, delimiter=delimiter)
    header = [name.strip().lower().replace(" ", "_") for name in next(reader)]
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        raise FileRefused(f"The file lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}.")
    found = Reading()
    for cells in reader:
        if not any(map(str.strip, cells)):
            continue
        found.rows += 1
        row = {name: cell.strip() for name, cell in zip(header, cells, strict=False)}
        try:
            found.good.append(_check(row, employees, courses, today))
        except ValueError as problem:
            found.rejected.append({"line": reader.line_num, "reason": str(problem)})
    return found


def _check(row: Mapping[str, str], employees: Mapping[str, int], courses: Mapping[str, int], today: date) -> Completed:
    employee_id, code = row.get("employee_id", ""), row.get("course", "").upper()
    if employee_id not in employees:
        raise ValueError(f"employee_id {employee_id[:40]!r} is not in the directory.")
    if code not in courses:
        raise ValueError(f"course {code[:30]!r} is not a course that Beacon knows.")
    day = _day(row.get("completed_on", ""))
    if day > today:
        raise ValueError("completed_on lies in the future.")
    source_id = row.get("record_id") or f"{employee_id}/{code}/{day.isoformat()}"
    return Completed(employees[employee_id], courses[code], day, _score(row.get("score", "")), source_id[:80])


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
    if not 0 <= score <= 100:
        raise ValueError("score is not between 0 and 100.")
    return score
