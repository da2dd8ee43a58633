"""Pages of webhooks: who is told of changes, what became of each telling, and what to do about it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import django_filters
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Role
from apps.accounts.selectors import REVIEWERS
from apps.agencies.models import Agency
from apps.agencies.selectors import agencies_visible_to
from apps.audit.words import history
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.core.verbs import ReasonForm, form_page, saying
from apps.webhooks import services
from apps.webhooks.delivering import event_of
from apps.webhooks.events import TYPES
from apps.webhooks.lifecycle import DELIVERY, SUBSCRIPTION
from apps.webhooks.models import Delivery, Subscription
from apps.webhooks.selectors import deliveries_visible_to, subscriptions_visible_to

_HOME = ("Webhooks", "webhooks:subscriptions")
TAGS = {
    "active": "good", "paused": "warn", "off": "bad", "ended": "neutral",
    "waiting": "info", "sending": "info", "delivered": "good", "failed": "bad", "cancelled": "neutral",
}  # fmt: skip
_SHOWN = 10


def _url(subscription: Subscription) -> str:
    return reverse("webhooks:subscription", args=[subscription.pk])


def _crumbs(*more: tuple[str, str]) -> list[tuple[str, str]]:
    return [(_HOME[0], reverse(_HOME[1])), *more]


def _found(request: HttpRequest, pk: int) -> Subscription:
    return get_object_or_404(subscriptions_visible_to(actor_of(request)), pk=pk)


COLUMNS = [
    Column("name", "Webhook", lambda s: s.name, sort="name", url=_url),
    Column("address", "Address", lambda s: s.address, sort="address"),
    Column("agency", "About", lambda s: s.agency.name if s.agency else "All agencies", sort="agency__name"),
    Column("types", "Kinds of events", lambda s: len(s.types), kind="number"),
    Column("state", "State", lambda s: s.get_state_display(), sort="state", tag=lambda s: TAGS[s.state]),
    Column("made", "Since", lambda s: s.created_at, sort="created_at", kind="time"),
]  # fmt: skip


@allow(*REVIEWERS)
def subscription_list(request: HttpRequest) -> HttpResponse:
    """See which other systems are told of changes."""
    actor = actor_of(request)
    may = actor.has(Role.ADMINISTRATOR)
    new = reverse("webhooks:subscription-new")
    listing = Listing(
        request, subscriptions_visible_to(actor), COLUMNS, "Webhooks", "webhooks",
        Empty("No webhook yet", "A webhook tells another system of changes as they happen.", *((new, "Add a webhook") if may else ())),
        default_sort="name",
    )  # fmt: skip
    return listing_page(
        listing, title="Webhooks", verbs=[("Add a webhook", new)] if may else [],
        intro="These systems are told when seats, phases, terms and incidents change.",
    )  # fmt: skip


@allow(*REVIEWERS)
def subscription_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """See one webhook: its state, what it was told last, and its history."""
    actor, found = actor_of(request), _found(request, pk)
    may = actor.has(Role.ADMINISTRATOR)
    context = {
        "webhook": found, "tag": TAGS[found.state], "history": history(found), "may": may and found.state != "ended",
        "may_pause": may and SUBSCRIPTION.allows(found.state, "paused"),
        "may_resume": may and SUBSCRIPTION.allows(found.state, "active"),
        "deliveries": [(one, TAGS[one.state]) for one in deliveries_visible_to(actor).filter(subscription=found)[:_SHOWN]],
        "crumbs": _crumbs((found.name, "")),
    }  # fmt: skip
    return render(request, "webhooks/subscription.html", context)


class ReviseForm(ReasonForm):
    name = forms.CharField(label="Name", max_length=80, help_text="The system that is told: “Data hub”.")
    address = forms.CharField(
        label="Address", max_length=500, help_text="Where events are sent, for example https://hub.example.gov/beacon."
    )
    types = forms.MultipleChoiceField(
        label="Events", choices=[(code, f"{code}: {words}") for code, words in TYPES.items()],
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    field_order: tuple[str, ...] = ("name", "address", "types", "reason")


class SubscriptionForm(ReviseForm):
    agency: forms.ModelChoiceField[Agency] = forms.ModelChoiceField(
        label="About", queryset=Agency.objects.none(), required=False, empty_label="All agencies",
        help_text="One agency, with those under it: it hears of their seats, phases and incidents, and of the terms.",
    )  # fmt: skip
    field_order = ("name", "address", "types", "agency", "reason")


@allow(Role.ADMINISTRATOR, sensitive=True)
def subscription_new(request: HttpRequest) -> HttpResponse:
    """Tell another system of changes."""
    actor, back = actor_of(request), reverse(_HOME[1])

    def form(*args: Any, **kwargs: Any) -> SubscriptionForm:
        made = SubscriptionForm(*args, **kwargs)
        field = made.fields["agency"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = agencies_visible_to(actor).order_by("name")
        return made

    def act(data: dict[str, Any]) -> HttpResponse:
        return _secret_shown(request, *services.subscription_create(actor=actor, **data))

    return form_page(
        request, title="Add a webhook", form_class=form, act=act, done="", back=back, submit="Add it", crumbs=_crumbs(),
        intro="Its secret is shown once, on the next page. Events begin at that moment.",
    )  # fmt: skip


def _secret_shown(request: HttpRequest, subscription: Subscription, secret: str) -> HttpResponse:
    """On the answer itself and nowhere else: neither in a session nor in a message that a list repeats."""
    context = {
        "webhook": subscription, "secret": secret, "back": _url(subscription),
        "crumbs": _crumbs((subscription.name, _url(subscription)), ("Its secret", "")),
    }  # fmt: skip
    return render(request, "webhooks/secret.html", context)


@allow(Role.ADMINISTRATOR, sensitive=True)
def secret_rotate(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a new secret for a webhook."""
    found = _found(request, pk)

    def act(data: dict[str, Any]) -> HttpResponse:
        return _secret_shown(request, *services.secret_rotate(actor=actor_of(request), subscription=found, **data))

    return form_page(
        request, title=f"New secret for {found}", form_class=ReasonForm, act=act, done="", back=_url(found),
        submit="Make a new secret", crumbs=_crumbs((found.name, _url(found))),
        intro="For 24 hours events are signed with both secrets, so that the receiver can change over.",
    )  # fmt: skip


