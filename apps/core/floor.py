"""The privacy floor: no figure about fewer than ten people, nor one from which it could be worked out. Pure.

Zero is shown: it says nothing about a person that the absence of a name would not.
"""

from __future__ import annotations

from collections.abc import Iterable

PRIVACY_FLOOR = 10


def floored(count: int) -> int | None:
    """The figure, or None where it is about too few people."""
    return count if count >= PRIVACY_FLOOR or count == 0 else None


def part_of(part: int, whole: int) -> int | None:
    """A part of a whole that stands beside it: hidden too where the rest would be about too few people."""
    return floored(part) if floored(whole - part) is not None and floored(whole) is not None else None


def total_of(groups: Iterable[tuple[int, int | None]]) -> int | None:
    """The total of figures that stand one by one beside it, each as (what it is, what is shown of it).

    None where a hidden one could be worked out from it: where exactly one is hidden, or where all that are hidden
    are about too few people together.
    """
    pairs = list(groups)
    hidden = [count for count, shown in pairs if shown is None]
    if len(hidden) == 1 or floored(sum(hidden)) is None:
        return None
    return floored(sum(count for count, _ in pairs))


def share(part: int | None, whole: int | None) -> int | None:
    """Whole percent, or None where either is hidden or there is nothing to share."""
    return None if part is None or not whole else round(100 * part / whole)
