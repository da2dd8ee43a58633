"""Access reviews: campaigns and what was answered about each holder or role."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from apps.core.db.triggers import moves_along
from apps.licenses.lifecycle import REVIEW


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("agencies", "0002_promises"),
        ("licenses", "0004_reclaim"),
    ]

    operations = [
        migrations.CreateModel(
            name="AccessReview",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120)),
                (
                    "kind",
                    models.CharField(
                        choices=[("members", "Holders of seats"), ("roles", "Privileged roles")], max_length=7
                    ),
                ),
                (
                    "state",
                    models.CharField(choices=[("open", "Open"), ("closed", "Closed")], default="open", max_length=6),
                ),
                ("opened_by", models.CharField(max_length=200)),
                ("opened_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("due_on", models.DateField()),
                ("closed_by", models.CharField(blank=True, max_length=200)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "agency",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="access_reviews",
                        to="agencies.agency",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="ReviewItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("looks_unused", models.BooleanField(null=True)),
                (
                    "decision",
                    models.CharField(
                        blank=True,
                        choices=[("", "No answer yet"), ("confirmed", "Confirmed"), ("released", "Released")],
                        default="",
                        max_length=9,
                    ),
                ),
                ("decided_by", models.CharField(blank=True, max_length=200)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("note", models.CharField(blank=True, max_length=500)),
                (
                    "agency",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="agencies.agency",
                    ),
                ),
                (
                    "assignment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="accounts.roleassignment",
                    ),
                ),
                (
                    "employee",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="agencies.employee",
                    ),
                ),
                (
                    "review",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="items", to="licenses.accessreview"
                    ),
                ),
                (
                    "seat",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="licenses.seat",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["review", "decision", "agency"], name="licenses_reviewitem_open")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("assignment", None), ("seat__isnull", False)),
                            models.Q(("assignment__isnull", False), ("seat", None)),
                            _connector="OR",
                        ),
                        name="licenses_reviewitem_target",
                    ),
                    models.UniqueConstraint(
                        fields=("review", "seat", "assignment"), name="licenses_reviewitem_once", nulls_distinct=False
                    ),
                ],
            },
        ),
        moves_along("licenses_accessreview", REVIEW),
    ]
