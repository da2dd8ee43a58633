"""Imports are planned before they are applied, keep their file and know their columns; waivers can be ended."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from apps.core.db.triggers import moves_along
from apps.training.lifecycle import IMPORT


class Migration(migrations.Migration):
    dependencies = [("training", "0002_promises")]

    operations = [
        migrations.AlterModelOptions(name="waiver", options={"ordering": ["-id"]}),
        migrations.AddField("waiver", "ended_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("waiver", "ended_by", models.CharField(blank=True, max_length=200)),
        migrations.AddField(
            "completionimport",
            "state",
            models.CharField(
                choices=[
                    ("received", "Columns to match"),
                    ("planned", "Planned"),
                    ("applied", "Applied"),
                    ("discarded", "Discarded"),
                ],
                default="applied",
                max_length=10,
            ),
        ),
        migrations.AddField("completionimport", "columns", models.JSONField(default=dict)),
        migrations.AddField(
            "completionimport",
            "added_lines",
            django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), default=list, size=None),
        ),
        migrations.AddField("completionimport", "applied_by", models.CharField(blank=True, max_length=200)),
        migrations.AddField("completionimport", "applied_at", models.DateTimeField(blank=True, null=True)),
        migrations.CreateModel(
            name="CompletionFile",
            fields=[
                (
                    "run",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="file",
                        serialize=False,
                        to="training.completionimport",
                    ),
                ),
                ("content", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="CompletionMapping",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80)),
                ("columns", models.JSONField(default=dict)),
                ("saved_by", models.CharField(max_length=200)),
                ("saved_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "ordering": ["name"],
                "constraints": [models.UniqueConstraint(fields=("name",), name="training_mapping_name")],
            },
        ),
        moves_along("training_completionimport", IMPORT),
    ]
