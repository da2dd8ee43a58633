"""Sign-in by OpenID Connect: allauth makes the request and fetches the token; what it says is checked in claims.py."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from functools import wraps
from typing import Any

import requests
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp, SocialToken
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from apps.accounts import gate, identity
from apps.accounts.access import public
from apps.accounts.claims import Check, ClaimRefused, Claims, Expected, check_id_token, groups_of, proved_at, uid_of
from apps.core import clock

# Keys are asked for again after ten minutes, or at once where a token names one that is not known (once a minute).
_KEYS_FOR, _ASK_AGAIN = 600, 60


class Adapter(OpenIDConnectOAuth2Adapter):
    """One provider for one request. `state` is what was set aside when the person was sent there."""

    state: Mapping[str, Any]

    def complete_login(self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any) -> Any:
        provider = settings.IDENTITY_PROVIDERS[self.provider_id]
        kept = self.state.get("data") or {}
        is_confirmation = "confirm" in kept
        expected = Expected(
            issuer=provider.issuer, client_id=app.client_id, nonce=str(kept.get("nonce", "")), tenant=provider.tenant,
            proved_since=datetime.fromisoformat(kept["confirm"]) if is_confirmation else None,
            context=provider.confirm_context if is_confirmation else "",
        )  # fmt: skip
        if self.openid_config.get("issuer") != provider.issuer:
            raise ClaimRefused(Check.ISSUER, "of the discovery document")
        if request.GET.get("iss", provider.issuer) != provider.issuer:
            raise ClaimRefused(Check.ISSUER, "of the answer (RFC 9207)")
        claims = self._checked(str(kwargs["response"].get("id_token", "")), expected)
        found = _identity(self.provider_id, provider, claims)
        if is_confirmation:
            raise ImmediateHttpResponse(gate.confirmed(request, found, str(self.state.get("next") or "")))
        raise ImmediateHttpResponse(gate.enter(request, found, str(self.state.get("next") or "")))

    def _checked(self, token: str, expected: Expected) -> Claims:
        """The claims; where the token names a key that is not known yet, the provider is asked for its keys once more."""
        try:
            return check_id_token(token, self._keys(), expected, clock.now())
        except ClaimRefused as refusal:
            if refusal.check is not Check.KEY or not cache.add(f"oidc-asked:{self.provider_id}", 1, _ASK_AGAIN):
                raise
        return check_id_token(token, self._keys(anew=True), expected, clock.now())

    def _keys(self, *, anew: bool = False) -> list[dict[str, Any]]:
        name = f"oidc-keys:{self.provider_id}"
        keys: list[dict[str, Any]] | None = None if anew else cache.get(name)
        if keys is None:
            with get_adapter().get_requests_session() as session:
                answer = session.get(self.openid_config["jwks_uri"])
                answer.raise_for_status()
                keys = answer.json()["keys"]
            cache.set(name, keys, _KEYS_FOR)
        return keys


def _identity(provider_id: str, provider: Any, claims: Claims) -> identity.Identity:
    return identity.Identity(
        provider=provider_id,
        method=f"oidc:{provider_id}",
        uid=uid_of(claims, provider.tenant),
        email=str(claims.get("email") or ""),
        is_email_verified=claims.get("email_verified") is True or provider.trusts_email,
        name=str(claims.get("name") or claims.get("preferred_username") or ""),
        groups=groups_of(claims, "groups"),
        app_roles=groups_of(claims, "roles"),
        proved_at=proved_at(claims, provider.confirm_context),
    )


class _Callback(OAuth2CallbackView):
    def _get_state(self, request: HttpRequest, provider: Any) -> tuple[Any, Any]:
        try:
            state, response = super()._get_state(request, provider)
        except ClaimRefused as refusal:
            # Made up, used before, or begun in another browser.
            raise ClaimRefused(Check.STATE) from refusal
        self.adapter.state = state
        return state, response


View = Any


def _guarded(view: View) -> View:
    """Counted, and with every refusal under its name. A provider that does not answer is a refusal too."""

    @wraps(view)
    def guarded(request: HttpRequest, provider_id: str) -> HttpResponseBase:
        if provider_id not in settings.IDENTITY_PROVIDERS or settings.IDENTITY_PROVIDERS[provider_id].kind != "oidc":
            raise Http404
        gate.count(request)
        try:
            answer: HttpResponseBase = view(request, provider_id)
        except ClaimRefused as refusal:
            return gate.turned_away(request, f"oidc:{provider_id}", refusal.check)
        except (requests.RequestException, KeyError, ValueError):
            # Not there, or not speaking as it should: what exactly stands in the provider's logs and not in ours.
            return gate.turned_away(request, f"oidc:{provider_id}", Check.PROVIDER)
        return answer

    return public(guarded)


@_guarded
@require_POST
def login(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Send the person to the provider."""
    return to_provider(request, provider_id, gate.safe_next(request))


def to_provider(request: HttpRequest, provider_id: str, then: str, *, confirm: bool = False) -> HttpResponse:
    """Send the person to the provider; to `confirm`, it must ask them anew (`max_age=0`, `prompt=login`, `claims`)."""
    provider = settings.IDENTITY_PROVIDERS[provider_id]
    nonce = secrets.token_urlsafe(32)
    data, params = {"nonce": nonce}, {"nonce": nonce}
    if confirm:
        data["confirm"] = clock.now().isoformat()
        params |= {"max_age": "0", "prompt": "login"}
        if provider.confirm_context:
            params["claims"] = _asking_for(provider.confirm_context)
    app_provider = Adapter(request, provider_id).get_provider()
    asked = app_provider.redirect(request, "login", then, data, auth_params=params)
    return gate.away(request, asked["Location"])


def _asking_for(context: str) -> str:
    import json

    return json.dumps({"id_token": {"acrs": {"essential": True, "value": context}, "auth_time": {"essential": True}}})


@_guarded
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """The person comes back with a code, which allauth changes into a token."""
    if request.GET.get("error") == "access_denied":
        return redirect("account_login")
    if "error" in request.GET:
        raise ClaimRefused(Check.PROVIDER)
    view = _Callback.adapter_view(Adapter(request, provider_id))
    answer: HttpResponse = view(request)
    if answer.status_code == 401:
        # The code was no good: used before, from another sign-in, or made up.
        raise ClaimRefused(Check.TOKEN)
    return answer
