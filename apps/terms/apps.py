from django.apps import AppConfig

from apps.core.db import errors as db_errors


class TermsConfig(AppConfig):
    name = "apps.terms"
    label = "terms"

    def ready(self) -> None:
        from apps.terms import errors

        db_errors.register("terms_termsversion_frozen", errors.TermsFrozen)
        db_errors.register("terms_one_next_version", errors.DraftWaits)
        db_errors.register("terms_version_number", errors.TranslationExists)
        db_errors.register("terms_acceptance_append_only", errors.AcceptanceFrozen)
        db_errors.register("terms_acceptance_once", errors.AlreadyAccepted)
