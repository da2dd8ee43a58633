"""What can go wrong in the catalog."""

from apps.core.errors import BeaconError


class CaseKept(BeaconError):
    text = "A use case cannot be removed, so that its number is never used again."
    how_to_fix = "Withdraw or retire it."


class ReviewKept(BeaconError):
    text = "A review cannot be changed or removed."
    how_to_fix = "Ask the author to send the use case again; each office then reviews anew."


class AlreadyReviewed(BeaconError):
    text = "This office, or you for another office, has reviewed it already."
    how_to_fix = "Reload the page to see the review. Each office needs a person of its own."


class VersionKept(BeaconError):
    text = "What was sent in cannot be changed."
    how_to_fix = "Ask for changes; the author then sends a new version."


class AlreadyAdopted(BeaconError):
    text = "Your agency has adopted this use case already."
    how_to_fix = "Report its result on the use case's page."


class NotWritable(BeaconError):
    text = "The use case has been sent in and cannot be edited now."
    how_to_fix = "Wait for the review, or withdraw it and begin a new one."


class CaseProhibited(BeaconError):
    text = "The assistant must not be used for this."
    how_to_fix = "Change the use case."


class LoweringOpen(BeaconError):
    text = "Lowering the tier is asked for already."
    how_to_fix = "Wait until a second person has decided."


class SecondPersonNeeded(BeaconError):
    text = "Whoever asks for a lower tier does not decide on it."
    how_to_fix = "Another person of the privacy office or EOTSS decides."


class FewAnswers(BeaconError):
    text = "Time saved needs at least 10 answers and a method: fewer could point to a person."
    how_to_fix = "Leave the minutes empty and describe the result in words, or ask more people."
