"""The outbox: what is to be mailed, what became of it, and who must not be mailed to."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils.html import escape

from apps.accounts.models import User
from apps.mail.kinds import SWITCHABLE
from apps.mail.lifecycle import MESSAGE

# Stands in a body where each message has its own address.
LINK = "https://link.invalid/"


class Body(models.Model):
    """A text as rendered, shared by all messages that say the same: 40,000 of them need one.

    Never changed; not unique either, because two transactions must not wait for each other's text.
    """

    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=120)
    text = models.TextField()
    html = models.TextField()
    digest = models.CharField(max_length=32, db_index=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "bodies"
        constraints = [models.CheckConstraint(condition=Q(subject__regex=r"^[^\r\n]+$"), name="mail_subject_one_line")]

    def __str__(self) -> str:
        return self.subject


class Message(models.Model):
    """One mail to one address. Written in the transaction of what it tells of; sent after its commit."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting to be sent"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Not sent"
        BOUNCED = "bounced", "Came back"
        SUPPRESSED = "suppressed", "Held back"

    # Part of the Message-ID: a mail server that gets the same message again can tell, and nobody can guess it.
    key = models.UUIDField(default=uuid.uuid4, db_default=RandomUUID(), unique=True, editable=False)
    kind = models.CharField(max_length=40)
    body = models.ForeignKey(Body, models.PROTECT, related_name="messages")
    address = models.CharField(max_length=254)
    user = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="mail")
    # Primary key of the directory's record; the directory lies above this app, so it is no foreign key.
    employee_ref = models.BigIntegerField(null=True, blank=True)
    path = models.CharField(max_length=200)
    about_type = models.CharField(max_length=60, blank=True)
    about_id = models.CharField(max_length=40, blank=True)
    # A later message on the same topic overtakes one that still waits.
    topic = models.CharField(max_length=80, blank=True)
    dedupe_key = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    next_attempt_at = models.DateTimeField(db_default=Now())
    leased_until = models.DateTimeField(null=True, blank=True)
    # When it was given to the mail server: before it, nothing can have gone out.
    handed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=400, blank=True)
    # It may have arrived although no answer came.
    is_unclear = models.BooleanField(default=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["dedupe_key"], name="mail_message_once"),
            models.CheckConstraint(condition=Q(address__regex=r"^[^\s,;<>]+@[^\s,;<>]+$"), name="mail_one_address"),
            models.CheckConstraint(condition=Q(path__regex=r"^/([^/\s\\]|$)"), name="mail_path_is_ours"),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at", "id"], condition=Q(state="queued"), name="mail_message_due"),
            models.Index(fields=["leased_until"], condition=Q(state="sending"), name="mail_message_leased"),
            models.Index(fields=["topic"], condition=Q(state="queued"), name="mail_message_topic"),
            models.Index(fields=["state", "id"], name="mail_message_state"),
            models.Index(fields=["employee_ref"], name="mail_message_employee"),
        ]

    def __str__(self) -> str:
        return f"Message {self.pk}"

    @property
    def subject(self) -> str:
        return self.body.subject

    @property
    def link(self) -> str:
        return str(settings.BASE_URL) + self.path

    @property
    def text(self) -> str:
        return self.body.text.replace(LINK, self.link)

    @property
    def html(self) -> str:
        return self.body.html.replace(LINK, escape(self.link))

    @property
    def message_id(self) -> str:
        """The Message-ID header: the same at every try."""
        return f"<{self.key}@{urlsplit(settings.BASE_URL).hostname or 'beacon.invalid'}>"

    @property
    def machine(self) -> Any:
        return MESSAGE


class MailPreference(models.Model):
    """A person wants a kind of mail or not. No row: they get it."""

    user = models.ForeignKey(User, models.CASCADE, related_name="mail_preferences")
    group = models.CharField(max_length=10, choices=[(group.value, group.value) for group in SWITCHABLE])
    is_on = models.BooleanField()
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "group"], name="mail_preference_once"),
            models.CheckConstraint(
                condition=Q(group__in=[group.value for group in SWITCHABLE]), name="mail_preference_switchable"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.group} {'on' if self.is_on else 'off'}"


class SuppressedAddress(models.Model):
    """An address that does not exist any more: nothing is sent there until a person lifts it."""

    address = models.CharField(max_length=254)
    reason = models.CharField(max_length=400)
    since = models.DateTimeField(db_default=Now())
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "suppressed addresses"
        constraints = [
            models.UniqueConstraint(Lower("address"), condition=Q(lifted_at=None), name="mail_suppressed_once")
        ]

    def __str__(self) -> str:
        return f"Suppression {self.pk}"


class Round(models.Model):
    """Something that is done once a day, and was done on this one (the state's calendar day)."""

    name = models.CharField(max_length=40)
    day = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "day"], name="mail_round_once")]

    def __str__(self) -> str:
        return f"{self.name} of {self.day}"
