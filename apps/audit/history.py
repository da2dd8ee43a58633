"""What a record said on any past day: a builder of triggers that write every change of some columns into audit_fact.

Reports read the past from here, never from snapshots: a fact is written by the database in the transaction that
changed the record, whoever changed it. Only what a report needs is kept, and no names of people (docs/reports.md).
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db.migrations.operations import RunSQL

# Time in the database, moved with core.clock.shifted, so that a past that is lived afterwards has its own days.
NOW = """
CREATE FUNCTION beacon_now() RETURNS timestamptz LANGUAGE sql STABLE SET search_path = pg_catalog, public AS $$
    SELECT now() + COALESCE(NULLIF(current_setting('beacon.shift', true), ''), '0')::interval
$$;
"""

# Facts only ever end; an ended one is final. What was true for no time at all keeps its row and counts nowhere.
GUARD = """
CREATE FUNCTION audit_fact_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.until IS NULL AND NEW.until IS NOT NULL
            AND (NEW.id, NEW.source, NEW.key, NEW.since, NEW.facts) = (OLD.id, OLD.source, OLD.key, OLD.since, OLD.facts)
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'History cannot be changed or removed.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'audit_fact_append_only';
END $$;
CREATE TRIGGER audit_fact_guard BEFORE UPDATE OR DELETE ON audit_fact
    FOR EACH ROW EXECUTE FUNCTION audit_fact_guard();
CREATE TRIGGER audit_fact_guard_truncate BEFORE TRUNCATE ON audit_fact
    FOR EACH STATEMENT EXECUTE FUNCTION audit_fact_guard();
"""
UNDO_GUARD = """
DROP TRIGGER audit_fact_guard_truncate ON audit_fact;
DROP TRIGGER audit_fact_guard ON audit_fact;
DROP FUNCTION audit_fact_guard();
"""

_TRIGGERS = """
CREATE FUNCTION {table}_fact_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO audit_fact (source, key, since, facts)
        SELECT '{table}', {key_of_n}, {now}, {facts_of_n} FROM new_rows n WHERE {only_of_n};
    RETURN NULL;
END $$;
CREATE TRIGGER {table}_fact_insert AFTER INSERT ON {table} REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION {table}_fact_insert();

-- Never earlier than what it follows, whatever a clock says. By the index, also where the plan was made while the table was
-- empty: a session that imports 40,000 people and then changes them would read all of them for each.
CREATE FUNCTION {table}_fact_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET enable_seqscan = off AS $$
DECLARE
    moment timestamptz := {now};
    before timestamptz;
BEGIN
    UPDATE audit_fact SET until = GREATEST(since, moment)
        WHERE source = '{table}' AND key = {key_of_old} AND until IS NULL RETURNING until INTO before;
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO audit_fact (source, key, since, facts)
            SELECT '{table}', {key_of_new}, GREATEST(before, moment), {facts_of_new} WHERE {only_of_new};
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER {table}_fact_change AFTER UPDATE ON {table} FOR EACH ROW
    WHEN (({changed}) AND ({only_of_old} OR {only_of_new})) EXECUTE FUNCTION {table}_fact_change();
CREATE TRIGGER {table}_fact_delete AFTER DELETE ON {table} FOR EACH ROW
    EXECUTE FUNCTION {table}_fact_change();

CREATE FUNCTION {table}_at(moment timestamptz) RETURNS TABLE ({columns}) LANGUAGE sql STABLE AS $$
    SELECT {typed} FROM audit_fact f
    WHERE f.source = '{table}' AND f.since < moment AND (f.until IS NULL OR f.until >= moment)
$$;

INSERT INTO audit_fact (source, key, since, facts)
    SELECT '{table}', {key_of_n}, {now}, {facts_of_n} FROM {table} n WHERE {only_of_n};
"""
_UNDO = """
DROP FUNCTION {table}_at(timestamptz);
DROP TRIGGER {table}_fact_delete ON {table};
DROP TRIGGER {table}_fact_change ON {table};
DROP FUNCTION {table}_fact_change();
DROP TRIGGER {table}_fact_insert ON {table};
DROP FUNCTION {table}_fact_insert();
"""


def keeps_facts(
    table: str, columns: Mapping[str, str], *, key: tuple[str, ...] = ("id",), only: str = "true", by: str = ""
) -> RunSQL:
    """Keep what `columns` (name to SQL type, the key's included) of `table` said, from now on.

    `{table}_at(moment)` then gives the rows as they were just before a moment. `only` limits the history to rows for
    which a condition on `{row}` holds, such as "{row}.state = 'open'". `by` ("hour") keeps times no finer than that,
    where they would give somebody away. Arrays are kept as JSON and read back.
    """
    names = list(columns)
    changed = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in names)
    parts = {
        "table": table,
        "now": f"date_trunc('{by}', beacon_now())" if by else "beacon_now()",
        "changed": changed,
        "columns": ", ".join(f"{name} {kind}" for name, kind in columns.items()),
        "typed": ", ".join(_typed(name, kind) for name, kind in columns.items()),
    }
    for row in ("n", "old", "new"):
        name = row if row == "n" else row.upper()
        parts[f"key_of_{row}"] = " || '/' || ".join(f"{name}.{one}::text" for one in key)
        pairs = ", ".join(f"'{one}', {name}.{one}" for one in names)
        parts[f"facts_of_{row}"] = f"jsonb_build_object({pairs})"
        parts[f"only_of_{row}"] = only.format(row=name)
    return RunSQL(_TRIGGERS.format(**parts), _UNDO.format(table=table))


def _typed(name: str, kind: str) -> str:
    if kind.endswith("[]"):
        return f"ARRAY(SELECT jsonb_array_elements_text(f.facts->'{name}'))::{kind}"
    return f"(f.facts->>'{name}')::{kind}"
