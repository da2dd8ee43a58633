"""What can go wrong with requests, seats and contracts."""

from apps.core.errors import BeaconError, Invalid


class ContractExhausted(BeaconError):
    text = "All seats of the contract are in use."
    how_to_fix = "Add seats by an amendment, or wait for a seat to come back."


class PhaseCapReached(BeaconError):
    text = "All seats of the phase are in use."
    how_to_fix = "Raise the phase's cap, or wait for a seat to come back."


class AllocationExhausted(BeaconError):
    text = "All seats of the agency are in use."
    how_to_fix = "Raise the agency's allocation, or wait for a seat to come back."


class AlreadyRequested(BeaconError):
    text = "There is a request or a seat already."


class SelfApproval(BeaconError):
    status = 403
    text = "Nobody decides their own request."
    how_to_fix = "Another contact of the agency decides it."


class SeatAlreadyHeld(BeaconError):
    text = "This person holds a seat already."


class ContractExists(BeaconError):
    text = "There is a contract with this number already."


class PhaseNotOpen(BeaconError):
    text = "Your agency is not in an open phase."


class NothingToHandBack(Invalid):
    status = 409
    text = "You hold no seat."


class AlreadyStopped(BeaconError):
    text = "There is an emergency stop for them already."
    how_to_fix = "Its page shows the progress."


class AlreadyOnHold(BeaconError):
    text = "This person is under legal hold in this matter already."


class WrongCount(Invalid):
    text = "The number does not match."
    how_to_fix = "Type the number of people that the page shows; it may have changed meanwhile."
