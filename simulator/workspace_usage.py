"""Who used the assistant on which day (vendor fact sheet 4): one row a member and day, none for idle days.

The numbers follow from the activity model, so that nothing is stored. Of the last days, as many as
`usage_correction_days`, not everything has been counted yet: the same row read later is higher, and someone
who wrote little appears only then. No number ever goes down.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice

import msgspec

from simulator import activity, pages
from simulator.activity import Day
from simulator.clock import SECONDS_PER_DAY
from simulator.errors import bad_request
from simulator.messages import Call, Reply
from simulator.pages import LimitRule
from simulator.world import World

LIST_LIMIT = LimitRule(default=100, lowest=1, highest=1_000)
EPOCH = date(1970, 1, 1)
# Members are read in pieces, so that a page of a large workspace does not load all of it.
MEMBERS_AT_ONCE = 4_000
LONG_AGO_DAYS = 400


class UsageRow(msgspec.Struct, kw_only=True):
    """A member's messages on a day (UTC). `messages` counts all, the others are parts of it that may overlap."""

    object: str = "workspace.usage"
    date: str
    user_id: str
    email: str | None
    messages: int
    gpt_messages: int
    tool_messages: int
    project_messages: int


@dataclass(slots=True)
class Person:
    """A member, with the days on which they could be active and how likely they are."""

    seq: int
    user_id: str
    email: str | None
    first_day: int
    last_day: int
    chance: float


_MEMBERS = """
    SELECT seq, id, email, added_at, min(coalesce(deleted_at, :end), coalesce(inactive_at, :end)) FROM users
    WHERE seq > :after AND is_service_account = 0 ORDER BY seq LIMIT :rows
"""
_MEMBER = """
    SELECT seq, id, email, added_at, min(coalesce(deleted_at, :end), coalesce(inactive_at, :end)) FROM users
    WHERE id = :id
"""


def daily_usage(world: World, call: Call) -> Reply:
    """GET /v1/analytics/workspaces/{workspace_id}/usage: by day, then in the order people joined."""
    days = _read_days(world, call)
    limit = pages.read_limit(call.query, LIST_LIMIT, world.settings)
    position = pages.read_opaque_cursor(call.query, "page", 2, world.settings)
    day, after = position or (days.start, 0)
    found = list(islice(_rows(world, range(max(day, days.start), days.stop), after), limit + 1))
    shown = found[:limit]
    following = None
    if len(found) > limit:
        last_day, last_seq, _ = shown[-1]
        following = pages.opaque_cursor(last_day, last_seq)
    return Reply(pages.bucket_page([msgspec.json.encode(row) for _, _, row in shown], following))


def _read_days(world: World, call: Call) -> range:
    """Return the days asked for, as numbers since 1970; nothing lies after today."""
    today = activity.day_of(world.now())
    start = _read_day(call, "start_date")
    if start is None:
        raise bad_request("start_date is required.", param="start_date")
    end = _read_day(call, "end_date")
    if end is not None and end <= start:
        raise bad_request("end_date must be later than start_date.", param="end_date")
    if start < today - LONG_AGO_DAYS:
        # Centuries of days before anybody joined would be walked one by one.
        start = max(start, activity.day_of(world.store.value("SELECT min(added_at) FROM users") or 0))
    return range(start, min(today + 1, today + 1 if end is None else end))


def _read_day(call: Call, name: str) -> int | None:
    text = call.query.get(name)
    if text is None:
        return None
    try:
        return (datetime.strptime(text, "%Y-%m-%d").date() - EPOCH).days
    except ValueError as error:
        raise bad_request(f"{name} must be a date such as 2026-01-31, not '{text}'.", param=name) from error


def _rows(world: World, days: range, after: int) -> Iterator[tuple[int, int, UsageRow]]:
    """Yield day, row number and row from behind a member of the first day on."""
    if not world.settings.usage_enabled:
        return
    for day in days:
        for person in _people(world, after):
            row = _row(world, person, day)
            if row is not None:
                yield day, person.seq, row
        after = 0


def _people(world: World, after: int) -> Iterator[Person]:
    while rows := world.store.rows(_MEMBERS, {"after": after, "end": pages.END, "rows": MEMBERS_AT_ONCE}):
        yield from _built(world, rows)
        after = rows[-1][0]


def _built(world: World, rows: Iterable[tuple[int, str, str | None, int, int]]) -> Iterator[Person]:
    seed = world.settings.seed
    for seq, user_id, email, added_at, left_at in rows:
        first, last = activity.day_of(added_at), activity.day_of(left_at)
        yield Person(seq, user_id, email, first, last, activity.chance(seed, user_id))


def _row(world: World, person: Person, day: int) -> UsageRow | None:
    """Return what is known by now of a member's day, or None for nothing."""
    used = _used(world, person, day)
    if used is None:
        return None
    messages = _counted_by_now(world, day, _so_far(world, day, used))
    if messages == 0:
        return None
    # Shares in eighths, from what is left of the draw.
    shares = [(used.noise >> shift) & 7 for shift in (20, 24, 28)]
    gpt, tool, project = [messages * share // 8 for share in shares]
    return UsageRow(
        date=datetime.fromtimestamp(day * SECONDS_PER_DAY, UTC).date().isoformat(),
        user_id=person.user_id,
        email=person.email,
        messages=messages,
        gpt_messages=gpt,
        tool_messages=tool,
        project_messages=project,
    )


def _used(world: World, person: Person, day: int) -> Day | None:
    if not person.first_day <= day <= person.last_day:
        return None
    return activity.use(world.settings.seed, person.user_id, day, person.chance)


def _so_far(world: World, day: int, used: Day) -> int:
    """Return a day's messages; of today, those before now."""
    now = world.now()
    if day < activity.day_of(now):
        return used.requests
    return sum(slot.requests for slot in activity.slots(day, used) if slot.start < now)


def _counted_by_now(world: World, day: int, messages: int) -> int:
    """Return how many of a day's messages the vendor has counted: a share that grows day by day to all."""
    wait, age = world.settings.usage_correction_days, activity.day_of(world.now()) - day
    return messages if wait == 0 or age > wait else messages * (age + 1) // (wait + 2)


def messages_of(world: World, user_id: str, days: range) -> int:
    """Return all messages of one member on some days, as billing sees them: at once."""
    if not world.settings.usage_enabled:
        return 0
    people = _built(world, world.store.rows(_MEMBER, {"id": user_id, "end": pages.END}))
    used = [(day, _used(world, person, day)) for person in people for day in days]
    return sum(_so_far(world, day, found) for day, found in used if found is not None)
