"""What people do to mail: choose what they get, send again, and what bounces do. Queueing is in outbox.py."""

from __future__ import annotations

from django.db import transaction

from apps.accounts.actors import Actor, Role
from apps.audit import services as audit
from apps.core import bell, clock
from apps.core.errors import Invalid, NotPermitted, given
from apps.mail.errors import AddressSuppressed, NotSwitchable
from apps.mail.kinds import SWITCHABLE
from apps.mail.lifecycle import MESSAGE
from apps.mail.models import MailPreference, Message, SuppressedAddress
from apps.mail.selectors import suppressed_addresses


def preference_set(*, actor: Actor, group: str, is_on: bool) -> MailPreference:
    """The acting person switches a kind of mail on or off for themselves. Raises `NotSwitchable`."""
    if actor.user_id is None:
        raise NotPermitted("Only people who sign in choose their mail.")
    if group not in {one.value for one in SWITCHABLE}:
        raise NotSwitchable()
    with transaction.atomic():
        preference, _ = MailPreference.objects.update_or_create(
            user_id=actor.user_id, group=group, defaults={"is_on": is_on, "changed_at": clock.now()}
        )
        audit.record(actor, "mail.preference.set", preference, after={"group": group, "on": is_on}, name="Mail choice")
    return preference


def message_retry(*, actor: Actor, message: Message) -> Message:
    """Send a message again that failed, or of which nobody knows whether it arrived. Raises `AddressSuppressed`."""
    from apps.mail.tasks import send_mail_due

    actor.require(Role.ADMINISTRATOR)
    with transaction.atomic():
        message = Message.objects.select_for_update().get(pk=message.pk)
        MESSAGE.check(message.state, "queued")
        if suppressed_addresses([message.address]):
            raise AddressSuppressed()
        before = message.last_error
        message.state, message.attempts, message.next_attempt_at = Message.State.QUEUED, 0, clock.now()
        message.is_unclear, message.handed_at = False, None
        message.save(update_fields=["state", "attempts", "next_attempt_at", "is_unclear", "handed_at"])
        audit.record(actor, "mail.message.retried", message, before={"error": before}, after={"kind": message.kind})
        bell.ring(send_mail_due)
    return message


def bounce_record(
    *, actor: Actor, address: str, reason: str, permanent: bool, message: Message | None = None
) -> SuppressedAddress | None:
    """Mail to an address came back. `permanent`: the address itself is wrong, so that nothing more is sent there.

    `message` is the one that came back. The same report twice changes nothing the second time. Beacon only.
    """
    if not actor.is_system:
        raise NotPermitted("Bounces are read from the mail server's reports.")
    with transaction.atomic():
        came_back = 0
        if message is not None:
            there = Message.objects.filter(pk=message.pk, state__in=[Message.State.SENDING, Message.State.SENT])
            came_back = there.update(state=Message.State.BOUNCED, last_error=reason[:400], leased_until=None)
        suppression = SuppressedAddress.objects.filter(address__iexact=address, lifted_at=None).first()
        is_new = permanent and suppression is None
        if is_new:
            suppression = SuppressedAddress.objects.create(
                address=address.lower(), reason=reason[:400], since=clock.now()
            )
        target = suppression or message
        if target is not None and (came_back or is_new):
            audit.record(
                actor, "mail.address.bounced", target, reason=reason[:400],
                after={"suppressed": suppression is not None, "message": message.pk if message else None},
            )  # fmt: skip
    return suppression


def suppression_lift(*, actor: Actor, suppression: SuppressedAddress, reason: str) -> SuppressedAddress:
    """Mail goes to this address again. What was held back meanwhile is not sent: it is old news."""
    actor.require(Role.ADMINISTRATOR)
    given(reason)
    with transaction.atomic():
        suppression = SuppressedAddress.objects.select_for_update().get(pk=suppression.pk)
        if suppression.lifted_at is not None:
            raise Invalid("Mail goes to this address again already.")
        suppression.lifted_at, suppression.lifted_by = clock.now(), actor.name
        suppression.save(update_fields=["lifted_at", "lifted_by"])
        audit.record(actor, "mail.suppression.lifted", suppression, reason=reason.strip())
    return suppression
