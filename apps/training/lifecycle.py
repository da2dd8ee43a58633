"""The states of a file from the learning system."""

from apps.core.lifecycle import lifecycle

# Received: its columns are not known yet. A file whose columns are known is planned at once.
IMPORT = lifecycle(
    "training import", ("received", "planned", "applied"),
    received="planned discarded", planned="applied discarded", applied="", discarded="",
)  # fmt: skip
