"""Counts for people who see no single incident: a small one is hidden, and with it what would give it away. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apps.core.floor import floored


@dataclass(frozen=True, slots=True)
class Table:
    """One way to count: its title, what a group is, and (group, count or None where it is hidden)."""

    title: str
    head: str
    rows: list[tuple[str, int | None]]


def table(title: str, head: str, counts: Sequence[tuple[str, int]], *, is_floored: bool) -> Table:
    """The table of `counts`, small ones hidden where the reader is bound by the floor."""
    shown: list[int | None] = [count for _, count in counts]
    if is_floored:
        shown = suppressed([count for _, count in counts])
    return Table(title, head, [(label, count) for (label, _), count in zip(counts, shown, strict=True)])


def suppressed(counts: Sequence[int]) -> list[int | None]:
    """`counts` of groups that make up one whole, with None for what is hidden.

    A figure from 1 to 9 is hidden. So that it cannot be worked out from a total known elsewhere, at least two are
    hidden and together they are ten or more: the smallest of the others go with them.
    """
    hidden = {place for place, count in enumerate(counts) if floored(count) is None}
    others = sorted(
        (place for place, count in enumerate(counts) if count and place not in hidden), key=lambda p: counts[p]
    )
    while hidden and others and (len(hidden) == 1 or floored(sum(counts[place] for place in hidden)) is None):
        hidden.add(others.pop(0))
    return [None if place in hidden else count for place, count in enumerate(counts)]
