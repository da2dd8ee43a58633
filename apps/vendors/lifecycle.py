"""The states of operations, sync runs and drift."""

from apps.core.lifecycle import lifecycle

OPERATION = lifecycle(
    "operation",
    ("planned", "pending"),
    planned="pending discarded",
    pending="running superseded",
    running="done retry needs_attention pending superseded",
    retry="running superseded done needs_attention",
    needs_attention="pending superseded done",
    done="",
    superseded="",
    discarded="",
)
SYNC = lifecycle(
    "sync run",
    "running",
    running="done incomplete held failed",
    held="released discarded",
    released="",
    done="",
    incomplete="",
    failed="",
    discarded="",
)
DRIFT = lifecycle("drift", "open", open="resolved ignored", ignored="open resolved", resolved="")
USAGE_IMPORT = lifecycle("usage import", "planned", planned="applied discarded", applied="", discarded="")
# Operations that are still to have an effect: one per target.
OPEN = ("planned", "pending", "running", "retry", "needs_attention")
# Kinds that take access away: guarded in bulk, urgent one by one.
REMOVALS = ("remove", "withdraw", "suspend")
