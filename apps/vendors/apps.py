from django.apps import AppConfig

from apps.core.db import errors as db_errors


class VendorsConfig(AppConfig):
    name = "apps.vendors"
    label = "vendors"

    def ready(self) -> None:
        from apps.vendors import errors

        db_errors.register("vendors_workspace_name", errors.WorkspaceExists)
