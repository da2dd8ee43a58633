"""The three database roles as SQL: an owner that migrates, the application, a reader for other systems.

Pure text, so that it can be printed, read and handed to a database administrator. Both parts may run any number of times.
`founding` needs a superuser, once (and again where tables of somebody else turn up); `grants` is the owner's, after every
migration: it looks at the tables that are there, so a new one is closed until it has run. What each role may do and why is
said in docs/runbook/deploy.md, "Three roles".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class Roles:
    """Names of the roles. Raises ValueError for one that would have to be quoted."""

    owner: str
    app: str
    reader: str

    def __post_init__(self) -> None:
        for name in (self.owner, self.app, self.reader):
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is not a plain role name")


def _names(names: Sequence[str]) -> str:
    for name in names:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a plain name")
    return "ARRAY[" + ", ".join(f"'{name}'" for name in names) + "]::text[]"


# What an extension brought along belongs to the extension.
_OURS = "NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = o.oid AND d.deptype = 'e')"


def founding(roles: Roles) -> str:
    """Makes the roles, without passwords, and gives the owner the database and what is in its schema. For a superuser."""
    made = "".join(
        f"""
        BEGIN
            CREATE ROLE {name} LOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;"""
        for name in (roles.owner, roles.app, roles.reader)
    )
    bounds = "".join(
        f"ALTER ROLE {name} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;\n"
        for name in (roles.owner, roles.app, roles.reader)
    )
    return f"""
DO $found$ DECLARE one record; BEGIN{made}
    EXECUTE format('ALTER DATABASE %I OWNER TO {roles.owner}', current_database());
    FOR one IN SELECT o.relname AS name, o.relkind AS kind FROM pg_class o WHERE o.relnamespace = 'public'::regnamespace
        AND o.relkind IN ('r', 'p', 'v', 'm') AND pg_get_userbyid(o.relowner) <> '{roles.owner}' AND {_OURS}
    LOOP EXECUTE format('ALTER TABLE public.%I OWNER TO {roles.owner}', one.name); END LOOP;
    -- A sequence of a column follows its table by itself; what is left here stands alone.
    FOR one IN SELECT o.relname AS name FROM pg_class o WHERE o.relnamespace = 'public'::regnamespace
        AND o.relkind = 'S' AND pg_get_userbyid(o.relowner) <> '{roles.owner}' AND {_OURS}
    LOOP EXECUTE format('ALTER SEQUENCE public.%I OWNER TO {roles.owner}', one.name); END LOOP;
    FOR one IN SELECT o.oid::regprocedure AS name FROM pg_proc o WHERE o.pronamespace = 'public'::regnamespace
        AND pg_get_userbyid(o.proowner) <> '{roles.owner}' AND {_OURS}
    LOOP EXECUTE format('ALTER ROUTINE %s OWNER TO {roles.owner}', one.name); END LOOP;
END $found$;
{bounds}-- The reader cannot write even where a grant went wrong, and cannot hold the database up.
ALTER ROLE {roles.reader} CONNECTION LIMIT 5;
ALTER ROLE {roles.reader} SET default_transaction_read_only = on;
ALTER ROLE {roles.reader} SET statement_timeout = '5min';
ALTER ROLE {roles.app} CONNECTION LIMIT 150;
"""


def _read(reader: str, table: str, columns: Sequence[str]) -> str:
    _names([table, *columns])
    some = f" ({', '.join(columns)})" if columns else ""
    return f"    IF to_regclass('public.{table}') IS NOT NULL THEN GRANT SELECT{some} ON public.{table} TO {reader}; END IF;"


def grants(roles: Roles, *, seen_only: Sequence[str], kept: Sequence[str], read: Mapping[str, Sequence[str]]) -> str:
    """What each role may do with the tables that are there now. For the owner.

    `seen_only`: tables that the application reads and never writes. `kept`: tables of which it never deletes a row. What
    has a trigger `<table>_append_only` is found by itself: insert and read. `read`: tables for the reader with their
    columns (none: all); whatever is not in it is closed to the reader.
    """
    for_reader = "\n".join(_read(roles.reader, table, columns) for table, columns in sorted(read.items()))
    return f"""
