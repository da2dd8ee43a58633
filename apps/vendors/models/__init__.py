"""The vendor's side in the database, one module for each kind of thing."""

from apps.vendors.models.differences import Drift, PostureCheck, VendorEvent
from apps.vendors.models.observed import VendorAccount, VendorGroup, VendorInvite
from apps.vendors.models.operations import Allowance, Attempt, Operation, SyncRun
from apps.vendors.models.usage import SeatUse, UsageDay, UsageFetch, UsageImport, UsagePresence, UsageWeek
from apps.vendors.models.workspaces import STALE_AFTER, Assumption, Workspace

__all__ = [
    "STALE_AFTER",
    "Allowance",
    "Assumption",
    "Attempt",
    "Drift",
    "Operation",
    "PostureCheck",
    "SeatUse",
    "SyncRun",
    "UsageDay",
    "UsageFetch",
    "UsageImport",
    "UsagePresence",
    "UsageWeek",
    "VendorAccount",
    "VendorEvent",
    "VendorGroup",
    "VendorInvite",
    "Workspace",
]
