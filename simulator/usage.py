"""Usage of completions by time bucket (vendor fact sheet 3.7, 9.19).

Buckets lie on the UTC grid: the first is the one that holds `start_time`, the last the one before
`end_time` (exclusive, by default and at most now), and each is given whole, also where it is empty.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
from starlette.datastructures import QueryParams

from simulator import activity, pages
from simulator.clock import SECONDS_PER_DAY, SECONDS_PER_HOUR, SECONDS_PER_MINUTE
from simulator.errors import bad_request
from simulator.messages import Call, Reply
from simulator.pages import LimitRule
from simulator.settings import Settings
from simulator.world import DEFAULT_PROJECT_ID, World

SERVICE_TIER = "default"
API_SOURCE = "unlabeled"
PAGE_PREFIX = "page_"

# A page ends before its `limit` of buckets once it holds this many results, so that a month of
# 40,000 people grouped by person comes in pieces that fit in memory.
RESULTS_PER_PAGE = 50_000


@dataclass(frozen=True)
class Width:
    """A bucket width in seconds, with how many buckets a page may hold."""

    seconds: int
    limit: LimitRule


WIDTHS = {
    "1m": Width(SECONDS_PER_MINUTE, LimitRule(default=60, lowest=1, highest=1_440)),
    "1h": Width(SECONDS_PER_HOUR, LimitRule(default=24, lowest=1, highest=168)),
    "1d": Width(SECONDS_PER_DAY, LimitRule(default=7, lowest=1, highest=31)),
}
GROUPINGS = ("project_id", "user_id", "api_key_id", "model", "batch", "service_tier", "api_source")


class Completions(msgspec.Struct, kw_only=True):
    """One result: required sums, then the dimensions, null unless grouped by."""

    object: str = "organization.usage.completions.result"
    input_tokens: int
    output_tokens: int
    num_model_requests: int
    input_cached_tokens: int
    project_id: str | None = None
    user_id: str | None = None
    api_key_id: str | None = None
    model: str | None = None
    batch: bool | None = None
    service_tier: str | None = None
    api_source: str | None = None


@dataclass(frozen=True)
class Window:
    """The buckets a page may hold, `limit` of `width` seconds from `start` on, before `end`."""

    start: int
    end: int
    width: int
    limit: int

    @property
    def starts(self) -> range:
        """The beginnings of the page's buckets."""
        last = min(self.end, self.start + self.limit * self.width)
        return range(self.start, last, self.width)


