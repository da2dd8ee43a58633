"""History for reports: which agency and status a person had, and what agencies were called."""

from django.db import migrations

from apps.audit.history import keeps_facts


class Migration(migrations.Migration):
    dependencies = [("agencies", "0002_promises"), ("audit", "0003_facts")]

    operations = [
        keeps_facts(
            "agencies_agency",
            {
                "id": "bigint", "code": "varchar", "name": "varchar", "parent_id": "bigint", "is_active": "boolean",
                "workspace": "varchar",
            },
        ),
        keeps_facts("agencies_employee", {"id": "bigint", "agency_id": "bigint", "status": "varchar"}),
    ]  # fmt: skip
