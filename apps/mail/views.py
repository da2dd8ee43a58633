"""Pages of the outbox, of addresses that nothing is sent to, and of one's own choice."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.contrib import messages as said
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Role
from apps.audit.words import history
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.core.verbs import ReasonForm, form_page, saying
from apps.mail import services
from apps.mail.kinds import KINDS, Group
from apps.mail.models import Message, SuppressedAddress
from apps.mail.selectors import messages_visible_to, own_messages, preferences_of, suppressions_visible_to

_READERS = (Role.ADMINISTRATOR, Role.AUDITOR)
_MAIL = ("Mail", "mail:messages")
TAGS = {
    "queued": "info", "sending": "info", "sent": "good", "failed": "bad", "bounced": "bad", "suppressed": "neutral",
}  # fmt: skip


class MessageFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=Message.State.choices, label="State")
    kind = django_filters.ChoiceFilter(
        choices=[(kind.code, kind.subject.partition(": ")[2]) for kind in KINDS.values()], label="About"
    )
    address = django_filters.CharFilter(lookup_expr="icontains", label="Address")
    unclear = django_filters.BooleanFilter(
        field_name="is_unclear", label="Arrival",
        widget=forms.Select(choices=[("", "Any"), ("true", "Not known")]),
    )  # fmt: skip

    class Meta:
        model = Message
        fields: list[str] = []


COLUMNS = [
    Column("subject", "Subject", lambda m: m.subject, sort="kind", url=lambda m: reverse("mail:message", args=[m.pk])),
    Column("to", "To", lambda m: m.address, sort="address"),
    Column("state", "State", lambda m: m.get_state_display(), sort="state", tag=lambda m: TAGS[m.state]),
    Column("queued", "Written", lambda m: m.created_at, sort="created_at", kind="time"),
    Column("sent", "Sent", lambda m: m.sent_at, sort="sent_at", kind="time"),
    Column("tries", "Tries", lambda m: m.attempts, sort="attempts", kind="number"),
    Column("error", "What happened", lambda m: m.last_error),
]  # fmt: skip


@allow(*_READERS)
def message_list(request: HttpRequest) -> HttpResponse:
    """See what mail was sent, and what was not."""
    listing = Listing(
        request, messages_visible_to(actor_of(request)), COLUMNS, "Mail", "messages",
        Empty("No mail yet", "Mail follows from decisions, and once a day from what waits."), MessageFilter,
        default_sort="-queued", names_people=True,
    )  # fmt: skip
    return listing_page(
        listing, title="Mail", intro="What Beacon wrote to people, and what became of it.",
        verbs=[("Addresses without mail", reverse("mail:suppressions"))],
    )  # fmt: skip


@allow(*_READERS)
def message_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """See one message."""
    actor = actor_of(request)
    message = get_object_or_404(messages_visible_to(actor), pk=pk)
    context = {
        "message": message, "tag": TAGS[message.state], "history": history(message),
        "may_retry": message.state == Message.State.FAILED and actor.has(Role.ADMINISTRATOR),
        "crumbs": [(_MAIL[0], reverse(_MAIL[1])), (str(message), "")],
    }  # fmt: skip
    return render(request, "mail/message.html", context)


@allow(Role.ADMINISTRATOR)
@require_POST
def message_retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a message again."""
    message = get_object_or_404(messages_visible_to(actor_of(request)), pk=pk)
    with saying(request, "The message waits to be sent again."):
        services.message_retry(actor=actor_of(request), message=message)
    return redirect("mail:message", pk)


# ---- addresses that nothing is sent to ---------------------------------------------------------------------


class SuppressionFilter(django_filters.FilterSet):
    address = django_filters.CharFilter(lookup_expr="icontains", label="Address")
    active = django_filters.BooleanFilter(
        field_name="lifted_at", lookup_expr="isnull", label="State",
        widget=forms.Select(choices=[("", "Any"), ("true", "No mail is sent"), ("false", "Lifted")]),
    )  # fmt: skip

    class Meta:
        model = SuppressedAddress
        fields: list[str] = []


def _lift_url(suppression: SuppressedAddress) -> str:
    return reverse("mail:suppression-lift", args=[suppression.pk])


