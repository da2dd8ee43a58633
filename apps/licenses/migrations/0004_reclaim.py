"""Unused seats: the rule of a contract, what the job remembers, each morning's look."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from apps.core.db.triggers import moves_along
from apps.licenses.lifecycle import RECLAIM


class Migration(migrations.Migration):
    dependencies = [
        ("licenses", "0003_stops_and_holds"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReclaimPolicy",
            fields=[
                (
                    "contract",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="reclaim",
                        serialize=False,
                        to="licenses.contract",
                    ),
                ),
                (
                    "mode",
                    models.CharField(
                        choices=[("off", "Off"), ("dry", "Dry run: count, ask nobody"), ("on", "On")],
                        default="off",
                        max_length=3,
                    ),
                ),
                ("never_first", models.PositiveSmallIntegerField(default=14)),
                ("never_second", models.PositiveSmallIntegerField(default=30)),
                ("never_release", models.PositiveSmallIntegerField(default=45)),
                ("idle_first", models.PositiveSmallIntegerField(default=60)),
                ("idle_second", models.PositiveSmallIntegerField(default=75)),
                ("idle_release", models.PositiveSmallIntegerField(default=90)),
                ("changed_by_key", models.CharField(blank=True, max_length=80)),
                ("changed_by", models.CharField(blank=True, max_length=200)),
                ("changed_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("never_first__lt", models.F("never_second")),
                            ("never_second__lt", models.F("never_release")),
                            ("idle_first__lt", models.F("idle_second")),
                            ("idle_second__lt", models.F("idle_release")),
                            ("never_first__gte", 7),
                            ("never_release__gte", 30),
                            ("idle_release__gte", 60),
                        ),
                        name="licenses_reclaim_steps",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ReclaimRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "mode",
                    models.CharField(
                        choices=[("off", "Off"), ("dry", "Dry run: count, ask nobody"), ("on", "On")], max_length=3
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("done", "Done"),
                            ("held", "Held"),
                            ("released", "Released by a second person"),
                            ("discarded", "Discarded"),
                        ],
                        default="done",
                        max_length=9,
                    ),
                ),
                ("looked", models.PositiveIntegerField(default=0)),
                ("asked", models.PositiveIntegerField(default=0)),
                ("released", models.PositiveIntegerField(default=0)),
                ("skipped", models.JSONField(default=dict)),
                (
                    "held_seats",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("settled_by", models.CharField(blank=True, max_length=200)),
                (
                    "contract",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reclaim_runs", to="licenses.contract"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="ReclaimWatch",
            fields=[
                (
                    "seat",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="watch",
                        serialize=False,
                        to="licenses.seat",
                    ),
                ),
                ("step", models.PositiveSmallIntegerField(default=0)),
                ("told_on", models.DateField(blank=True, null=True)),
                ("told_since", models.DateField(blank=True, null=True)),
                ("release_on", models.DateField(blank=True, null=True)),
                ("kept_on", models.DateField(blank=True, null=True)),
                ("look_on", models.DateField()),
            ],
            options={
                "indexes": [models.Index(fields=["look_on"], name="licenses_watch_due")],
            },
        ),
        moves_along("licenses_reclaimrun", RECLAIM),
    ]
