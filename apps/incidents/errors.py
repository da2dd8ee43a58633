"""What can go wrong with incidents."""

from apps.core.errors import BeaconError, Invalid


class NotYetAcknowledged(BeaconError):
    text = "The incident has not been triaged."
    how_to_fix = "Triage it first: that stops its clock and says how severe it is."


class TasksOpen(BeaconError):
    text = "Tasks of the incident are open."
    how_to_fix = "Finish them, then close the incident."


class BreachUndecided(BeaconError):
    text = "The breach desk has begun and nothing is decided."
    how_to_fix = "Decide on the incident's breach desk, then close the incident."


class NotADuplicate(Invalid):
    text = "An incident is merged into another one that stands by itself."
    how_to_fix = "Give the number of the other incident; where that is a duplicate too, the number it was merged into."


class CasesElsewhere(BeaconError):
    text = "Use cases cannot be suspended from here."
    how_to_fix = "Suspend the use case on its own page; record the containment without it."


class TooManyReports(BeaconError):
    status = 429
    text = "Many reports are coming in at this moment."
    how_to_fix = "Try again in an hour, or report with your name after signing in. In an emergency call your help desk."


class UnknownCode(BeaconError):
    status = 404
    text = "There is no report with this code."
    how_to_fix = (
        "Check it letter by letter. It has 20 letters and digits. A lost code cannot be found again; report anew."
    )


class AnswersMissing(Invalid):
    text = "A question is still answered with “not known yet”."
    how_to_fix = "Answer all four before you decide that it is not a breach. A breach can be decided at any time."


class FileAltered(BeaconError):
    text = "The stored file is missing, or it is not the file that was added."
    how_to_fix = "Tell the operator: the file can be restored from a backup and is compared with its SHA-256."


class NothingAsked(Invalid):
    text = "There is no report of yours to add to, or it is closed."
    how_to_fix = "Report again; the privacy office joins the two."
