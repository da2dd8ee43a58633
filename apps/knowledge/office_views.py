"""Pages of the offices: the vendor's obligations, announcements, and counts from the web proxies."""

from __future__ import annotations

from datetime import timedelta

import django_filters
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Role
from apps.agencies.models import Agency
from apps.core import clock
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.core.verbs import form_page
from apps.knowledge import proxy_services, services
from apps.knowledge.forms import AnnouncementForm, EndForm, ObligationForm, ProxyForm, next_review
from apps.knowledge.models import OFFICES, Announcement, Obligation, ProxyMonth
from apps.knowledge.selectors import (
    OBLIGATION_READERS,
    PROXY_READERS,
    announcements_visible_to,
    obligations_visible_to,
    proxy_months_visible_to,
)
from apps.knowledge.services import EDITORS
from apps.knowledge.views import home_crumb

STATE_TAGS = {"met": "good", "part": "warn", "not_met": "bad", "not_checked": "neutral"}


class ObligationFilter(django_filters.FilterSet):
    head = django_filters.ChoiceFilter(choices=Obligation.Head.choices, label="Criterion")
    state = django_filters.ChoiceFilter(choices=Obligation.State.choices, label="State")
    owner = django_filters.ChoiceFilter(choices=list(OFFICES.items()), label="Owner")

    class Meta:
        model = Obligation
        fields: list[str] = []


_FACTS = [
    Column("head", "Criterion", lambda o: o.get_head_display(), sort="head"),
    Column("state", "State", lambda o: o.get_state_display(), sort="state", tag=lambda o: STATE_TAGS[o.state]),
    Column("evidence", "Evidence", lambda o: o.evidence),
    Column("link", "Link", lambda o: o.evidence_url),
    Column("owner", "Owner", lambda o: o.get_owner_display(), sort="owner"),
    Column("review", "Next review", lambda o: o.review_on, sort="review_on", kind="date"),
]


def _edit_url(obligation: Obligation) -> str:
    return reverse("knowledge:obligation-edit", args=[obligation.pk])


@allow(*OBLIGATION_READERS)
def obligation_list(request: HttpRequest) -> HttpResponse:
    """What the vendor owes under the five criteria, and what is known of it."""
    actor = actor_of(request)
    edits = actor.has(*EDITORS)
    title = Column("title", "What the vendor owes", lambda o: o.title, sort="title", url=_edit_url if edits else None)
    listing = Listing(
        request, obligations_visible_to(actor), [title, *_FACTS], "Vendor obligations", "vendor obligations",
        Empty("No obligation is listed yet", "EOTSS and the privacy office list them."), ObligationFilter, default_sort="head",
    )  # fmt: skip
    verbs = [("Add an obligation", reverse("knowledge:obligation-new"))] if edits else []
    intro = "What the vendor promised under the five criteria by which it was chosen, with the evidence."
    return listing_page(listing, title="Vendor obligations", verbs=verbs, intro=intro)


def _obligations() -> tuple[str, str]:
    return "Vendor obligations", reverse("knowledge:obligations")


_READERS = ["Who will see it: leaders, EOTSS, the privacy office and auditors."]


@allow(*EDITORS)
def obligation_new(request: HttpRequest) -> HttpResponse:
    """Enter an obligation of the vendor."""
    return form_page(
        request, title="Add an obligation", form_class=ObligationForm, submit="Add it", back=_obligations()[1],
        act=lambda data: services.obligation_add(actor=actor_of(request), **data), done="The obligation is listed.",
        initial={"review_on": next_review(), "state": "not_checked"}, crumbs=[_obligations()], consequences=_READERS,
    )  # fmt: skip


