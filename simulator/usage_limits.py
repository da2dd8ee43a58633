"""How much the workspace and each member may spend in a month (vendor fact sheet 4).

A member without a limit of their own has the workspace's. What was used follows from the activity model:
one credit for a message; where the limit is in dollars, a cent for each.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from simulator import activity, workspace_usage, workspace_users
from simulator.messages import Call, Reply, json_reply, read_body
from simulator.world import World

Unit = Literal["credit", "usd"]
Amount = Annotated[float, Meta(ge=0)]
WORKSPACE = "workspace"
DEFAULT_UNIT: Unit = "credit"
CREDITS_PER_MESSAGE = 1
DOLLARS_PER_MESSAGE = 0.01


class UsageLimit(msgspec.Struct, kw_only=True, omit_defaults=False):
    """A limit: `amount` null means there is none; `source` tells whose it is."""

    object: str = "workspace.usage_limit"
    user_id: str | UnsetType = UNSET
    amount: float | None
    unit: Unit
    source: Literal["workspace", "user"]


class LimitOrder(msgspec.Struct):
    """The body of a change: a null amount takes the limit away, a field left out stays."""

    amount: Amount | UnsetType | None = UNSET
    unit: Unit | UnsetType = UNSET


def _limit(world: World, subject: str) -> tuple[float | None, Unit] | None:
    row = world.store.one("SELECT amount, unit FROM usage_limits WHERE subject = ?", (subject,))
    return None if row is None else (row[0], row[1])


def _of_workspace(world: World) -> UsageLimit:
    amount, unit = _limit(world, WORKSPACE) or (None, DEFAULT_UNIT)
    return UsageLimit(amount=amount, unit=unit, source="workspace")


def _of_user(world: World, user_id: str) -> UsageLimit:
    own = _limit(world, user_id)
    if own is None:
        inherited = _of_workspace(world)
        inherited.user_id = user_id
        return inherited
    return UsageLimit(user_id=user_id, amount=own[0], unit=own[1], source="user")


def _change(world: World, subject: str, before: UsageLimit, order: LimitOrder) -> None:
    unit = before.unit if order.unit is UNSET else order.unit
    amount = before.amount if order.amount is UNSET else order.amount
    if amount is None:
        world.store.run("DELETE FROM usage_limits WHERE subject = ?", (subject,))
    if amount is not None or subject == WORKSPACE:
        world.store.run("INSERT OR REPLACE INTO usage_limits VALUES (?, ?, ?)", (subject, amount, unit))


def retrieve_workspace_limit(world: World, _call: Call) -> Reply:
    """GET .../usage_limits/workspace."""
    return json_reply(_of_workspace(world))


def update_workspace_limit(world: World, call: Call) -> Reply:
    """PATCH .../usage_limits/workspace."""
    _change(world, WORKSPACE, _of_workspace(world), read_body(call, LimitOrder))
    return json_reply(_of_workspace(world))


def retrieve_user_limit(world: World, call: Call) -> Reply:
    """GET .../usage_limits/users/{user_id}: the member's own limit or else the workspace's."""
    user_id = call.params["user_id"]
    workspace_users.shown(world, user_id)
    return json_reply(_of_user(world, user_id))


def update_user_limit(world: World, call: Call) -> Reply:
    """PATCH .../usage_limits/users/{user_id}: a null amount leaves the workspace's limit."""
    user_id = call.params["user_id"]
    workspace_users.shown(world, user_id)
    _change(world, user_id, _of_user(world, user_id), read_body(call, LimitOrder))
    return json_reply(_of_user(world, user_id))


class MonthlyUsage(msgspec.Struct, kw_only=True):
    """What a member used since the first of the month, in UTC."""

    object: str = "workspace.user_monthly_usage"
    user_id: str
    month: str
    amount: float
    unit: Unit
    limit_amount: float | None


def retrieve_monthly_usage(world: World, call: Call) -> Reply:
    """GET .../usage_limits/users/{user_id}/monthly-usage: not subject to later corrections."""
    user_id = call.params["user_id"]
    workspace_users.shown(world, user_id)
    limit, now = _of_user(world, user_id), world.now()
    today = datetime.fromtimestamp(now, UTC)
    first = activity.day_of(now) - today.day + 1
    messages = workspace_usage.messages_of(world, user_id, range(first, activity.day_of(now) + 1))
    factor = CREDITS_PER_MESSAGE if limit.unit == "credit" else DOLLARS_PER_MESSAGE
    usage = MonthlyUsage(
        user_id=user_id,
        month=today.strftime("%Y-%m"),
        amount=round(messages * factor, 2),
        unit=limit.unit,
        limit_amount=limit.amount,
    )
    return json_reply(usage)
