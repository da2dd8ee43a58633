from django.apps import AppConfig

from apps.core.db import errors as db_errors


class RolloutConfig(AppConfig):
    name = "apps.rollout"
    label = "rollout"

    def ready(self) -> None:
        from apps.rollout import errors

        db_errors.register("rollout_agency_one_current_phase", errors.AgencyInAnotherPhase)
        db_errors.register("rollout_waiver_two_people", errors.WaiverNeedsSecondPerson)
        db_errors.register("rollout_waiver_once", errors.WaiverExists)
