from django.apps import AppConfig

from apps.core.db import errors as db_errors


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    label = "accounts"

    def ready(self) -> None:
        from apps.accounts.errors import RoleAlreadyHeld

        db_errors.register("accounts_role_once", RoleAlreadyHeld)
