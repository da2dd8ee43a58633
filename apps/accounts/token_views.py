"""Pages of tokens and of the connections that hold them."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from apps.accounts import token_services
from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Role, Scope
from apps.accounts.models import ApiToken, User
from apps.accounts.selectors import REVIEWERS, connections_visible_to, tokens_visible_to, users_visible_to
from apps.accounts.token_services import CONNECTIONS_ONLY, LONGEST_DAYS, OWNERS
from apps.audit.words import history
from apps.core import clock
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.core.verbs import ReasonForm, form_page

_TOKENS, _CONNECTIONS = ("API tokens", "accounts:tokens"), ("Connections", "accounts:connections")


def state_of(token: ApiToken) -> tuple[str, str]:
    """The state in words, and the kind of its tag."""
    if token.withdrawn_at:
        return "Withdrawn", "neutral"
    return ("Expired", "neutral") if token.expires_at <= clock.now() else ("Works", "good")


class TokenFilter(django_filters.FilterSet):
    name = django_filters.CharFilter(lookup_expr="icontains", label="Name")
    owner = django_filters.CharFilter(field_name="user__name", lookup_expr="icontains", label="Owner")
    scope = django_filters.ChoiceFilter(
        field_name="scopes", lookup_expr="contains", choices=[(one.value, one.value) for one in Scope], label="For",
        method="by_scope",
    )  # fmt: skip

    class Meta:
        model = ApiToken
        fields: list[str] = []

    def by_scope(self, rows: Any, _name: str, value: str) -> Any:
        return rows.filter(scopes__contains=[value])


COLUMNS = [
    Column("name", "Token", str, sort="name", url=lambda t: reverse("accounts:token", args=[t.pk])),
    Column("owner", "Owner", lambda t: str(t.user), sort="user__name"),
    Column("scopes", "For", lambda t: ", ".join(t.scopes)),
    Column("state", "State", lambda t: state_of(t)[0], tag=lambda t: state_of(t)[1]),
    Column("expires", "Until", lambda t: t.expires_at, sort="expires_at", kind="time"),
    Column("used", "Used last", lambda t: t.last_used_at, sort="last_used_at", kind="time"),
]


@allow(*OWNERS)
def token_list(request: HttpRequest) -> HttpResponse:
    """See your tokens; administrators, auditors and the privacy office see every token."""
    listing = Listing(
        request, tokens_visible_to(actor_of(request)), COLUMNS, "API tokens", "tokens",
        Empty("No token yet", "A token lets a script do what you may do.", reverse("accounts:token-new"), "Make a token"),
        TokenFilter, default_sort="-expires",
    )  # fmt: skip
    verbs = [("Make a token", reverse("accounts:token-new"))]
    return listing_page(
        listing, title="API tokens", verbs=verbs, intro="Every token expires after 90 days at the latest."
    )


@allow(*OWNERS)
def token_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """See one token and its history."""
    actor = actor_of(request)
    token = get_object_or_404(tokens_visible_to(actor), pk=pk)
    words, tag = state_of(token)
    may = tag == "good" and (actor.has(Role.ADMINISTRATOR) or actor.user_id == token.user_id)
    context = {
        "token": token, "state": words, "tag": tag, "may_withdraw": may, "history": history(token),
        "scopes": [(scope, Scope(scope).label) for scope in token.scopes],
        "crumbs": [(_TOKENS[0], reverse(_TOKENS[1])), (token.name, "")],
    }  # fmt: skip
    return render(request, "accounts/token_detail.html", context)


class TokenForm(forms.Form):
    name = forms.CharField(label="Name", max_length=80, help_text="What it is for: “Monthly report”.")
    scopes = forms.MultipleChoiceField(label="What it may be used for", widget=forms.CheckboxSelectMultiple)
    days = forms.IntegerField(label="Days until it expires", min_value=1, max_value=LONGEST_DAYS, initial=LONGEST_DAYS)
    networks = forms.CharField(
        label="Networks", required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Addresses it may be used from, one a line, such as 198.51.100.0/24. Empty: from anywhere.",
    )  # fmt: skip

    def __init__(self, *args: Any, connection: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["scopes"]
        if isinstance(field, forms.MultipleChoiceField):
            field.choices = [
                (one.value, f"{one.value}: {one.label}") for one in Scope if connection or one not in CONNECTIONS_ONLY
            ]

    def clean_networks(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["networks"].splitlines() if line.strip()]


@allow(*OWNERS, sensitive=True)
def token_new(request: HttpRequest) -> HttpResponse:
    """Make a token for your own scripts."""
    owner = get_object_or_404(users_visible_to(actor_of(request)), pk=actor_of(request).user_id)
    return _make(request, owner, reverse(_TOKENS[1]), _TOKENS[0])


@allow(Role.ADMINISTRATOR, sensitive=True)
def connection_token_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a token for a connection."""
    owner = get_object_or_404(connections_visible_to(actor_of(request)), pk=pk)
    return _make(request, owner, reverse("accounts:connection", args=[pk]), str(owner))


