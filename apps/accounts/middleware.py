"""Puts the actor on the request, and ends the session of a person who has left."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

from apps.accounts.actors import Actor
from apps.accounts.models import User
from apps.accounts.selectors import actor_for


class ActorMiddleware:
    """`request.actor` is built anew for every request: a withdrawn role or a separation bites at the next click."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        actor: Actor | None = None
        if isinstance(user := _user(request), User):
            actor = actor_for(user) if user.is_active else None
            if actor is None:
                logout(request)
        request.actor = actor  # type: ignore[attr-defined]  # typed as ActorRequest where it is read
        return self.get_response(request)


def _user(request: HttpRequest) -> object:
    """The user behind Django's lazy wrapper, or the anonymous one."""
    user = request.user
    return getattr(user, "_wrapped", user) if user.is_authenticated else user


class ActorRequest(HttpRequest):
    """A request after `ActorMiddleware`, on a page that asks for a sign-in: the actor is there."""

    actor: Actor
