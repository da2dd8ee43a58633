"""A roster run moves along its lifecycle; search by the beginning of a name or address is quick."""

from django.db import migrations

from apps.agencies.lifecycle import ROSTER_RUN
from apps.core.db.triggers import moves_along


class Migration(migrations.Migration):
    dependencies = [("agencies", "0001_initial")]

    operations = [
        moves_along("agencies_rosterrun", ROSTER_RUN),
        migrations.RunSQL(
            "CREATE INDEX agencies_employee_first ON agencies_employee (upper(first_name) text_pattern_ops);"
            "CREATE INDEX agencies_employee_last ON agencies_employee (upper(last_name) text_pattern_ops);"
            "CREATE INDEX agencies_employee_mail ON agencies_employee (upper(email) text_pattern_ops);"
            "CREATE INDEX agencies_employee_mail_low ON agencies_employee (lower(email));"
            "CREATE INDEX agencies_employee_hr_id ON agencies_employee (upper(employee_id));",
            "DROP INDEX agencies_employee_first, agencies_employee_last, agencies_employee_mail,"
            " agencies_employee_mail_low, agencies_employee_hr_id;",
        ),
    ]
