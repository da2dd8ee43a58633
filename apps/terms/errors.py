"""What can go wrong with terms."""

from apps.core.errors import BeaconError


class TermsFrozen(BeaconError):
    text = "Published terms cannot be changed."
    how_to_fix = "Draft a new version."


class AcceptanceFrozen(BeaconError):
    text = "An acceptance cannot be changed or removed."


class AlreadyAccepted(BeaconError):
    text = "You have accepted this version already."


class OtherText(BeaconError):
    text = "The terms have changed since this page was shown."
    how_to_fix = "Read the present text and accept it."
