"""What the database promises about stored reports: they move along their lifecycle and never change once made."""

from django.db import migrations

from apps.core.db.triggers import append_only, frozen_when, moves_along
from apps.reports.lifecycle import REPORT


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_stored")]

    operations = [
        moves_along("reports_storedreport", REPORT),
        frozen_when(
            "reports_storedreport",
            condition="OLD.state = 'done'",
            columns=[
                "kind", "scope", "scope_label", "as_of", "is_floored", "made_at", "opinion", "sha256",
                "signature", "key_id",
            ],
            what="A report that was made",
        ),
        append_only("reports_reportfile", what="A stored report"),
    ]  # fmt: skip
