"""History for reports: how long courses were valid, what counted as what, and who needed not take one."""

from django.db import migrations, models

from apps.audit.history import keeps_facts
from apps.core.db.now import BeaconNow


class Migration(migrations.Migration):
    dependencies = [("training", "0003_planned_imports"), ("audit", "0003_facts")]

    operations = [
        migrations.AlterField("completion", "recorded_at", models.DateTimeField(db_default=BeaconNow())),
        keeps_facts(
            "training_course", {"id": "bigint", "code": "varchar", "title": "varchar", "valid_days": "integer"}
        ),
        keeps_facts(
            "training_course_equivalents", {"id": "bigint", "from_course_id": "bigint", "to_course_id": "bigint"}
        ),
        keeps_facts(
            "training_waiver", {"id": "bigint", "employee_id": "bigint", "course_id": "bigint", "until_on": "date"}
        ),
    ]
