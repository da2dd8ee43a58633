"""The states of a subscription and of a delivery. Pure."""

from apps.core.lifecycle import lifecycle

# Off: the receiver said that it is gone (410). Ended: by a person, for good.
SUBSCRIPTION = lifecycle(
    "webhook", "active",
    active="paused off ended", paused="active ended", off="active ended", ended="",
)  # fmt: skip
DELIVERY = lifecycle(
    "delivery",
    "waiting",
    waiting="sending cancelled",
    sending="delivered waiting failed cancelled",
    # Sent again by a person, under the same id.
    delivered="waiting",
    failed="waiting",
    cancelled="",
)
