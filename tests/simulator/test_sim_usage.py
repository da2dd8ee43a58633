"""Usage and costs (item 19) and data retention (item 20)."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from openai.resources.admin.organization import Organization

from simulator.testing import RunningSimulator

DAY = 86_400
MEMBERS = 150
HISTORY_DAYS = 60
SUMS = ("num_model_requests", "input_tokens", "output_tokens", "input_cached_tokens")
DIMENSIONS = ("project_id", "user_id", "api_key_id", "model", "batch", "service_tier", "api_source")

Json = dict[str, Any]


@pytest.fixture
def monday(sim: RunningSimulator) -> int:
    """The UTC midnight that began a whole past week, in an organization where there is a history to see."""
    sim.seed(MEMBERS, added_days_ago=HISTORY_DAYS)
    today = sim.now() // DAY
    return (today - 14 - (today + 3) % 7) * DAY


def usage(raw: httpx2.Client, **params: Any) -> Json:
    response = raw.get("/organization/usage/completions", params=params)
    assert response.status_code == 200, response.text
    document: Json = response.json()
    return document


def totals(page: Json) -> list[int]:
    results = [result for bucket in page["data"] for result in bucket["results"]]
    return [sum(result[name] for result in results) for name in SUMS]


class TestBuckets:
    def test_envelope_and_edges(self, raw: httpx2.Client, monday: int) -> None:
        page = usage(raw, start_time=monday, end_time=monday + 2 * DAY)
        assert list(page) == ["object", "data", "has_more", "next_page"]
        assert (page["object"], page["has_more"], page["next_page"]) == ("page", False, None)
        edges = [(bucket["object"], bucket["start_time"], bucket["end_time"]) for bucket in page["data"]]
        assert edges == [
            ("bucket", monday, monday + DAY),
            ("bucket", monday + DAY, monday + 2 * DAY),
        ]

    def test_start_is_inclusive_and_end_exclusive_on_the_utc_grid(self, raw: httpx2.Client, monday: int) -> None:
        page = usage(raw, start_time=monday + 5, end_time=monday + DAY + 1)
        assert [bucket["start_time"] for bucket in page["data"]] == [monday, monday + DAY]

    def test_without_an_end_the_last_bucket_holds_now(
        self, sim: RunningSimulator, raw: httpx2.Client, monday: int
    ) -> None:
        page = usage(raw, start_time=monday, limit=31)
        last = page["data"][-1]
        assert last["start_time"] <= sim.now() <= last["end_time"]

    @pytest.mark.parametrize(("width", "default", "most"), [("1d", 7, 31), ("1h", 24, 168), ("1m", 60, 1440)])
    def test_default_and_cap_for_each_width(
        self, raw: httpx2.Client, monday: int, width: str, default: int, most: int
    ) -> None:
        start = monday - 30 * DAY
        page = usage(raw, start_time=start, bucket_width=width)
        assert len(page["data"]) == default
        assert page["has_more"] is True
        assert len(usage(raw, start_time=start, bucket_width=width, limit=most)["data"]) == most
        for limit in (0, most + 1):
            params: Json = {"start_time": start, "bucket_width": width, "limit": limit}
            assert raw.get("/organization/usage/completions", params=params).status_code == 400

    def test_next_page_goes_on_where_the_page_ended(self, raw: httpx2.Client, monday: int) -> None:
        window: Json = {"start_time": monday, "end_time": monday + 7 * DAY, "group_by": "user_id"}
        whole = usage(raw, **window)["data"]
        pieces, cursor = [], None
        while True:
            page = usage(raw, **window, limit=3, **({"page": cursor} if cursor else {}))
            pieces += page["data"]
            cursor = page["next_page"]
            assert page["has_more"] is (cursor is not None)
            if cursor is None:
                break
        assert pieces == whole
        assert len(pieces) == 7

    @pytest.mark.parametrize(
        ("change", "param"),
        [
            ({"start_time": None}, "start_time"),
            ({"start_time": "monday"}, "start_time"),
            ({"end_time": 1}, "end_time"),
            ({"bucket_width": "1w"}, "bucket_width"),
            ({"group_by": "agency"}, "group_by"),
            ({"page": "page_???"}, "page"),
        ],
    )
    def test_bad_parameters_are_400_and_named(
        self, sim: RunningSimulator, raw: httpx2.Client, change: Json, param: str
    ) -> None:
        asked = {"start_time": sim.now() - DAY, **change}
        params = {name: value for name, value in asked.items() if value is not None}
        response = raw.get("/organization/usage/completions", params=params)
        assert response.status_code == 400
        assert response.json()["error"]["param"] == param


class TestContents:
    def test_same_answer_every_time(self, raw: httpx2.Client, monday: int) -> None:
        window: Json = {"start_time": monday, "end_time": monday + 7 * DAY, "group_by": "user_id"}
        assert usage(raw, **window) == usage(raw, **window)

    def test_all_widths_and_groupings_add_up_to_the_same(self, raw: httpx2.Client, monday: int) -> None:
        day: Json = {"start_time": monday, "end_time": monday + DAY}
        whole = totals(usage(raw, **day))
        assert whole[0] > 0
        assert totals(usage(raw, **day, bucket_width="1h")) == whole
        assert totals(usage(raw, **day, bucket_width="1m", limit=1440)) == whole
        for grouping in (["user_id"], ["model"], ["user_id", "model"], ["project_id", "batch"]):
            assert totals(usage(raw, **day, group_by=grouping)) == whole

    def test_dimensions_are_null_unless_grouped_by(self, raw: httpx2.Client, monday: int) -> None:
        day: Json = {"start_time": monday, "end_time": monday + DAY}
        (plain,) = usage(raw, **day)["data"][0]["results"]
        assert [plain[name] for name in DIMENSIONS] == [None] * len(DIMENSIONS)
        for result in usage(raw, **day, group_by=["user_id", "model"])["data"][0]["results"]:
            assert {name for name in DIMENSIONS if result[name] is not None} == {"user_id", "model"}

    def test_people_differ_and_weekends_are_quiet(self, raw: httpx2.Client, monday: int) -> None:
        week = usage(raw, start_time=monday, end_time=monday + 7 * DAY, group_by="user_id")["data"]
        active = [len(bucket["results"]) for bucket in week]
        assert max(active[5:]) * 3 < min(active[:5])
        days: dict[str, int] = {}
        for bucket in week:
            for result in bucket["results"]:
                days[result["user_id"]] = days.get(result["user_id"], 0) + 1
        assert len(days) < MEMBERS
        assert {1, 4} <= set(days.values())

    def test_filters(self, raw: httpx2.Client, monday: int) -> None:
        day: Json = {"start_time": monday, "end_time": monday + DAY}
        results = usage(raw, **day, group_by=["user_id", "model", "api_key_id"])["data"][0]["results"]
        someone = results[0]
        for name in ("user_id", "model", "api_key_id"):
            expected = [result for result in results if result[name] == someone[name]]
            page = usage(raw, **day, **{f"{name}s[]": someone[name]})
            assert totals(page)[0] == sum(result["num_model_requests"] for result in expected)
        assert usage(raw, **day, project_ids="proj-other")["data"][0]["results"] == []
        assert usage(raw, **day, batch="true")["data"][0]["results"] == []

    def test_members_have_no_use_before_they_joined_and_keep_it_after_they_left(
        self, sim: RunningSimulator, raw: httpx2.Client, org: Organization, monday: int
    ) -> None:
        before: Json = {
            "start_time": monday - (HISTORY_DAYS + 14) * DAY,
            "end_time": monday - HISTORY_DAYS * DAY,
        }
        assert totals(usage(raw, **before, limit=31))[0] == 0
        day: Json = {"start_time": monday, "end_time": monday + DAY, "group_by": "user_id"}
        people = usage(raw, **day)
        org.users.delete(people["data"][0]["results"][0]["user_id"])
        assert usage(raw, **day) == people
        sim.advance(14 * DAY)
        gone = people["data"][0]["results"][0]["user_id"]
        later: Json = {"start_time": sim.now() - 7 * DAY, "user_ids": gone}
        assert totals(usage(raw, **later))[0] == 0

    def test_last_use_of_a_member_can_be_found(self, raw: httpx2.Client, monday: int) -> None:
        page = usage(raw, start_time=monday, end_time=monday + 7 * DAY, group_by="user_id")
        last = {result["user_id"]: bucket["start_time"] for bucket in page["data"] for result in bucket["results"]}
        assert len(set(last.values())) > 1

    def test_it_can_be_switched_off(self, sim: RunningSimulator, raw: httpx2.Client, monday: int) -> None:
        sim.settings(usage_enabled=False)
        page = usage(raw, start_time=monday, end_time=monday + 2 * DAY)
        assert [bucket["results"] for bucket in page["data"]] == [[], []]


class TestCosts:
    def costs(self, raw: httpx2.Client, **params: Any) -> Json:
        response = raw.get("/organization/costs", params=params)
        assert response.status_code == 200, response.text
        document: Json = response.json()
        return document

    def test_days_add_up_over_line_items_and_people(self, raw: httpx2.Client, monday: int) -> None:
        day: Json = {"start_time": monday, "end_time": monday + DAY}
        (plain,) = self.costs(raw, **day)["data"][0]["results"]
        assert plain["object"] == "organization.costs.result"
        assert plain["amount"]["currency"] == "usd"
        assert (plain["line_item"], plain["quantity"], plain["user_id"]) == (None, None, None)
        for grouping in ("line_item", "user_id", "api_key_id"):
            results = self.costs(raw, **day, group_by=grouping)["data"][0]["results"]
            assert all(result[grouping] for result in results)
            amount = sum(result["amount"]["value"] for result in results)
            assert amount == pytest.approx(plain["amount"]["value"], abs=0.001)

    def test_line_items_have_quantities_and_can_be_picked(self, raw: httpx2.Client, monday: int) -> None:
        day: Json = {"start_time": monday, "end_time": monday + DAY, "group_by": "line_item"}
        results = self.costs(raw, **day)["data"][0]["results"]
        assert {result["quantity_unit"] for result in results} == {"tokens"}
        assert all(result["quantity"] > 0 for result in results)
        (picked,) = self.costs(raw, **day, line_items=results[0]["line_item"])["data"][0]["results"]
        assert picked == results[0]

    def test_only_days_and_up_to_180_of_them(self, raw: httpx2.Client, monday: int) -> None:
        start = monday - 200 * DAY
        assert len(self.costs(raw, start_time=start)["data"]) == 7
        assert len(self.costs(raw, start_time=start, limit=180)["data"]) == 180
        bad: list[Json] = [{"bucket_width": "1h"}, {"limit": 181}, {"group_by": ["user_id", "project_id"]}]
        for change in bad:
            params = {"start_time": start, **change}
            assert raw.get("/organization/costs", params=params).status_code == 400


class TestDataRetention:
    """Item 20."""

    @pytest.mark.parametrize(
        "kind",
        [
            "zero_data_retention",
            "modified_abuse_monitoring",
            "enhanced_zero_data_retention",
            "enhanced_modified_abuse_monitoring",
        ],
    )
    def test_four_values_asked_for_by_another_key_than_they_are_shown(self, raw: httpx2.Client, kind: str) -> None:
        shown = {"type": kind, "object": "organization.data_retention"}
        assert raw.post("/organization/data_retention", json={"retention_type": kind}).json() == shown
        assert raw.get("/organization/data_retention").json() == shown

    @pytest.mark.parametrize("body", [{"type": "zero_data_retention"}, {"retention_type": "none"}, {}])
    def test_anything_else_is_400(self, raw: httpx2.Client, body: Json) -> None:
        before = raw.get("/organization/data_retention").json()
        assert raw.post("/organization/data_retention", json=body).status_code == 400
        assert raw.get("/organization/data_retention").json() == before
