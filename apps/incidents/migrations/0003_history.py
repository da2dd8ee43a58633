"""History for reports: states and clocks of incidents, nothing of what was told."""

from django.db import migrations

from apps.audit.history import keeps_facts


class Migration(migrations.Migration):
    dependencies = [("incidents", "0002_promises"), ("audit", "0003_facts")]

    operations = [
        keeps_facts(
            "incidents_incident",
            {
                "id": "bigint", "agency_id": "bigint", "category": "varchar", "severity": "smallint",
                "state": "varchar", "is_near_miss": "boolean", "duplicate_of_id": "bigint",
                "reported_at": "timestamptz", "acknowledge_by": "timestamptz", "acknowledged_at": "timestamptz",
                "closed_at": "timestamptz",
            },
            by="hour",  # as the reports themselves: an exact time would tell when somebody reported without a name
        ),
    ]  # fmt: skip
