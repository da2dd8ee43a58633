"""What can go wrong in the directory."""

from apps.core.errors import BeaconError, Invalid


class EmailTaken(BeaconError):
    text = "Another employee has this e-mail address."
    how_to_fix = "Correct the address in the HR system, or separate the earlier holder first."


class SignInNameTaken(BeaconError):
    text = "Another employee has this sign-in name."
    how_to_fix = "Correct the name in the identity provider, or remove the earlier holder first."


class EmployeeIdTaken(BeaconError):
    text = "Another employee has this employee id."
    how_to_fix = "Look the employee up by this id and change that record."


class NotAsSeen(BeaconError):
    status = 412
    text = "The record changed after it was read."
    how_to_fix = "Read it again and repeat the change."


class SeparationHeld(BeaconError):
    text = "This separation is held until a person at Beacon confirms it."
    how_to_fix = "An EOTSS administrator releases or discards it on the page of the import."


class AlreadyContact(BeaconError):
    text = "This person is a contact of the agency already."


class LastContact(BeaconError):
    text = "This is the agency's last active contact."
    how_to_fix = "Name a successor first."


class UnusableFile(Invalid):
    """The file as a whole cannot be read; no row of it was looked at."""

    text = "The file cannot be read."


class StalePlan(BeaconError):
    text = "Another import was applied after this plan was made."
    how_to_fix = "Upload the file again to see a plan against the present directory."


class NeedsSecondPerson(BeaconError):
    status = 403
    text = "Whoever uploaded the file cannot release it."
    how_to_fix = "Ask another administrator to look at the plan and release it."


class WrongNumber(Invalid):
    text = "The number does not match the plan."
    how_to_fix = "Type the number of people who would be separated, as the plan shows it."
