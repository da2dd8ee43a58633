"""The states of a register's import. Pure."""

from apps.core.lifecycle import lifecycle

# Received: the file is read, its plan is being made. Applying: a person has confirmed, a worker goes on row by row.
REGISTER_IMPORT = lifecycle(
    "import", "received",
    received="planned failed discarded", planned="applying discarded", applying="applied failed", applied="", failed="",
    discarded="",
)  # fmt: skip
