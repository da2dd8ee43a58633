"""Gives every committed change its position, and writes down who is to be told of it.

A transaction that began early may commit late; a reader who went by time or by id would miss it. So positions are given by
one at a time, to what is committed, in the order of ids: within a record that is the order of its changes, because each
change waited for the row's lock. A position once seen has none below it that is still to come (docs/adr/0012).
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from apps.core import clock

BATCH = 2000
ROUNDS = 10
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('webhooks_publishing'))"
# What must wait for its hour holds back what came after it about the same record.
_NUMBER = """
    WITH due AS (
        SELECT c.id, row_number() OVER (ORDER BY c.id) AS place FROM webhooks_change c
        WHERE c.position IS NULL AND (c.not_before IS NULL OR c.not_before <= %(now)s)
            AND NOT EXISTS (
                SELECT 1 FROM webhooks_change e WHERE e.record_type = c.record_type AND e.record_id = c.record_id
                    AND e.id < c.id AND e.position IS NULL AND e.not_before > %(now)s)
        ORDER BY c.id LIMIT %(most)s
    ), head AS (SELECT COALESCE(max(position), 0) AS last FROM webhooks_change)
    UPDATE webhooks_change c SET position = head.last + due.place FROM due, head WHERE c.id = due.id
    RETURNING c.id
"""
# A phase concerns the agencies in it; the terms concern everybody.
CONCERNS = """
    (s.agency_id IS NULL
        OR c.record_type = 'terms'
        OR c.agency_id IN (SELECT a.id FROM agencies_agency a WHERE a.id = s.agency_id OR a.parent_id = s.agency_id)
        OR c.record_type = 'phase' AND EXISTS (
            SELECT 1 FROM rollout_phaseagency p JOIN agencies_agency a ON a.id = p.agency_id
            WHERE p.phase_id = c.record_id AND (a.id = s.agency_id OR a.parent_id = s.agency_id)))
"""
_TELL = f"""
    INSERT INTO webhooks_delivery (subscription_id, change_id, record, position, state, attempts, next_attempt_at, answer)
        SELECT s.id, c.id, c.record_type || '/' || c.record_id, c.position, 'waiting', 0, %(now)s, ''
        FROM webhooks_change c JOIN webhooks_subscription s ON c.type = ANY (s.types) AND {CONCERNS}
        WHERE c.id = ANY (%(ids)s) AND s.state IN ('active', 'paused') ORDER BY c.position, s.id
        ON CONFLICT DO NOTHING
"""


def publish(*, rounds: int = ROUNDS) -> int:
    """Number what is committed and note its deliveries; returns how many changes. Another at it: nothing is done."""
    found = 0
    for _ in range(rounds):
        numbered = _publish(clock.now())
        found += numbered
        if numbered < BATCH:
            break
    return found


def _publish(now: datetime) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK)
        if not (cursor.fetchone() or (False,))[0]:
            return 0
        cursor.execute(_NUMBER, {"now": now, "most": BATCH})
        ids = [row[0] for row in cursor.fetchall()]
        if ids:
            cursor.execute(_TELL, {"ids": ids, "now": now})
    return len(ids)
