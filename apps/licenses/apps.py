from django.apps import AppConfig

from apps.core.db import errors as db_errors


class LicensesConfig(AppConfig):
    name = "apps.licenses"
    label = "licenses"

    def ready(self) -> None:
        from apps.licenses import errors

        db_errors.register("licenses_contract_seats_hold", errors.ContractExhausted)
        db_errors.register("rollout_phase_cap_holds", errors.PhaseCapReached)
        db_errors.register("rollout_allocation_holds", errors.AllocationExhausted)
        db_errors.register("licenses_request_one_current", errors.AlreadyRequested)
        db_errors.register("licenses_request_not_own", errors.SelfApproval)
        db_errors.register("licenses_seat_one_live", errors.SeatAlreadyHeld)
        db_errors.register("licenses_contract_number", errors.ContractExists)
        db_errors.register("licenses_stop_once", errors.AlreadyStopped)
        db_errors.register("licenses_hold_once", errors.AlreadyOnHold)
