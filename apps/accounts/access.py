"""Who may open a page: one rule on every view, read by the matrix test and by the navigation.

`@allow(Role.ADMINISTRATOR)` lets administrators in; `@allow()` everyone who is signed in. What they see inside is cut
by selectors, what they may do is decided by services; the rule only spares people pages that are not theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request

from apps.accounts.actors import Actor, Role, Scope, ScopeNeeded
from apps.core.errors import BeaconError, NotPermitted


class SignInNeeded(BeaconError):
    """Only interfaces meet it: pages lead to the sign-in by themselves."""

    status = 401
    text = "Sign in first."
    how_to_fix = "Use the session of the console, or a token in the header Authorization."


@dataclass(frozen=True, slots=True)
class Rule:
    """The roles that may open a page; empty means everyone who is signed in."""

    roles: frozenset[Role]
    is_public: bool = False
    # A token passes with this scope too, where it has neither `read` nor `write`.
    scope: Scope | None = None
    # Sensitive: asks for a sign-in of the last 10 minutes before anything is filled in.
    is_sensitive: bool = False
    # An interface without people: SCIM.
    is_token_only: bool = False

    def admits(self, actor: Actor | None) -> bool:
        if self.is_public:
            return True
        if self.is_token_only:
            return False
        return actor is not None and (not self.roles or actor.has(*self.roles))


View = Callable[..., HttpResponseBase]


def allow(
    *roles: Role, scope: Scope | None = None, sensitive: bool = False, connections: bool = False
) -> Callable[[View], View]:
    """Open a view to `roles` (none: everyone signed in). Raises `NotPermitted` for others.

    A token passes reading with the scope `read`, anything with `write`, and this view with `scope`. A `sensitive`
    page leads people who signed in more than 10 minutes ago through the confirmation first. With `connections` another
    system needs no role: its token with `scope` is the right, which an administrator gave it for this view (allow_token).
    """
    rule = Rule(frozenset(roles), scope=scope, is_sensitive=sensitive)

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            actor: Actor | None = actor_of(request)
            if actor is None:
                raise getattr(request, "token_refusal", None) or SignInNeeded()
            if connections and scope in (actor.scopes or ()) and _is_connection(request):
                request.actor = replace(actor, is_system=True)  # type: ignore[attr-defined]  # typed as ActorRequest where it is read
                return view(request, *args, **kwargs)
            if not rule.admits(actor):
                raise NotPermitted("This page is not for your role.")
            if actor.scopes is not None:
                _check_scope(request, actor.scopes, rule)
            elif sensitive:
                actor.require_fresh()
            return view(request, *args, **kwargs)

        guarded.rule = rule  # type: ignore[attr-defined]  # read by rule_of
        return guarded

    return decorate


def _is_connection(request: HttpRequest) -> bool:
    """Whether the token at hand is another system's, and no person's."""
    token = getattr(request, "api_token", None)
    return token is not None and token.user.kind == "connection"


def _check_scope(request: HttpRequest, scopes: frozenset[str], rule: Rule) -> None:
    """A token does what it was made for. Raises `ScopeNeeded`."""
    general = Scope.READ if request.method in {"GET", "HEAD", "OPTIONS"} else Scope.WRITE
    if general not in scopes and (rule.scope is None or rule.scope not in scopes):
        either = f" or “{rule.scope}”" if rule.scope else ""
        raise ScopeNeeded(f"The token has not the scope “{general}”{either}.")


def allow_token(scope: Scope) -> Callable[[View], View]:
    """Open an interface to tokens with exactly this scope, and to nobody else: no session, no other token.

    The connection acts in its own name with Beacon's right, because nothing else is reachable by that scope.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            actor: Actor | None = actor_of(request)
            if actor is None or actor.scopes is None:
                raise getattr(request, "token_refusal", None) or SignInNeeded(
                    "A token is needed.", how_to_fix="Send it in the header Authorization: Bearer."
                )
            if scope not in actor.scopes:
                raise ScopeNeeded(f"The token has not the scope “{scope}”.")
            request.actor = replace(actor, is_system=True)  # type: ignore[attr-defined]  # typed as ActorRequest where it is read
            return view(request, *args, **kwargs)

        guarded.rule = Rule(frozenset(), scope=scope, is_token_only=True)  # type: ignore[attr-defined]  # read by rule_of
        return csrf_exempt(login_not_required(guarded))

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
