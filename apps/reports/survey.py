"""The time-saved survey: its two questions, its quarters, and which of its figures may be shown. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from apps.core.floor import PRIVACY_FLOOR

# Minutes as they are offered; what somebody says is about this much.
MINUTES = {
    0: "None, or it cost me time", 5: "About 5 minutes", 15: "About 15 minutes", 30: "About half an hour",
    45: "About 45 minutes", 60: "About an hour", 90: "About an hour and a half", 120: "About two hours",
    180: "Three hours or more",
}  # fmt: skip
HELPED = {1: "Not at all", 2: "A little", 3: "Somewhat", 4: "Much", 5: "Very much"}
MUCH = 4
METHOD = (
    "Self-reported. A survey of two questions that nobody has to answer, open to everyone with a live seat, once a "
    "quarter. Minutes are about days on which the assistant was used, chosen from nine steps. Who chose not to answer may "
    "save more or less than those who did."
)
Counts = Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What another state published about a pilot of its own: context, not a yardstick."""

    state: str
    finding: str
    answers: int | None
    label: str


PUBLISHED = (
    Elsewhere("Pennsylvania", "95 minutes a day, on days used", 175, "Published pilot, self-reported"),
    Elsewhere("North Carolina", "30 to 60 minutes a day", None, "Published pilot, self-reported"),
)


def quarter_of(day: date) -> date:
    """The first day of a day's quarter."""
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def quarter_end(quarter: date) -> date:
    """The last day of a quarter, given by any of its days."""
    first = quarter_of(quarter)
    return quarter_of(first + timedelta(days=100)) - timedelta(days=1)


def quarter_name(quarter: date) -> str:
    return f"{quarter.year}-Q{(quarter.month + 2) // 3}"


def last_quarter(day: date) -> date:
    """The first day of the last quarter that was over at the end of a day."""
    first = quarter_of(day)
    return first if day == quarter_end(first) else quarter_of(first - timedelta(days=1))


def quartiles(counts: Counts) -> tuple[int, int, int]:
    """Lower quartile, median and upper quartile of values with their counts: each the value at its rank.

    Between two values it is the middle of both, in whole minutes.
    """
    values = [value for value in sorted(counts) for _ in range(counts[value])]
    if not values:
        raise ValueError("There are no quartiles of nothing.")
    found = []
    for quarter in (1, 2, 3):
        place, rest = divmod((len(values) - 1) * quarter, 4)
        upper = values[min(place + 1, len(values) - 1)]
        found.append(round(values[place] + (upper - values[place]) * rest / 4))
    return found[0], found[1], found[2]


def _is_safe(count: int) -> bool:
    return count == 0 or count >= PRIVACY_FLOOR


def shown_alone(answers: Mapping[Any, int], asked: Mapping[Any, int]) -> set[Any]:
    """The groups whose answers may be told apart from all others.

    Ten answers at least, and nobody or ten people at least who did not answer. What is left of the whole, without those
    shown, must be as many: where it is not, the smallest of those shown is hidden too. Every figure of several groups
    together is of groups that are shown alone, so that no two figures can be held against each other.
    """
    found = {
        group for group, count in answers.items() if count >= PRIVACY_FLOOR and _is_safe(asked.get(group, 0) - count)
    }
    order = sorted(found, key=lambda group: (answers[group], str(group)))
    while found and not _rest_is_safe(found, answers, asked):
        found.discard(order.pop(0))
    return found


def _rest_is_safe(found: set[Any], answers: Mapping[Any, int], asked: Mapping[Any, int]) -> bool:
    said = sum(count for group, count in answers.items() if group not in found)
    could = sum(count for group, count in asked.items() if group not in found)
    return _is_safe(said) and _is_safe(could) and _is_safe(max(0, could - said))
