"""What the database promises about seats: lifecycles, counters that cannot be oversold, history, eligibility in SQL."""

from django.db import migrations

from apps.core.db.triggers import moves_along
from apps.licenses.lifecycle import REQUEST, SEAT

_NEW = "SELECT contract_id, phase_id, agency_id, 1 AS n FROM new_rows WHERE state <> 'released'"
_OLD = "SELECT contract_id, phase_id, agency_id, -1 AS n FROM old_rows WHERE state <> 'released'"

# Counters are kept by statement, not by row: 500 releases touch a counter once. Parents are locked first, rows in
# the order of their ids, so that two transactions never wait for each other.
_COUNT = """
CREATE FUNCTION licenses_seat_count_{event}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM 1 FROM licenses_contract WHERE id IN (SELECT contract_id FROM ({rows}) r) ORDER BY id FOR UPDATE;
    UPDATE licenses_contract t SET seats_used = seats_used + d.n
        FROM (SELECT contract_id, sum(n) AS n FROM ({rows}) r GROUP BY 1) d WHERE t.id = d.contract_id AND d.n <> 0;
    PERFORM 1 FROM rollout_phase WHERE id IN (SELECT phase_id FROM ({rows}) r) ORDER BY id FOR UPDATE;
    UPDATE rollout_phase t SET seats_used = seats_used + d.n
        FROM (SELECT phase_id, sum(n) AS n FROM ({rows}) r GROUP BY 1) d WHERE t.id = d.phase_id AND d.n <> 0;
    PERFORM 1 FROM rollout_phaseagency WHERE (phase_id, agency_id) IN (SELECT phase_id, agency_id FROM ({rows}) r)
        ORDER BY id FOR UPDATE;
    UPDATE rollout_phaseagency t SET seats_used = seats_used + d.n
        FROM (SELECT phase_id, agency_id, sum(n) AS n FROM ({rows}) r GROUP BY 1, 2) d
        WHERE t.phase_id = d.phase_id AND t.agency_id = d.agency_id AND d.n <> 0;
    RETURN NULL;
END $$;
CREATE TRIGGER licenses_seat_count_{event} AFTER {event} ON licenses_seat
    REFERENCING {tables} FOR EACH STATEMENT EXECUTE FUNCTION licenses_seat_count_{event}();
"""

_EVENTS = {
    "insert": (_NEW, "NEW TABLE AS new_rows"),
    "update": (f"{_NEW} UNION ALL {_OLD}", "NEW TABLE AS new_rows OLD TABLE AS old_rows"),
    "delete": (_OLD, "OLD TABLE AS old_rows"),
}

PERIODS = """
CREATE FUNCTION licenses_seat_period() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (OLD.state, OLD.reason, OLD.agency_id, OLD.phase_id)
            = (NEW.state, NEW.reason, NEW.agency_id, NEW.phase_id) THEN
        RETURN NULL;
    END IF;
    DELETE FROM licenses_seatperiod
        WHERE seat_id = NEW.id AND upper_inf(during) AND lower(during) >= NEW.changed_at;
    UPDATE licenses_seatperiod SET during = tstzrange(lower(during), NEW.changed_at)
        WHERE seat_id = NEW.id AND upper_inf(during);
    IF NEW.state <> 'released' THEN
        INSERT INTO licenses_seatperiod (seat_id, employee_id, agency_id, phase_id, state, reason, changed_by, during)
        VALUES (NEW.id, NEW.employee_id, NEW.agency_id, NEW.phase_id, NEW.state, NEW.reason, NEW.changed_by,
            tstzrange(NEW.changed_at, NULL));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER licenses_seat_period AFTER INSERT OR UPDATE ON licenses_seat
    FOR EACH ROW EXECUTE FUNCTION licenses_seat_period();
"""

# One definition of eligibility for one person and for everybody. as_of is a calendar day; versions are the terms
# versions whose acceptance suffices on that day; only_ids limits the answer (null: everybody).
ELIGIBILITY = """
CREATE FUNCTION licenses_eligibility(as_of date, versions bigint[], only_ids bigint[])
RETURNS TABLE (
    employee_id bigint, status varchar, agency_id bigint, workspace varchar, place_id bigint, phase_id bigint,
    phase_number smallint, phase_state varchar, training_required boolean, missing_courses varchar[],
    terms_ok boolean, request_id bigint, request_state varchar, decided_at timestamptz, seat_id bigint,
    seat_state varchar, seat_reason varchar, seat_since timestamptz, seat_agency_id bigint, seat_phase_id bigint,
    seat_contract_id bigint, has_opted_out boolean
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
        s.agency_id, s.phase_id, s.contract_id, o.id IS NOT NULL
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


class Migration(migrations.Migration):
    dependencies = [
        ("licenses", "0001_initial"),
        ("terms", "0002_promises"),
        ("training", "0002_promises"),
        ("rollout", "0002_promises"),
    ]

    operations = [
        moves_along("licenses_seatrequest", REQUEST),
        moves_along("licenses_seat", SEAT),
        *[
            migrations.RunSQL(
                _COUNT.format(event=event, rows=rows, tables=tables),
                f"DROP TRIGGER licenses_seat_count_{event} ON licenses_seat;"
                f"DROP FUNCTION licenses_seat_count_{event}();",
            )
            for event, (rows, tables) in _EVENTS.items()
        ],
        migrations.RunSQL(
            PERIODS, "DROP TRIGGER licenses_seat_period ON licenses_seat; DROP FUNCTION licenses_seat_period();"
        ),
        migrations.RunSQL(ELIGIBILITY, "DROP FUNCTION licenses_eligibility(date, bigint[], bigint[]);"),
    ]
