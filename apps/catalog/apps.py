from django.apps import AppConfig

from apps.core.db import errors as db_errors


class CatalogConfig(AppConfig):
    name = "apps.catalog"
    label = "catalog"

    def ready(self) -> None:
        from apps.catalog import errors

        db_errors.register("catalog_usecase_kept", errors.CaseKept)
        db_errors.register("catalog_review_append_only", errors.ReviewKept)
        db_errors.register("catalog_caseversion_append_only", errors.VersionKept)
        db_errors.register("catalog_review_office_once", errors.AlreadyReviewed)
        db_errors.register("catalog_review_person_once", errors.AlreadyReviewed)
        db_errors.register("catalog_adoption_once", errors.AlreadyAdopted)
        db_errors.register("catalog_lowering_one_open", errors.LoweringOpen)
        db_errors.register("catalog_lowering_second_person", errors.SecondPersonNeeded)
        db_errors.register("catalog_usecase_answers", errors.FewAnswers)
        db_errors.register("catalog_adoption_answers", errors.FewAnswers)
