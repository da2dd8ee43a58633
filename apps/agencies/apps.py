from django.apps import AppConfig

from apps.core.db import errors as db_errors


class AgenciesConfig(AppConfig):
    name = "apps.agencies"
    label = "agencies"

    def ready(self) -> None:
        from apps.agencies import errors

        db_errors.register("agencies_employee_email", errors.EmailTaken)
        db_errors.register("agencies_employee_sign_in_name", errors.SignInNameTaken)
        db_errors.register("agencies_employee_employee_id_key", errors.EmployeeIdTaken)
        db_errors.register("agencies_contact_once", errors.AlreadyContact)
