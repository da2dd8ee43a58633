"""The page that says what each role may do: read off the rules of the views themselves, so that it cannot be out of date."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, get_resolver

from apps.accounts.access import Rule, allow, rule_of
from apps.accounts.actors import Role

ROLES = tuple(Role)


def views_with_rules() -> Iterator[tuple[str, Any, Rule]]:
    """Name, view and rule of every address of the console and its interfaces."""
    yield from _walk(get_resolver().url_patterns, "")


def _walk(patterns: list[Any], space: str) -> Iterator[tuple[str, Any, Rule]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from _walk(pattern.url_patterns, inner)
        elif isinstance(pattern, URLPattern) and (rule := rule_of(pattern.callback)):
            yield f"{space}{pattern.name}", pattern.callback, rule


def words_of(view: Any, name: str) -> str:
    """What a view is for: the first sentence of its docstring, or its name."""
    text = (inspect.getdoc(view) or "").split("\n\n")[0].replace("\n", " ")
    first = text.partition(". ")[0].partition(":")[0].rstrip(".")
    return first or name.rpartition(":")[2].replace("-", " ").capitalize()


@lru_cache(maxsize=1)
def table() -> list[tuple[str, list[tuple[str, bool, list[tuple[str, bool]]]]]]:
    """By section: what can be done, whether it asks for a fresh sign-in, and each of `ROLES` with whether it may."""
    sections: dict[str, dict[str, tuple[bool, list[tuple[str, bool]]]]] = {}
    for name, view, rule in views_with_rules():
        space = name.partition(":")[0]
        # Doors, interfaces and what a page asks for by itself are nobody's right.
        if rule.is_public or rule.is_token_only or space.endswith("api") or name.endswith("-progress"):
            continue
        may = [(str(role.label), not rule.roles or role in rule.roles) for role in ROLES]
        sections.setdefault(space, {})[words_of(view, name)] = (rule.is_sensitive, may)
    return [
        (_title(space), [(words, sensitive, may) for words, (sensitive, may) in sorted(rows.items())])
        for space, rows in sorted(sections.items(), key=lambda item: _title(item[0]))
    ]


def _title(space: str) -> str:
    return {
        "accounts": "Sign-in, roles and tokens", "agencies": "Agencies and people", "audit": "Audit trail",
        "catalog": "Use cases", "console": "Home, search and emergency stops", "incidents": "Incidents",
        "knowledge": "Knowledge center", "licenses": "Seats", "mail": "Mail", "reports": "Reports",
        "rollout": "Phases", "terms": "Terms", "training": "Training", "usage": "Usage", "vendors": "Vendor",
    }.get(space, space.replace("_", " ").capitalize())  # fmt: skip


@allow()
def rights(request: HttpRequest) -> HttpResponse:
    """See what each role may do."""
    return render(request, "accounts/rights.html", {"roles": [role.label for role in ROLES], "sections": table()})
