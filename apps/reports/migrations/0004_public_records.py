"""Public-records bundles; they move along their lifecycle and never change once made."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from apps.core.db.triggers import append_only, frozen_when, moves_along
from apps.reports.records_lifecycle import BUNDLE


class Migration(migrations.Migration):
    dependencies = [("agencies", "0003_history"), ("reports", "0003_transparency")]

    operations = [
        migrations.CreateModel(
            name="RecordsBundle",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("about", models.CharField(max_length=500)),
                ("since", models.DateField()),
                ("until", models.DateField()),
                ("reason", models.TextField()),
                (
                    "state",
                    models.CharField(
                        choices=[("queued", "Being made"), ("done", "Ready"), ("failed", "Could not be made")],
                        default="queued",
                        max_length=6,
                    ),
                ),
                ("asked_by_key", models.CharField(max_length=64)),
                ("asked_by", models.CharField(max_length=200)),
                ("asked_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("made_at", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("problem", models.CharField(blank=True, max_length=300)),
                ("documents", models.PositiveIntegerField(default=0)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("agencies", models.ManyToManyField(related_name="+", to="agencies.agency")),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("until__gte", models.F("since"))), name="reports_bundle_dates"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="reports_bundle_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "done"), _negated=True),
                            models.Q(models.Q(("sha256", ""), _negated=True), ("made_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="reports_bundle_hashed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BundleFile",
            fields=[
                (
                    "bundle",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="file",
                        serialize=False,
                        to="reports.recordsbundle",
                    ),
                ),
                ("content", models.BinaryField()),
            ],
        ),
        moves_along("reports_recordsbundle", BUNDLE),
        frozen_when(
            "reports_recordsbundle",
            condition="OLD.state = 'done'",
            # Not the state: nothing leads on from done in the lifecycle, whose refusal says so.
            columns=["about", "since", "until", "reason", "made_at", "documents", "sha256"],
            what="A bundle that was made",
        ),
        append_only("reports_bundlefile", what="A bundle"),
    ]
