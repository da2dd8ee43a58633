"""Lists: limits, cursors, array parameters and the three envelopes (vendor fact sheet 1)."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.datastructures import QueryParams

from simulator.errors import ApiError, bad_request
from simulator.settings import Settings

# Beyond every row number and every Unix second; also "no lag" as a point in time.
END = 2**62
ASC = "asc"
DESC = "desc"

# No longer than what SQLite's 64 bits hold; int() alone would also take "1_000" and other alphabets' digits.
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")

OPAQUE_PREFIX = "cur_"

# An id and the object's JSON text.
Item = tuple[str, str]


@dataclass(frozen=True)
class LimitRule:
    """How many rows a list gives by default, at least and at most."""

    default: int
    lowest: int
    highest: int


CURSOR_LIST_LIMIT = LimitRule(default=20, lowest=1, highest=100)
NEXT_LIST_LIMIT = LimitRule(default=100, lowest=0, highest=1_000)


def read_limit(query: QueryParams, rule: LimitRule, settings: Settings) -> int:
    """Return `limit` from the query; out of range it is a 400 or, by setting, the nearest bound."""
    text = query.get("limit")
    if text is None:
        return rule.default
    number = _whole_number(text)
    if number is not None and rule.lowest <= number <= rule.highest:
        return number
    if settings.limit_out_of_range == "error":
        message = f"limit must be a whole number from {rule.lowest} to {rule.highest}, not '{text}'."
        raise bad_request(message, param="limit")
    return rule.default if number is None else max(rule.lowest, min(rule.highest, number))


def read_order(query: QueryParams, default: str) -> str:
    """Return `order`, which must be asc or desc."""
    order = query.get("order", default)
    if order not in (ASC, DESC):
        raise bad_request(f"order must be asc or desc, not '{order}'.", param="order")
    return order


def read_array(query: QueryParams, name: str) -> list[str] | None:
    """Return an array parameter, or None if it was not sent.

    The specification writes `emails=`, the SDK sends `emails[]=`: both are taken (vendor fact sheet 1).
    """
    values = query.getlist(name) + query.getlist(f"{name}[]")
    return values or None


def read_json_array(query: QueryParams, name: str) -> str | None:
    """Return an array parameter as JSON text for SQLite's json_each, or None if it was not sent."""
    values = read_array(query, name)
    return None if values is None else msgspec.json.encode(values).decode()


def read_seconds(query: QueryParams, name: str) -> int | None:
    """Return a Unix time from the query, or None; anything but a whole number is a 400."""
    text = query.get(name)
    if text is None:
        return None
    number = _whole_number(text)
    if number is None:
        raise bad_request(f"{name} must be a Unix time in whole seconds, not '{text}'.", param=name)
    return number


def read_bool(query: QueryParams, name: str) -> bool | None:
    """Return a true/false parameter, or None; anything else is a 400."""
    text = query.get(name)
    if text is None:
        return None
    if text.lower() not in ("true", "false"):
        raise bad_request(f"{name} must be true or false, not '{text}'.", param=name)
    return text.lower() == "true"


def _whole_number(text: str) -> int | None:
    return int(text) if _WHOLE_NUMBER.fullmatch(text) else None


def unknown_cursor(cursor: str, param: str = "after") -> ApiError:
    """Return the refusal of a cursor that was never given out."""
    return bad_request(f"No object found for cursor '{cursor}'.", param=param, code="invalid_cursor")


def start_after(position: int | None, cursor: str, settings: Settings, order: str = ASC) -> int:
    """Return the row number to start after, given where the cursor's row stands (None: nowhere).

    With `unknown_cursor=empty` an unknown cursor stands behind the last row, so the page comes out empty.
    """
    if position is not None:
        return position
    if settings.unknown_cursor == "error":
        raise unknown_cursor(cursor)
    return END if order == ASC else -1


def visible_at(now: int, settings: Settings) -> int:
    """Return the moment a list shows: now less the lag.

    Without a lag it is beyond all time, so that even a clock that slips back hides nothing.
    """
    return now - settings.read_lag_seconds if settings.read_lag_seconds else END


def cursor_page(items: Sequence[Item], limit: int) -> bytes:
    """Return the envelope of users, invites and audit logs.

    `items` holds one more than `limit` if more follow.
    """
    shown = items[:limit]
    first, last = (_json(shown[0][0]), _json(shown[-1][0])) if shown else ("null", "null")
    return (
        f'{{"object":"list","data":[{_joined(shown)}],"first_id":{first},"last_id":{last},'
        f'"has_more":{_flag(len(items) > limit)}}}'
    ).encode()


def last_id_page(items: Sequence[Item], limit: int) -> bytes:
    """Return the envelope of the compliance API's users."""
    shown = items[:limit]
    last = _json(shown[-1][0]) if shown else "null"
    return (
        f'{{"object":"list","data":[{_joined(shown)}],"last_id":{last},"has_more":{_flag(len(items) > limit)}}}'
    ).encode()


def next_page(items: Sequence[Item], limit: int, cursor: str | None) -> bytes:
    """Return the envelope of groups and group users; `next` is null on the last page.

    A limit of 0 is allowed there and gives no rows; its `next` is the cursor it came with.
    """
    shown = items[:limit]
    has_more = len(items) > limit
    last = shown[-1][0] if shown else cursor
    following = _json(last) if has_more else "null"
    return (f'{{"object":"list","data":[{_joined(shown)}],"has_more":{_flag(has_more)},"next":{following}}}').encode()


def opaque_cursor(*numbers: int) -> str:
    """Return a cursor that says nothing to a caller."""
    text = ".".join(map(str, numbers))
    return OPAQUE_PREFIX + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_opaque_cursor(query: QueryParams, name: str, parts: int, settings: Settings) -> tuple[int, ...] | None:
    """Return the numbers of an opaque cursor, or None if none was sent.

    One that was never given out is a 400 or, with `unknown_cursor=empty`, stands behind everything.
    """
    cursor = query.get(name)
    if not cursor:
        return None
    text = cursor.removeprefix(OPAQUE_PREFIX)
    try:
        numbers = tuple(int(part) for part in base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).split(b"."))
    except ValueError:
        numbers = ()
    # What SQLite cannot hold was not given out either.
    if len(numbers) == parts and all(0 <= number <= END for number in numbers):
        return numbers
    if settings.unknown_cursor == "error":
        raise unknown_cursor(cursor, name)
    return (END,) * parts


def opaque_page(items: Sequence[tuple[int, str]], limit: int) -> bytes:
    """Return the envelope of the workspace's groups, from row numbers and bodies; `cursor` is null at the end."""
    shown = items[:limit]
    has_more = len(items) > limit
    following = _json(opaque_cursor(shown[-1][0])) if has_more else "null"
    data = ",".join([body for _, body in shown])
    return f'{{"object":"list","data":[{data}],"has_more":{_flag(has_more)},"cursor":{following}}}'.encode()


def bucket_page(buckets: Sequence[bytes], next_cursor: str | None) -> bytes:
    """Return the envelope of usage and costs, from buckets that are JSON already."""
    has_more = _flag(next_cursor is not None).encode()
    following = _json(next_cursor).encode()
    return b'{"object":"page","data":[%b],"has_more":%b,"next_page":%b}' % (
        b",".join(buckets),
        has_more,
        following,
    )


def _joined(items: Sequence[Item]) -> str:
    return ",".join([body for _, body in items])


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _flag(value: bool) -> str:
    return "true" if value else "false"
