"""Usage: days in monthly partitions, presence and figures by week, first and last use, fetches and imports."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from apps.core.db.triggers import moves_along
from apps.vendors.lifecycle import USAGE_IMPORT

DAYS = """
CREATE TABLE vendors_usageday (
    day date NOT NULL,
    employee_id bigint NOT NULL,
    workspace_id bigint NOT NULL,
    messages integer NOT NULL CONSTRAINT vendors_usageday_counts CHECK (messages >= 0),
    gpt_messages integer NOT NULL,
    tool_messages integer NOT NULL,
    project_messages integer NOT NULL,
    PRIMARY KEY (day, employee_id, workspace_id)
) PARTITION BY RANGE (day);

-- Makes the month's partition where it is missing. It is filled and indexed apart and then attached, so that nobody who
-- reads or writes other months waits. The application's role does not own the tables: the function acts for their owner.
CREATE FUNCTION usage_partition(on_day date) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    begins date := date_trunc('month', on_day)::date;
    partition text := 'vendors_usageday_' || to_char(begins, 'YYYY_MM');
BEGIN
    IF to_regclass('public.' || partition) IS NOT NULL THEN
        RETURN partition;
    END IF;
    IF on_day < date '2020-01-01' OR on_day > current_date + 31 THEN
        RAISE EXCEPTION 'There is no usage of %.', on_day
            USING ERRCODE = 'check_violation', CONSTRAINT = 'vendors_usageday_range';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('usage_partition'));
    IF to_regclass('public.' || partition) IS NULL THEN
        EXECUTE format('CREATE TABLE public.%I (LIKE public.vendors_usageday INCLUDING CONSTRAINTS INCLUDING INDEXES)',
            partition);
        EXECUTE format('ALTER TABLE public.vendors_usageday ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
            partition, begins, (begins + interval '1 month')::date);
    END IF;
    RETURN partition;
END $$;
"""
UNDO_DAYS = "DROP TABLE vendors_usageday; DROP FUNCTION usage_partition(date);"
# Room in each page for the new version of a row: one update a day then touches no index.
ROOM = "ALTER TABLE vendors_seatuse SET (fillfactor = 60); ALTER TABLE vendors_usageweek SET (fillfactor = 60);"


def _refers(to):
    return models.ForeignKey(
        db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to=to
    )


class Migration(migrations.Migration):
    dependencies = [("agencies", "0002_promises"), ("vendors", "0004_trusted_sync")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(DAYS, UNDO_DAYS)],
            state_operations=[
                migrations.CreateModel(
                    name="UsageDay",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "day",
                                "employee_id",
                                "workspace_id",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("day", models.DateField()),
                        ("messages", models.IntegerField()),
                        ("gpt_messages", models.IntegerField(default=0)),
                        ("tool_messages", models.IntegerField(default=0)),
                        ("project_messages", models.IntegerField(default=0)),
                        ("employee", _refers("agencies.employee")),
                        ("workspace", _refers("vendors.workspace")),
                    ],
                ),
            ],
        ),
        migrations.CreateModel(
            name="UsagePresence",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "week", "employee_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("week", models.DateField()),
                ("employee", _refers("agencies.employee")),
                ("agency", _refers("agencies.agency")),
                ("workspace", _refers("vendors.workspace")),
            ],
        ),
        migrations.CreateModel(
            name="UsageWeek",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("week", models.DateField()),
                ("active", models.IntegerField(default=0)),
                ("active_28", models.IntegerField(default=0)),
                ("habitual", models.IntegerField(default=0)),
                ("messages", models.BigIntegerField(default=0)),
                (
                    "agency",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="usage_weeks",
                        to="agencies.agency",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="usage_weeks",
                        to="vendors.workspace",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("week", "agency", "workspace"), name="vendors_usageweek_once")
                ]
            },
        ),
        migrations.CreateModel(
            name="SeatUse",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "employee_id", "workspace_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("first_use_on", models.DateField()),
                ("last_use_on", models.DateField()),
                ("employee", _refers("agencies.employee")),
                ("workspace", _refers("vendors.workspace")),
            ],
        ),
        migrations.CreateModel(
            name="UsageFetch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("first", models.DateField()),
                ("last", models.DateField()),
                ("rows", models.PositiveIntegerField(default=0)),
                ("changed", models.PositiveIntegerField(default=0)),
                ("unknown", models.PositiveIntegerField(default=0)),
                ("aside", models.PositiveIntegerField(default=0)),
                ("problem", models.TextField(blank=True)),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="usage_fetches",
                        to="vendors.workspace",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["workspace", "-at"], name="vendors_usagefetch_latest")],
            },
        ),
        migrations.CreateModel(
            name="UsageImport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[("planned", "Ready to apply"), ("applied", "Applied"), ("discarded", "Discarded")],
                        default="planned",
                        max_length=10,
                    ),
                ),
                ("file_name", models.CharField(max_length=200)),
                ("file_sha256", models.CharField(max_length=64)),
                ("imported_by", models.CharField(max_length=200)),
                ("imported_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("finished_at", models.DateTimeField(null=True)),
                ("rows", models.PositiveIntegerField(default=0)),
                ("changed", models.PositiveIntegerField(default=0)),
                ("unchanged", models.PositiveIntegerField(default=0)),
                ("unknown", models.PositiveIntegerField(default=0)),
                ("periods", models.PositiveIntegerField(default=0)),
                ("period_messages", models.PositiveBigIntegerField(default=0)),
                ("first", models.DateField(null=True)),
                ("last", models.DateField(null=True)),
                ("recognised_columns", models.JSONField(default=list)),
                ("ignored_columns", models.JSONField(default=list)),
                ("rejected", models.JSONField(default=list)),
                ("plan", models.BinaryField(default=b"")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="usage_imports",
                        to="vendors.workspace",
                    ),
                ),
            ],
            options={"ordering": ["-id"]},
        ),
        migrations.RunSQL(ROOM, migrations.RunSQL.noop),
        moves_along("vendors_usageimport", USAGE_IMPORT),
    ]
