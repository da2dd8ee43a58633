"""What can go wrong with phases."""

from collections.abc import Sequence

from apps.core.errors import BeaconError, Reason


class AgencyInAnotherPhase(BeaconError):
    text = "The agency is in another phase that is not closed."
    how_to_fix = "Close that phase, or take the agency out of it."


class CapTooSmall(BeaconError):
    text = "The phase's seat cap is reached."
    how_to_fix = "Raise the cap of the phase, or wait for a seat to come back."


class AllocationTooSmall(BeaconError):
    text = "The agency's allocation is used up."
    how_to_fix = "Raise the allocation, or wait for a seat to come back."


class WaiverNeedsSecondPerson(BeaconError):
    status = 403
    text = "A waiver needs two people: whoever asks for it cannot confirm it."
    how_to_fix = "Ask another administrator or a privacy officer."


class WaiverExists(BeaconError):
    text = "There is a waiver for this gate already."


class GatesNotPassed(BeaconError):
    """The phase cannot open: one reason for every gate that neither passes nor is waived."""

    text = "The phase cannot open yet."

    def __init__(self, reasons: Sequence[Reason] = ()) -> None:
        super().__init__(reasons=reasons)


class OpenerConfirmedWaiver(BeaconError):
    status = 403
    text = "You confirmed a waiver of this phase, so somebody else opens it."
    how_to_fix = "Ask another administrator to open the phase."
