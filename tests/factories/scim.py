"""An identity provider that speaks to Beacon, and the payloads that Microsoft Entra ID sends."""

from __future__ import annotations

import json
from dataclasses import replace as replaced
from typing import Any

from django.test import Client

from apps.accounts import token_services as tokens
from apps.agencies.feed_services import PersonFacts
from apps.agencies.models import Agency, Employee
from apps.scim.schemas import ENTERPRISE
from tests.factories.cast import World

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
MEDIA = "application/scim+json"


class Provider:
    """The identity provider, with its token."""

    def __init__(self, world: World, name: str = "Entra") -> None:
        self.connection = tokens.connection_create(actor=world.erin, name=name, reason="Contract 7")
        self.token, self.text = tokens.token_create(actor=world.erin, owner=self.connection, name=name, scopes=["scim"])
        self.client = Client(headers={"Authorization": f"Bearer {self.text}"})

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One request; the body as JSON, or as it is where it is bytes."""
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.client.generic(
            method,
            f"/scim/v2{path}",
            data,
            content_type=MEDIA,
            headers={k.replace("_", "-"): v for k, v in headers.items()},
        )

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def post(self, body: Any, path: str = "/Users") -> Any:
        return self.call("POST", path, body)

    def patch(self, key: object, *operations: dict[str, Any], **headers: str) -> Any:
        return self.call("PATCH", f"/Users/{key}", {"schemas": [PATCH], "Operations": list(operations)}, **headers)

    def find(self, filter: str, path: str = "/Users") -> Any:
        return self.client.get(f"/scim/v2{path}", {"filter": filter}).json()


def replace(path: str, value: Any, op: str = "Replace") -> dict[str, Any]:
    return {"op": op, "path": path, "value": value}


def entra_user(number: str, first: str, last: str, department: str, **more: Any) -> dict[str, Any]:
    """What Entra sends to create a person, with what Beacon does not keep."""
    name = f"{first}.{last}.{number}@mass.example".lower()
    return {
        "schemas": [CORE, ENTERPRISE], "externalId": f"object-{number}", "userName": name, "active": True,
        "displayName": f"{first} {last}", "title": "Analyst", "preferredLanguage": "en-US",
        "emails": [{"primary": True, "type": "work", "value": name}], "meta": {"resourceType": "User"},
        "name": {"formatted": f"{first} {last}", "familyName": last, "givenName": first},
        "phoneNumbers": [{"type": "work", "value": "+1 617 555 0100"}], "roles": [],
        ENTERPRISE: {"employeeNumber": number, "department": department, "costCenter": "12"},
    } | more  # fmt: skip


def facts_about(employee: Employee, **changes: Any) -> PersonFacts:
    """What the identity provider would say of a person as they are, but for `changes`."""
    known = PersonFacts(
        employee_id=employee.employee_id, email=employee.email, first_name=employee.first_name,
        last_name=employee.last_name, agency_code=employee.agency.code, is_present=employee.is_present,
        title=employee.title, manager_ref=employee.manager_ref, sign_in_name=employee.email,
    )  # fmt: skip
    return replaced(known, **changes)


def crowd(agency: Agency, count: int, start: int = 0) -> list[Employee]:
    """Many employees of an agency, without the ways of the HR file: for figures and thresholds."""
    return Employee.objects.bulk_create(
        Employee(
            employee_id=f"C{agency.code}{n:06}", email=f"c{n}.{agency.code.lower()}@mass.example", first_name=f"First{n}",
            last_name=f"Last{n}", agency=agency, status="active",
        )
        for n in range(start, start + count)
    )  # fmt: skip
