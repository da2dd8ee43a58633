"""The states of a roster run."""

from apps.core.lifecycle import lifecycle

ROSTER_RUN = lifecycle(
    "roster run",
    "received",
    received="planned held failed",
    planned="queued discarded",
    held="queued discarded",
    queued="applied failed",
    applied="",
    failed="",
    discarded="",
)
