"""History of records for reports about past days; the triggers that write it are in the apps whose records they are."""

from django.db import migrations, models

from apps.audit.history import GUARD, NOW, UNDO_GUARD


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_chain")]

    operations = [
        migrations.CreateModel(
            name="Fact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(max_length=60)),
                ("key", models.CharField(max_length=60)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                ("facts", models.JSONField()),
            ],
            options={
                "indexes": [models.Index(fields=["source", "since"], name="audit_fact_since")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("until", None)), fields=("source", "key"), name="audit_fact_open"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("until", None), ("until__gte", models.F("since")), _connector="OR"),
                        name="audit_fact_order",
                    ),
                ],
            },
        ),
        migrations.RunSQL(NOW, "DROP FUNCTION beacon_now();"),
        migrations.RunSQL(GUARD, UNDO_GUARD),
    ]
