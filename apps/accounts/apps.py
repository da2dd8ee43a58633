from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest

from apps.core import clock
from apps.core.db import errors as db_errors


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    label = "accounts"

    def ready(self) -> None:
        from apps.accounts.errors import MappingKnown, NameTaken, RoleAlreadyHeld

        db_errors.register("accounts_role_once", RoleAlreadyHeld)
        db_errors.register("accounts_mapping_once", MappingKnown)
        db_errors.register("accounts_user_email", NameTaken)
        db_errors.register("accounts_user_email_key", NameTaken)
        user_logged_in.connect(_begin, dispatch_uid="beacon_session")


def _begin(request: HttpRequest | None, **_: Any) -> None:
    """A session begins. How and when the person proved who they are is on the request where a provider said it
    (identity.py); whoever signs somebody in otherwise proves it now.
    """
    from apps.accounts import sessions

    if request is not None and hasattr(request, "session"):
        method, proved_at = getattr(request, "sign_in", ("session", clock.now()))
        sessions.begin(request, method=method, proved_at=proved_at)
