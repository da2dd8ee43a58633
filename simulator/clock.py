"""The simulator's clock: real time plus an offset that tests push forward."""

from __future__ import annotations

import time
from collections.abc import Callable

SECONDS_PER_MINUTE = 60
SECONDS_PER_HOUR = 3_600
SECONDS_PER_DAY = 86_400


class Clock:
    """Unix seconds, as the vendor counts them.

    Time never goes back: an offset only grows, so that what has expired stays expired.
    """

    def __init__(self, offset_seconds: int = 0, source: Callable[[], float] = time.time) -> None:
        self.offset_seconds = offset_seconds
        self._source = source

    def now(self) -> int:
        """Return the current time in whole Unix seconds."""
        return int(self._source()) + self.offset_seconds

    def advance(self, seconds: int) -> None:
        """Push the clock forward by that many seconds; raises ValueError for a negative number."""
        if seconds < 0:
            raise ValueError("the clock cannot go back")
        self.offset_seconds += seconds
