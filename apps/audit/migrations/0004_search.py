"""Indexes for searching a million events by day, stream and names."""

import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.db import migrations, models


def alike(field: str) -> django.contrib.postgres.indexes.OpClass:
    return django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper(field), name="gin_trgm_ops")


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_facts")]

    operations = [
        # Reversing must leave the extension to the apps that came before and need it too.
        migrations.RunSQL("CREATE EXTENSION IF NOT EXISTS pg_trgm", migrations.RunSQL.noop),
        migrations.AddIndex("auditevent", models.Index(fields=["-at", "id"], name="audit_event_at")),
        migrations.AddIndex("auditevent", models.Index(fields=["stream", "-at", "id"], name="audit_event_stream")),
        migrations.AddIndex(
            "auditevent", django.contrib.postgres.indexes.GinIndex(alike("actor_name"), name="audit_event_actor_name")
        ),
        migrations.AddIndex(
            "auditevent", django.contrib.postgres.indexes.GinIndex(alike("record_name"), name="audit_event_record_name")
        ),
    ]
