"""A phase moves along its lifecycle."""

from django.db import migrations

from apps.core.db.triggers import moves_along
from apps.rollout.lifecycle import PHASE


class Migration(migrations.Migration):
    dependencies = [("rollout", "0001_initial")]

    operations = [moves_along("rollout_phase", PHASE)]
