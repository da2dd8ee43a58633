"""How much each member uses the service: made up, but the same every time it is asked for.

Nothing is stored. Whether a member was active on a day, and how much, follows from the seed, the
member's id and the day alone. Members fall into habits from never to daily; at weekends few work.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b

from simulator.clock import SECONDS_PER_DAY, SECONDS_PER_HOUR, SECONDS_PER_MINUTE
from simulator.ids import draw_share

MODELS = ("gpt-5.2", "gpt-5.2-mini", "gpt-6-astra")
API_KEY_PREFIX = "key-"

# Share of members (cumulative) and the chance that such a member is active on a working day.
HABITS = ((0.12, 0.0), (0.32, 0.06), (0.62, 0.35), (0.88, 0.70), (1.0, 0.95))
WEEKEND_FACTOR = 0.08
MOST_REQUESTS = 40

# The working day in UTC as seen from Massachusetts; at most four separate busy hours in it.
FIRST_HOUR, WORKING_HOURS = 13, 9
MOST_BUSY_HOURS = 4
HOUR_STEP = 2  # coprime with WORKING_HOURS, so that the busy hours of a day differ

SATURDAY = 5
EPOCH_WEEKDAY = 3  # 1 January 1970 was a Thursday
SIXTEEN_BITS = 0xFFFF


@dataclass(slots=True)
class Day:
    """What one member used on one day. `noise` is what is left of the draw, for placing it within the day."""

    requests: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    model: str
    noise: int


@dataclass(slots=True)
class Slot:
    """A part of a day's use; `start` is in Unix seconds, to the minute."""

    start: int
    requests: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int


def chance(seed: int, user_id: str) -> float:
    """Return the chance that a member is active on a working day."""
    place = draw_share(seed, "habit", user_id)
    return next(daily for up_to, daily in HABITS if place < up_to)


def is_weekend(day: int) -> bool:
    """Whether a day, counted from 1 January 1970, is a Saturday or Sunday."""
    return (day + EPOCH_WEEKDAY) % 7 >= SATURDAY


def day_of(moment: int) -> int:
    """Return the UTC day of a Unix time, counted from 1 January 1970."""
    return moment // SECONDS_PER_DAY


def use(seed: int, user_id: str, day: int, daily_chance: float) -> Day | None:
    """Return what a member used on a day, or None for nothing."""
    digest = blake2b(f"{seed}/{user_id}/{day}".encode(), digest_size=16).digest()
    noise = int.from_bytes(digest, "big")
    likely = daily_chance * WEEKEND_FACTOR if is_weekend(day) else daily_chance
    if (noise & SIXTEEN_BITS) >= likely * (SIXTEEN_BITS + 1):
        return None
    noise >>= 16
    # Heavier users do more on the days they come; squaring the draw keeps most days small.
    portion = (noise & SIXTEEN_BITS) / SIXTEEN_BITS
    requests = 1 + int(MOST_REQUESTS * portion * portion * daily_chance)
    noise >>= 16
    input_tokens = requests * (300 + (noise & 0x3FF))
    output_tokens = requests * (120 + (noise >> 10 & 0x1FF))
    noise >>= 19
    cached_tokens = input_tokens * (noise & 0xF) // 32
    noise >>= 4
    model = MODELS[noise % len(MODELS)]
    return Day(requests, input_tokens, output_tokens, cached_tokens, model, noise >> 4)


def slots(day: int, used: Day) -> Iterator[Slot]:
    """Yield a day's use split over its busy hours, each in one minute; the parts add up to the day."""
    count = min(used.requests, 1 + used.noise % MOST_BUSY_HOURS)
    for index in range(count):
        hour = FIRST_HOUR + (used.noise // MOST_BUSY_HOURS + index * HOUR_STEP) % WORKING_HOURS
        minute = (used.noise >> 8) % 60
        start = day * SECONDS_PER_DAY + hour * SECONDS_PER_HOUR + minute * SECONDS_PER_MINUTE
        yield Slot(
            start,
            _part(used.requests, count, index),
            _part(used.input_tokens, count, index),
            _part(used.output_tokens, count, index),
            _part(used.cached_tokens, count, index),
        )


def _part(whole: int, count: int, index: int) -> int:
    """Return the `index`-th of `count` nearly equal parts; together they are the whole."""
    return whole * (index + 1) // count - whole * index // count
