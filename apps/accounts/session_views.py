"""Pages of sign-ins: one's own that last, and every attempt for those who watch the door."""

from __future__ import annotations

from collections.abc import Iterable

import django_filters
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from apps.accounts import break_glass, services
from apps.accounts.access import actor_of, allow
from apps.accounts.models import Session, SignIn
from apps.accounts.selectors import sessions_of, sign_ins_visible_to, users_visible_to
from apps.core import clock
from apps.core.downloads import csv_download, local_text
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.core.verbs import saying


@allow()
def session_list(request: HttpRequest) -> HttpResponse:
    """See where you are signed in."""
    rows = sessions_of(actor_of(request).user_id or 0)
    if request.GET.get("format") == "csv":
        return _sessions_csv(rows, request.session.session_key or "")
    # The key of a session is the session: the page names rows by their place in time, never by it.
    sessions = [
        {"row": row, "is_this": row.session_key == request.session.session_key, "mark": mark_of(row.session_key)}
        for row in rows
    ]
    return render(request, "accounts/session_list.html", {"sessions": sessions})


def _sessions_csv(rows: Iterable[Session], this: str) -> HttpResponse:
    """The columns of the page: what opens a session, its key and its mark, is in neither."""
    header = ["Program", "From", "Since", "Last click", "This one"]
    lines = (
        [
            row.agent or "Another program", row.address or "Not known", local_text(row.started_at), local_text(row.seen_at),
            "Yes" if row.session_key == this else "",
        ]
        for row in rows
    )  # fmt: skip
    return csv_download(f"beacon-my-sign-ins-{clock.today().isoformat()}.csv", header, lines)


def mark_of(key: str) -> str:
    """By which a page names a session without showing its key."""
    from apps.accounts.authentication import digest_of

    return digest_of(f"{settings.SECRET_KEY}:{key}")[:16]


@allow()
@require_POST
def session_end(request: HttpRequest) -> HttpResponse:
    """End one of your sign-ins, or all others."""
    actor = actor_of(request)
    user = get_object_or_404(users_visible_to(actor), pk=actor.user_id)
    mark = request.POST.get("mark", "")
    if mark == "others":
        with saying(request, "All other sign-ins have ended."):
            services.sessions_end(actor=actor, user=user, but=request.session.session_key or "")
    else:
        key = next((row.session_key for row in sessions_of(user.pk) if mark_of(row.session_key) == mark), "")
        with saying(request, "The sign-in has ended."):
            services.session_end(actor=actor, session_key=key, user=user)
    return redirect("accounts:sessions")


_KINDS = {"oidc": "OpenID Connect", "saml": "SAML"}


def way_of(method: str) -> str:
    """How somebody signed in, in words: through which provider, by which protocol."""
    kind, _, provider = method.partition(":")
    if kind not in _KINDS:
        return method.replace("-", " ").capitalize()
    known = settings.IDENTITY_PROVIDERS.get(provider)
    return f"{known.name if known else provider} ({_KINDS[kind]})"


def _ways() -> list[tuple[str, str]]:
    methods = {f"{one.kind}:{one.id}" for one in settings.IDENTITY_PROVIDERS.values()} | {break_glass.METHOD}
    return [(method, way_of(method)) for method in sorted(methods)]


class SignInFilter(django_filters.FilterSet):
    who = django_filters.CharFilter(field_name="user__name", lookup_expr="icontains", label="Name")
    outcome = django_filters.ChoiceFilter(choices=SignIn.Outcome.choices, label="Outcome")
    method = django_filters.ChoiceFilter(choices=_ways, label="Way")

    class Meta:
        model = SignIn
        fields: list[str] = []


_TAGS = {"done": "good", "confirmed": "good", "refused": "bad"}
COLUMNS = [
    Column("at", "When", lambda s: s.at, sort="at", kind="time"),
    Column("who", "Who", lambda s: str(s.user) if s.user else "Not known", sort="user__name"),
    Column("method", "Way", lambda s: way_of(s.method), sort="method"),
    Column("outcome", "Outcome", lambda s: s.get_outcome_display(), sort="outcome", tag=lambda s: _TAGS[s.outcome]),
    Column("check", "Failed check", lambda s: s.check_failed),
    Column("address", "From", lambda s: s.address or ""),
]


@allow()
def sign_in_list(request: HttpRequest) -> HttpResponse:
    """See attempts to sign in: your own, or everybody's for administrators and auditors."""
    listing = Listing(
        request, sign_ins_visible_to(actor_of(request)), COLUMNS, "Attempts to sign in", "sign-ins",
        Empty("No attempt yet"), SignInFilter, default_sort="-at", counted_to=10_000, names_people=True,
    )  # fmt: skip
    return listing_page(
        listing, title="Sign-ins", intro="A refused answer of an identity provider is named by the check that failed."
    )
