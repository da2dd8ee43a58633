"""Operations, sync runs and drift move along their lifecycles."""

from django.db import migrations

from apps.core.db.triggers import moves_along
from apps.vendors.lifecycle import DRIFT, OPERATION, SYNC


class Migration(migrations.Migration):
    dependencies = [("vendors", "0001_initial"), ("licenses", "0002_promises")]

    operations = [
        moves_along("vendors_operation", OPERATION),
        moves_along("vendors_syncrun", SYNC),
        moves_along("vendors_drift", DRIFT),
    ]
