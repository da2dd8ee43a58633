"""Who asks: a session at a browser, or a bearer token at an interface. One of the two, never both."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address, ip_network

from django.http import HttpRequest
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request

from apps.accounts.actors import Actor
from apps.accounts.errors import TokenRefused
from apps.accounts.models import ApiToken, User
from apps.accounts.selectors import actor_for
from apps.core import clock

# Where tokens are looked at. Pages never are: a token opens no page.
INTERFACES = ("/api/", "/scim/")
# The last use is written down once a minute.
_NOTED_EVERY = timedelta(minutes=1)


def bearer_of(request: HttpRequest) -> str | None:
    """What stands behind `Authorization: Bearer` at an interface; None where there is no such header."""
    header = request.headers.get("Authorization", "")
    if not header or not request.path.startswith(INTERFACES):
        return None
    kind, _, value = header.partition(" ")
    return value.strip() if kind.lower() == "bearer" else ""


def digest_of(bearer: str) -> str:
    """What is kept of a token. Looking it up by its digest tells a guesser nothing by the time it takes."""
    return hashlib.sha256(bearer.encode()).hexdigest()


def token_of(bearer: str, address: str) -> tuple[ApiToken, Actor]:
    """The token and who acts by it. Raises `TokenRefused` for one that is unknown, ended, or from elsewhere.

    It is read anew for every request: a withdrawn token, a withdrawn role and a person who has left are dead at once.
    """
    token = ApiToken.objects.select_related("user").filter(digest=digest_of(bearer)).first()
    if token is None:
        raise TokenRefused("The token is not known.")
    if token.withdrawn_at is not None:
        raise TokenRefused("The token was withdrawn.")
    moment = clock.now()
    if token.expires_at <= moment:
        raise TokenRefused("The token has expired.")
    if not _is_from(address, token.networks):
        raise TokenRefused("The token may not be used from this address.")
    actor = actor_for(token.user) if token.user.is_active else None
    if actor is None:
        raise TokenRefused("The token's owner may not sign in any more.")
    if token.last_used_at is None or moment - token.last_used_at > _NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=moment)
    return token, replace(actor, scopes=frozenset(token.scopes))


def _is_from(address: str, networks: list[str]) -> bool:
    try:
        return not networks or any(ip_address(address) in ip_network(network) for network in networks)
    except ValueError:
        return False


class ActorAuthentication(SessionAuthentication):
    """What DRF needs to know of it: tokens need no CSRF protection, sessions do."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken | None] | None:
        token = getattr(request._request, "api_token", None)
        if token is not None:
            return token.user, token
        found: tuple[User, None] | None = super().authenticate(request)
        return found

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Beacon"'
