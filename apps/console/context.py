"""What every page shows: who is signed in, and the places that this person may go to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import resolve, reverse

from apps.accounts.access import Rule, rule_of
from apps.accounts.actors import Actor, Role
from apps.licenses.models import SeatRequest
from apps.licenses.selectors import reviews_waiting


@dataclass(frozen=True, slots=True)
class Viewer:
    """The signed-in person as templates see them."""

    name: str
    role_label: str
    can_search_people: bool
    may_confirm_waivers: bool
    key: str


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of the main navigation, or a section of it."""

    label: str
    url: str
    is_current: bool
    count: int = 0
    # The entries of a section that has several.
    items: list[NavItem] = field(default_factory=list)


def _waiting(actor: Actor) -> int:
    if not actor.agency_ids:
        return 0
    return SeatRequest.objects.filter(state="submitted", employee__agency__in=actor.agency_ids).count()


Entry = tuple[str, str, Callable[[Actor], int] | None]
# Sections of the menu, each with its entries: label, URL name, and what is counted beside it. Whether an entry shows is
# the rule of the view it leads to; a section with one entry left is that entry.
SECTIONS: list[tuple[str, list[Entry]]] = [
    ("Home", [("Home", "console:home", None)]),
    ("Requests", [("Requests", "licenses:requests", _waiting)]),
    (
        "Seats",
        [
            ("Seats", "licenses:seats", None),
            ("Contracts", "licenses:contracts", None),
            ("Charge-back", "licenses:charge-back", None),
            ("Unused seats", "licenses:reclaim-runs", None),
            ("Access reviews", "licenses:reviews", reviews_waiting),
            ("Emergency stops", "console:stops", None),
            ("Legal holds", "licenses:holds", None),
        ],
    ),
    (
        "Roll-out",
        [
            ("Phases", "rollout:phases", None),
            ("Agencies", "agencies:agencies", None),
            ("People", "agencies:people", None),
            ("Imports", "agencies:runs", None),
            ("Identity provider", "scim:overview", None),
        ],
    ),
    (
        "Vendor",
        [
            ("Workspaces", "vendors:workspaces", None),
            ("Operations", "vendors:operations", None),
            ("Drift", "vendors:drifts", None),
            ("Vendor's log", "vendors:events", None),
            ("Usage", "usage:overview", None),
        ],
    ),
    ("Incidents", [("Incidents", "incidents:incidents", None), ("Trends", "incidents:trends", None)]),
    (
        "Use cases",
        [
            ("Use cases", "catalog:cases", None),
            ("Reviews of use cases", "catalog:reviews", None),
            ("Federal inventory", "catalog:inventory", None),
        ],
    ),
    (
        "Knowledge",
        [
            ("Knowledge", "knowledge:home", None),
            ("May I use this tool?", "knowledge:tools", None),
            ("Questions", "knowledge:questions", None),
            ("Articles", "knowledge:articles", None),
            ("Announcements", "knowledge:announcements", None),
            ("Vendor obligations", "knowledge:obligations", None),
            ("Web-proxy findings", "knowledge:proxy", None),
        ],
    ),
    (
        "Terms",
        [
            ("Terms", "terms:versions", None),
            ("Progress", "licenses:terms-progress", None),
            ("Who owes what", "licenses:owing", None),
        ],
    ),
    (
        "Training",
        [
            ("Training", "training:overview", None),
            ("By agency", "licenses:training-coverage", None),
            ("Imports", "training:imports", None),
            ("Waivers", "training:waivers", None),
        ],
    ),
    (
        "Reports",
        [
            ("Reports", "reports:overview", None),
            ("Adoption", "reports:adoption", None),
            ("Compliance", "reports:compliance", None),
            ("Time saved", "reports:time-saved", None),
            ("Kept reports", "reports:stored-list", None),
            ("Saved reports", "reports:saved-list", None),
            ("Transparency page", "reports:transparency-switch", None),
        ],
    ),
    (
        "Access",
        [
            ("Roles", "accounts:roles", None),
            ("Groups and roles", "accounts:mappings", None),
            ("Connections", "accounts:connections", None),
            ("API tokens", "accounts:tokens", None),
            ("Webhooks", "webhooks:subscriptions", None),
        ],
    ),
    (
        "Record",
        [
            ("Audit", "audit:events", None),
            ("State of the chain", "audit:chain", None),
            ("Public records", "reports:bundles", None),
            ("Registers", "registers:registers", None),
            ("Mail", "mail:messages", None),
        ],
    ),
]
# What concerns the person themself, in the menu under their name.
MINE = [
    ("My sign-ins", "accounts:sessions"),
    ("What each role may do", "accounts:rights"),
    ("My use cases", "catalog:mine"),
    ("My acceptances", "terms:acceptances"),
    ("My use of the assistant", "usage:mine"),
    ("Did it save you time?", "reports:survey"),
    ("My mail", "mail:preferences"),
]


def console(request: HttpRequest) -> dict[str, Any]:
    """The template context of every page."""
    actor: Actor | None = getattr(request, "actor", None)
    demo: dict[str, Any] = {"demo": settings.DEMO}
    if settings.DEMO:
        demo["demo_url"] = reverse("demo:sign_in")
    if actor is None:
        return (
            demo
            | {"viewer": None, "nav": [], "signin_url": reverse(settings.LOGIN_URL), "home_url": "/"}
            | {"footer_links": [{"label": "Report a problem", "url": reverse("incidents:public-report")}]}
        )
    viewer = Viewer(
        actor.name, actor.role_label, actor.can_search_people, actor.has(Role.ADMINISTRATOR, Role.PRIVACY), actor.key
    )
    return demo | {
        "viewer": viewer,
        "nav": navigation(actor, request.path),
        "home_url": reverse("console:home"),
        "search_url": reverse("console:search"),
        "viewer_links": _mine(actor),
        "footer_links": [{"label": "Report a problem", "url": reverse("incidents:report")}],
        "signout_url": reverse("accounts:sign-out"),
    }


def navigation(actor: Actor, path: str) -> list[NavItem]:
    """The sections with an entry whose page admits the actor; an employee sees the few that concern them."""
    found = []
    for label, entries in SECTIONS:
        items = [item for entry in entries if (item := _item(actor, path, entry))]
        if not items:
            continue
        # An address lies below its section's own; the nearest entry is where one is.
        nearest = max((item.url for item in items if item.is_current), key=len, default="")
        items = [replace(item, is_current=item.url == nearest) for item in items]
        first = items[0]
        if len(items) == 1:
            found.append(first)
        else:
            current = any(item.is_current for item in items)
            found.append(NavItem(label, first.url, current, sum(item.count for item in items), items))
    return found


def _item(actor: Actor, path: str, entry: Entry) -> NavItem | None:
    label, name, counted = entry
    url, rule = _place(name)
    if rule is None or not rule.admits(actor):
        return None
    current = path == url or (url != "/" and path.startswith(url))
    return NavItem(label, url, current, counted(actor) if counted else 0)


def _mine(actor: Actor) -> list[dict[str, str]]:
    places = ((label, *_place(name)) for label, name in MINE)
    return [{"label": label, "url": url} for label, url, rule in places if rule and rule.admits(actor)]


@cache
def _place(name: str) -> tuple[str, Rule | None]:
    """The address of a page and the rule of its view. Resolving sixty of them anew took longer than most pages do."""
    url = reverse(name)
    return url, rule_of(resolve(url).func)
