"""History for reports: use cases and who adopted them."""

from django.db import migrations

from apps.audit.history import keeps_facts


class Migration(migrations.Migration):
    dependencies = [("catalog", "0002_promises"), ("audit", "0003_facts")]

    operations = [
        keeps_facts(
            "catalog_usecase",
            {
                "id": "bigint", "agency_id": "bigint", "title": "varchar", "state": "varchar", "stage": "varchar",
                "tier": "varchar", "result": "text", "minutes_saved": "smallint", "answers": "integer",
                "method": "varchar", "review_on": "date",
            },
        ),
        keeps_facts("catalog_adoption", {"id": "bigint", "case_id": "bigint", "agency_id": "bigint", "since_on": "date"}),
    ]  # fmt: skip
