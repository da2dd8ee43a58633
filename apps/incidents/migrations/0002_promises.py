"""Incidents move along their table; the timeline and what was decided, told and done are never changed or removed."""

from django.db import migrations

from apps.core.db.triggers import append_only, frozen_when, moves_along
from apps.incidents.lifecycle import INCIDENT

_FROZEN = [
    "id",
    "reported_at",
    "is_anonymous",
    "reporter_key",
    "reporter_name",
    "reporter_id",
    "code_hash",
    "occurred_on",
]


class Migration(migrations.Migration):
    dependencies = [("incidents", "0001_initial")]

    operations = [
        moves_along("incidents_incident", INCIDENT),
        frozen_when("incidents_incident", condition="TRUE", columns=_FROZEN, what="How an incident was reported"),
        append_only("incidents_timelineentry", what="A timeline"),
        append_only("incidents_attachment", what="A file of an incident"),
        append_only("incidents_containment", what="A containment"),
        append_only("incidents_breachdecision", what="A decision of the breach desk"),
        append_only("incidents_breachnotice", what="A notice of the breach desk"),
    ]
