"""What happened, as other systems hear of it: the catalogue of event types, and an event in the form of CloudEvents 1.0.

Pure. What an event says is built by triggers (migrations/0002) from columns that hold codes, numbers and days: never a
name, never a text that somebody wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

TYPES = {
    "seat.held": "A seat was reserved",
    "seat.granted": "A seat was granted",
    "seat.suspended": "A seat was suspended",
    "seat.restored": "A suspension was lifted",
    "seat.released": "A seat was given back or taken away",
    "seat.changed": "A seat moved to another agency or phase, or has another reason",
    "phase.scheduled": "A phase was scheduled",
    "phase.unscheduled": "A phase is a draft again",
    "phase.opened": "A phase was opened",
    "phase.paused": "A phase was paused",
    "phase.resumed": "A phase goes on",
    "phase.closed": "A phase was closed",
    "phase.rolled_back": "A phase was rolled back",
    "terms.scheduled": "A version of the terms was announced",
    "terms.unscheduled": "A version of the terms is a draft again",
    "terms.published": "A version of the terms is in force",
    "terms.superseded": "A version of the terms was replaced",
    "incident.reported": "An incident was reported",
    "incident.triaged": "An incident was triaged",
    "incident.investigated": "An incident is being investigated",
    "incident.contained": "An incident was contained",
    "incident.corrected": "Corrective action began",
    "incident.closed": "An incident was closed",
    "incident.dismissed": "An incident was dismissed",
    "incident.reopened": "An incident was reopened",
}
PING = "ping"
CONTENT_TYPE = "application/cloudevents+json"


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is the same for every event of this Beacon: its own address, and how types begin (settings)."""

    source: str
    prefix: str


def cloud_event(
    envelope: Envelope, *, key: str, kind: str, subject: str, at: datetime, sequence: int, data: Mapping[str, Any]
) -> dict[str, Any]:
    """One event. `sequence` counts the events of a record; as text it sorts as it counts (the extension of that name)."""
    return {
        "specversion": "1.0",
        "id": key,
        "source": envelope.source,
        "type": f"{envelope.prefix}.{kind}",
        "subject": subject,
        "time": at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "dataschema": f"urn:beacon:event:{kind.partition('.')[0]}:1",
        "sequence": f"{sequence:010d}",
        "data": dict(data),
    }
