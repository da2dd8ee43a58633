"""The audit trail in tests that never commit."""

from __future__ import annotations

from django.db import connection


def chained() -> None:
    """Give every event so far its place in the chain, as a commit does."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS audit_chain IMMEDIATE")
        cursor.execute("SET CONSTRAINTS audit_chain DEFERRED")
