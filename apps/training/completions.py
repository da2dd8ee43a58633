"""The learning system's file: read and checked. Pure: bytes and facts in, completions and rejects out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from apps.core.delimited import CONTROL, is_personal, table

COLUMNS = ("employee_id", "course", "completed_on", "score", "record_id")
REQUIRED = ("employee_id", "course", "completed_on")
_SOURCE_ID = 80


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


def read(content: bytes, employees: Mapping[str, int], courses: Mapping[str, int], today: date) -> Reading:
    """Check every row. `employees` maps HR ids and `courses` course codes (upper case) to primary keys.

    Rows without a record id get one from their content, so that the same row twice is one. Raises `FileRefused`.
    """
    names, rows = table(content)
    _refuse(names)
    header = [name.lower().replace(" ", "_") for name in names]
    found = Reading()
    first: dict[str, tuple[Completed, int]] = {}
    for line, cells in rows:
        found.rows += 1
        row = {name: cell.strip() for name, cell in zip(header, cells, strict=False)}
        try:
            completed = _check(row, employees, courses, today)
            earlier, at = first.setdefault(completed.source_id, (completed, line))
            if earlier != completed:
                raise ValueError(f"record_id already stands on line {at}, about something else.")
            found.good.append(completed)
        except ValueError as problem:
            found.rejected.append({"line": line, "reason": str(problem)})
    return found


def _refuse(names: list[str]) -> None:
    """Raise `FileRefused` where the file as a whole must not or cannot be used."""
    if not names:
        raise FileRefused("The file is empty: it has not even a header.")
    if personal := [name for name in names if is_personal(name)]:
        raise FileRefused(
            f'The column "{personal[0]}" holds personal information that Beacon must not receive. '
            "Remove the column and send the file again."
        )
    header = [name.lower().replace(" ", "_") for name in names]
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        raise FileRefused(f"The file lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}.")


def _check(row: Mapping[str, str], employees: Mapping[str, int], courses: Mapping[str, int], today: date) -> Completed:
    if broken := [name for name, cell in row.items() if CONTROL.search(cell)]:
        raise ValueError(f"{broken[0]} contains a control character.")
    employee_id, code = row.get("employee_id", ""), row.get("course", "").upper()
    if employee_id not in employees:
        raise ValueError(f"employee_id {employee_id[:40]!r} is not in the directory.")
    if code not in courses:
        raise ValueError(f"course {code[:30]!r} is not a course that Beacon knows.")
    day = _day(row.get("completed_on", ""))
    if day > today:
        raise ValueError("completed_on lies in the future.")
    source_id = row.get("record_id") or f"{employee_id}/{code}/{day.isoformat()}"
    if len(source_id) > _SOURCE_ID:
        raise ValueError(f"record_id is longer than {_SOURCE_ID} characters.")
    return Completed(employees[employee_id], courses[code], day, _score(row.get("score", "")), source_id)


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
