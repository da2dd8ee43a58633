from django.apps import AppConfig

from apps.core.db import errors as db_errors
from apps.core.errors import IllegalTransition


class TrainingConfig(AppConfig):
    name = "apps.training"
    label = "training"

    def ready(self) -> None:
        from apps.training import errors

        db_errors.register("training_completion_append_only", errors.CompletionFrozen)
        db_errors.register("training_completionimport_lifecycle", IllegalTransition)
        db_errors.register("training_course_code", errors.CourseExists)
