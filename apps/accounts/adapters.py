"""How allauth behaves here: nobody signs up by themselves; a verified e-mail in the directory opens the door."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest

from apps.core import hooks


class AccountAdapter(DefaultAccountAdapter):
    """No self-sign-up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """A person from the identity provider gets a user only where the directory knows the verified address.

    The functions in settings.SIGN_IN_KNOWN take an address and say whether an active employee has it.
    """

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        verified = [address.email for address in sociallogin.email_addresses if address.verified]
        return any(any(hooks.call("SIGN_IN_KNOWN", email)) for email in verified)

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> Any:
        user = super().populate_user(request, sociallogin, data)
        user.name = data.get("name") or f"{data.get('first_name', '')} {data.get('last_name', '')}".strip()
        return user
