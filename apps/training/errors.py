"""What can go wrong with training."""

from apps.core.errors import BeaconError


class CompletionFrozen(BeaconError):
    text = "A completion cannot be changed or removed."
    how_to_fix = "Record the correction as a new completion."


class CourseExists(BeaconError):
    text = "There is a course with this code already."
