"""The examples of docs/api.md are run as they stand."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests.factories.cast import World
from tests.web.test_matrix import client_of
from tests.web.test_tokens import made

pytestmark = pytest.mark.django_db
EXAMPLES = re.findall(
    r"```http\n(.*?)```", (settings.BASE_DIR / "docs" / "api.md").read_text(encoding="utf-8"), re.DOTALL
)


def within(told: Any, answered: Any) -> bool:
    """Whether the answer says what the example says (it may say more)."""
    if isinstance(told, dict):
        return isinstance(answered, dict) and all(
            key in answered and within(value, answered[key]) for key, value in told.items()
        )
    if isinstance(told, list):
        return isinstance(answered, list) and len(told) <= len(answered) and all(map(within, told, answered))
    return bool(told == answered)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 7


@pytest.mark.parametrize("example", EXAMPLES, ids=[example.split("\n")[0] for example in EXAMPLES])
def test_an_example_holds(world: World, example: str) -> None:
    _, text = made(world, "erin", "read", "write")
    asked, _, rest = example.partition("\n")
    method, path = asked.split()
    blocks = rest.strip().split("\n\n")
    headers = dict(line.split(": ", 1) for line in blocks[0].splitlines())
    headers["Authorization"] = headers["Authorization"].replace("TOKEN", text)
    status, _, told = blocks[-1].partition("\n")
    body = blocks[1] if len(blocks) == 3 else ""
    answer = Client().generic(method, path, body, content_type="application/json", headers=headers)
    assert answer.status_code == int(status), answer.content
    assert within(json.loads(told), answer.json()), answer.json()


def test_the_page_shows_the_guide_and_every_operation(world: World) -> None:
    page = client_of(world, "alice").get("/developers/").content.decode()
    assert "Every example on this page is run as a test" in page
    assert "/api/v1/seats/{key}/suspend/" in page
    assert client_of(world, "alice").get("/api/v1/schema/").content.startswith(b"openapi: 3.1")
