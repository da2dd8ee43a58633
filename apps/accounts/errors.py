"""What can go wrong with people and roles."""

from apps.core.errors import BeaconError


class RoleAlreadyHeld(BeaconError):
    text = "This person already holds the role."


class SelfGrant(BeaconError):
    status = 403
    text = "Nobody grants themselves a role."
    how_to_fix = "Ask another administrator."


class LastAdministrator(BeaconError):
    text = "This is the last administrator."
    how_to_fix = "Make somebody else an administrator first."
