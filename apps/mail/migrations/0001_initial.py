"""The outbox."""

import uuid

import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

from apps.core.db.triggers import moves_along
from apps.mail.lifecycle import MESSAGE


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Body",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=40)),
                ("subject", models.CharField(max_length=120)),
                ("text", models.TextField()),
                ("html", models.TextField()),
                ("digest", models.CharField(db_index=True, max_length=32)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "verbose_name_plural": "bodies",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("subject__regex", "^[^\\r\\n]+$")), name="mail_subject_one_line"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Round",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40)),
                ("day", models.DateField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("name", "day"), name="mail_round_once")],
            },
        ),
        migrations.CreateModel(
            name="SuppressedAddress",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.CharField(max_length=254)),
                ("reason", models.CharField(max_length=400)),
                ("since", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("lifted_at", models.DateTimeField(blank=True, null=True)),
                ("lifted_by", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "verbose_name_plural": "suppressed addresses",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("address"),
                        condition=models.Q(("lifted_at", None)),
                        name="mail_suppressed_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MailPreference",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("group", models.CharField(choices=[("digest", "digest"), ("reminders", "reminders")], max_length=10)),
                ("is_on", models.BooleanField()),
                ("changed_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mail_preferences",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("user", "group"), name="mail_preference_once"),
                    models.CheckConstraint(
                        condition=models.Q(("group__in", ["digest", "reminders"])), name="mail_preference_switchable"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "key",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        unique=True,
                    ),
                ),
                ("kind", models.CharField(max_length=40)),
                ("address", models.CharField(max_length=254)),
                ("employee_ref", models.BigIntegerField(blank=True, null=True)),
                ("path", models.CharField(max_length=200)),
                ("about_type", models.CharField(blank=True, max_length=60)),
                ("about_id", models.CharField(blank=True, max_length=40)),
                ("topic", models.CharField(blank=True, max_length=80)),
                ("dedupe_key", models.CharField(max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Waiting to be sent"),
                            ("sending", "Being sent"),
                            ("sent", "Sent"),
                            ("failed", "Not sent"),
                            ("bounced", "Came back"),
                            ("suppressed", "Held back"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("next_attempt_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("leased_until", models.DateTimeField(blank=True, null=True)),
                ("handed_at", models.DateTimeField(blank=True, null=True)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("last_error", models.CharField(blank=True, max_length=400)),
                ("is_unclear", models.BooleanField(default=False)),
                (
                    "body",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="messages", to="mail.body"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="mail",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "queued")),
                        fields=["next_attempt_at", "id"],
                        name="mail_message_due",
                    ),
                    models.Index(
                        condition=models.Q(("state", "sending")), fields=["leased_until"], name="mail_message_leased"
                    ),
                    models.Index(condition=models.Q(("state", "queued")), fields=["topic"], name="mail_message_topic"),
                    models.Index(fields=["state", "id"], name="mail_message_state"),
                    models.Index(fields=["employee_ref"], name="mail_message_employee"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("dedupe_key",), name="mail_message_once"),
                    models.CheckConstraint(
                        condition=models.Q(("address__regex", "^[^\\s,;<>]+@[^\\s,;<>]+$")), name="mail_one_address"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("path__regex", "^/([^/\\s\\\\]|$)")), name="mail_path_is_ours"
                    ),
                ],
            },
        ),
        moves_along("mail_message", MESSAGE),
    ]
