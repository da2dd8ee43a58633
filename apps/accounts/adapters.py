"""How allauth behaves here: it opens no account and joins nobody; every refusal of its own gets a name."""

from __future__ import annotations

from typing import Any

import requests
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from cryptography.fernet import InvalidToken
from django.http import HttpRequest

from apps.accounts import saml, sealing
from apps.accounts.claims import Check, ClaimRefused


class AccountAdapter(DefaultAccountAdapter):
    """No self-sign-up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Who somebody is, is decided in identity.py; allauth's own way of matching people is never reached."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """SAML arrives here; OpenID Connect has been answered before (oidc.py)."""
        raise ImmediateHttpResponse(saml.entered(request, sociallogin))

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        if isinstance(exception, requests.RequestException):
            raise ClaimRefused(Check.PROVIDER)
        if extra_context and "saml_errors" in extra_context:
            raise ClaimRefused(Check.ASSERTION, str(extra_context.get("saml_last_error_reason") or ""))
        raise ClaimRefused(Check.TOKEN)


class MfaAdapter(DefaultMFAAdapter):
    """Seeds of second factors lie sealed in the database."""

    def encrypt(self, text: str) -> str:
        return sealing.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return sealing.opened(encrypted_text)
        except InvalidToken:
            return ""
