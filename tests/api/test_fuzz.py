"""A stranger (schemathesis) calls every operation as its description says it may: no 5xx, no answer that is not described.

In the suite a few examples each; `make api-fuzz` takes 500 (BEACON_API_EXAMPLES).
"""

from __future__ import annotations

import os
from typing import Any

import pytest
import schemathesis
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from apps.api.docs_views import described
from tests.web.samples import furnished
from tests.web.test_matrix import client_of

EXAMPLES = int(os.environ.get("BEACON_API_EXAMPLES", "3"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
schema = schemathesis.openapi.from_dict(dict(described()))


class _Undo(Exception):
    """Leaves the transaction of one call without a trace."""


def _answer(client: Client, case: Any) -> Any:
    """One call through Django's own stack, undone afterwards, as schemathesis wants its answer."""
    asked = case.as_transport_kwargs(base_url="http://testserver")
    from requests import Request

    prepared = Request(
        asked["method"], asked["url"], headers=asked.get("headers"), params=asked.get("params"), json=asked.get("json"),
        data=asked.get("data"), files=asked.get("files"), cookies=asked.get("cookies"),
    ).prepare()  # fmt: skip
    headers = {
        key: value
        for key, value in prepared.headers.items()
        if key.lower() not in {"content-type", "content-length", "cookie", "authorization"}
    }
    body = prepared.body or b""
    answered: list[Any] = []
    try:
        with transaction.atomic():
            answered.append(
                client.generic(
                    prepared.method or "GET", prepared.path_url, body if isinstance(body, bytes) else body.encode(),
                    content_type=prepared.headers.get("Content-Type", "application/json"), headers=headers,
                )
            )  # fmt: skip
            raise _Undo
    except _Undo:
        pass
    return prepared, answered[0]


def _as_response(prepared: Any, answer: Any) -> Response:
    headers = {key.lower(): [value] for key, value in answer.items()}
    return Response(answer.status_code, headers, answer.content, prepared, elapsed=0.1, verify=True, encoding="utf-8")


@pytest.fixture
def callers(db: None) -> list[Client]:
    world, _ = furnished()
    clients = [client_of(world, name) for name in ("erin", "paula", "alice")]
    for client in clients:
        # An error of ours is an answer (500) that is noted; raised, it would leave the operations after it untried.
        client.raise_request_exception = False
    return clients


_OPERATIONS = [result.ok() for result in schema.get_all_operations()]


@pytest.mark.parametrize("part", range(8))
@pytest.mark.timeout(3600 if EXAMPLES > 10 else 240)
def test_no_operation_answers_with_an_error_of_ours_or_otherwise_than_described(
    callers: list[Client], part: int, settings: Any
) -> None:
    settings.API_CALLS_A_MINUTE = 10**9
    wrong: dict[str, str] = {}
    for operation in _OPERATIONS[part::8]:
        _try(operation, callers, wrong)
    if wrong:
        pytest.fail("\n".join(f"WRONG {label}: {what}" for label, what in sorted(wrong.items())), pytrace=False)


def _try(operation: Any, callers: list[Client], wrong: dict[str, str]) -> None:
    turn = [0]

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck), derandomize=EXAMPLES <= 10,
    )  # fmt: skip
    def one(case: Any) -> None:
        turn[0] += 1
        prepared, answer = _answer(callers[turn[0] % len(callers)], case)
        try:
            case.validate_response(_as_response(prepared, answer), checks=CHECKS)
        except (FailureGroup, Failure) as failure:
            said = [str(one) for one in getattr(failure, "exceptions", [failure])]
            wrong.setdefault(
                operation.label,
                f"{answer.status_code} {said} {prepared.path_url} {prepared.body!r:.300} {answer.content[:300]!r}",
            )

    import hypothesis

    hypothesis.given(case=operation.as_strategy())(one)()
