"""Emergency stops and legal holds, and an eligibility that knows of them."""

from importlib import import_module

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

# As in 0002, and two columns more.
ELIGIBILITY = """
CREATE FUNCTION licenses_eligibility(as_of date, versions bigint[], only_ids bigint[])
RETURNS TABLE (
    employee_id bigint, status varchar, agency_id bigint, workspace varchar, place_id bigint, phase_id bigint,
    phase_number smallint, phase_state varchar, training_required boolean, missing_courses varchar[],
    terms_ok boolean, request_id bigint, request_state varchar, decided_at timestamptz, seat_id bigint,
    seat_state varchar, seat_reason varchar, seat_since timestamptz, seat_agency_id bigint, seat_phase_id bigint,
    seat_contract_id bigint, has_opted_out boolean, is_stopped boolean, is_on_hold boolean
) LANGUAGE sql STABLE AS $$
    WITH place AS (
        SELECT DISTINCT ON (pa.agency_id) pa.id, pa.agency_id, pa.phase_id, p.number, p.state, p.required_courses,
            p.training_before_access
        FROM rollout_phaseagency pa JOIN rollout_phase p ON p.id = pa.phase_id
        ORDER BY pa.agency_id, CASE p.state WHEN 'open' THEN 0 WHEN 'paused' THEN 0 WHEN 'closed' THEN 1
            WHEN 'scheduled' THEN 2 WHEN 'draft' THEN 3 ELSE 4 END, p.number DESC
    ), valid AS (
        SELECT x.employee_id, array_agg(DISTINCT x.code) AS codes FROM (
            SELECT c.employee_id, k.code FROM training_completion c JOIN training_course k ON k.id = c.course_id
            WHERE c.completed_on <= as_of AND (k.valid_days IS NULL OR c.completed_on + k.valid_days >= as_of)
                AND (only_ids IS NULL OR c.employee_id = ANY (only_ids))
            UNION ALL
            SELECT c.employee_id, wanted.code FROM training_completion c
            JOIN training_course k ON k.id = c.course_id
            JOIN training_course_equivalents q ON q.to_course_id = k.id
            JOIN training_course wanted ON wanted.id = q.from_course_id
            WHERE c.completed_on <= as_of AND (k.valid_days IS NULL OR c.completed_on + k.valid_days >= as_of)
                AND (only_ids IS NULL OR c.employee_id = ANY (only_ids))
            UNION ALL
            SELECT w.employee_id, k.code FROM training_waiver w JOIN training_course k ON k.id = w.course_id
            WHERE w.until_on >= as_of AND (only_ids IS NULL OR w.employee_id = ANY (only_ids))
        ) x GROUP BY x.employee_id
    ), agreed AS (
        SELECT DISTINCT t.employee_id FROM terms_acceptance t
        WHERE t.version_id = ANY (versions) AND (only_ids IS NULL OR t.employee_id = ANY (only_ids))
    )
    SELECT e.id, e.status, e.agency_id, a.workspace, place.id, place.phase_id, place.number, place.state,
        COALESCE(place.training_before_access, true),
        CASE WHEN place.required_courses <@ COALESCE(valid.codes, '{}') THEN '{}'::varchar[] ELSE ARRAY(
            SELECT code FROM unnest(place.required_courses) code WHERE code <> ALL (COALESCE(valid.codes, '{}'))
        ) END,
        agreed.employee_id IS NOT NULL, r.id, r.state, r.decided_at, s.id, s.state, s.reason, s.changed_at,
        s.agency_id, s.phase_id, s.contract_id, o.id IS NOT NULL,
        EXISTS (SELECT 1 FROM licenses_emergencystop x WHERE x.lifted_at IS NULL AND (x.scope = 'everyone'
            OR x.employee_id = e.id OR x.agency_id IN (e.agency_id, a.parent_id)
            OR x.phase_id IN (place.phase_id, s.phase_id))),
        EXISTS (SELECT 1 FROM licenses_legalhold x WHERE x.employee_id = e.id AND x.ended_at IS NULL)
    FROM agencies_employee e
    JOIN agencies_agency a ON a.id = e.agency_id
    LEFT JOIN place ON place.agency_id = e.agency_id
    LEFT JOIN valid ON valid.employee_id = e.id
    LEFT JOIN agreed ON agreed.employee_id = e.id
    LEFT JOIN licenses_seatrequest r ON r.employee_id = e.id AND r.is_current
    LEFT JOIN licenses_seat s ON s.employee_id = e.id AND s.state <> 'released'
    LEFT JOIN licenses_optout o ON o.employee_id = e.id AND o.ended_at IS NULL
    WHERE only_ids IS NULL OR e.id = ANY (only_ids)
$$;
"""

_DROP = "DROP FUNCTION licenses_eligibility(date, bigint[], bigint[]);"
_BEFORE = import_module("apps.licenses.migrations.0002_promises").ELIGIBILITY


class Migration(migrations.Migration):
    dependencies = [
        ("agencies", "0002_promises"),
        ("licenses", "0002_promises"),
        ("rollout", "0002_promises"),
    ]

    operations = [
        migrations.CreateModel(
            name="EmergencyStop",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "scope",
                    models.CharField(
                        choices=[
                            ("person", "One person"),
                            ("agency", "One agency"),
                            ("phase", "One phase"),
                            ("everyone", "Everyone"),
                        ],
                        max_length=8,
                    ),
                ),
                ("reason", models.TextField()),
                ("started_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("started_by", models.CharField(max_length=200)),
                ("people", models.PositiveIntegerField(default=0)),
                ("lifted_at", models.DateTimeField(blank=True, null=True)),
                ("lifted_by", models.CharField(blank=True, max_length=200)),
                ("lift_reason", models.TextField(blank=True)),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "agency",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stops",
                        to="agencies.agency",
                    ),
                ),
                (
                    "employee",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stops",
                        to="agencies.employee",
                    ),
                ),
                (
                    "phase",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stops",
                        to="rollout.phase",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("agency", None), ("employee__isnull", False), ("phase", None), ("scope", "person")
                            ),
                            models.Q(
                                ("agency__isnull", False), ("employee", None), ("phase", None), ("scope", "agency")
                            ),
                            models.Q(
                                ("agency", None), ("employee", None), ("phase__isnull", False), ("scope", "phase")
                            ),
                            models.Q(("agency", None), ("employee", None), ("phase", None), ("scope", "everyone")),
                            _connector="OR",
                        ),
                        name="licenses_stop_target",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("lifted_at", None)),
                        fields=("scope", "employee", "agency", "phase"),
                        name="licenses_stop_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="licenses_stop_reason"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LegalHold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("matter", models.CharField(max_length=120)),
                ("placed_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("placed_by", models.CharField(max_length=200)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("ended_by", models.CharField(blank=True, max_length=200)),
                (
                    "employee",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="legal_holds", to="agencies.employee"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)), fields=("employee", "matter"), name="licenses_hold_once"
                    )
                ],
            },
        ),
        migrations.RunSQL(_DROP + ELIGIBILITY, _DROP + _BEFORE),
    ]
