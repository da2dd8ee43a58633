"""Puts the actor on the request, and ends the session of a person who has left or has been away too long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.accounts import authentication, sessions
from apps.accounts.actors import Actor
from apps.accounts.errors import TokenRefused
from apps.accounts.models import User
from apps.accounts.selectors import actor_for


class SessionMiddleware(DjangoSessionMiddleware):
    """Django's, but for a sign-in that ended while the request was at work, often by the very act: a role that changed.

    The act is done. An interface gets its answer, a page leads to the sign-in; Django would call it a bad request.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        try:
            return super().process_response(request, response)
        except SessionInterrupted:
            answer = response if request.path.startswith("/api/") else redirect(settings.LOGIN_URL)
            answer.delete_cookie(settings.SESSION_COOKIE_NAME, path=settings.SESSION_COOKIE_PATH)
            return answer


class ActorMiddleware:
    """`request.actor` is built anew for every request: a withdrawn role or a separation bites at the next click.

    At an interface a bearer token counts alone; a cookie beside it is not looked at.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        bearer = authentication.bearer_of(request)
        request.actor = _of_session(request) if bearer is None else _of_token(request, bearer)  # type: ignore[attr-defined]  # typed as ActorRequest where it is read
        return self.get_response(request)


def _of_session(request: HttpRequest) -> Actor | None:
    user = _user(request)
    if not isinstance(user, User):
        return None
    actor = actor_for(user) if user.is_active and not sessions.has_lapsed(request) else None
    if actor is None:
        logout(request)
        return None
    return replace(actor, is_fresh=sessions.is_fresh(request))


def _of_token(request: HttpRequest, bearer: str) -> Actor | None:
    try:
        token, actor = authentication.token_of(bearer, request.META.get("REMOTE_ADDR", ""))
    except TokenRefused as refusal:
        request.token_refusal = refusal  # type: ignore[attr-defined]  # raised by access.allow
        return None
    request.api_token = token  # type: ignore[attr-defined]  # read by ActorAuthentication
    request.user = token.user
    return actor


def _user(request: HttpRequest) -> object:
    """The user behind Django's lazy wrapper, or the anonymous one."""
    user = request.user
    return getattr(user, "_wrapped", user) if user.is_authenticated else user


class ActorRequest(HttpRequest):
    """A request after `ActorMiddleware`, on a page that asks for a sign-in: the actor is there."""

    actor: Actor
