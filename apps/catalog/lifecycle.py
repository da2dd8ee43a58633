"""The states of a use case. How far it has come in practice is its stage, a column of its own."""

from apps.core.lifecycle import lifecycle

CASE = lifecycle(
    "use case",
    "draft",
    draft="submitted withdrawn",
    submitted="in_review withdrawn",
    in_review="published conditions changes_requested refused withdrawn",
    changes_requested="submitted withdrawn",
    published="suspended retired",
    conditions="suspended retired",
    suspended="published conditions retired",
    refused="",
    withdrawn="",
    retired="",
)
LIVE = ("published", "conditions")
SHOWN = (*LIVE, "suspended", "retired")
WAITING = ("submitted", "in_review")
WRITABLE = ("draft", "changes_requested")
