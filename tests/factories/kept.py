"""What many tests begin with is built once in each worker, and put into each test's transaction: a tenth of the time.

What services wrote is copied out of the tables as it stands, and copied back with the triggers asleep, which are for people
and not for turning back time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable
from copy import deepcopy
from typing import Any, TypeVar, cast

from django.core.cache import cache
from django.db import connection, transaction

from apps.core import clock

T = TypeVar("T")
# Only a superuser puts rows back without their triggers.
AS_APPLICATION = bool(os.environ.get("BEACON_TEST_AS_APPLICATION"))
_NOT_OURS = {"django_migrations", "django_content_type", "auth_permission"}
_COLUMNS = """
    SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER'
"""
_known: dict[Hashable, tuple[Any, Rows]] = {}


class Rows:
    """Every row that there is now, to be put back as often as wanted. Triggers sleep meanwhile."""

    def __init__(self) -> None:
        self.at = clock.now()
        with transaction.atomic(), connection.cursor() as cursor:
            # The trail is chained at the end of a transaction; it is copied before.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            self._copies = [self._copied(table) for table in tables_with_rows()]
            cursor.execute("SELECT coalesce(array_agg(DISTINCT day), '{}') FROM vendors_usageday")
            self._days = cursor.fetchone()[0]

    @staticmethod
    def _copied(table: str) -> tuple[str, bytes]:
        with connection.cursor() as cursor:
            cursor.execute(_COLUMNS, [table])
            columns = cursor.fetchone()[0]
            with cursor.copy(f"COPY (SELECT {columns} FROM {table}) TO STDOUT") as out:
                return f"COPY {table} ({columns}) FROM STDIN", b"".join(bytes(block) for block in out)

    def are_good(self) -> bool:
        """They are of today, and nothing of them lies ahead."""
        return clock.day_of(self.at) == clock.today() and self.at <= clock.now()

    def put_back(self) -> None:
        """Every table as it was."""
        # What the cache keeps about a history is told apart by its first record, which is now the same in each test.
        cache.clear()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute("; ".join(["SELECT 1", *emptying()]))
            # Usage has a partition for each month, made in the test that built it and gone with that.
            cursor.execute(
                "SELECT usage_partition(date_trunc('month', day)::date) FROM unnest(%s::date[]) day", [self._days]
            )
            for statement, rows in self._copies:
                with cursor.copy(statement) as into:
                    into.write(rows)
            cursor.execute("SET LOCAL session_replication_role = origin")


def tables_with_rows() -> list[str]:
    """Beacon's tables that are not empty."""
    tables = sorted(set(connection.introspection.django_table_names(only_existing=False)) - _NOT_OURS)
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{one}' WHERE EXISTS (SELECT 1 FROM {one})" for one in tables))
        return [row[0] for row in cursor.fetchall()]


def emptying() -> list[str]:
    """The statements that empty Beacon's tables."""
    return [f"DELETE FROM {table}" for table in tables_with_rows()]


def kept(key: Hashable, build: Callable[[], T]) -> T:
    """What `build` makes in an empty database, as good as new; where there is something already, it is built."""
    if AS_APPLICATION or tables_with_rows():
        return build()
    if key in _known and _known[key][1].are_good():
        known, rows = _known[key]
        rows.put_back()
        return cast(T, deepcopy(known))
    built = build()
    _known[key] = (deepcopy(built), Rows())
    return built
