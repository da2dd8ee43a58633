"""Deliveries may go when they are done and 90 days old, and no earlier; what a delivery is about never changes."""

from django.db import migrations, models

from apps.core.db.triggers import frozen_when

# What webhooks.retention.KEPT_DAYS says.
_KEPT = """NOT (OLD.state IN ('delivered', 'failed', 'cancelled')
    AND GREATEST(OLD.next_attempt_at, OLD.delivered_at) < beacon_now() - interval '90 days')"""
_COLUMNS = ["id", "subscription_id", "change_id", "record", "position", "created_at"]


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0002_triggers")]

    operations = [
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(("state__in", ["delivered", "failed", "cancelled"])),
                name="webhooks_delivery_done",
            ),
        ),
        frozen_when("webhooks_delivery", condition=_KEPT, columns=_COLUMNS, what="A delivery"),
    ]
