"""What the mail services refuse."""

from apps.core.errors import BeaconError


class NotSwitchable(BeaconError):
    text = "This kind of message cannot be switched off."
    how_to_fix = "It is about your own access or your role."


class AddressSuppressed(BeaconError):
    text = "Nothing is sent to this address: mail to it came back."
    how_to_fix = "Lift the suppression first, once the address is right."
