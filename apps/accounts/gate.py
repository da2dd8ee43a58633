"""The door itself: what happens once somebody's identity is known, or is not. OIDC, SAML and break-glass meet here."""

from __future__ import annotations

from datetime import datetime

from allauth.core import ratelimit
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from redis.exceptions import RedisError

from apps.accounts import sessions
from apps.accounts.access import actor_of
from apps.accounts.actors import Actor
from apps.accounts.claims import Check, ClaimRefused
from apps.accounts.identity import Identity, note, person_behind, refused, roles_follow
from apps.accounts.models import SignIn, User
from apps.accounts.selectors import actor_for
from apps.core.errors import BeaconError

BACKEND = "apps.accounts.backends.SignInBackend"


class TooManyTries(BeaconError):
    status = 429
    text = "There were too many attempts to sign in."
    how_to_fix = "Wait a minute and try again."


class SignInUnavailable(BeaconError):
    """Attempts cannot be counted, so that nobody gets in: a door that cannot count is no door (fail closed)."""

    status = 503
    text = "Nobody can sign in at the moment."
    how_to_fix = "Try again in a few minutes. The operators see it too."


def count(request: HttpRequest, *, action: str = "login", key: str | None = None) -> None:
    """Count an attempt by address (and `key`, a name that is tried). Raises `TooManyTries`, `SignInUnavailable`."""
    try:
        if not ratelimit.consume(request, action=action, key=key):
            raise TooManyTries()
    except RedisError as error:
        raise SignInUnavailable() from error


def safe_next(request: HttpRequest) -> str:
    """Where the person wanted to go, if that is here."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    is_here = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_here else ""


def away(request: HttpRequest, address: str) -> HttpResponse:
    """Lead the person to their provider by a page of our own.

    A browser holds the policy of a page (`form-action 'self'`) also against where the answer to its form redirects,
    and would stay here. A page that leads on is no form any more.
    """
    return render(request, "account/away.html", {"address": address})


def enter(request: HttpRequest, identity: Identity, then: str) -> HttpResponse:
    """Sign the person in whom the provider vouches for. Raises `ClaimRefused`."""
    user = person_behind(identity)
    roles_follow(user, identity)
    if actor_for(user) is None:
        raise ClaimRefused(Check.DIRECTORY)
    start(request, user, method=identity.method, proved_at=identity.proved_at)
    return redirect(then or settings.LOGIN_REDIRECT_URL)


def start(request: HttpRequest, user: User, *, method: str, proved_at: datetime | None) -> None:
    """Begin a session of `user`: a new one, whatever the browser had before."""
    request.session.flush()
    request.sign_in = (method, proved_at)  # type: ignore[attr-defined]  # read by apps._begin
    login(request, user, backend=BACKEND)
    note(request, method=method, outcome=SignIn.Outcome.DONE, user=user)


def confirmed(request: HttpRequest, identity: Identity, then: str) -> HttpResponse:
    """The person at the keyboard proved again who they are. Raises `ClaimRefused` for somebody else."""
    actor: Actor | None = actor_of(request)
    is_same = (
        actor is not None
        and SocialAccount.objects.filter(
            provider=identity.provider, uid=identity.uid, user_id=actor.user_id or 0
        ).exists()
    )
    if not is_same:
        raise ClaimRefused(Check.PERSON)
    return proved(request, identity.method, identity.proved_at, then)


def proved(request: HttpRequest, method: str, at: datetime | None, then: str) -> HttpResponse:
    """Remember the proof in the session, under a new key, and go on."""
    request.session.cycle_key()
    sessions.prove(request, at)
    note(
        request,
        method=method,
        outcome=SignIn.Outcome.CONFIRMED,
        user=User.objects.filter(pk=actor_of(request).user_id or 0).first(),
    )
    return redirect(then or settings.LOGIN_REDIRECT_URL)


def turned_away(request: HttpRequest, method: str, check: Check) -> HttpResponse:
    """The page that says which check failed, recorded under that name."""
    refused(request, method=method, check=check)
    # Whoever was signed in before, still is: what failed is a confirmation, or an old tab.
    context = {"check": check.value, "is_signed_in": actor_of(request) is not None}
    return render(request, "socialaccount/authentication_error.html", context, status=401)
