"""Public-records bundles: asking for one, how far it is, and its file."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Role
from apps.agencies.models import Agency
from apps.audit.words import history
from apps.core import clock
from apps.core.downloads import ZIP, download
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.core.verbs import ReasonForm, form_page
from apps.reports.records_models import RecordsBundle
from apps.reports.records_services import bundle_request
from apps.reports.selectors import bundles_visible_to

MAKERS = (Role.ADMINISTRATOR, Role.PRIVACY)
TAGS = {"queued": "info", "done": "good", "failed": "bad"}
TITLE = "Public records"

COLUMNS = [
    Column("bundle", "Bundle", str, sort="pk", url=lambda b: reverse("reports:bundle", args=[b.pk])),
    Column("about", "Agencies", lambda b: b.about, sort="about"),
    Column("since", "From", lambda b: b.since, sort="since", kind="date"),
    Column("until", "To", lambda b: b.until, sort="until", kind="date"),
    Column("state", "State", lambda b: b.get_state_display(), sort="state", tag=lambda b: TAGS[b.state]),
    Column("documents", "Documents", lambda b: b.documents, sort="documents", kind="number"),
    Column("by", "Asked for by", lambda b: b.asked_by, sort="asked_by"),
    Column("made", "Made", lambda b: b.made_at, sort="made_at", kind="time"),
]


@allow(*MAKERS)
def bundle_list(request: HttpRequest) -> HttpResponse:
    """See public-records bundles."""
    listing = Listing(
        request, bundles_visible_to(actor_of(request)), COLUMNS, "Public-records bundles", "bundles",
        Empty("No bundle yet", "It answers a public-records request.", reverse("reports:bundle-new"), "Make a bundle"),
        default_sort="-bundle",
    )  # fmt: skip
    return listing_page(
        listing, title=TITLE, verbs=[("Make a bundle", reverse("reports:bundle-new"))],
        intro="What Beacon holds about agencies and days, without what the law keeps back. Each is signed.",
    )  # fmt: skip


class BundleForm(ReasonForm):
    """Whose records, and of which days."""

    agencies = forms.ModelMultipleChoiceField(
        Agency.objects.order_by("name"), widget=forms.CheckboxSelectMultiple,
        help_text="A secretariat stands for all its agencies.",
    )  # fmt: skip
    since = forms.DateField(label="From", widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="To", widget=forms.DateInput(attrs={"type": "date"}))
    field_order = ("agencies", "since", "until", "reason")


@allow(*MAKERS, sensitive=True)
def bundle_new(request: HttpRequest) -> HttpResponse:
    """Have public records put together."""
    actor, today = actor_of(request), clock.today()
    return form_page(
        request, title="Make a public-records bundle", form_class=BundleForm, submit="Make the bundle",
        back=reverse("reports:bundles"), initial={"since": today - timedelta(days=365), "until": today},
        act=lambda data: bundle_request(actor=actor, **data), done="Beacon makes the bundle. This page shows when it is ready.",
        to=lambda bundle: reverse("reports:bundle", args=[bundle.pk]),
        consequences=[
            "Names, personal fields and what people wrote about incidents stay out by rule. The index cites each exemption.",
            "The rules propose; the records access officer reads the bundle before it is handed out.",
        ],
        crumbs=[(TITLE, reverse("reports:bundles"))],
    )  # fmt: skip


def _found(request: HttpRequest, pk: int) -> RecordsBundle:
    return get_object_or_404(bundles_visible_to(actor_of(request)), pk=pk)


@allow(*MAKERS)
def bundle(request: HttpRequest, pk: int) -> HttpResponse:
    """A bundle: what was asked for, how far it is, its file and its hash."""
    found = _found(request, pk)
    context = {
        "run": found, "tag": TAGS[found.state], "history": history(found),
        "is_done": found.state == RecordsBundle.State.DONE,
        "crumbs": [(TITLE, reverse("reports:bundles")), (str(found), "")],
    }  # fmt: skip
    return render(request, "reports/bundle.html", context)


@allow(*MAKERS)
def bundle_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The progress component alone, asked for every few seconds."""
    return render(request, "reports/_bundle_progress.html", {"run": _found(request, pk)})


@allow(*MAKERS)
def bundle_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The ZIP as it was made."""
    found = _found(request, pk)
    if found.state != RecordsBundle.State.DONE:
        raise Http404
    return download(bytes(found.file.content), f"beacon-public-records-{pk}.zip", ZIP)
