"""Hundreds of examples on one built world: what the tables held is kept aside, and put back in a few milliseconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

_TABLES = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND c.relname NOT IN ('django_migrations', 'django_content_type', 'auth_permission') ORDER BY 1
"""
_COLUMNS = """
    SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER'
"""


class Kept:
    """A copy of every table that had rows, in a schema of its own."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA IF EXISTS kept CASCADE")
            cursor.execute("CREATE SCHEMA kept")
            cursor.execute(_TABLES)
            self._tables = [row[0] for row in cursor.fetchall()]
            self._restore = "".join(f"DELETE FROM public.{table};" for table in self._tables)
            for table in self._tables:
                cursor.execute(f"CREATE TABLE kept.{table} AS TABLE public.{table}")
                cursor.execute(f"SELECT EXISTS (SELECT 1 FROM kept.{table})")
                if (cursor.fetchone() or (False,))[0]:
                    cursor.execute(_COLUMNS, [table])
                    columns = (cursor.fetchone() or ("",))[0]
                    self._restore += f"INSERT INTO public.{table} ({columns}) SELECT {columns} FROM kept.{table};"

    def put_back(self) -> None:
        """Every table as it was. Triggers sleep meanwhile: they are for people, not for turning back time."""
        with connection.cursor() as cursor:
            cursor.execute(f"BEGIN; SET LOCAL session_replication_role = replica; {self._restore} COMMIT")


@contextmanager
def kept() -> Iterator[Kept]:
    """The present state, to be put back as often as wanted inside the block."""
    try:
        yield Kept()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA IF EXISTS kept CASCADE")
