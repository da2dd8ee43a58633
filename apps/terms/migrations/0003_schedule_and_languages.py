"""Versions may be announced for a later day and kept in several languages; one version is prepared at a time."""

from django.db import migrations, models

from apps.core.db.triggers import replace_lifecycle
from apps.terms.lifecycle import TERMS


class Migration(migrations.Migration):
    dependencies = [("terms", "0002_promises")]

    operations = [
        migrations.AlterModelOptions(name="termsversion", options={"ordering": ["-number", "id"]}),
        migrations.AlterModelOptions(name="acceptance", options={"ordering": ["-id"]}),
        migrations.AlterField(
            model_name="termsversion",
            name="state",
            field=models.CharField(
                choices=[
                    ("draft", "Draft"),
                    ("scheduled", "Scheduled"),
                    ("published", "In force"),
                    ("superseded", "Superseded"),
                ],
                default="draft",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="termsversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["draft", "scheduled"])),
                fields=("language",),
                name="terms_one_next_version",
            ),
        ),
        *replace_lifecycle("terms_termsversion", TERMS),
    ]
