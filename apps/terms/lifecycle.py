"""The states of a terms version."""

from apps.core.lifecycle import lifecycle

# Scheduled: frozen and announced, in force from its day on. It may be taken back until then.
TERMS = lifecycle(
    "terms version", "draft",
    draft="scheduled published", scheduled="published draft", published="superseded", superseded="",
)  # fmt: skip
