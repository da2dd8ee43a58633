"""The observed state: what the vendor shows of members, invitations and groups."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.agencies.models import Agency, Employee
from apps.vendors.models.workspaces import Workspace


class VendorAccount(models.Model):
    """A member as the vendor shows it. `is_ours`: invited or adopted by Beacon; only those are ever removed."""

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="accounts")
    vendor_id = models.CharField(max_length=120)
    email = models.CharField(max_length=254, blank=True)
    email_key = models.CharField(max_length=254, blank=True)
    name = models.CharField(max_length=200, blank=True)
    role = models.CharField(max_length=40, blank=True)
    seat_type = models.CharField(max_length=40, blank=True, db_default="")
    # "active", "inactive" (suspended at the vendor), or whatever else the vendor shows.
    status = models.CharField(max_length=40, db_default="active")
    # By Beacon's own hand: a list that shows another status for a while only lags.
    status_set_at = models.DateTimeField(null=True)
    is_service = models.BooleanField(default=False)
    is_scim = models.BooleanField(default=False)
    added_at = models.DateTimeField(null=True)
    employee = models.ForeignKey(Employee, models.PROTECT, null=True, related_name="vendor_accounts")
    is_ours = models.BooleanField(default=False)
    groups = ArrayField(models.CharField(max_length=120), default=list)
    gone_at = models.DateTimeField(null=True)
    # By Beacon's own hand: a list that still shows it for a while only lags.
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "vendor_id"], name="vendors_account_once"),
        ]
        indexes = [
            models.Index(fields=["workspace", "email_key"], name="vendors_account_email"),
            models.Index(fields=["workspace"], condition=Q(gone_at=None), name="vendors_account_present"),
            models.Index(fields=["employee"], name="vendors_account_person"),
        ]

    def __str__(self) -> str:
        return self.email or self.vendor_id

    @property
    def is_protected(self) -> bool:
        """Never touched: managed by SCIM, a service account, or an owner."""
        return self.is_scim or self.is_service or self.role == "owner"


class VendorInvite(models.Model):
    """An invitation as the vendor shows it."""

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="invites")
    vendor_id = models.CharField(max_length=120)
    email = models.CharField(max_length=254)
    email_key = models.CharField(max_length=254)
    role = models.CharField(max_length=40, blank=True)
    status = models.CharField(max_length=40)
    invited_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    employee = models.ForeignKey(Employee, models.PROTECT, null=True, related_name="vendor_invites")
    is_ours = models.BooleanField(default=False)
    # How often Beacon has sent it: once, and again each time that it was resent.
    sends = models.PositiveSmallIntegerField(db_default=1)
    gone_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "vendor_id"], name="vendors_invite_once")]
        indexes = [
            models.Index(fields=["workspace", "email_key"], name="vendors_invite_email"),
            models.Index(fields=["employee"], name="vendors_invite_person"),
        ]

    def __str__(self) -> str:
        return f"Invitation of {self.email}"


class VendorGroup(models.Model):
    """A group at the vendor. Those named after an agency mirror it."""

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="groups")
    vendor_id = models.CharField(max_length=120)
    name = models.CharField(max_length=255)
    is_scim = models.BooleanField(default=False)
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, related_name="+")
    gone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "vendor_id"], name="vendors_group_once")]

    def __str__(self) -> str:
        return self.name
