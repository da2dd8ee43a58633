"""Named points where the fault tests let a process die. Off unless the demo's settings and the environment ask.

BEACON_FAILPOINT="name:/path/of/marker" kills the process (as kill -9 would) the first time it passes `name`; the
marker file makes sure that it happens once. "name@3:..." lets two passes of a process by; several stand with commas.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

# Every point there is, in the order in which work passes them.
POINTS = frozenset(
    {
        "before_commit_decision", "after_roster_apply", "in_tick", "after_claim", "after_vendor_call", "after_recording",
        "after_observing",
    }
)  # fmt: skip
DIED = 9
_passes: Counter[str] = Counter()


class UnknownFailpoint(Exception):
    """Neither code nor environment may name a point that is not in `POINTS`: it would never fire, and nobody would know."""


class _Wish(NamedTuple):
    """Where to die: at the `nth` pass of a point, once as the marker's file says."""

    point: str
    nth: int
    marker: Path


def failpoint(name: str) -> None:
    """Die here if the environment names this point and its marker does not exist yet."""
    if not settings.DEMO:
        return
    _known(name)
    wishes = _wishes(os.environ.get("BEACON_FAILPOINT", ""))
    if not wishes:
        return
    _passes[name] += 1
    for wish in wishes:
        if wish.point == name and _passes[name] >= wish.nth:
            _die_once(wish.marker)


def environment_check() -> None:
    """Refuse a process whose environment names a point that does not exist. Called when Beacon starts."""
    if settings.DEMO:
        _wishes(os.environ.get("BEACON_FAILPOINT", ""))


def _wishes(text: str) -> list[_Wish]:
    found = []
    for one in filter(None, text.split(",")):
        point, _, marker = one.partition(":")
        name, _, nth = point.partition("@")
        found.append(_Wish(_known(name), int(nth or 1), Path(marker)))
    return found


def _known(name: str) -> str:
    if name not in POINTS:
        raise UnknownFailpoint(f"{name!r} is none of {', '.join(sorted(POINTS))}.")
    return name


def _die_once(marker: Path) -> None:
    try:
        marker.touch(exist_ok=False)
    except FileExistsError:
        return
    os._exit(DIED)
