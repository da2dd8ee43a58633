"""Who may open a page: one rule on every view, read by the matrix test and by the navigation.

`@allow(Role.ADMINISTRATOR)` lets administrators in; `@allow()` everyone who is signed in. What they see inside is cut
by selectors, what they may do is decided by services; the rule only spares people pages that are not theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from apps.accounts.actors import Actor, Role
from apps.core.errors import BeaconError, NotPermitted


class SignInNeeded(BeaconError):
    """Only interfaces meet it: pages lead to the sign-in by themselves."""

    status = 401
    text = "Sign in first."
    how_to_fix = "Use the session of the console."


@dataclass(frozen=True, slots=True)
class Rule:
    """The roles that may open a page; empty means everyone who is signed in."""

    roles: frozenset[Role]
    is_public: bool = False

    def admits(self, actor: Actor | None) -> bool:
        if self.is_public:
            return True
        return actor is not None and (not self.roles or actor.has(*self.roles))


View = Callable[..., HttpResponseBase]


def allow(*roles: Role) -> Callable[[View], View]:
    """Open a view to `roles` (none: everyone signed in). Raises `NotPermitted` for others."""
    rule = Rule(frozenset(roles))

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if actor_of(request) is None:
                raise SignInNeeded()
            if not rule.admits(actor_of(request)):
                raise NotPermitted("This page is not for your role.")
            return view(request, *args, **kwargs)

        guarded.rule = rule  # type: ignore[attr-defined]  # read by rule_of
        return guarded

    return decorate


def public(view: View) -> View:
    """Open a view to everyone, also signed out. Which ones these are is listed in tests/web/samples.py (PUBLIC)."""

    @wraps(view)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return view(request, *args, **kwargs)

    opened.rule = Rule(frozenset(), is_public=True)  # type: ignore[attr-defined]  # read by rule_of
    return login_not_required(opened)


def rule_of(view: Any) -> Rule | None:
    """The rule of a view, or None where somebody forgot it."""
    return getattr(view, "rule", None)


def actor_of(request: HttpRequest | Request) -> Actor:
    """The actor of a page or an API call that asks for a sign-in."""
    actor: Actor = request.actor  # type: ignore[union-attr]  # put there by ActorMiddleware; DRF hands it through
    return actor
