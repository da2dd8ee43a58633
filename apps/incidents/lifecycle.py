"""The states of an incident. Pure."""

from apps.core.lifecycle import lifecycle

INCIDENT = lifecycle(
    "incident",
    "new",
    new="triage dismissed",
    triage="investigating contained dismissed",
    investigating="contained corrective_action closed dismissed",
    contained="corrective_action closed",
    corrective_action="closed",
    closed="reopened",
    dismissed="reopened",
    reopened="investigating contained dismissed",
)
OVER = frozenset({"closed", "dismissed"})
OPEN = INCIDENT.states - OVER
# Only the privacy office takes these, with a reason.
PRIVACY_ONLY = frozenset({"dismissed", "reopened"})
VERBS = {
    "investigating": "Investigate",
    "contained": "Record as contained",
    "corrective_action": "Begin corrective action",
    "closed": "Close",
    "dismissed": "Dismiss",
    "reopened": "Reopen",
}
