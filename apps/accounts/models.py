"""People who sign in, and the roles they hold."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now

from apps.accounts.actors import GRANTABLE, PRIVILEGED, Scope


class UserManager(BaseUserManager["User"]):
    """Finds people by e-mail without regard to case."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)

    def create_user(self, email: str, name: str = "", password: str | None = None, **extra: Any) -> User:
        user = self.model(email=self.normalize_email(email), name=name, **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """Somebody who can sign in. What they may do follows from roles, contacts and the directory, not from here.

    A connection is another system that holds tokens; it has no page and no sign-in. The two break-glass accounts are
    the only ones with a password (docs/runbook/sign-in.md).
    """

    class Kind(models.TextChoices):
        PERSON = "person", "Person"
        CONNECTION = "connection", "Connection"
        BREAK_GLASS = "break_glass", "Break-glass account"

    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.PERSON)
    break_glass_slot = models.PositiveSmallIntegerField(null=True, blank=True, unique=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now())

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="accounts_user_email"),
            models.CheckConstraint(
                condition=(Q(kind="break_glass", break_glass_slot__in=[1, 2]) | Q(break_glass_slot=None))
                & (~Q(kind="break_glass") | Q(break_glass_slot__isnull=False)),
                name="accounts_two_break_glass",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email


class RoleAssignment(models.Model):
    """A role held by a person, over everything or over one secretariat, until a day or until it is ended.

    It counts from its confirmation on. Administrators and privacy officers are confirmed by a second administrator;
    what the identity provider's groups give (`mapping`) was confirmed when the mapping was.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="role_assignments")
    role = models.CharField(max_length=20, choices=[(role.value, role.label) for role in GRANTABLE])
    scope = models.CharField(max_length=10, blank=True)
    reason = models.CharField(max_length=1000, blank=True)
    granted_by = models.CharField(max_length=200)
    granted_by_key = models.CharField(max_length=40, default="system")
    granted_at = models.DateTimeField(db_default=Now())
    confirmed_by = models.CharField(max_length=200, blank=True)
    confirmed_by_key = models.CharField(max_length=40, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.CharField(max_length=200, blank=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)
    mapping = models.ForeignKey("RoleMapping", models.PROTECT, null=True, blank=True, related_name="assignments")
    until_on = models.DateField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "scope"], condition=Q(ended_at=None), name="accounts_role_once"
            ),
            models.CheckConstraint(
                condition=Q(role__in=[role.value for role in GRANTABLE]), name="accounts_role_known"
            ),
            models.CheckConstraint(
                condition=~Q(role__in=[role.value for role in PRIVILEGED])
                | Q(confirmed_at=None) | Q(granted_by_key="system") | Q(mapping__isnull=False)
                | ~Q(confirmed_by_key=F("granted_by_key")),
                name="accounts_role_two_people",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}"


class RoleMapping(models.Model):
    """A group or app role of an identity provider that gives a role here, for as long as the person is in it."""

    class Claim(models.TextChoices):
        GROUP = "groups", "Group"
        APP_ROLE = "roles", "App role"

    provider = models.CharField(max_length=40)
    claim = models.CharField(max_length=10, choices=Claim.choices)
    value = models.CharField(max_length=200)
    role = models.CharField(max_length=20, choices=[(role.value, role.label) for role in GRANTABLE])
    scope = models.CharField(max_length=10, blank=True)
    created_by = models.CharField(max_length=200)
    created_by_key = models.CharField(max_length=40)
    created_at = models.DateTimeField(db_default=Now())
    confirmed_by = models.CharField(max_length=200, blank=True)
    confirmed_by_key = models.CharField(max_length=40, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "claim", "value", "role", "scope"], condition=Q(ended_at=None),
                name="accounts_mapping_once",
            ),
            models.CheckConstraint(
                condition=~Q(role__in=[role.value for role in PRIVILEGED])
                | Q(confirmed_at=None) | ~Q(confirmed_by_key=F("created_by_key")),
                name="accounts_mapping_two_people",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_claim_display()} {self.value} of {self.provider}: {self.get_role_display()}"


class ApiToken(models.Model):
    """A bearer token of a person or a connection. Only its digest is kept; the token itself was shown once.

    A token is 256 random bits, so that a plain SHA-256 is enough; `hint` are its first characters, by which people
    know it again. Expired and withdrawn ones stay: the audit trail speaks of them.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="api_tokens")
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=16)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    name = models.CharField(max_length=80)
    scopes = ArrayField(models.CharField(max_length=20, choices=[(scope.value, scope.label) for scope in Scope]))
    # Addresses and networks it may come from, as people write them; none: from anywhere.
    networks = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    created_by = models.CharField(max_length=200)
    last_used_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.CharField(max_length=200, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(scopes=[]), name="accounts_token_for_something")]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"


class Session(AbstractBaseSession):
    """A sign-in that lasts. Ending one is deleting its row: the next click with its cookie is a stranger's.

    One that ran out by itself is removed a day or two later (tasks.py).
    """

    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="sessions")
    started_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())
    method = models.CharField(max_length=60, blank=True)
    agent = models.CharField(max_length=80, blank=True)
    address = models.GenericIPAddressField(null=True)

    class Meta:
        indexes = [models.Index(fields=["user"], name="accounts_session_user")]

    @classmethod
    def get_session_store_class(cls) -> Any:
        from apps.accounts.sessions import SessionStore  # the store imports this model

        return SessionStore


class SignIn(models.Model):
    """One attempt to sign in or to confirm who one is, and what became of it. Kept for 400 days.

    A trigger keeps it so long; then it is removed (tasks.py), but for people under legal hold.
    """

    class Outcome(models.TextChoices):
        DONE = "done", "Signed in"
        CONFIRMED = "confirmed", "Confirmed again"
        REFUSED = "refused", "Refused"

    at = models.DateTimeField(db_default=Now())
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="sign_ins")
    method = models.CharField(max_length=60)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    # The name of the check that failed (accounts.claims.Check), where one did.
    check_failed = models.CharField(max_length=40, blank=True)
    address = models.GenericIPAddressField(null=True)

    class Meta:
        indexes = [models.Index(fields=["-at"], name="accounts_signin_at")]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()} by {self.method}"