@allow(Role.ADMINISTRATOR)
@require_POST
def subscription_test(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a ping and see what the receiver answers."""
    found = _found(request, pk)
    with saying(request, "A ping was sent. What the receiver answered stands below."):
        services.subscription_test(actor=actor_of(request), subscription=found)
    return redirect("webhooks:subscription", pk)


def _act(request: HttpRequest, pk: int, *, title: str, intro: str, done: str, act: Callable[..., Any]) -> HttpResponse:
    """The page of a verb that asks for a reason."""
    found = _found(request, pk)
    return form_page(
        request, title=f"{title} {found}", form_class=ReasonForm, submit=title, back=_url(found), done=done, intro=intro,
        act=lambda data: act(actor=actor_of(request), subscription=found, **data),
        crumbs=_crumbs((found.name, _url(found))),
    )  # fmt: skip


@allow(Role.ADMINISTRATOR, sensitive=True)
def subscription_pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Send nothing for a while."""
    return _act(
        request, pk, title="Pause", act=services.subscription_pause, done="Nothing is sent until you resume.",
        intro="What happens meanwhile waits. It goes out in its order when you resume.",
    )  # fmt: skip


@allow(Role.ADMINISTRATOR, sensitive=True)
def subscription_resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Send events again."""
    return _act(
        request, pk, title="Resume", act=services.subscription_resume, done="Events are sent again.",
        intro="What waits goes out now. What the receiver missed while it was gone is sent by a replay.",
    )  # fmt: skip


@allow(Role.ADMINISTRATOR, sensitive=True)
def subscription_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a webhook for good."""
    return _act(
        request, pk, title="End", act=services.subscription_end, done="The webhook has ended.",
        intro="Nothing more is sent, and what waits is dropped. This cannot be undone.",
    )  # fmt: skip


@allow(Role.ADMINISTRATOR, sensitive=True)
def subscription_revise(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a webhook's name, address or events."""
    found = _found(request, pk)
    return form_page(
        request, title=f"Change {found}", form_class=ReviseForm, submit="Save", back=_url(found), done="Saved.",
        act=lambda data: services.subscription_revise(actor=actor_of(request), subscription=found, **data),
        initial={"name": found.name, "address": found.address, "types": found.types},
        crumbs=_crumbs((found.name, _url(found))),
        intro="What waits goes to the new address. Where somebody else receives there, make a new secret twice as well.",
    )  # fmt: skip


class ReplayForm(ReasonForm):
    since = forms.DateTimeField(
        label="Since", widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=f"A moment of the last {services.REPLAY_DAYS} days.",
    )  # fmt: skip
    field_order = ("since", "reason")


@allow(Role.ADMINISTRATOR, sensitive=True)
def deliveries_replay(request: HttpRequest, pk: int) -> HttpResponse:
    """Send everything again since a moment."""
    found = _found(request, pk)
    return form_page(
        request, title=f"Send again to {found}", form_class=ReplayForm, submit="Send again", back=_url(found),
        act=lambda data: services.deliveries_replay(actor=actor_of(request), subscription=found, **data),
        done="The events wait to be sent again.", crumbs=_crumbs((found.name, _url(found))),
        intro="The ids stay the same. A receiver that keeps them knows what it has had.",
    )  # fmt: skip


# ---- deliveries ----------------------------------------------------------------------------------------------------------


class DeliveryFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=Delivery.State.choices, label="State")
    type = django_filters.ChoiceFilter(field_name="change__type", choices=list(TYPES.items()), label="Event")
    record = django_filters.CharFilter(lookup_expr="exact", label="Record", help_text="For example seat/12")

    class Meta:
        model = Delivery
        fields: list[str] = []


DELIVERY_COLUMNS = [
    Column("event", "Event", lambda d: d.change.type_label, sort="position", url=lambda d: reverse("webhooks:delivery", args=[d.pk])),
    Column("record", "Record", lambda d: d.record, sort="record,position"),
    Column("at", "Happened", lambda d: d.change.at, sort="change__at", kind="time"),
    Column("state", "State", lambda d: d.get_state_display(), sort="state", tag=lambda d: TAGS[d.state]),
    Column("tries", "Tries", lambda d: d.attempts, sort="attempts", kind="number"),
    Column("taken", "Taken", lambda d: d.delivered_at, sort="delivered_at", kind="time"),
    Column("status", "HTTP", lambda d: d.status or "", sort="status"),
    Column("answer", "Answer", lambda d: d.answer),
]  # fmt: skip


@allow(*REVIEWERS)
def delivery_list(request: HttpRequest, pk: int) -> HttpResponse:
    """See what one system was told, and what waits or was given up."""
    found = _found(request, pk)
    listing = Listing(
        request, deliveries_visible_to(actor_of(request)).filter(subscription=found), DELIVERY_COLUMNS,
        f"Deliveries to {found}", "deliveries",
        Empty("Nothing to tell yet", "Events since the webhook was made stand here."), DeliveryFilter,
        default_sort="-event",
    )  # fmt: skip
    return listing_page(
        listing, title=f"Deliveries to {found}", crumbs=_crumbs((found.name, _url(found)), ("Deliveries", ""))
    )


@allow(*REVIEWERS)
def delivery_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """See one event as it is sent, and what the receiver answered."""
    actor = actor_of(request)
    found = get_object_or_404(deliveries_visible_to(actor), pk=pk)
    subscription = found.subscription
    may = actor.has(Role.ADMINISTRATOR) and subscription.state != "ended" and DELIVERY.allows(found.state, "waiting")
    context = {
        "delivery": found, "webhook": subscription, "tag": TAGS[found.state], "history": history(found),
        # While it is being sent, a person leaves it alone.
        "may_replay": may and found.state != "sending",
        "event": json.dumps(event_of(found.change), indent=2, ensure_ascii=False),
        "crumbs": _crumbs((subscription.name, _url(subscription)), (str(found), "")),
    }  # fmt: skip
    return render(request, "webhooks/delivery.html", context)


@allow(Role.ADMINISTRATOR, sensitive=True)
def delivery_replay(request: HttpRequest, pk: int) -> HttpResponse:
    """Send one event again."""
    found = get_object_or_404(deliveries_visible_to(actor_of(request)), pk=pk)
    back = reverse("webhooks:delivery", args=[pk])
    return form_page(
        request, title="Send this event again", form_class=ReasonForm, submit="Send again", back=back,
        act=lambda data: services.delivery_replay(actor=actor_of(request), delivery=found, **data),
        done="The event waits to be sent again.", intro="Its id stays the same.",
        crumbs=_crumbs((found.subscription.name, _url(found.subscription)), (str(found), back)),
    )  # fmt: skip
