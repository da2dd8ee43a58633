"""Figures of SCIM: what an identity provider asks for all day, against bare statements on the same table."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from django.db import connection
from scim2_server.requests import ScimRequest

from apps.accounts.actors import SYSTEM
from apps.agencies.models import Employee
from apps.scim import serving

Figure = dict[str, Any]
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def scim(timed: Callable[..., float], figure: Callable[..., Figure]) -> Iterator[Figure]:
    """One lookup by name, one page of 100, one PATCH, without the token and the wire."""
    person = Employee.objects.exclude(status="separated").order_by("pk")[Employee.objects.count() // 2]
    found = timed(lambda: _ask("GET", "/Users", {"filter": f'userName eq "{person.email.upper()}"'}), 20)
    floor = timed(lambda: _bare("SELECT * FROM agencies_employee WHERE lookup_name = %s", person.email), 20)
    yield figure("scim_lookup", found, floor)
    page = timed(lambda: _ask("GET", "/Users", {"count": "100"}), 5)
    floor = timed(lambda: _bare("SELECT * FROM agencies_employee ORDER BY id DESC LIMIT 100"), 5)
    yield figure("scim_page_of_100", page, floor)
    number = count()

    def change() -> None:
        title = {"op": "Replace", "path": "title", "value": f"Title {next(number)}"}
        _ask("PATCH", f"/Users/{person.key}", {}, {"schemas": [PATCH], "Operations": [title]})

    floor = timed(lambda: _bare("UPDATE agencies_employee SET title = %s WHERE id = %s", "Bare", person.pk), 10)
    yield figure("scim_patch", timed(change, 10), floor)


def _ask(method: str, path: str, query: dict[str, str], body: Any = None) -> None:
    data = b"" if body is None else json.dumps(body).encode()
    asked = ScimRequest(
        method, "http://beacon.example/scim/v2", path, query, {"Content-Type": "application/json"}, data
    )
    answer = serving.serve(SYSTEM, asked)
    assert answer.status < 300, answer.body


def _bare(statement: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        if cursor.description:
            cursor.fetchall()
