"""Every change of a seat, a phase, a version of the terms or an incident is noted by the database, whoever made it."""

from django.db import migrations

from apps.core.db.triggers import frozen_when, moves_along
from apps.webhooks.lifecycle import DELIVERY, SUBSCRIPTION

# Called by triggers alone. The row of the record is locked by its change, so that its events are counted one by one.
NOTE = """
CREATE FUNCTION webhooks_note(
    a_type text, a_record text, an_id bigint, an_agency bigint, a_moment timestamptz, a_start timestamptz, some_data jsonb
) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO webhooks_change (type, record_type, record_id, sequence, at, not_before, agency_id, data)
        SELECT a_type, a_record, an_id, COALESCE(max(sequence), 0) + 1, a_moment, a_start, an_agency, some_data
        FROM webhooks_change WHERE record_type = a_record AND record_id = an_id;
END $$;
"""
UNDO_NOTE = "DROP FUNCTION webhooks_note(text, text, bigint, bigint, timestamptz, timestamptz, jsonb);"

# By the index, also where the plan was made while the tables were empty (audit.history).
SEAT = """
CREATE FUNCTION webhooks_seat() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET enable_seqscan = off AS $$
DECLARE was text := '';
BEGIN
    IF TG_OP = 'UPDATE' THEN was := OLD.state; END IF;
    PERFORM webhooks_note(
        CASE WHEN was = NEW.state THEN 'seat.changed' WHEN was = 'suspended' AND NEW.state = 'granted' THEN 'seat.restored'
            ELSE 'seat.' || NEW.state END,
        'seat', NEW.id, NEW.agency_id, beacon_now(), NULL,
        jsonb_build_object(
            'id', NEW.id, 'state_before', was, 'state', NEW.state, 'reason', NEW.reason,
            'employee_id', (SELECT e.employee_id FROM agencies_employee e WHERE e.id = NEW.employee_id),
            'agency', (SELECT a.code FROM agencies_agency a WHERE a.id = NEW.agency_id),
            'phase', (SELECT p.number FROM rollout_phase p WHERE p.id = NEW.phase_id)));
    RETURN NULL;
END $$;
CREATE TRIGGER webhooks_seat_insert AFTER INSERT ON licenses_seat FOR EACH ROW EXECUTE FUNCTION webhooks_seat();
CREATE TRIGGER webhooks_seat_update AFTER UPDATE ON licenses_seat FOR EACH ROW
    WHEN ((OLD.state, OLD.reason, OLD.agency_id, OLD.phase_id)
        IS DISTINCT FROM (NEW.state, NEW.reason, NEW.agency_id, NEW.phase_id))
    EXECUTE FUNCTION webhooks_seat();
"""
UNDO_SEAT = """
DROP TRIGGER webhooks_seat_update ON licenses_seat;
DROP TRIGGER webhooks_seat_insert ON licenses_seat;
DROP FUNCTION webhooks_seat();
"""

PHASE = """
CREATE FUNCTION webhooks_phase() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM webhooks_note(
        CASE WHEN OLD.state = 'paused' AND NEW.state = 'open' THEN 'phase.resumed' WHEN NEW.state = 'open' THEN 'phase.opened'
            WHEN NEW.state = 'draft' THEN 'phase.unscheduled' ELSE 'phase.' || NEW.state END,
        'phase', NEW.id, NULL, beacon_now(), NULL,
        jsonb_build_object('id', NEW.id, 'state_before', OLD.state, 'state', NEW.state, 'phase', NEW.number));
    RETURN NULL;
END $$;
CREATE TRIGGER webhooks_phase AFTER UPDATE ON rollout_phase FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION webhooks_phase();
"""
UNDO_PHASE = "DROP TRIGGER webhooks_phase ON rollout_phase; DROP FUNCTION webhooks_phase();"

TERMS = """
CREATE FUNCTION webhooks_terms() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM webhooks_note(
        CASE WHEN NEW.state = 'draft' THEN 'terms.unscheduled' ELSE 'terms.' || NEW.state END,
        'terms', NEW.id, NULL, beacon_now(), NULL,
        jsonb_build_object(
            'id', NEW.id, 'state_before', OLD.state, 'state', NEW.state, 'number', NEW.number, 'language', NEW.language,
            'sha256', NEW.sha256, 'effective_on', NEW.effective_on, 'requires_reacceptance', NEW.requires_reacceptance));
    RETURN NULL;
END $$;
CREATE TRIGGER webhooks_terms AFTER UPDATE ON terms_termsversion FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION webhooks_terms();
"""
UNDO_TERMS = "DROP TRIGGER webhooks_terms ON terms_termsversion; DROP FUNCTION webhooks_terms();"

# A report without a name is told with the hour that the record has, and not before that hour is over.
INCIDENT = """
CREATE FUNCTION webhooks_incident() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE was text := '';
BEGIN
    IF TG_OP = 'UPDATE' THEN was := OLD.state; END IF;
    PERFORM webhooks_note(
        'incident.' || CASE NEW.state WHEN 'new' THEN 'reported' WHEN 'triage' THEN 'triaged'
            WHEN 'investigating' THEN 'investigated' WHEN 'corrective_action' THEN 'corrected' ELSE NEW.state END,
        'incident', NEW.id, NEW.agency_id,
        CASE WHEN TG_OP = 'INSERT' AND NEW.is_anonymous THEN date_trunc('hour', NEW.reported_at) ELSE beacon_now() END,
        CASE WHEN TG_OP = 'INSERT' AND NEW.is_anonymous THEN date_trunc('hour', NEW.reported_at) + interval '1 hour' END,
        jsonb_build_object(
            'id', NEW.id, 'state_before', was, 'state', NEW.state, 'category', NEW.category, 'severity', NEW.severity,
            'is_near_miss', NEW.is_near_miss,
            'agency', (SELECT a.code FROM agencies_agency a WHERE a.id = NEW.agency_id)));
    RETURN NULL;
END $$;
CREATE TRIGGER webhooks_incident_insert AFTER INSERT ON incidents_incident
    FOR EACH ROW EXECUTE FUNCTION webhooks_incident();
CREATE TRIGGER webhooks_incident_update AFTER UPDATE ON incidents_incident FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION webhooks_incident();
"""
UNDO_INCIDENT = """
DROP TRIGGER webhooks_incident_update ON incidents_incident;
DROP TRIGGER webhooks_incident_insert ON incidents_incident;
DROP FUNCTION webhooks_incident();
"""

_TOLD = ["id", "key", "type", "record_type", "record_id", "sequence", "at", "not_before", "agency_id", "data"]


class Migration(migrations.Migration):
    dependencies = [
        ("webhooks", "0001_initial"),
        ("audit", "0003_facts"),
        ("agencies", "0003_history"),
        ("rollout", "0003_history"),
        ("terms", "0004_history"),
        ("licenses", "0007_history"),
        ("incidents", "0003_history"),
    ]

    operations = [
        migrations.RunSQL(NOTE, UNDO_NOTE),
        migrations.RunSQL(SEAT, UNDO_SEAT),
        migrations.RunSQL(PHASE, UNDO_PHASE),
        migrations.RunSQL(TERMS, UNDO_TERMS),
        migrations.RunSQL(INCIDENT, UNDO_INCIDENT),
        # A change gets its position once; all else stands.
        frozen_when("webhooks_change", condition="true", columns=_TOLD, what="A change that was told"),
        moves_along("webhooks_subscription", SUBSCRIPTION),
        moves_along("webhooks_delivery", DELIVERY),
    ]
