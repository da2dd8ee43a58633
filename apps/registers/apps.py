from django.apps import AppConfig

from apps.core.db import errors as db_errors
from apps.core.errors import IllegalTransition


class RegistersConfig(AppConfig):
    name = "apps.registers"
    label = "registers"

    def ready(self) -> None:
        db_errors.register("registers_registerimport_lifecycle", IllegalTransition)
