from django.apps import AppConfig

from apps.core.db import errors as db_errors


class IncidentsConfig(AppConfig):
    name = "apps.incidents"
    label = "incidents"

    def ready(self) -> None:
        from apps.core.errors import Invalid
        from apps.incidents import errors

        db_errors.register("incidents_incident_not_its_own", errors.NotADuplicate)
        db_errors.register("incidents_incident_severity", Invalid)
        db_errors.register("incidents_breach_has_reason", Invalid)
