"""The states of a stored report."""

from apps.core.lifecycle import lifecycle

REPORT = lifecycle("report", "queued", queued="done failed", failed="queued", done="")
