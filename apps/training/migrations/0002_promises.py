"""Completions are never changed or removed; a correction is a new one."""

from django.db import migrations

from apps.core.db.triggers import append_only


class Migration(migrations.Migration):
    dependencies = [("training", "0001_initial")]

    operations = [append_only("training_completion", what="A completion")]
