"""A look at unused seats remembers who set the rule that it followed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("licenses", "0005_access_reviews")]

    operations = [
        migrations.AddField("reclaimrun", "rule_by_key", models.CharField(blank=True, db_default="", max_length=80)),
    ]
