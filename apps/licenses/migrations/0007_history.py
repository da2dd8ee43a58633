"""History for reports: requests and contracts. Seats have theirs in SeatPeriod."""

from django.db import migrations, models

from apps.audit.history import keeps_facts
from apps.core.db.now import BeaconNow


class Migration(migrations.Migration):
    dependencies = [("licenses", "0006_who_set_the_rule"), ("audit", "0003_facts")]

    operations = [
        migrations.AlterField("amendment", "recorded_at", models.DateTimeField(db_default=BeaconNow())),
        migrations.AlterField("optout", "since", models.DateTimeField(db_default=BeaconNow())),
        keeps_facts(
            "licenses_seatrequest",
            {"id": "bigint", "employee_id": "bigint", "state": "varchar", "is_current": "boolean"},
        ),
        keeps_facts(
            "licenses_contract",
            {
                "id": "bigint", "number": "varchar", "from_on": "date", "until_on": "date", "seats": "integer",
                "price_per_seat_year": "numeric",
            },
        ),
    ]  # fmt: skip
