"""What every page shows: who is signed in, and the places that this person may go to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import resolve, reverse

from apps.accounts.access import rule_of
from apps.accounts.actors import Actor, Role
from apps.licenses.models import SeatRequest


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
    """One entry of the main navigation."""

    label: str
    url: str
    is_current: bool
    count: int = 0


def _waiting(actor: Actor) -> int:
    if not actor.agency_ids:
        return 0
    return SeatRequest.objects.filter(state="submitted", employee__agency__in=actor.agency_ids).count()


# Label, URL name, and what is counted beside it. Whether it shows is the rule of the view it leads to.
ENTRIES: list[tuple[str, str, Callable[[Actor], int] | None]] = [
    ("Home", "console:home", None),
    ("Requests", "licenses:requests", _waiting),
    ("Seats", "licenses:seats", None),
    ("Phases", "rollout:phases", None),
    ("Agencies", "agencies:agencies", None),
    ("People", "agencies:people", None),
    ("Imports", "agencies:runs", None),
    ("Contracts", "licenses:contracts", None),
    ("Workspaces", "vendors:workspaces", None),
    ("Operations", "vendors:operations", None),
    ("Drift", "vendors:drifts", None),
    ("Vendor's log", "vendors:events", None),
    ("Emergency stops", "console:stops", None),
    ("Legal holds", "licenses:holds", None),
    ("Usage", "usage:overview", None),
    ("Terms", "terms:versions", None),
    ("Training", "training:overview", None),
    ("My use", "usage:mine", None),
    ("Audit", "audit:events", None),
]


def console(request: HttpRequest) -> dict[str, Any]:
    """The template context of every page."""
    actor: Actor | None = getattr(request, "actor", None)
    demo: dict[str, Any] = {"demo": settings.DEMO}
    if settings.DEMO:
        demo["demo_url"] = reverse("demo:sign_in")
    if actor is None:
        return demo | {"viewer": None, "nav": [], "signin_url": reverse(settings.LOGIN_URL), "home_url": "/"}
    viewer = Viewer(
        actor.name, actor.role_label, actor.can_search_people, actor.has(Role.ADMINISTRATOR, Role.PRIVACY), actor.key
    )
    return demo | {
        "viewer": viewer,
        "nav": navigation(actor, request.path),
        "home_url": reverse("console:home"),
        "search_url": reverse("console:search"),
        "signout_url": reverse("accounts:sign-out"),
    }


def navigation(actor: Actor, path: str) -> list[NavItem]:
    """The entries whose page admits the actor; an employee sees the few that concern them."""
    found = []
    for label, name, counted in ENTRIES:
        url = reverse(name)
        rule = rule_of(resolve(url).func)
        if rule is None or not rule.admits(actor):
            continue
        current = path == url or (url != "/" and path.startswith(url))
        found.append(NavItem(label, url, current, counted(actor) if counted else 0))
    return found
