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


class NotConfirmed(BeaconError):
    status = 400
    text = "What you typed is not the name of the version."
    how_to_fix = "Type it exactly as shown."


class DraftWaits(BeaconError):
    text = "There is a draft or a scheduled version already."
    how_to_fix = "Publish, change or take back that one first."


class TranslationExists(BeaconError):
    text = "This version has a text in that language already."
    how_to_fix = "Edit that text instead."
