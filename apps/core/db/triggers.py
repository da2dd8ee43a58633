"""Builders of the triggers by which the database keeps its promises.

Each returns a migration operation. Refusals carry a constraint name, so that `core.db.errors` can turn them into
the domain's words. The functions have a fixed search_path: a caller cannot slip in a table of its own.
"""

from __future__ import annotations

from django.db.migrations.operations import RunSQL

from apps.core.lifecycle import Lifecycle


def _refuse(constraint: str, message: str) -> str:
    text = message.replace("'", "''")
    return f"RAISE EXCEPTION '{text}' USING ERRCODE = 'check_violation', CONSTRAINT = '{constraint}';"


def append_only(table: str, *, what: str) -> RunSQL:
    """Rows of `table` are inserted and never changed: UPDATE, DELETE and TRUNCATE raise `<table>_append_only`."""
    name = f"{table}_append_only"
    body = _refuse(name, f"{what} cannot be changed or removed.")
    drop = f"DROP TRIGGER {name} ON {table}; DROP TRIGGER {name}_truncate ON {table}; DROP FUNCTION {name}();"
    return RunSQL(
        f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
        BEGIN {body} END $$;
        CREATE TRIGGER {name} BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {name}();
        CREATE TRIGGER {name}_truncate BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION {name}();
        """,
        drop,
    )


def frozen_when(table: str, *, condition: str, columns: list[str], what: str) -> RunSQL:
    """Once `condition` (SQL over OLD) holds, `columns` keep their values and the row cannot be deleted.

    Raises `<table>_frozen`.
    """
    name = f"{table}_frozen"
    changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)
    body = _refuse(name, f"{what} cannot be changed or removed.")
    return RunSQL(
        f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
        BEGIN
            IF TG_OP = 'TRUNCATE' THEN {body} END IF;
            IF TG_OP = 'DELETE' THEN
                IF {condition} THEN {body} END IF;
                RETURN OLD;
            END IF;
            IF ({condition}) AND ({changed}) THEN {body} END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER {name} BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {name}();
        CREATE TRIGGER {name}_truncate BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION {name}();
        """,
        f"DROP TRIGGER {name} ON {table}; DROP TRIGGER {name}_truncate ON {table}; DROP FUNCTION {name}();",
    )


def moves_along(table: str, machine: Lifecycle, *, column: str = "state") -> RunSQL:
    """`column` changes only along the lifecycle's table, and a new row begins in an initial state.

    Raises `<table>_lifecycle`.
    """
    name = f"{table}_lifecycle"
    pairs = ", ".join(f"('{old}', '{new}')" for old, new in machine.pairs())
    starts = ", ".join(f"'{state}'" for state in sorted(machine.initial))
    message = f"The {machine.name} cannot go from its state to the one asked for."
    return RunSQL(
        f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                IF NEW.{column} NOT IN ({starts}) THEN {_refuse(name, message)} END IF;
            ELSIF OLD.{column} IS DISTINCT FROM NEW.{column}
                AND (OLD.{column}, NEW.{column}) NOT IN ({pairs}) THEN {_refuse(name, message)}
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER {name} BEFORE INSERT OR UPDATE OF {column} ON {table}
            FOR EACH ROW EXECUTE FUNCTION {name}();
        """,
        f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();",
    )


def replace_lifecycle(table: str, machine: Lifecycle, *, column: str = "state") -> list[RunSQL]:
    """For a later migration: drop the old trigger and make the one of the table as it now is."""
    made = moves_along(table, machine, column=column)
    return [RunSQL(str(made.reverse_sql), RunSQL.noop), made]
