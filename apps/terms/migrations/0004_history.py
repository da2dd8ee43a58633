"""History for reports: which version of the terms was in force."""

from django.db import migrations

from apps.audit.history import keeps_facts


class Migration(migrations.Migration):
    dependencies = [("terms", "0003_schedule_and_languages"), ("audit", "0003_facts")]

    operations = [
        keeps_facts(
            "terms_termsversion",
            {
                "id": "bigint", "number": "integer", "language": "varchar", "state": "varchar",
                "requires_reacceptance": "boolean", "grace_days": "smallint", "effective_on": "date",
            },
        ),
    ]  # fmt: skip
