"""The chain: digest, deferred trigger at commit, and the refusal of every change."""

from django.db import migrations

from apps.core.db.triggers import append_only

CHAIN = """
CREATE FUNCTION audit_digest(previous bytea, e audit_auditevent) RETURNS bytea
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public AS $$
    SELECT sha256(previous || convert_to(jsonb_build_array(
        e.id, e.stream, (extract(epoch FROM e.at) * 1000000)::bigint, e.actor_key, e.actor_name, e.role, e.verb,
        e.record_type, e.record_id, e.record_name, e.before, e.after, e.reason, e.request_id
    )::text, 'UTF8'))
$$;

-- The first deferred firing of a transaction chains all its events, in order; the others find their work done.
CREATE FUNCTION audit_chain() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    e audit_auditevent;
    head audit_audithead;
    digest bytea;
BEGIN
    IF EXISTS (SELECT 1 FROM audit_auditlink WHERE event_id = NEW.id) THEN
        RETURN NULL;
    END IF;
    INSERT INTO audit_audithead (stream, seq, hash)
        SELECT DISTINCT stream, 0, sha256(convert_to(stream, 'UTF8')) FROM audit_auditevent
        WHERE transaction = NEW.transaction ORDER BY stream
        ON CONFLICT DO NOTHING;
    FOR e IN
        SELECT v.* FROM audit_auditevent v LEFT JOIN audit_auditlink l ON l.event_id = v.id
        WHERE v.transaction = NEW.transaction AND l.event_id IS NULL ORDER BY v.stream, v.id
    LOOP
        IF head.stream IS DISTINCT FROM e.stream THEN
            IF head.stream IS NOT NULL THEN
                UPDATE audit_audithead SET seq = head.seq, hash = head.hash WHERE stream = head.stream;
            END IF;
            SELECT * INTO head FROM audit_audithead WHERE stream = e.stream FOR UPDATE;
        END IF;
        digest := audit_digest(head.hash, e);
        INSERT INTO audit_auditlink (event_id, stream, seq, previous, hash)
            VALUES (e.id, e.stream, head.seq + 1, head.hash, digest);
        head.seq := head.seq + 1;
        head.hash := digest;
    END LOOP;
    UPDATE audit_audithead SET seq = head.seq, hash = head.hash WHERE stream = head.stream;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER audit_chain AFTER INSERT ON audit_auditevent
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_chain();
"""

UNDO = """
DROP TRIGGER audit_chain ON audit_auditevent;
DROP FUNCTION audit_chain();
DROP FUNCTION audit_digest(bytea, audit_auditevent);
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.RunSQL(CHAIN, UNDO),
        append_only("audit_auditevent", what="The audit trail"),
        append_only("audit_auditlink", what="The audit chain"),
    ]
