"""History for reports: phases, the agencies in them, and waived gates."""

from django.db import migrations

from apps.audit.history import keeps_facts


class Migration(migrations.Migration):
    dependencies = [("rollout", "0002_promises"), ("audit", "0003_facts")]

    operations = [
        keeps_facts(
            "rollout_phase",
            {
                "id": "bigint", "number": "smallint", "name": "varchar", "state": "varchar", "planned_start": "date",
                "planned_end": "date", "seat_cap": "integer", "required_courses": "varchar[]",
                "training_before_access": "boolean",
            },
        ),
        keeps_facts(
            "rollout_phaseagency",
            {
                "id": "bigint", "phase_id": "bigint", "agency_id": "bigint", "allocation": "integer",
                "is_current": "boolean", "attested_at": "timestamptz",
            },
        ),
        keeps_facts(
            "rollout_gatewaiver",
            {"id": "bigint", "phase_id": "bigint", "gate": "varchar", "reason": "text", "confirmed_at": "timestamptz"},
        ),
    ]  # fmt: skip
