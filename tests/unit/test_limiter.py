"""The bucket: no minute, wherever it begins, has more calls than the vendor allows, and hardly an allowed one is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.vendors.limiter import Bucket, per_minute


@given(st.integers(1, 5000))
def test_no_minute_has_more_calls_than_allowed(limit: int) -> None:
    bucket = Bucket.of(limit)
    # The worst minute begins with a full bucket and takes every call as soon as it may; there are no half calls.
    assert int(bucket.size + 60 * bucket.per_second + 1e-9) <= limit


@pytest.mark.parametrize(("limit", "share"), [(7, 0.85), (50, 0.9), (100, 0.9), (1200, 0.9)])
def test_hardly_an_allowed_call_goes_unused(limit: int, share: float) -> None:
    assert Bucket.of(limit).per_second * 60 >= share * limit


def test_a_kind_without_a_limit_of_its_own_falls_under_the_star() -> None:
    assert per_minute({"*": 100, "invite": 10}, "invite") == 10
    assert per_minute({"*": 100}, "remove") == 100
    assert per_minute({"invite": 10}, "remove") is None