def _make(request: HttpRequest, owner: User, back: str, crumb: str) -> HttpResponse:
    def act(data: dict[str, Any]) -> HttpResponse:
        token, text = token_services.token_create(actor=actor_of(request), owner=owner, **data)
        # Shown on the answer itself and nowhere else: neither in a session nor in a message that a list repeats.
        context = {"token": token, "text": text, "back": back, "crumbs": [(crumb, back), (token.name, "")]}
        return render(request, "accounts/token_made.html", context)

    def form(*args: Any, **kwargs: Any) -> TokenForm:
        return TokenForm(*args, connection=owner.kind == User.Kind.CONNECTION, **kwargs)

    return form_page(
        request, title=f"Make a token for {owner}", form_class=form, act=act, done="", back=back, submit="Make the token",
        crumbs=[(crumb, back)], intro="It is shown once. Keep it where your scripts keep their secrets.",
    )  # fmt: skip


@allow(*OWNERS)
def token_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw a token: it is dead at once."""
    token = get_object_or_404(tokens_visible_to(actor_of(request)), pk=pk)
    back = reverse("accounts:token", args=[pk])
    return form_page(
        request, title=f"Withdraw {token}", form_class=ReasonForm, submit="Withdraw it", back=back,
        act=lambda data: token_services.token_withdraw(actor=actor_of(request), token=token, **data),
        done="The token is dead.", crumbs=[(_TOKENS[0], reverse(_TOKENS[1])), (token.name, back)],
    )  # fmt: skip


# -- connections ---------------------------------------------------------------------------------------------------------

CONNECTION_COLUMNS = [
    Column("name", "Connection", lambda c: c.name, sort="name", url=lambda c: reverse("accounts:connection", args=[c.pk])),
    Column("state", "State", lambda c: "Works" if c.is_active else "Shut out", tag=lambda c: "good" if c.is_active else "neutral"),
    Column("made", "Since", lambda c: c.created_at, sort="created_at", kind="time"),
]  # fmt: skip


@allow(*REVIEWERS)
def connection_list(request: HttpRequest) -> HttpResponse:
    """See the other systems that may talk to Beacon."""
    actor = actor_of(request)
    may = actor.has(Role.ADMINISTRATOR)
    listing = Listing(
        request, connections_visible_to(actor), CONNECTION_COLUMNS, "Connections", "connections",
        Empty("No connection yet", "The HR system, the learning system and BI tools each get one."), default_sort="name",
    )  # fmt: skip
    verbs = [("Add a connection", reverse("accounts:connection-new"))] if may else []
    return listing_page(
        listing,
        title="Connections",
        verbs=verbs,
        intro="Another system acts under its own name, with tokens of its own.",
    )


@allow(*REVIEWERS)
def connection_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """See one connection, its tokens and its history."""
    actor = actor_of(request)
    found = get_object_or_404(connections_visible_to(actor), pk=pk)
    context = {
        "connection": found, "may": actor.has(Role.ADMINISTRATOR) and found.is_active, "history": history(found),
        "tokens": [(token, *state_of(token)) for token in tokens_visible_to(actor).filter(user=found)],
        "crumbs": [(_CONNECTIONS[0], reverse(_CONNECTIONS[1])), (found.name, "")],
    }  # fmt: skip
    return render(request, "accounts/connection_detail.html", context)


class ConnectionForm(ReasonForm):
    name = forms.CharField(label="Name", max_length=60, help_text="As the audit trail will call it: “HR feed”.")
    field_order = ("name", "reason")


@allow(Role.ADMINISTRATOR, sensitive=True)
def connection_new(request: HttpRequest) -> HttpResponse:
    """Make another system known."""
    back = reverse(_CONNECTIONS[1])
    return form_page(
        request, title="Add a connection", form_class=ConnectionForm, submit="Add it", back=back,
        act=lambda data: token_services.connection_create(actor=actor_of(request), **data),
        done="Now make a token for it.", crumbs=[(_CONNECTIONS[0], back)],
        to=lambda made: reverse("accounts:connection", args=[made.pk]),
    )  # fmt: skip


@allow(Role.ADMINISTRATOR, sensitive=True)
def connection_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Shut a connection out, with all its tokens."""
    found = get_object_or_404(connections_visible_to(actor_of(request)), pk=pk)
    back = reverse("accounts:connection", args=[pk])
    return form_page(
        request, title=f"Shut out {found}", form_class=ReasonForm, submit="Shut it out", back=back,
        act=lambda data: token_services.connection_end(actor=actor_of(request), connection=found, **data),
        done="The connection is shut out; its tokens are dead.",
        crumbs=[(_CONNECTIONS[0], reverse(_CONNECTIONS[1])), (found.name, back)],
    )  # fmt: skip
