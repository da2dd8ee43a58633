"""The audit trail: events, and the links that chain them.

An event is inserted with the act it tells of. At commit a deferred trigger gives it its place in the chain of its
stream: locks on the chain are held for the commit alone, always in the same order, so that they neither slow nor
deadlock the work before. Neither table can be changed; see migrations/0002.
"""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Now, Upper


class TransactionId(models.Func):
    """The current transaction's id, by which the chain finds the events of one commit."""

    function = "pg_current_xact_id"
    template = "(%(function)s()::text::bigint)"
    output_field = models.BigIntegerField()


class AuditEvent(models.Model):
    """One governance act: who did what to which record, in which role, why, and what changed."""

    stream = models.CharField(max_length=40)
    at = models.DateTimeField(db_default=Now())
    transaction = models.BigIntegerField(db_default=TransactionId(), editable=False)
    actor_key = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=200)
    role = models.CharField(max_length=40)
    verb = models.CharField(max_length=80)
    record_type = models.CharField(max_length=60)
    record_id = models.CharField(max_length=64)
    record_name = models.CharField(max_length=200, blank=True)
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)
    reason = models.TextField(blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["record_type", "record_id", "-id"], name="audit_event_record"),
            models.Index(fields=["actor_key", "-id"], name="audit_event_actor"),
            models.Index(fields=["verb", "-id"], name="audit_event_verb"),
            models.Index(fields=["transaction"], name="audit_event_transaction"),
            # For searching: newest first in the order in which lists sort, and names as `icontains` asks for them.
            models.Index(fields=["-at", "id"], name="audit_event_at"),
            models.Index(fields=["stream", "-at", "id"], name="audit_event_stream"),
            GinIndex(OpClass(Upper("actor_name"), name="gin_trgm_ops"), name="audit_event_actor_name"),
            GinIndex(OpClass(Upper("record_name"), name="gin_trgm_ops"), name="audit_event_record_name"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.record_type} {self.record_id}"


class AuditLink(models.Model):
    """An event's place in its stream: SHA-256 over the previous link's hash and the event."""

    event = models.OneToOneField(AuditEvent, models.DO_NOTHING, primary_key=True, db_constraint=False)
    stream = models.CharField(max_length=40)
    seq = models.BigIntegerField()
    previous = models.BinaryField()
    hash = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stream", "seq"], name="audit_link_place")]

    def __str__(self) -> str:
        return f"{self.stream} {self.seq}"


class AuditHead(models.Model):
    """The last link of a stream. Written by the trigger alone."""

    stream = models.CharField(max_length=40, primary_key=True)
    seq = models.BigIntegerField()
    hash = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.stream} at {self.seq}"


class Fact(models.Model):
    """What a record said from one moment to another, for reports about a past day. Written by triggers alone
    (audit.history); it ends once and never changes otherwise.
    """

    source = models.CharField(max_length=60)
    key = models.CharField(max_length=60)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    facts = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], condition=models.Q(until=None), name="audit_fact_open"),
            models.CheckConstraint(
                condition=models.Q(until=None) | models.Q(until__gte=models.F("since")), name="audit_fact_order"
            ),
        ]
        indexes = [models.Index(fields=["source", "since"], name="audit_fact_since")]

    def __str__(self) -> str:
        return f"{self.source} {self.key} since {self.since}"
