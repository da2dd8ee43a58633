"""An operation under way may turn out to be no longer needed; the vendor's log is only added to."""

from django.db import migrations

from apps.core.db.triggers import append_only, replace_lifecycle
from apps.vendors.lifecycle import OPERATION


class Migration(migrations.Migration):
    dependencies = [("vendors", "0005_usage")]

    operations = [
        *replace_lifecycle("vendors_operation", OPERATION),
        append_only("vendors_vendorevent", what="A line of the vendor's log"),
    ]
