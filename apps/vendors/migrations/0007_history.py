"""History for reports: use by week as it was known, first use, and what was wrong at the vendor."""

from django.db import migrations

from apps.audit.history import keeps_facts


class Migration(migrations.Migration):
    dependencies = [("vendors", "0006_gone_and_kept"), ("audit", "0003_facts")]

    operations = [
        keeps_facts(
            "vendors_usageweek",
            {
                "id": "bigint", "week": "date", "agency_id": "bigint", "workspace_id": "bigint", "active": "integer",
                "active_28": "integer", "habitual": "integer", "messages": "bigint",
            },
        ),
        keeps_facts(
            "vendors_seatuse",
            {"employee_id": "bigint", "workspace_id": "bigint", "first_use_on": "date"},
            key=("employee_id", "workspace_id"),
        ),
        keeps_facts(
            "vendors_drift",
            {
                "id": "bigint", "workspace_id": "bigint", "kind": "varchar", "state": "varchar",
                "first_seen_at": "timestamptz",
            },
            only="{row}.state <> 'resolved'",
        ),
        keeps_facts(
            "vendors_posturecheck",
            {"id": "bigint", "workspace_id": "bigint", "code": "varchar", "state": "varchar", "since": "timestamptz"},
        ),
        keeps_facts(
            "vendors_operation",
            {"id": "bigint", "workspace_id": "bigint", "kind": "varchar", "created_at": "timestamptz"},
            only="{row}.state = 'needs_attention'",
        ),
    ]  # fmt: skip