-- Two runs at once would stumble over each other's rows of the catalog.
SELECT pg_advisory_xact_lock(hashtext('beacon_roles'));
DO $grants$ DECLARE one record; BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC, {roles.app}, {roles.reader}', current_database());
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO {roles.app}', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO {roles.reader}', current_database());
    REVOKE ALL ON SCHEMA public FROM PUBLIC, {roles.app}, {roles.reader};
    GRANT USAGE ON SCHEMA public TO {roles.app}, {roles.reader};
    REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {roles.app}, {roles.reader};
    REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, {roles.app}, {roles.reader};
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {roles.app};
    FOR one IN
        SELECT o.relname AS name, CASE
            WHEN o.relkind IN ('v', 'm') OR o.relname = ANY ({_names(seen_only)}) THEN 'SELECT'
            WHEN EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = o.oid AND t.tgname = o.relname || '_append_only')
                THEN 'SELECT, INSERT'
            WHEN o.relname = ANY ({_names(kept)}) THEN 'SELECT, INSERT, UPDATE'
            ELSE 'SELECT, INSERT, UPDATE, DELETE' END AS may
        FROM pg_class o WHERE o.relnamespace = 'public'::regnamespace
        -- Parts of a table are reached through it, and the part that a new month brings needs no grant.
        AND o.relkind IN ('r', 'p', 'v', 'm') AND NOT o.relispartition AND {_OURS}
    LOOP EXECUTE format('GRANT %s ON public.%I TO {roles.app}', one.may, one.name); END LOOP;
{for_reader}
    -- Nobody but the application calls our functions. Those that act for the owner look tables up in the schema and in
    -- temporary ones last: else a temporary table of the caller could stand in for a real one.
    FOR one IN SELECT o.oid::regprocedure AS name, o.prosecdef AS is_owners, o.proconfig AS config,
            o.prorettype = 'trigger'::regtype AS is_trigger
        FROM pg_proc o WHERE o.pronamespace = 'public'::regnamespace AND {_OURS}
    LOOP
        EXECUTE format('REVOKE ALL ON ROUTINE %s FROM PUBLIC, {roles.app}, {roles.reader}', one.name);
        IF NOT one.is_trigger THEN EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO {roles.app}', one.name); END IF;
        IF one.is_owners AND NOT ('search_path=pg_catalog, public, pg_temp' = ANY (COALESCE(one.config, ARRAY[]::text[]))) THEN
            EXECUTE format('ALTER ROUTINE %s SET search_path = pg_catalog, public, pg_temp', one.name);
        END IF;
    END LOOP;
    -- After a large import the planner is told (apps/vendors/usage_rebuild.py). Before version 17 it finds out by itself.
    IF current_setting('server_version_num')::int >= 170000 AND to_regclass('public.vendors_usagepresence') IS NOT NULL THEN
        EXECUTE 'GRANT MAINTAIN ON public.vendors_usagepresence TO {roles.app}';
    END IF;
END $grants$;
-- What a migration makes is closed until this has run again: to the public, to the application and to the reader.
ALTER DEFAULT PRIVILEGES FOR ROLE {roles.owner} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE {roles.owner} REVOKE ALL ON TABLES FROM PUBLIC;
"""


# What the application's role must not be able to do; each row is something that it can.
TOO_MUCH = """
SELECT 'is a superuser' FROM pg_roles WHERE rolname = current_user AND rolsuper
UNION ALL SELECT 'may make databases or roles' FROM pg_roles WHERE rolname = current_user AND (rolcreatedb OR rolcreaterole)
UNION ALL SELECT 'may make tables' WHERE has_schema_privilege('public', 'CREATE')
UNION ALL SELECT 'owns ' || relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND pg_has_role(relowner, 'USAGE')
UNION ALL SELECT 'may empty or watch ' || relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
    AND relkind IN ('r', 'p') AND has_table_privilege(oid, 'TRUNCATE, TRIGGER, REFERENCES')
UNION ALL SELECT 'may change rows of ' || relname FROM pg_class c WHERE relnamespace = 'public'::regnamespace
    AND EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = c.relname || '_append_only')
    AND has_table_privilege(oid, 'UPDATE, DELETE')
ORDER BY 1
"""
