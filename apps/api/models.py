"""What was answered to a write that carried an Idempotency-Key, so that the same call twice is one act."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from apps.accounts.models import User


class IdempotentCall(models.Model):
    """One answered write. Kept for a day, as callers are told; the answer is what they could read anyway."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    key = models.CharField(max_length=80)
    # Method, address, rights and body: the same key for something else is a mistake of the caller.
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    content_type = models.CharField(max_length=80, blank=True)
    body = models.TextField(blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="api_idempotent_once")]
        indexes = [models.Index(fields=["at"], name="api_idempotent_at")]

    def __str__(self) -> str:
        return self.key
