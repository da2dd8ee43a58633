"""Costs by day, reckoned from the usage of completions (vendor fact sheet 3.7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import msgspec

from simulator import pages, usage
from simulator.clock import SECONDS_PER_DAY
from simulator.errors import bad_request
from simulator.messages import Call, Reply
from simulator.pages import LimitRule
from simulator.usage import Totals, Width
from simulator.world import World

COST_WIDTH = Width(SECONDS_PER_DAY, LimitRule(default=7, lowest=1, highest=180))
GROUPINGS = ("project_id", "user_id", "line_item", "api_key_id", "api_source")
CURRENCY = "usd"
TOKENS = "tokens"
DECIMALS = 6

# US dollars for a million tokens, in and out.
PRICES = {"gpt-5.2": (1.75, 14.0), "gpt-5.2-mini": (0.25, 2.0), "gpt-6-astra": (5.0, 25.0)}
MILLION = 1_000_000


class Amount(msgspec.Struct):
    """Money."""

    value: float
    currency: str = CURRENCY


class Cost(msgspec.Struct, kw_only=True):
    """One result; dimensions are null unless grouped by, quantities unless grouped by line item."""

    object: str = "organization.costs.result"
    amount: Amount
    line_item: str | None = None
    project_id: str | None = None
    user_id: str | None = None
    api_key_id: str | None = None
    api_source: str | None = None
    quantity: float | None = None
    quantity_unit: str | None = None


def costs(world: World, call: Call) -> Reply:
    """GET /v1/organization/costs: whole days only."""
    query = call.query
    if query.get("bucket_width", "1d") != "1d":
        raise bad_request("bucket_width must be 1d.", param="bucket_width")
    window = usage.read_window(world, query, COST_WIDTH)
    asked = usage.read_selection(query, GROUPINGS)
    if "user_id" in asked.group_by and "project_id" in asked.group_by:
        raise bad_request("Grouping by user_id and project_id together is not supported.", param="group_by")
    wanted = pages.read_array(query, "line_items")
    # Prices differ by model, so the sums are taken by model and folded together afterwards.
    plain = tuple(name for name in asked.group_by if name != "line_item")
    selection = replace(asked, group_by=(*plain, "model"))
    pieces = []
    for start, bucket in usage.collect(world, window, selection):
        results = _results(bucket, plain, by_item="line_item" in asked.group_by, wanted=wanted)
        pieces.append(usage.bucket_json(start, window.width, msgspec.json.encode(results)))
    return Reply(pages.bucket_page(pieces, usage.next_cursor(window, None)))


def _results(
    bucket: usage.Bucket, dimensions: tuple[str, ...], *, by_item: bool, wanted: list[str] | None
) -> list[Cost]:
    folded: dict[usage.Key, Cost] = {}
    for (*values, model), totals in bucket.items():
        for item, tokens, dollars in _line_items(str(model), totals):
            if wanted is not None and item not in wanted:
                continue
            key = (*values, item if by_item else None)
            cost = folded.get(key)
            if cost is None:
                named = dict(zip(dimensions, values, strict=True))
                cost = folded[key] = _new_cost(named, item if by_item else None)
            cost.amount.value = round(cost.amount.value + dollars, DECIMALS)
            if by_item:
                cost.quantity = (cost.quantity or 0) + tokens
    return list(folded.values())


def _new_cost(dimensions: dict[str, object], item: str | None) -> Cost:
    cost = Cost(amount=Amount(0.0), line_item=item, quantity_unit=TOKENS if item else None)
    for name, value in dimensions.items():
        setattr(cost, name, value)
    return cost


def _line_items(model: str, totals: Totals) -> Iterator[tuple[str, int, float]]:
    """Yield name, tokens and US dollars of what a model's use is billed as."""
    price_in, price_out = PRICES[model]
    yield f"{model}, input_tokens", totals.input_tokens, totals.input_tokens * price_in / MILLION
    yield f"{model}, output_tokens", totals.output_tokens, totals.output_tokens * price_out / MILLION
