"""The states of requests and seats, and the codes that say why."""

from apps.core.lifecycle import lifecycle

REQUEST = lifecycle(
    "request",
    "submitted",
    submitted="approved declined withdrawn expired",
    approved="withdrawn",
    declined="",
    withdrawn="",
    expired="",
)
SEAT = lifecycle(
    "seat",
    "held",
    held="granted released",
    granted="suspended released",
    suspended="granted released",
    released="",
)

REVIEW = lifecycle("access review", "open", open="closed", closed="")
RECLAIM = lifecycle(
    "look at unused seats", ("done", "held"), held="released discarded", done="", released="", discarded=""
)

RELEASE_REASONS = {
    "handed_back": "Handed back",
    "separated": "Left state service",
    "reclaimed": "Not used",
    "revoked": "Revoked",
    "lapsed": "Suspended for 30 days",
    "agency_left": "Agency left the roll-out",
}
SUSPENSION_REASONS = {
    "terms": "Terms not accepted",
    "training": "Training lapsed",
    "incident": "Incident",
    "moved": "Moved to an agency without a seat",
    "rolled_back": "Phase rolled back",
    "review": "Access review",
    "stopped": "Emergency stop",
}
# These end by themselves once the requirement is met again (the stop: once a person lifts it); the others are lifted
# seat by seat.
SELF_ENDING = frozenset({"terms", "training", "moved", "rolled_back", "stopped"})
REASONS = {"": "", "approved": "Approved", "met": "All requirements met"} | RELEASE_REASONS | SUSPENSION_REASONS
SUSPENDED_DAYS = 30
EXPIRE_DAYS, EOTSS_DAYS, BACKUP_DAYS = 14, 10, 3
