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


class TokenRefused(BeaconError):
    """A bearer token that opens nothing. Which check failed is said: who has a token may know why it is refused."""

    status = 401
    text = "The token is refused."
    how_to_fix = "Make a new token in Beacon, under API tokens."


class SecondPersonNeeded(BeaconError):
    status = 403
    text = "A second administrator decides this."
    how_to_fix = "Ask another administrator: not the one who granted it, nor the one who gets it."


class MappingKnown(BeaconError):
    text = "This group gives this role already."


class PersonKnown(BeaconError):
    text = "Somebody with this address is known already."
    how_to_fix = "They can sign in; give them a role where they need one."


class NameTaken(BeaconError):
    text = "There is a sign-in with this name already."
    how_to_fix = "Choose another name."
