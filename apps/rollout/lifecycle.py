"""The states of a phase."""

from apps.core.lifecycle import lifecycle

PHASE = lifecycle(
    "phase",
    "draft",
    draft="scheduled",
    scheduled="open draft",
    open="paused closed rolled_back",
    paused="open closed rolled_back",
    closed="",
    rolled_back="",
)
# Agencies are bound to their phase until it has ended.
ENDED = frozenset({"closed", "rolled_back"})
# In these a new seat may be given; a closed phase leaves its agencies covered.
GIVES_SEATS = frozenset({"open", "closed"})
# In these a seat that somebody holds stays live.
KEEPS_SEATS = frozenset({"open", "paused", "closed"})
