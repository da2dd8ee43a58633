"""The vendor's analytics file (user engagement): read and checked. Pure: bytes in, days, first and last use out.

The vendor exports weeks or months, and days where one asks for them. A row of one day becomes a day's figures. A row of
a longer period tells only when somebody was first and last active: its messages belong to no day, so they count to
nothing. Columns are found by name in any order; what Beacon does not use is named and not read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from apps.core.delimited import CONTROL, is_personal, squeezed, table
from apps.licenses.ports import UsageSeen

# The names that the vendor has used, and plain ones; compared without case, blanks and punctuation.
NAMES = {
    "cadence": "cadence", "period_start": "start", "date": "day", "day": "day", "period_end": "end",
    "account_id": "account", "public_id": "public", "user_id": "public", "email": "email",
    "first_day_active_in_period": "first_active", "last_day_active_in_period": "last_active",
    "last_day_active": "last_ever", "messages": "messages", "gpt_messages": "gpt", "tool_messages": "tool",
    "project_messages": "project",
}  # fmt: skip
_FIELDS = {squeezed(name): used for name, used in NAMES.items()}
# Before that there was no assistant; a year like 1026 is a slip of the pen.
EARLIEST = date(2020, 1, 1)
MOST_MESSAGES = 1_000_000
_COUNT = re.compile(r"\d{1,3}(,\d{3})+|\d{1,9}(\.0+)?", re.ASCII)
_LONG_ENOUGH = 120


class FileRefused(Exception):
    """The file as a whole cannot be used; the message says why."""


class Stretch(NamedTuple):
    """Somebody was active on these two days, and perhaps between them."""

    vendor_id: str
    email: str
    first_on: date
    last_on: date


@dataclass(slots=True)
class Reading:
    """What the file holds. `rejected` has line and reason, the header being line 1; `idle` rows say nothing of use.

    Every row is in exactly one of: `days`, `periods`, `repeated`, `rejected`.
    """

    rows: int = 0
    days: list[UsageSeen] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)
    periods: int = 0
    period_messages: int = 0
    repeated: int = 0
    rejected: list[dict[str, object]] = field(default_factory=list)
    recognised: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


class _Row(NamedTuple):
    """A row that was understood; `is_day` tells whether it is about one day."""

    seen: UsageSeen
    is_day: bool
    end: date
    stretch: Stretch | None


def read(content: bytes, today: date) -> Reading:
    """Check every row. `today` is the present day in UTC, as the vendor counts days. Raises `FileRefused`."""
    names, rows = table(content)
    positions = _positions(names)
    found = Reading()
    found.recognised = [names[place] for place in sorted(positions.values())]
    found.ignored = [name[:60] for place, name in enumerate(names) if place not in positions.values() and name]
    earlier: dict[tuple[str, date, date], tuple[_Row, int]] = {}
    for line, cells in rows:
        found.rows += 1
        try:
            if len(cells) != len(names):
                raise ValueError(f"The row has {len(cells)} cells; the header has {len(names)}.")
            row = _check({used: cells[place].strip() for used, place in positions.items()}, today)
            key = (row.seen.vendor_id or row.seen.email, row.seen.day, row.end)
            first, at = earlier.setdefault(key, (row, line))
            if at != line and first != row:
                raise ValueError(f"Line {at} already tells of this account and period, and says otherwise.")
        except ValueError as problem:
            found.rejected.append({"line": line, "reason": str(problem)})
        else:
            _take(found, row, is_repeated=at != line)
    return found


def _take(found: Reading, row: _Row, *, is_repeated: bool) -> None:
    if is_repeated:
        found.repeated += 1
        return
    if row.stretch:
        found.stretches.append(row.stretch)
    if row.is_day:
        found.days.append(row.seen)
    else:
        found.periods += 1
        found.period_messages += row.seen.messages


def _positions(names: list[str]) -> dict[str, int]:
    """Where each field stands. Raises `FileRefused` where the file must not or cannot be used."""
    if not names:
        raise FileRefused("The file is empty: it has not even a header.")
    if personal := [name for name in names if is_personal(name)]:
        raise FileRefused(
            f'The column "{personal[0][:60]}" holds personal information that Beacon must not receive. '
            "Remove the column and send the file again."
        )
    positions: dict[str, int] = {}
    for place, name in enumerate(names):
        used = _FIELDS.get(squeezed(name))
        if used is None:
            continue
        if used in positions:
            raise FileRefused(f'The columns "{names[positions[used]][:60]}" and "{name[:60]}" say the same thing.')
        positions[used] = place
    missing = [
        words
        for words, fields in (
            ("email or public_id", {"email", "public", "account"}),
            ("period_start or date", {"start", "day"}),
            ("messages", {"messages"}),
        )
        if not fields & positions.keys()
    ]
    if missing:
        raise FileRefused(f"The file lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}.")
    return positions


def _check(row: Mapping[str, str], today: date) -> _Row:
    if broken := [name for name, cell in row.items() if CONTROL.search(cell)]:
        raise ValueError(f"{broken[0]} contains a control character.")
    # account_id is the same for everybody in some exports, so that it only serves where nothing else names the person.
    email = row.get("email", "").lower()
    vendor_id = row.get("public") or ("" if email else row.get("account", ""))
    if not vendor_id and not email:
        raise ValueError("The row says neither whose account nor which e-mail.")
    if len(vendor_id) > _LONG_ENOUGH or len(email) > 254:
        raise ValueError("The account or the e-mail is too long to be one.")
    start, end, is_day = _period(row, today)
    counts = [_count(name, row.get(name, "")) for name in ("messages", "gpt", "tool", "project")]
    stretch = _stretch(row, start, end, today)
    seen = UsageSeen(start, vendor_id, email, *counts)
    return _Row(seen, is_day, end, Stretch(vendor_id, email, *stretch) if stretch else None)


def _period(row: Mapping[str, str], today: date) -> tuple[date, date, bool]:
    """First and last day of the row, and whether it is about one day only."""
    cadence = row.get("cadence", "").lower()
    if row.get("day"):
        day = _day("date", row["day"], today)
        return day, day, True
    start = _day("period_start", row.get("start", ""), today)
    # A period of the present week or month may end ahead.
    end = _day("period_end", row["end"], None) if row.get("end") else None
    if cadence == "daily":
        if end is not None and not 0 <= (end - start).days <= 1:
            raise ValueError("The row says daily and covers more than a day.")
        return start, start, True
    if end is None:
        if not cadence:
            raise ValueError("The row does not say how long its period is.")
        return start, start, False
    if end < start:
        raise ValueError("period_end lies before period_start.")
    return start, end, end == start and not cadence


def _stretch(row: Mapping[str, str], start: date, end: date, today: date) -> tuple[date, date] | None:
    """First and last day of activity that the row tells of; None where it tells of none."""
    known = {
        name: _day(words, row[name], today)
        for name, words in (
            ("first_active", "first_day_active_in_period"), ("last_active", "last_day_active_in_period"),
            ("last_ever", "last_day_active"),
        )
        if row.get(name)
    }  # fmt: skip
    if not known:
        return None
    inside = [known[name] for name in ("first_active", "last_active") if name in known]
    if any(day < start or (end > start and day > end) for day in inside) or inside != sorted(inside):
        raise ValueError("The days of activity do not lie in the period, or not in their order.")
    return min(known.values()), max(known.values())


def _day(name: str, cell: str, today: date | None) -> date:
    try:
        day = datetime.strptime(cell, "%m/%d/%Y").date() if "/" in cell else datetime.fromisoformat(cell).date()
    except ValueError:
        raise ValueError(f"{name} {cell[:25]!r} is not a date.") from None
    if day < EARLIEST:
        raise ValueError(f"{name} {day.isoformat()} lies before there was an assistant.")
    if today is not None and day > today:
        raise ValueError(f"{name} lies in the future.")
    return day


def _count(name: str, cell: str) -> int:
    if not cell:
        return 0
    if not _COUNT.fullmatch(cell):
        raise ValueError(f"{name} {cell[:20]!r} is not a count.")
    count = int(cell.partition(".")[0].replace(",", ""))
    if count > MOST_MESSAGES:
        raise ValueError(f"{name} is more than {MOST_MESSAGES:,}: no person writes that much.")
    return count
