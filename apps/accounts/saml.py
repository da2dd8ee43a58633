"""Sign-in by SAML 2.0: allauth and python3-saml check the assertion; who it is about is decided where OIDC's is."""

from __future__ import annotations

from datetime import datetime
from functools import wraps
from typing import Any

from allauth.socialaccount.providers.saml import views
from allauth.socialaccount.providers.saml.utils import build_auth, get_app_or_404
from defusedxml import ElementTree
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.accounts import gate
from apps.accounts.access import public
from apps.accounts.claims import LEEWAY, Check, ClaimRefused
from apps.accounts.identity import Identity
from apps.core import clock

_NS = {"saml": "urn:oasis:names:tc:SAML:2.0:assertion"}
View = Any


def _guarded(view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, organization_slug: str) -> HttpResponseBase:
        gate.count(request)
        try:
            answer: HttpResponseBase = view(request, organization_slug=organization_slug)
        except ClaimRefused as refusal:
            return gate.turned_away(request, f"saml:{organization_slug}", refusal.check)
        except PermissionDenied:
            # There is no sign-in under way that this would answer: made up, or used before.
            return gate.turned_away(request, f"saml:{organization_slug}", Check.STATE)
        return answer

    return public(guarded)


@_guarded
@require_POST
def login(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """Send the person to the provider."""
    return to_provider(request, organization_slug, gate.safe_next(request))


def to_provider(request: HttpRequest, provider_id: str, then: str, *, confirm: bool = False) -> HttpResponse:
    """Send the person to the provider; to `confirm`, it must ask them anew (ForceAuthn)."""
    provider = get_app_or_404(request, provider_id).get_provider(request)
    auth = build_auth(request, provider)
    url = auth.login(return_to="", force_authn=confirm)
    data = {"confirm": clock.now().isoformat()} if confirm else None
    provider.stash_redirect_state(request, "login", then, data, state_id=auth.get_last_request_id())
    return gate.away(request, url)


class _Finish(views.FinishACSView):
    """Keeps the checked response at hand: it says when the person signed in there."""

    def get_provider(self, organization_slug: str) -> Any:
        provider = super().get_provider(organization_slug)
        build = provider.sociallogin_from_response

        def kept(request: HttpRequest, auth: Any) -> Any:
            request.saml = auth  # type: ignore[attr-defined]  # read by entered
            return build(request, auth)

        provider.sociallogin_from_response = kept
        return provider


def entered(request: HttpRequest, sociallogin: Any) -> HttpResponse:
    """The assertion holds: sign the person in, or take it as the confirmation that was asked for."""
    auth = request.saml  # type: ignore[attr-defined]  # put there by _Finish
    provider_id = sociallogin.provider.app.provider_id
    config = settings.IDENTITY_PROVIDERS[provider_id]
    attributes = auth.get_attributes()
    found = Identity(
        provider=provider_id,
        method=f"saml:{provider_id}",
        uid=str(sociallogin.account.uid or ""),
        email=_first(attributes, config.email_attribute),
        # A provider that the state connects vouches for the addresses of its people: SAML has no claim for it.
        is_email_verified=config.trusts_email,
        name=_first(attributes, config.name_attribute),
        groups=frozenset(map(str, attributes.get(config.groups_attribute, []))),
        proved_at=_authenticated_at(auth),
    )
    if not found.uid:
        raise ClaimRefused(Check.SUBJECT)
    then = str(sociallogin.state.get("next") or "")
    if asked_at := (sociallogin.state.get("data") or {}).get("confirm"):
        asked = datetime.fromisoformat(asked_at)
        if found.proved_at is None or not asked - LEEWAY <= found.proved_at <= clock.now() + LEEWAY:
            raise ClaimRefused(Check.AUTH_TIME)
        return gate.confirmed(request, found, then)
    return gate.enter(request, found, then)


def _authenticated_at(auth: Any) -> datetime | None:
    """AuthnInstant of the assertion whose signature was checked, and of no other that may be in the response."""
    root = ElementTree.fromstring(auth.get_last_response_xml())
    for assertion in root.iter(f"{{{_NS['saml']}}}Assertion"):
        if assertion.get("ID") == auth.get_last_assertion_id():
            statement = assertion.find("saml:AuthnStatement", _NS)
            if statement is not None and (instant := statement.get("AuthnInstant")):
                return datetime.fromisoformat(instant)
    return None


def _first(attributes: dict[str, list[Any]], name: str) -> str:
    values = attributes.get(name) or [""]
    return str(values[0])


# The provider's form posts here without our token; what counts is the signature and the request it answers.
acs = csrf_exempt(_guarded(views.acs))
finish = _guarded(_Finish.as_view())
metadata = public(views.metadata)
sls = csrf_exempt(_guarded(views.sls))