@allow(*EDITORS)
def obligation_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an obligation of the vendor."""
    obligation = get_object_or_404(obligations_visible_to(actor_of(request)), pk=pk)
    return form_page(
        request, title="Edit an obligation", form_class=ObligationForm, submit="Save", back=_obligations()[1],
        act=lambda data: services.obligation_edit(actor=actor_of(request), obligation=obligation, **data),
        done="The obligation is saved.", crumbs=[_obligations()], consequences=_READERS,
        initial={name: getattr(obligation, name) for name in ObligationForm.base_fields},
    )  # fmt: skip


def _end_url(announcement: Announcement) -> str:
    return reverse("knowledge:announcement-end", args=[announcement.pk])


_NEWS = [
    Column("text", "Text", lambda a: a.text),
    Column("agency", "Agency", lambda a: a.agency.name if a.agency else "All agencies", sort="agency__name"),
    Column("phase", "Phase", lambda a: a.phase if a.phase else "All", sort="phase"),
    Column("from", "From", lambda a: a.from_on, sort="from_on", kind="date"),
    Column("until", "Until", lambda a: a.until_on, sort="until_on", kind="date"),
]


class AnnouncementFilter(django_filters.FilterSet):
    agency = django_filters.ModelChoiceFilter(queryset=Agency.objects.all(), to_field_name="code", label="Agency")
    phase = django_filters.NumberFilter(label="Phase")

    class Meta:
        model = Announcement
        fields: list[str] = []


@allow(*EDITORS, Role.CONTACT, Role.AUDITOR)
def announcement_list(request: HttpRequest) -> HttpResponse:
    """See announcements."""
    actor = actor_of(request)
    edits = actor.has(*EDITORS)
    title = Column("title", "Title", lambda a: a.title, sort="title", url=_end_url if edits else None)
    listing = Listing(
        request, announcements_visible_to(actor), [title, *_NEWS], "Announcements", "announcements",
        Empty("Nothing is announced", "News stands on the home page of those whom it concerns."), AnnouncementFilter,
        default_sort="-from",
    )  # fmt: skip
    verbs = [("Announce something", reverse("knowledge:announcement-new"))] if edits else []
    return listing_page(listing, title="Announcements", verbs=verbs, crumbs=[home_crumb(), ("Announcements", "")])


@allow(*EDITORS)
def announcement_new(request: HttpRequest) -> HttpResponse:
    """Announce something."""
    back = reverse("knowledge:announcements")
    today = clock.today()
    return form_page(
        request, title="Announce something", form_class=AnnouncementForm, submit="Announce it", back=back,
        act=lambda data: services.announcement_add(actor=actor_of(request), **data), done="It is announced.",
        initial={"from_on": today, "until_on": today + timedelta(days=14)}, crumbs=[("Announcements", back)],
        consequences=[
            "Who will see it: employees of the agency and the phase that you choose, on their home page.",
            "Who does not take part sees it only if it is for all agencies and all phases.",
        ],
    )  # fmt: skip


@allow(*EDITORS)
def announcement_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End an announcement."""
    news = get_object_or_404(announcements_visible_to(actor_of(request)), pk=pk)
    back = reverse("knowledge:announcements")
    return form_page(
        request, title=f"End: {news.title}", form_class=EndForm, submit="End it", back=back, intro=news.text,
        act=lambda data: services.announcement_end(actor=actor_of(request), announcement=news, **data),
        done="It stands on no home page any more.", crumbs=[("Announcements", back)],
        consequences=["It goes from the home pages today."],
    )  # fmt: skip


class ProxyFilter(django_filters.FilterSet):
    label = django_filters.CharFilter(lookup_expr="icontains", label="Tool or address")
    agency = django_filters.ModelChoiceFilter(queryset=Agency.objects.all(), to_field_name="code", label="Agency")
    since = django_filters.DateFilter(field_name="month", lookup_expr="gte", label="From month")

    class Meta:
        model = ProxyMonth
        fields: list[str] = []


def _status(row: ProxyMonth) -> str:
    return row.tool.get_status_display() if row.tool else "Not in the register"


PROXY_COLUMNS = [
    Column("label", "Tool or address", lambda r: r.tool.name if r.tool else r.label, sort="label"),
    Column("address", "As in the file", lambda r: r.label, sort="label"),
    Column("status", "Register", _status, sort="tool__status"),
    Column("agency", "Agency", lambda r: r.agency.name, sort="agency__name"),
    Column("month", "Month", lambda r: f"{r.month:%B %Y}", sort="month"),
    Column("requests", "Requests", lambda r: r.requests, sort="requests", kind="number"),
]


@allow(*PROXY_READERS)
def proxy_list(request: HttpRequest) -> HttpResponse:
    """Requests to AI tools from the agencies' networks, by month."""
    actor = actor_of(request)
    listing = Listing(
        request, proxy_months_visible_to(actor), PROXY_COLUMNS, "Requests to AI tools by tool, agency and month",
        "web proxy counts", Empty("No counts yet", "EOTSS and the privacy office import them from the web proxies."),
        ProxyFilter, default_sort="-month",
    )  # fmt: skip
    verbs = [("Import a file", reverse("knowledge:proxy-import"))] if actor.has(*EDITORS) else []
    return listing_page(
        listing, title="Web-proxy findings", verbs=verbs, crumbs=[home_crumb(), ("Web-proxy findings", "")],
        intro="Counts of requests and not of people: one page that somebody opens makes many requests.",
    )  # fmt: skip


@allow(*EDITORS)
def proxy_import(request: HttpRequest) -> HttpResponse:
    """Bring in findings of the web proxy."""
    back = reverse("knowledge:proxy")
    return form_page(
        request, title="Import web-proxy findings", form_class=ProxyForm, submit="Import it", back=back,
        act=lambda data: proxy_services.proxy_import(
            actor=actor_of(request), file_name=data["file"].name, content=data["file"].read()
        ),
        done=lambda made: f"{made.lines:,} counts are in.", crumbs=[("Web-proxy findings", back)],
        consequences=[
            "A file with a column about a person or a device is refused whole.",
            "The days of an agency in the file replace those that are there.",
            "Who will see the counts: EOTSS, the privacy office, auditors, and each agency's contacts for their agency.",
        ],
    )  # fmt: skip
