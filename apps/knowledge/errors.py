"""What can go wrong in the knowledge center."""

from apps.core.errors import BeaconError


class ToolThere(BeaconError):
    text = "A tool with this name or web address is in the register already."
    how_to_fix = "Look it up and edit its entry."


class RulesMissing(BeaconError):
    text = "Other rules apply, but they are not given."
    how_to_fix = "Write in the answer which rules these are."


class EntryKept(BeaconError):
    text = "What was said about a question cannot be changed or removed."
    how_to_fix = "Answer again after the asker has reopened it."


class VersionKept(BeaconError):
    text = "A published version cannot be changed or removed."
    how_to_fix = "Edit the article and publish it again."


class ReopenedAlready(BeaconError):
    text = "This question was reopened once already."
    how_to_fix = "Ask a new question and mention this one."


class ArticleThere(BeaconError):
    text = "This answer is an article already."
    how_to_fix = "Edit the article."


class NothingChanged(BeaconError):
    text = "The text is the same as in the published version."
    how_to_fix = "Edit the article first, or confirm that it is still right."


class ObligationThere(BeaconError):
    text = "An obligation with this title is listed already."
    how_to_fix = "Edit that one."


class EvidenceMissing(BeaconError):
    text = "An obligation that is met, or met in part, needs evidence."
    how_to_fix = "Describe the evidence or give its link."


class DaysReversed(BeaconError):
    text = "The last day lies before the first."
    how_to_fix = "Correct one of the two days."


class FileThere(BeaconError):
    text = "This file has been imported already."
    how_to_fix = "Nothing is left to do. A corrected file replaces the days that it holds."


class PersonalColumns(BeaconError):
    status = 400
    text = "The file says who or which device it was, so nothing of it was taken."
    how_to_fix = "Send the four columns tool_or_domain, agency_code, day and count only."
