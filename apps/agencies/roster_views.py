"""Pages of the roster import: upload, plan, release, result."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Role
from apps.agencies import roster_services as services
from apps.agencies.models import RosterLine, RosterRun
from apps.agencies.selectors import roster_runs_visible_to
from apps.audit.words import history
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.core.verbs import NumberForm, ReasonForm, form_page, saying

READERS = (Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR)
STATE_TAGS = {
    "received": "info", "planned": "info", "held": "warn", "queued": "info", "applied": "good", "failed": "bad",
    "discarded": "neutral",
}  # fmt: skip
KIND_TAGS = {"join": "good", "leave": "warn", "move": "info", "change": "neutral", "reject": "bad"}

RUN_COLUMNS = [
    Column("id", "Import", str, sort="pk", url=lambda r: reverse("agencies:run", args=[r.pk])),
    Column("state", "State", lambda r: r.get_state_display(), sort="state", tag=lambda r: STATE_TAGS[r.state]),
    Column("file", "File", lambda r: r.file_name),
    Column("at", "Uploaded", lambda r: r.created_at, sort="created_at", kind="time"),
    Column("by", "By", lambda r: r.proposed_by),
    Column("rows", "Rows", lambda r: r.rows, sort="rows", kind="number"),
    Column("rejected", "Rejected", lambda r: r.counts.get("rejected", 0), kind="number"),
]


@allow(*READERS)
def run_list(request: HttpRequest) -> HttpResponse:
    """See imports of the HR file."""
    actor = actor_of(request)
    listing = Listing(
        request, roster_runs_visible_to(actor), RUN_COLUMNS, "Roster imports", "imports",
        Empty("No imports yet", "Upload the HR file to fill the directory.", reverse("agencies:upload"), "Upload a file"),
        default_sort="-id",
    )  # fmt: skip
    verbs = [("Upload an HR file", reverse("agencies:upload"))] if actor.has(Role.ADMINISTRATOR) else []
    return listing_page(listing, title="Roster imports", verbs=verbs)


class UploadForm(forms.Form):
    file = forms.FileField(
        label="HR file", help_text="CSV with one row per employee. You see a plan before anything changes."
    )


@allow(Role.ADMINISTRATOR)
def upload(request: HttpRequest) -> HttpResponse:
    """Bring in an HR file."""

    def act(data: dict[str, Any]) -> RosterRun:
        return services.roster_receive(
            actor=actor_of(request), file_name=data["file"].name, content=data["file"].read()
        )

    return form_page(
        request, title="Upload an HR file", form_class=UploadForm, act=act, submit="Upload and plan",
        done="The file is here. Beacon compares it with the directory.", back=reverse("agencies:runs"),
        to=lambda run: reverse("agencies:run", args=[run.pk]),
        crumbs=[("Roster imports", reverse("agencies:runs"))],
        intro="Columns: employee_id, email, first_name, last_name, title, agency_code, manager_id, status, seasonal, "
        "start_date, end_date. A file with social-security, license or account numbers is refused.",
    )  # fmt: skip


class LineFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(choices=RosterLine.Kind.choices, label="Outcome")
    employee_id = django_filters.CharFilter(lookup_expr="icontains", label="Employee id")

    class Meta:
        model = RosterLine
        fields: list[str] = []


LINE_COLUMNS = [
    Column("line", "Line", lambda l: l.line if l.line is not None else "Missing", sort="line"),
    Column("kind", "Outcome", lambda l: l.get_kind_display(), sort="kind", tag=lambda l: KIND_TAGS[l.kind]),
    Column("employee", "Employee id", lambda l: l.employee_id, sort="employee_id"),
    Column("name", "Who", lambda l: f"{l.last_name}, {l.first_name}" if l.last_name else l.email),
    Column("agency", "Agency", lambda l: l.agency.code if l.agency else "", sort="agency__code"),
    Column("reason", "Reason", lambda l: l.reason),
]


@allow(*READERS)
def run_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """See the plan of an import."""
    run = get_object_or_404(roster_runs_visible_to(actor_of(request)), pk=pk)
    listing = Listing(
        request, RosterLine.objects.filter(run=run).select_related("agency"), LINE_COLUMNS, "What each row asks for",
        "rows", Empty("No row asks for a change", "The file agrees with the directory."), LineFilter, default_sort="line",
        names_people=True,
    )  # fmt: skip
    actor = actor_of(request)
    may = actor.has(Role.ADMINISTRATOR)
    return listing_page(
        listing, "agencies/roster_run.html", run=run, tag=STATE_TAGS[run.state], history=history(run), may=may,
        is_own=run.proposed_by_key == actor.key, crumbs=[("Roster imports", reverse("agencies:runs")), (str(run), "")],
    )  # fmt: skip


@allow(*READERS)
def run_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The progress component alone, asked for every few seconds."""
    run = get_object_or_404(roster_runs_visible_to(actor_of(request)), pk=pk)
    return render(request, "agencies/_roster_progress.html", {"run": run})


@allow(Role.ADMINISTRATOR)
@require_POST
def run_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm an import."""
    run = get_object_or_404(roster_runs_visible_to(actor_of(request)), pk=pk)
    with saying(request, "The plan is being applied."):
        services.roster_confirm(actor=actor_of(request), run=run)
    return redirect("agencies:run", pk=run.pk)


class ReleaseForm(NumberForm):
    number = forms.IntegerField(
        label="How many people would be separated?", min_value=0, help_text="Type the number that the plan shows."
    )


@allow(Role.ADMINISTRATOR, sensitive=True)
def run_release(request: HttpRequest, pk: int) -> HttpResponse:
    """Release an import that is held."""
    run = get_object_or_404(roster_runs_visible_to(actor_of(request)), pk=pk)
    back = reverse("agencies:run", args=[run.pk])
    return form_page(
        request, title=f"Release {run}", form_class=ReleaseForm, submit="Release and apply", back=back,
        act=lambda data: services.roster_release(actor=actor_of(request), run=run, **data),
        done="Released. The plan is being applied.",
        crumbs=[("Roster imports", reverse("agencies:runs")), (str(run), back)],
        consequences=[*run.hold_reasons, "Their seats are released and their sessions end at once."],
    )  # fmt: skip


@allow(Role.ADMINISTRATOR)
def run_discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave an import unused."""
    run = get_object_or_404(roster_runs_visible_to(actor_of(request)), pk=pk)
    back = reverse("agencies:run", args=[run.pk])
    return form_page(
        request, title=f"Discard {run}", form_class=ReasonForm, submit="Discard", back=back,
        act=lambda data: services.roster_discard(actor=actor_of(request), run=run, reason=data["reason"]),
        done="Discarded. Nothing was changed.",
        crumbs=[("Roster imports", reverse("agencies:runs")), (str(run), back)],
    )  # fmt: skip