SUPPRESSION_COLUMNS = [
    Column("address", "Address", lambda s: s.address, sort="address", url=_lift_url),
    Column(
        "state", "State", lambda s: "Lifted" if s.lifted_at else "No mail is sent",
        tag=lambda s: "neutral" if s.lifted_at else "warn",
    ),
    Column("since", "Since", lambda s: s.since, sort="since", kind="time"),
    Column("reason", "What the mail server said", lambda s: s.reason),
    Column("by", "Lifted by", lambda s: s.lifted_by),
]  # fmt: skip


@allow(*_READERS)
def suppression_list(request: HttpRequest) -> HttpResponse:
    """See addresses that no mail goes to."""
    columns = list(SUPPRESSION_COLUMNS)
    if not actor_of(request).has(Role.ADMINISTRATOR):
        columns[0] = Column("address", "Address", lambda s: s.address, sort="address")
    listing = Listing(
        request, suppressions_visible_to(actor_of(request)), columns, "Addresses without mail", "addresses",
        Empty("Every address gets its mail", "An address stands here once mail to it came back for good."),
        SuppressionFilter, default_sort="-since", names_people=True,
    )  # fmt: skip
    return listing_page(
        listing, title="Addresses without mail", crumbs=[(_MAIL[0], reverse(_MAIL[1])), ("Addresses without mail", "")],
        intro="Mail to these addresses came back because they do not exist. Nothing more is sent there.",
    )  # fmt: skip


@allow(Role.ADMINISTRATOR)
def suppression_lift(request: HttpRequest, pk: int) -> HttpResponse:
    """Let mail go to an address again."""
    suppression = get_object_or_404(suppressions_visible_to(actor_of(request)), pk=pk)
    back = reverse("mail:suppressions")
    return form_page(
        request, title=f"Send mail to {suppression.address} again", form_class=ReasonForm, submit="Send mail again",
        act=lambda data: services.suppression_lift(actor=actor_of(request), suppression=suppression, **data),
        done="Mail goes to this address again.", back=back,
        consequences=["New mail goes there again. What was held back is not sent: it is old news."],
        crumbs=[(_MAIL[0], reverse(_MAIL[1])), ("Addresses without mail", back)],
    )  # fmt: skip


# ---- one's own choice --------------------------------------------------------------------------------------


class PreferenceForm(forms.Form):
    """What a person wants to get. The digest is asked only of those who get one."""

    digest = forms.TypedChoiceField(
        label="Daily summary of what waits for you", choices=[("on", "Once a day, if something waits"), ("off", "None")],
        widget=forms.RadioSelect, coerce=lambda value: value == "on", required=False,
    )  # fmt: skip
    reminders = forms.TypedChoiceField(
        label="Reminders", choices=[("on", "Send them"), ("off", "None")], widget=forms.RadioSelect,
        coerce=lambda value: value == "on",
        help_text="New terms that still need your answer, and training that is about to lapse.",
    )  # fmt: skip
    reports = forms.TypedChoiceField(
        label="Links to reports", choices=[("on", "Send them"), ("off", "None")], widget=forms.RadioSelect,
        coerce=lambda value: value == "on", help_text="The reports of the month, and those whose reader you are.",
    )  # fmt: skip


@allow()
def preferences(request: HttpRequest) -> HttpResponse:
    """Choose one's mail, and read what Beacon wrote."""
    actor = actor_of(request)
    now = preferences_of(actor.user_id or 0)
    initial = {group: "on" if is_on else "off" for group, is_on in now.items()}
    form = PreferenceForm(request.POST or None, initial=initial)
    if not actor.agency_ids:
        del form.fields[Group.DIGEST.value]
    if not actor.roles:
        del form.fields[Group.REPORTS.value]
    if request.method == "POST" and form.is_valid():
        with saying(request):
            changed = _save(request, form.cleaned_data, now)
            said.success(request, "Saved." if changed else "Nothing was changed.")
        return redirect("mail:preferences")
    latest = own_messages(actor).filter(state__in=["sent", "queued", "sending"])[:10]
    return render(request, "mail/preferences.html", {"form": form, "latest": latest})


def _save(request: HttpRequest, wanted: dict[str, Any], now: dict[str, bool]) -> int:
    """Record what differs. Returns how many choices changed."""
    changes = [(group, is_on) for group, is_on in wanted.items() if isinstance(is_on, bool) and now[group] != is_on]
    for group, is_on in changes:
        services.preference_set(actor=actor_of(request), group=group, is_on=is_on)
    return len(changes)
