"""A sign-in is not changed, and not removed before it is 400 days old. Of whom it was goes with the user."""

from django.db import migrations

from apps.core.db.triggers import frozen_when

# What accounts.tasks.SIGN_IN_DAYS says.
_YOUNG = "OLD.at > beacon_now() - interval '400 days'"
_COLUMNS = ["id", "at", "method", "outcome", "check_failed", "address"]


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_identity"), ("audit", "0003_facts")]

    operations = [frozen_when("accounts_signin", condition=_YOUNG, columns=_COLUMNS, what="A sign-in")]