@dataclass
class Totals:
    """Sums over the uses that share a group."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0


# The values of the asked-for dimensions, in the order they were asked for.
Key = tuple[object, ...]
Bucket = dict[Key, Totals]


@dataclass
class Selection:
    """Which uses count, and by what they are grouped."""

    group_by: tuple[str, ...]
    user_ids: frozenset[str] | None = None
    models: frozenset[str] | None = None
    nothing: bool = False

    def key(self, user_id: str, model: str) -> Key:
        """Return the group a use belongs to."""
        values: dict[str, object] = {
            "project_id": DEFAULT_PROJECT_ID,
            "user_id": user_id,
            "api_key_id": activity.API_KEY_PREFIX + user_id,
            "model": model,
            "batch": False,
            "service_tier": SERVICE_TIER,
            "api_source": API_SOURCE,
        }
        return tuple([values[name] for name in self.group_by])


def completions(world: World, call: Call) -> Reply:
    """GET /v1/organization/usage/completions."""
    query = call.query
    width = WIDTHS.get(query.get("bucket_width", "1d"))
    if width is None:
        raise bad_request(f"bucket_width must be one of {', '.join(WIDTHS)}.", param="bucket_width")
    window = read_window(world, query, width)
    selection = read_selection(query, GROUPINGS)
    pieces = []
    results = 0
    following = None
    for start, bucket in collect(world, window, selection):
        if results and results + len(bucket) > RESULTS_PER_PAGE:
            following = start
            break
        results += len(bucket)
        pieces.append(bucket_json(start, window.width, _results(bucket, selection.group_by)))
    return Reply(pages.bucket_page(pieces, next_cursor(window, following)))


def _results(bucket: Bucket, group_by: tuple[str, ...]) -> bytes:
    results = []
    for key, totals in bucket.items():
        result = Completions(
            input_tokens=totals.input_tokens,
            output_tokens=totals.output_tokens,
            num_model_requests=totals.requests,
            input_cached_tokens=totals.cached_tokens,
        )
        for name, value in zip(group_by, key, strict=True):
            setattr(result, name, value)
        results.append(result)
    return msgspec.json.encode(results)


def bucket_json(start: int, width: int, results: bytes) -> bytes:
    """Return a bucket as JSON; `results` is a JSON array."""
    return b'{"object":"bucket","start_time":%d,"end_time":%d,"results":%b}' % (start, start + width, results)


def read_window(world: World, query: QueryParams, width: Width) -> Window:
    """Return the buckets a call asks for; raises a 400 for times, limits or a page cursor that do not fit."""
    start = pages.read_seconds(query, "start_time")
    if start is None:
        raise bad_request("start_time is required.", param="start_time")
    until = pages.read_seconds(query, "end_time")
    end = world.now() if until is None else min(until, world.now())
    if until is not None and until <= start:
        raise bad_request("end_time must be later than start_time.", param="end_time")
    limit = pages.read_limit(query, width.limit, world.settings)
    if page := query.get("page"):
        start = _page_start(page, end, world.settings)
    return Window(start - start % width.seconds, end, width.seconds, limit)


def next_cursor(window: Window, cut_at: int | None) -> str | None:
    """Return the cursor of the next page, or None if the window is exhausted."""
    following = window.starts.stop if cut_at is None else cut_at
    if following >= window.end:
        return None
    return PAGE_PREFIX + base64.urlsafe_b64encode(str(following).encode()).decode()


def _page_start(page: str, end: int, settings: Settings) -> int:
    try:
        return int(base64.urlsafe_b64decode(page.removeprefix(PAGE_PREFIX)))
    except (ValueError, binascii.Error) as error:
        if settings.unknown_cursor == "error":
            raise pages.unknown_cursor(page, "page") from error
        return end


def read_selection(query: QueryParams, groupings: tuple[str, ...]) -> Selection:
    """Return filters and grouping; raises a 400 for a grouping that does not exist."""
    group_by = tuple(dict.fromkeys(pages.read_array(query, "group_by") or ()))
    for name in group_by:
        if name not in groupings:
            raise bad_request(f"group_by does not support '{name}'.", param="group_by")
    projects = pages.read_array(query, "project_ids")
    elsewhere = projects is not None and DEFAULT_PROJECT_ID not in projects
    users = _wanted_users(query)
    models = pages.read_array(query, "models")
    return Selection(
        group_by=group_by,
        user_ids=users,
        models=None if models is None else frozenset(models),
        nothing=elsewhere or bool(pages.read_bool(query, "batch")),
    )


def _wanted_users(query: QueryParams) -> frozenset[str] | None:
    """Return the members that `user_ids` and `api_key_ids` leave: each member has one key."""
    users, keys = pages.read_array(query, "user_ids"), pages.read_array(query, "api_key_ids")
    owners = None if keys is None else {key.removeprefix(activity.API_KEY_PREFIX) for key in keys}
    if users is None and owners is None:
        return None
    if users is None or owners is None:
        return frozenset(users or owners or ())
    return frozenset(users) & owners


def collect(world: World, window: Window, selection: Selection) -> Iterator[tuple[int, Bucket]]:
    """Yield each bucket of a window with its sums, oldest first; works one day at a time."""
    starts = window.starts
    members = [] if selection.nothing or not world.settings.usage_enabled else _members(world, selection)
    day = None
    buckets: dict[int, Bucket] = {}
    for start in starts:
        if activity.day_of(start) != day:
            day = activity.day_of(start)
            buckets = _day_buckets(world, day, window.width, members, selection)
        yield start, buckets.get(start, {})


# Id, first and last day of membership, chance of being active on a working day.
Member = tuple[str, int, int, float]


def _members(world: World, selection: Selection) -> list[Member]:
    """Return everyone who is or was a member; people who left keep their past use."""
    seed = world.settings.seed
    sql = """
        SELECT id, added_at, min(coalesce(deleted_at, :end), coalesce(inactive_at, :end)) FROM users ORDER BY seq
    """
    return [
        (user_id, activity.day_of(added_at), activity.day_of(left_at), activity.chance(seed, user_id))
        for user_id, added_at, left_at in world.store.rows(sql, {"end": pages.END})
        if selection.user_ids is None or user_id in selection.user_ids
    ]


def _day_buckets(world: World, day: int, width: int, members: list[Member], selection: Selection) -> dict[int, Bucket]:
    """Return the sums of one day by bucket; of today, only what lies before now."""
    seed, now = world.settings.seed, world.now()
    whole = width == SECONDS_PER_DAY and day < activity.day_of(now)
    buckets: dict[int, Bucket] = {}
    for user_id, first, last, daily in members:
        if not first <= day <= last:
            continue
        used = activity.use(seed, user_id, day, daily)
        if used is None or (selection.models is not None and used.model not in selection.models):
            continue
        key = selection.key(user_id, used.model)
        if whole:
            _count(buckets.setdefault(day * SECONDS_PER_DAY, {}), key, used)
            continue
        for slot in activity.slots(day, used):
            if slot.start < now:
                _count(buckets.setdefault(slot.start - slot.start % width, {}), key, slot)
    return buckets


def _count(bucket: Bucket, key: Key, used: activity.Day | activity.Slot) -> None:
    totals = bucket.get(key)
    if totals is None:
        totals = bucket[key] = Totals()
    totals.requests += used.requests
    totals.input_tokens += used.input_tokens
    totals.output_tokens += used.output_tokens
    totals.cached_tokens += used.cached_tokens
