"""What the identity provider calls people, and the separations that it asked for: see apps/scim."""

import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agencies", "0003_history"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FeedChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("join", "Joins"),
                            ("leave", "Leaves"),
                            ("move", "Moves"),
                            ("change", "Changes"),
                            ("reject", "Rejected"),
                        ],
                        max_length=6,
                    ),
                ),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("by_key", models.CharField(max_length=64)),
                ("by", models.CharField(max_length=200)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.AddField(
            model_name="employee",
            name="created_at",
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.AddField(
            model_name="employee",
            name="external_id",
            field=models.CharField(blank=True, db_default="", max_length=254),
        ),
        migrations.AddField(
            model_name="employee",
            name="key",
            field=models.UUIDField(
                db_default=django.contrib.postgres.functions.RandomUUID(), editable=False, unique=True
            ),
        ),
        migrations.AddField(
            model_name="employee",
            name="sign_in_name",
            field=models.CharField(blank=True, db_default="", max_length=254),
        ),
        migrations.AddField(
            model_name="employee",
            name="withdrawn_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="rosterrun",
            name="source",
            field=models.CharField(
                choices=[("file", "HR file"), ("scim", "Identity provider")],
                db_default="file",
                default="file",
                max_length=4,
            ),
        ),
        migrations.AddField(
            model_name="employee",
            name="lookup_name",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.text.Lower(
                    django.db.models.functions.comparison.Coalesce(
                        django.db.models.functions.comparison.NullIf("sign_in_name", models.Value("")), "email"
                    )
                ),
                output_field=models.CharField(db_collation="C", max_length=254),
            ),
        ),
        migrations.AddIndex(
            model_name="employee",
            index=models.Index(fields=["lookup_name"], name="agencies_employee_lookup"),
        ),
        migrations.AddIndex(
            model_name="employee",
            index=models.Index(
                condition=models.Q(("external_id", ""), _negated=True),
                fields=["external_id"],
                name="agencies_employee_external",
            ),
        ),
        migrations.AddConstraint(
            model_name="employee",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("sign_in_name"),
                condition=models.Q(
                    models.Q(("status", "separated"), _negated=True), models.Q(("sign_in_name", ""), _negated=True)
                ),
                name="agencies_employee_sign_in_name",
            ),
        ),
        migrations.AddConstraint(
            model_name="employee",
            constraint=models.CheckConstraint(
                condition=models.Q(("withdrawn_at", None), ("status", "separated"), _connector="OR"),
                name="agencies_employee_withdrawn",
            ),
        ),
        migrations.AddField(
            model_name="feedchange",
            name="agency",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
            ),
        ),
        migrations.AddField(
            model_name="feedchange",
            name="employee",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="agencies.employee"
            ),
        ),
        migrations.AddIndex(
            model_name="feedchange",
            index=models.Index(fields=["kind", "at"], name="agencies_feedchange_window"),
        ),
    ]
