"""The description of the interface: as OpenAPI for programs, as a page for people."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer

from apps.accounts.access import allow
from apps.core.markdown import rendered

METHODS = ("get", "post")
GUIDE = settings.BASE_DIR / "docs" / "api.md"


@lru_cache(maxsize=1)
def described() -> dict[str, Any]:
    """The description as data (OpenAPI 3.1), the same as docs/openapi.yaml."""
    generator: Any = SchemaGenerator
    return dict(generator().get_schema(request=None, public=True))


@lru_cache(maxsize=1)
def as_yaml() -> bytes:
    """The description as it is kept in docs/openapi.yaml."""
    renderer: Any = OpenApiYamlRenderer()
    return bytes(renderer.render(described(), renderer_context={}))


@login_not_required
@allow()
def schema(_request: HttpRequest) -> HttpResponse:
    """Read the description of the interface (OpenAPI 3.1)."""
    return HttpResponse(as_yaml(), content_type="application/vnd.oai.openapi")


@lru_cache(maxsize=1)
def guide() -> SafeString:
    """The guide as markup; its examples are run as tests."""
    # The page has the guide's own first heading as its title.
    return rendered(GUIDE.read_text(encoding="utf-8").partition("\n")[2])


@lru_cache(maxsize=1)
def operations() -> list[tuple[str, list[dict[str, Any]]]]:
    """Every operation, by what it is about."""
    by_tag: dict[str, list[dict[str, Any]]] = {}
    for address, methods in described()["paths"].items():
        for method in METHODS:
            if one := methods.get(method):
                by_tag.setdefault(address.split("/")[3], []).append(
                    {
                        "method": method.upper(), "address": address,
                        "words": str(one.get("description", "")).partition("\n\n")[0],
                        "parameters": [p["name"] for p in one.get("parameters", []) if p.get("in") == "query"],
                        "fields": _fields(one),
                    }
                )  # fmt: skip
    return sorted(by_tag.items())


def _fields(operation: dict[str, Any]) -> list[str]:
    content = operation.get("requestBody", {}).get("content", {})
    first: dict[str, Any] = next(iter(content.values()), {})
    reference = first.get("schema", {}).get("$ref", "")
    found = described()["components"]["schemas"].get(reference.rpartition("/")[2], {})
    needed = set(found.get("required", []))
    return [name if name in needed else f"{name} (optional)" for name in found.get("properties", {})]


@allow()
def docs(request: HttpRequest) -> HttpResponse:
    """Read how other programs talk to Beacon."""
    return render(request, "api/docs.html", {"guide": guide(), "sections": operations()})
