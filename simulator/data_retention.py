"""The organization's data retention control (vendor fact sheet 3.8)."""

from __future__ import annotations

from typing import Literal

import msgspec

from simulator import audit_log
from simulator.messages import Call, Reply, json_reply, read_body
from simulator.world import ORGANIZATION_ID, World

RetentionType = Literal[
    "zero_data_retention",
    "modified_abuse_monitoring",
    "enhanced_zero_data_retention",
    "enhanced_modified_abuse_monitoring",
]
DEFAULT_RETENTION: RetentionType = "modified_abuse_monitoring"
RETENTION = "data_retention"


class DataRetention(msgspec.Struct):
    """The control as the API shows it: the answer says `type` where the request says `retention_type`."""

    type: RetentionType
    object: Literal["organization.data_retention"] = "organization.data_retention"


class RetentionOrder(msgspec.Struct):
    """The body of an update."""

    retention_type: RetentionType


def retrieve_retention(world: World, _call: Call) -> Reply:
    """GET /v1/organization/data_retention."""
    return json_reply(DataRetention(world.store.load(RETENTION)))


def update_retention(world: World, call: Call) -> Reply:
    """POST /v1/organization/data_retention."""
    order = read_body(call, RetentionOrder)
    detail = {"id": ORGANIZATION_ID, "changes_requested": {"data_retention": order.retention_type}}
    with world.store.transaction():
        world.store.save(RETENTION, order.retention_type)
        audit_log.record_by_key(world, "organization.updated", ORGANIZATION_ID, detail)
    return json_reply(DataRetention(order.retention_type))
