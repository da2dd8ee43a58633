"""Pages about use of the assistant: figures of groups, analytics files, and one's own use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import formats
from django.views.decorators.http import require_POST

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Actor, Role
from apps.agencies.models import Agency
from apps.agencies.selectors import agencies_counted_for
from apps.audit.words import happened, history
from apps.core import clock
from apps.core.floor import PRIVACY_FLOOR
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.core.verbs import form_page, saying
from apps.vendors import usage_services as services
from apps.vendors.models import UsageImport, Workspace
from apps.vendors.usage_selectors import (
    OWN_DAYS,
    Shown,
    Week,
    active_by_week,
    activity_of,
    fetches_now,
    imports_visible_to,
    weeks_known,
)

READERS = (Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR)
HIDDEN = "Not shown"


# ---- figures ----------------------------------------------------------------------------------------------------------


@allow(*READERS, Role.LEADER)
def overview(request: HttpRequest) -> HttpResponse:
    """Weekly and monthly active people and habitual users, all together and by agency; CSV of the same figures."""
    actor = actor_of(request)
    agencies = agencies_counted_for(actor)
    known = weeks_known(agencies)
    trend = active_by_week(agencies, _as_of(request, known))
    week = trend[0] if trend else None
    listing = _by_agency(request, agencies, week)
    return listing_page(
        listing, "vendors/usage_overview.html", week=week, trend=trend, fetches=fetches_now(), floor=PRIVACY_FLOOR,
        week_form=WeekForm({"week": week.week.isoformat()} if week else None, weeks=known, auto_id="filter_%s"),
        sees_imports=actor.has(*READERS), may_import=actor.has(Role.ADMINISTRATOR),
    )  # fmt: skip


class WeekForm(forms.Form):
    """Which week to look at."""

    def __init__(self, *args: Any, weeks: list[date], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(week.isoformat(), formats.date_format(week, "F j, Y")) for week in weeks]
        self.fields["week"] = forms.ChoiceField(label="Week that begins on", choices=choices, required=False)


def _as_of(request: HttpRequest, known: list[date]) -> date:
    """The last day of the week that the address asks for; today where it asks for none that has figures."""
    asked = next((week for week in known if week.isoformat() == request.GET.get("week", "")), None)
    return date.fromordinal(asked.toordinal() + 6) if asked else clock.now().date()


def _by_agency(request: HttpRequest, agencies: Any, week: Week | None) -> Listing:
    """The agencies with figures in the week. They are sorted by name only: an order by hidden figures would tell them."""
    shown = week.agencies if week else {}

    def figure(of: Callable[[Shown], int | None]) -> Callable[[Agency], Any]:
        return lambda agency: HIDDEN if of(shown[agency.pk]) is None else of(shown[agency.pk])

    columns = [
        Column(
            "agency", "Agency", lambda a: a.name, sort="name", url=lambda a: reverse("console:agency", args=[a.code])
        ),
        Column("active", "Active this week", figure(lambda s: s.active)),
        Column("active_28", "Active in 28 days", figure(lambda s: s.active_28)),
        Column("habitual", "Habitual", figure(lambda s: s.habitual)),
        Column("messages", "Messages this week", figure(lambda s: s.messages)),
    ]
    empty = Empty("No figures yet", "Beacon reads them from the vendor once a day.")
    return Listing(
        request, agencies.filter(pk__in=list(shown)), columns, "Use by agency", "agencies", empty, default_sort="agency"
    )


# ---- files ------------------------------------------------------------------------------------------------------------

STATE_TAGS = {"planned": "info", "applied": "good", "discarded": "neutral"}
IMPORT_COLUMNS = [
    Column("id", "Import", str, sort="pk", url=lambda r: reverse("usage:import", args=[r.pk])),
    Column("state", "State", lambda r: r.get_state_display(), sort="state", tag=lambda r: STATE_TAGS[r.state]),
    Column("workspace", "Workspace", lambda r: r.workspace.title, sort="workspace__title"),
    Column("at", "Uploaded", lambda r: r.imported_at, sort="imported_at", kind="time"),
    Column("by", "By", lambda r: r.imported_by),
    Column("rows", "Rows", lambda r: r.rows, sort="rows", kind="number"),
    Column("changed", "Days that differ", lambda r: r.changed, sort="changed", kind="number"),
    Column("rejected", "Rejected", lambda r: len(r.rejected), kind="number"),
]
CRUMBS = [("Usage", "usage:overview"), ("Imports", "usage:imports")]


def _crumbs(*more: tuple[str, str], depth: int = 2) -> list[tuple[str, str]]:
    return [*((label, reverse(name)) for label, name in CRUMBS[:depth]), *more]


@allow(*READERS)
def import_list(request: HttpRequest) -> HttpResponse:
    """See imports of usage."""
    actor = actor_of(request)
    listing = Listing(
        request, imports_visible_to(actor), IMPORT_COLUMNS, "Usage imports", "imports",
        Empty("No imports yet", "Figures come from the vendor by themselves; a file fills what is missing."),
        default_sort="-id",
    )  # fmt: skip
    verbs = [("Upload an analytics file", reverse("usage:import-new"))] if actor.has(Role.ADMINISTRATOR) else []
    return listing_page(listing, title="Usage imports", verbs=verbs, crumbs=_crumbs(("Imports", ""), depth=1))


class ImportForm(forms.Form):
    workspace = forms.ModelChoiceField(label="Workspace", queryset=Workspace.objects.filter(is_active=True))
    file = forms.FileField(
        label="Analytics file",
        help_text="The vendor's export of user engagement, as CSV. You see a plan before anything changes.",
    )


@allow(Role.ADMINISTRATOR)
def import_new(request: HttpRequest) -> HttpResponse:
    """Bring in usage."""

    def act(data: dict[str, Any]) -> UsageImport:
        file = data["file"]
        return services.usage_receive(
            actor=actor_of(request), workspace=data["workspace"], file_name=file.name, content=file.read()
        )

    return form_page(
        request, title="Upload an analytics file", form_class=ImportForm, act=act, submit="Upload and plan",
        done="The file is read. Nothing is changed yet.", back=reverse("usage:imports"),
        to=lambda run: reverse("usage:import", args=[run.pk]), crumbs=_crumbs(),
        intro="Rows of one day become that day's figures. Rows of a week or a month only tell when a person was first "
        "and last active; their messages count to nothing. Beacon keeps counts, never what was written.",
    )  # fmt: skip


@allow(*READERS)
def import_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """See what an import of usage would do."""
    actor = actor_of(request)
    run = get_object_or_404(imports_visible_to(actor), pk=pk)
    context = {
        "run": run, "tag": STATE_TAGS[run.state], "history": history(run), "crumbs": _crumbs((str(run), "")),
        "may_apply": actor.has(Role.ADMINISTRATOR) and run.state == UsageImport.State.PLANNED,
        "rejected": run.rejected[:500],
    }  # fmt: skip
    return render(request, "vendors/usage_import.html", context)


def _move(request: HttpRequest, pk: int, act: Callable[..., UsageImport], done: str) -> HttpResponse:
    actor: Actor = actor_of(request)
    run = get_object_or_404(imports_visible_to(actor), pk=pk)
    with saying(request, done):
        act(actor=actor, run=run)
    return redirect("usage:import", pk=pk)


@allow(Role.ADMINISTRATOR)
@require_POST
def import_apply(request: HttpRequest, pk: int) -> HttpResponse:
    """Apply an import of usage."""
    return _move(request, pk, services.usage_apply, "The file is applied.")


@allow(Role.ADMINISTRATOR)
@require_POST
def import_discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave an import of usage unused."""
    return _move(request, pk, services.usage_discard, "Discarded. Nothing was changed.")


# ---- one's own use ----------------------------------------------------------------------------------------------------


@allow()
def mine(request: HttpRequest) -> HttpResponse:
    """What Beacon knows of one's own use, and who looked at it."""
    actor = actor_of(request)
    context: dict[str, Any] = {"is_employee": actor.employee_id is not None, "days_back": OWN_DAYS}
    if actor.employee_id is not None:
        activity = activity_of(actor, actor.employee_id)
        context |= {"activity": activity, "readers": [happened(event) for event in activity.readers]}
    return render(request, "vendors/usage_mine.html", context)
