"""The one authentication backend: it loads the user of a session, and never takes a password.

Passwords exist for the two break-glass accounts alone, and only break_glass.py looks at them.
"""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend


class SignInBackend(AuthenticationBackend):
    def authenticate(self, request: Any, **credentials: Any) -> None:
        return None
