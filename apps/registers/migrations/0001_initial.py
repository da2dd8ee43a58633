"""Imports of registers: files, rows, and exports of people that were taken."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from apps.core.db.triggers import append_only, moves_along
from apps.registers.lifecycle import REGISTER_IMPORT


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PeopleExport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("what", models.CharField(max_length=120)),
                ("form", models.CharField(max_length=10)),
                ("filters", models.CharField(blank=True, max_length=1000)),
                ("rows", models.PositiveIntegerField()),
                ("reason", models.TextField()),
                ("taken_by", models.CharField(max_length=200)),
                ("taken_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="RegisterImport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("register", models.CharField(max_length=40)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Being planned"),
                            ("planned", "Planned"),
                            ("applying", "Being applied"),
                            ("applied", "Applied"),
                            ("failed", "Failed"),
                            ("discarded", "Discarded"),
                        ],
                        default="received",
                        max_length=10,
                    ),
                ),
                ("file_name", models.CharField(max_length=200)),
                ("file_sha256", models.CharField(max_length=64)),
                (
                    "ignored",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100), default=list, size=None
                    ),
                ),
                ("rows", models.PositiveIntegerField(default=0)),
                ("added", models.PositiveIntegerField(default=0)),
                ("changed", models.PositiveIntegerField(default=0)),
                ("unchanged", models.PositiveIntegerField(default=0)),
                ("refused", models.PositiveIntegerField(default=0)),
                ("worked", models.PositiveIntegerField(default=0)),
                ("received_by", models.CharField(max_length=200)),
                ("received_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("confirmed_by", models.CharField(blank=True, max_length=200)),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                ("reason", models.TextField(blank=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("problem", models.CharField(blank=True, max_length=300)),
                (
                    "confirmed_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "received_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="RegisterFile",
            fields=[
                (
                    "run",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="file",
                        serialize=False,
                        to="registers.registerimport",
                    ),
                ),
                ("content", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="RegisterRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line", models.PositiveIntegerField()),
                ("values", models.JSONField(default=dict)),
                (
                    "planned",
                    models.CharField(
                        choices=[
                            ("waiting", "Not looked at yet"),
                            ("added", "New"),
                            ("changed", "Changed"),
                            ("unchanged", "Unchanged"),
                            ("refused", "Refused"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("changes", models.JSONField(default=dict)),
                ("label", models.CharField(blank=True, max_length=200)),
                ("reason", models.TextField(blank=True)),
                (
                    "done",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("waiting", "Not looked at yet"),
                            ("added", "New"),
                            ("changed", "Changed"),
                            ("unchanged", "Unchanged"),
                            ("refused", "Refused"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="registers.registerimport"
                    ),
                ),
            ],
            options={
                "ordering": ["line"],
            },
        ),
        migrations.AddIndex(
            model_name="registerimport",
            index=models.Index(fields=["register", "-id"], name="registers_import_register"),
        ),
        migrations.AddConstraint(
            model_name="registerrow",
            constraint=models.UniqueConstraint(fields=("run", "line"), name="registers_row_once"),
        ),
        moves_along("registers_registerimport", REGISTER_IMPORT),
        append_only("registers_peopleexport", what="An export that was taken"),
    ]
