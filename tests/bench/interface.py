"""What a script waits for: a page of 100 of the interface's long lists, read with a token, at the start and deep inside."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from django.test import Client, override_settings

from apps.accounts import token_services
from apps.accounts.selectors import actor_for
from apps.agencies.models import Employee
from apps.api.nouns import NOUNS
from tests.bench import state

LISTS = ("employees", "seats", "audit-events")
DEEP = 50


def lists(timed: Callable[..., float], figure: Callable[..., dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Against the same rows selected and written as JSON without a caller, a scope or a serializer."""
    erin = state.people()["erin"]
    actor = actor_for(erin)
    assert actor is not None
    _, text = token_services.token_create(
        actor=replace(actor, is_fresh=True), owner=erin, name="Bench", scopes=["read"]
    )
    client = Client(headers={"Authorization": f"Bearer {text}"})

    def page(path: str) -> dict[str, Any]:
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer.content[:200])
        return dict(answer.json())

    with override_settings(API_CALLS_A_MINUTE=10**9, ALLOWED_HOSTS=["testserver"]):
        for noun in (one for one in NOUNS if one.path in LISTS):
            columns = [one.name for one in noun.model._meta.concrete_fields]

            def plain(noun: Any = noun, columns: list[str] = columns) -> str:
                rows = noun.model._default_manager.order_by("-pk").values(*columns)[:100]
                return json.dumps(list(rows), default=str)

            name, first = noun.path.replace("-", "_"), f"/api/v1/{noun.path}/?page_size=100"
            floor = timed(plain, 10)
            yield figure(f"api_{name}", timed(lambda first=first: page(first), 10) * 1000, floor * 1000, "ms")
            deep = first
            for _ in range(DEEP):
                deep = page(deep)["next"] or deep
            yield figure(f"api_{name}_deep", timed(lambda deep=deep: page(deep), 10) * 1000, floor * 1000, "ms")
        some = Employee.objects.order_by("pk").values_list("employee_id", flat=True)[:1]
        one = f"/api/v1/employees/{some[0]}/"
        yield figure(
            "api_employee", timed(lambda: page(one), 10) * 1000, timed(lambda: client.get("/healthz"), 10) * 1000, "ms"
        )
