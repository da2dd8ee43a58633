"""Reading the audit trail, and proving that it was not altered."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.db.models import Model, QuerySet

from apps.audit.models import AuditEvent, AuditHead
from apps.core import hooks


def history_of(record: Model) -> QuerySet[AuditEvent]:
    """The events about one record, newest first."""
    return AuditEvent.objects.filter(record_type=record._meta.label, record_id=str(record.pk))


# The distinct values of a column, each found by one step in its index: a million rows are not read for forty verbs.
_DISTINCT = """
    WITH RECURSIVE found(value) AS (
        (SELECT {column} FROM audit_auditevent ORDER BY {column} LIMIT 1)
        UNION ALL
        SELECT (SELECT {column} FROM audit_auditevent WHERE {column} > found.value ORDER BY {column} LIMIT 1)
        FROM found WHERE found.value IS NOT NULL
    ) SELECT value FROM found WHERE value IS NOT NULL
"""


def verbs() -> list[str]:
    """Every verb that the trail knows."""
    with connection.cursor() as cursor:
        cursor.execute(_DISTINCT.format(column="verb"))
        return [row[0] for row in cursor.fetchall()]


def streams() -> list[str]:
    """Every stream that has a head."""
    return list(AuditHead.objects.order_by("stream").values_list("stream", flat=True))


@dataclass(frozen=True, slots=True)
class Found:
    """A record that is not what the trail says of it (settings.AUDIT_CHECKS): the event, its stream, and the problem."""

    stream: str
    event_id: int | None
    problem: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the verification found. `problem` is empty when all is well; else the first event is named."""

    events: int
    heads: dict[str, tuple[int, str]]
    problem: str = ""
    stream: str = ""
    seq: int | None = None
    event_id: int | None = None

    @property
    def is_intact(self) -> bool:
        return not self.problem


# One pass over the chain, in order, by the database: the first row that does not fit ends it.
_FIRST_BROKEN = """
    SELECT l.seq, l.event_id, CASE
        WHEN e.id IS NULL THEN 'removed'
        WHEN l.seq <> l.place THEN 'missing or reordered link'
        WHEN l.previous <> COALESCE(l.before, sha256(convert_to(%(stream)s, 'UTF8'))) THEN 'reordered'
        ELSE 'changed' END
    FROM (
        SELECT *, row_number() OVER w AS place, lag(hash) OVER w AS before FROM audit_auditlink
        WHERE stream = %(stream)s WINDOW w AS (ORDER BY seq)
    ) l LEFT JOIN audit_auditevent e ON e.id = l.event_id
    WHERE e.id IS NULL OR l.seq <> l.place
        OR l.previous <> COALESCE(l.before, sha256(convert_to(%(stream)s, 'UTF8')))
        OR l.hash <> audit_digest(l.previous, e)
    ORDER BY l.seq LIMIT 1
"""


def verify(kept: dict[str, tuple[int, str]] | None = None) -> Verdict:
    """Walk every stream and name the first event that was changed, removed, reordered or cut off.

    `kept` holds heads from outside the database (stream → (seq, hash in hex)): with them a trail that was cut off
    together with its head is found too. A trail that is whole is then compared with records whose digest it carries.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_auditevent")
        events = int((cursor.fetchone() or (0,))[0])
        cursor.execute("SELECT DISTINCT stream FROM audit_auditlink UNION SELECT stream FROM audit_audithead")
        streams = sorted({row[0] for row in cursor.fetchall()} | set(kept or {}))
    heads = {head.stream: (head.seq, bytes(head.hash).hex()) for head in AuditHead.objects.all()}
    for stream in streams:
        broken = _broken(stream) or _cut_off(stream, heads.get(stream), (kept or {}).get(stream))
        if broken:
            seq, event_id, problem = broken
            return Verdict(events, heads, problem, stream, seq, event_id)
    stray = _unchained()
    if stray is not None:
        return Verdict(events, heads, "never chained", "", None, stray)
    for found in hooks.call("AUDIT_CHECKS"):
        if found is not None:
            return Verdict(events, heads, found.problem, found.stream, None, found.event_id)
    return Verdict(events, heads)


def _broken(stream: str) -> tuple[int, int, str] | None:
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_BROKEN, {"stream": stream})
        row = cursor.fetchone()
    return (int(row[0]), int(row[1]), str(row[2])) if row else None


def _cut_off(
    stream: str, head: tuple[int, str] | None, kept: tuple[int, str] | None
) -> tuple[int, int | None, str] | None:
    """Compare the chain's end with its head in the database and with the one kept outside."""
    for known, is_present in ((head, True), (kept, False)):
        if known is None or known[0] == 0:
            continue
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT event_id, encode(hash, 'hex'), (SELECT max(seq) FROM audit_auditlink WHERE stream = %s)"
                " FROM audit_auditlink WHERE stream = %s AND seq = %s",
                [stream, stream, known[0]],
            )
            row = cursor.fetchone()
        if row is None:
            return known[0], None, "cut off"
        # What is kept outside may be behind; the head in the database is the chain's end.
        if row[1] != known[1] or (is_present and row[2] != known[0]):
            return known[0], int(row[0]), "differs from its head"
    if head is None:
        return 0, None, "head removed"
    return None


def _unchained() -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.id FROM audit_auditevent e LEFT JOIN audit_auditlink l ON l.event_id = e.id"
            " WHERE l.event_id IS NULL ORDER BY e.id LIMIT 1"
        )
        row = cursor.fetchone()
    return int(row[0]) if row else None
