"""Pages of sync runs, operations and drift. Workspaces have workspace_views.py."""

from __future__ import annotations

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
from apps.audit.words import history
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.core.verbs import NumberForm, ReasonForm, form_page, saying
from apps.vendors import drift as drifts
from apps.vendors import services
from apps.vendors.lifecycle import OPERATION
from apps.vendors.models import Drift, Operation
from apps.vendors.selectors import (
    decision_behind,
    drifts_visible_to,
    estimate_words,
    operations_visible_to,
    per_agency_of,
    progress_of,
    runs_visible_to,
)
from apps.vendors.unclear import awaited_until

READERS = (Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR)
RUN_TAGS = {
    "running": "info", "done": "good", "incomplete": "warn", "held": "warn", "released": "good", "failed": "bad",
    "discarded": "neutral",
}  # fmt: skip
OPERATION_TAGS = {
    "planned": "warn", "pending": "info", "running": "info", "retry": "warn", "needs_attention": "bad", "done": "good",
    "superseded": "neutral", "discarded": "neutral",
}  # fmt: skip
DRIFT_TAGS = {"open": "warn", "resolved": "good", "ignored": "neutral"}
WORKSPACES = ("Workspaces", "vendors:workspaces")


# ---- runs --------------------------------------------------------------------------------------------------


class OperationFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=Operation.State.choices, label="State")
    kind = django_filters.ChoiceFilter(choices=Operation.Kind.choices, label="What")
    email = django_filters.CharFilter(lookup_expr="icontains", label="E-mail")

    class Meta:
        model = Operation
        fields: list[str] = []


OPERATION_COLUMNS = [
    Column("id", "Operation", lambda o: f"{o.get_kind_display()}", sort="pk", url=lambda o: reverse("vendors:operation", args=[o.pk])),
    Column("who", "For", lambda o: o.email or o.group_ref, sort="email"),
    Column("agency", "Agency", lambda o: o.employee.agency.code if o.employee else "", sort="employee__agency__code"),
    Column("state", "State", lambda o: o.get_state_display(), sort="state", tag=lambda o: OPERATION_TAGS[o.state]),
    Column("tries", "Tries", lambda o: o.attempts, sort="attempts", kind="number"),
    Column("next", "Next try", lambda o: o.next_attempt_at if o.state in {"pending", "retry"} else None, kind="time"),
    Column("why", "Why", lambda o: o.cause),
    Column("error", "Last answer", lambda o: o.last_error),
]  # fmt: skip


@allow(*READERS)
def run_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """See a sync and its plan."""
    actor = actor_of(request)
    run = get_object_or_404(runs_visible_to(actor), pk=pk)
    listing = Listing(
        request, operations_visible_to(actor).filter(run=run), OPERATION_COLUMNS, "What the run asks of the vendor",
        "operations", Empty("Nothing to change", "The vendor shows what was decided."), OperationFilter,
        default_sort="id", names_people=True,
    )  # fmt: skip
    crumbs = [
        (WORKSPACES[0], reverse(WORKSPACES[1])),
        (run.workspace.title, reverse("vendors:workspace", args=[run.workspace.name])), (str(run), ""),
    ]  # fmt: skip
    return listing_page(
        listing, "vendors/run.html", run=run, tag=RUN_TAGS[run.state], crumbs=crumbs, history=history(run),
        may=actor.has(Role.ADMINISTRATOR), is_own=run.started_by_key == actor.key, estimate=estimate_words(run),
        progress=progress_of(run), per_agency=per_agency_of(run) if run.state == "held" else [],
    )  # fmt: skip


@allow(*READERS)
def run_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The progress component alone, asked for every few seconds."""
    run = get_object_or_404(runs_visible_to(actor_of(request)), pk=pk)
    return render(request, "vendors/_run_progress.html", {"run": run, "progress": progress_of(run)})


class ReleaseForm(NumberForm):
    number = forms.IntegerField(
        label="How many accounts would be removed?", min_value=0, help_text="Type the number that the plan shows."
    )


@allow(Role.ADMINISTRATOR, sensitive=True)
def run_release(request: HttpRequest, pk: int) -> HttpResponse:
    """Release a sync that is held."""
    run = get_object_or_404(runs_visible_to(actor_of(request)), pk=pk)
    back = reverse("vendors:run", args=[pk])
    return form_page(
        request, title=f"Release {run}", form_class=ReleaseForm, submit="Release and send", back=back,
        act=lambda data: services.run_release(actor=actor_of(request), run=run, **data),
        done="Released. The operations are being sent.", crumbs=[(str(run), back)],
        consequences=[*run.hold_reasons, estimate_words(run)],
    )  # fmt: skip


@allow(Role.ADMINISTRATOR)
def run_discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave the plan of a sync unused."""
    run = get_object_or_404(runs_visible_to(actor_of(request)), pk=pk)
    back = reverse("vendors:run", args=[pk])
    return form_page(
        request, title=f"Discard the plan of {run}", form_class=ReasonForm, submit="Discard", back=back,
        act=lambda data: services.run_discard(actor=actor_of(request), run=run, reason=data["reason"]),
        done="Discarded. Nothing was sent; the next sync looks again.", crumbs=[(str(run), back)],
    )  # fmt: skip


# ---- operations --------------------------------------------------------------------------------------------


@allow(*READERS)
def operation_list(request: HttpRequest) -> HttpResponse:
    """See every change asked of the vendor."""
    listing = Listing(
        request, operations_visible_to(actor_of(request)), OPERATION_COLUMNS, "Operations", "operations",
        Empty("Nothing was asked of the vendor yet", "Operations follow from decisions about seats."), OperationFilter,
        default_sort="-id", names_people=True,
    )  # fmt: skip
    return listing_page(
        listing, title="Operations", intro="Every change asked of the vendor, why, and what it answered."
    )


@allow(*READERS)
def operation_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """See one change asked of the vendor."""
    actor = actor_of(request)
    operation = get_object_or_404(operations_visible_to(actor), pk=pk)
    may = actor.has(Role.ADMINISTRATOR)
    context = {
        "operation": operation, "tag": OPERATION_TAGS[operation.state], "tries": operation.tries.all()[:50],
        "awaited_until": awaited_until(operation),
        "may_retry": may and operation.state == "needs_attention",
        "may_cancel": may and OPERATION.allows(operation.state, "superseded") and not operation.is_unclear,
        "history": history(operation), "decision": decision_behind(operation),
        "crumbs": [("Operations", reverse("vendors:operations")), (str(operation), "")],
    }  # fmt: skip
    return render(request, "vendors/operation.html", context)


@allow(Role.ADMINISTRATOR)
@require_POST
def operation_retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Try a change at the vendor again."""
    operation = get_object_or_404(operations_visible_to(actor_of(request)), pk=pk)
    with saying(request, "It will be tried again now."):
        services.operation_retry(actor=actor_of(request), operation=operation)
    return redirect("vendors:operation", pk=pk)


@allow(Role.ADMINISTRATOR)
def operation_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Give up a change at the vendor."""
    operation = get_object_or_404(operations_visible_to(actor_of(request)), pk=pk)
    back = reverse("vendors:operation", args=[pk])
    return form_page(
        request, title=f"Give up: {operation}", form_class=ReasonForm, submit="Give it up", back=back,
        act=lambda data: services.operation_cancel(actor=actor_of(request), operation=operation, reason=data["reason"]),
        done="Given up. The next sync asks again if the difference is still there.",
        crumbs=[("Operations", reverse("vendors:operations")), (str(operation), back)],
    )  # fmt: skip


# ---- drift -------------------------------------------------------------------------------------------------


class DriftFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=Drift.State.choices, label="State")
    kind = django_filters.ChoiceFilter(choices=Drift.Kind.choices, label="Class")

    class Meta:
        model = Drift
        fields: list[str] = []


DRIFT_COLUMNS = [
    Column("kind", "Difference", lambda d: d.get_kind_display(), sort="kind", url=lambda d: reverse("vendors:drift", args=[d.pk])),
    Column("person", "Whom", lambda d: str(d.employee or d.account or "")),
    Column("detail", "What was found", lambda d: d.detail),
    Column("state", "State", lambda d: d.get_state_display(), sort="state", tag=lambda d: DRIFT_TAGS[d.state]),
    Column("since", "Since", lambda d: d.first_seen_at, sort="first_seen_at", kind="time"),
    Column("workspace", "Workspace", lambda d: d.workspace.title, sort="workspace__title"),
]  # fmt: skip
_DRIFT_VERBS: dict[str, tuple[str, str, Callable[..., Drift]]] = {
    "adopt": ("Adopt", "The account follows the seat from now on.", drifts.drift_adopt),
    "repair": ("Repair", "Beacon asks the vendor now for what the seat demands.", drifts.drift_repair),
    "remove": ("Remove", "The account is removed at the vendor.", drifts.drift_remove),
    "ignore": ("Ignore until a date", "The difference is left alone until then.", drifts.drift_ignore),
}


@allow(*READERS)
def drift_list(request: HttpRequest) -> HttpResponse:
    """See what differs at the vendor."""
    if not request.GET:
        return redirect(f"{request.path}?state=open")
    listing = Listing(
        request, drifts_visible_to(actor_of(request)), DRIFT_COLUMNS, "Drift", "differences",
        Empty("No drift", "The vendor shows what Beacon decided."), DriftFilter, default_sort="-since", names_people=True,
    )  # fmt: skip
    return listing_page(
        listing, title="Drift", intro="What the vendor has that Beacon did not decide, and the other way round."
    )


@allow(*READERS)
def drift_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """See one difference."""
    actor = actor_of(request)
    drift = get_object_or_404(drifts_visible_to(actor), pk=pk)
    verbs = []
    if actor.has(Role.ADMINISTRATOR) and drift.state == "open":
        fits = {
            "adopt": bool(drift.employee and drift.account),
            "repair": bool(drift.employee),
            "remove": bool(drift.account),
            "ignore": True,
        }
        verbs = [
            (label, reverse("vendors:drift-settle", args=[pk, verb]))
            for verb, (label, _, _) in _DRIFT_VERBS.items()
            if fits[verb]
        ]
    context = {
        "drift": drift, "tag": DRIFT_TAGS[drift.state], "verbs": verbs, "history": history(drift),
        "crumbs": [("Drift", reverse("vendors:drifts")), (drift.get_kind_display(), "")],
    }  # fmt: skip
    return render(request, "vendors/drift.html", context)


class IgnoreForm(ReasonForm):
    until = forms.DateField(label="Until", widget=forms.DateInput(attrs={"type": "date"}))
    field_order = ("until", "reason")


@allow(Role.ADMINISTRATOR)
def drift_settle(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Settle a difference."""
    drift = get_object_or_404(drifts_visible_to(actor_of(request)), pk=pk)
    label, consequence, service = _DRIFT_VERBS[verb]
    back = reverse("vendors:drift", args=[pk])

    def act(data: dict[str, Any]) -> Drift:
        return service(actor=actor_of(request), drift=drift, **data)

    return form_page(
        request, title=f"{label}: {drift.get_kind_display()}", submit=label, act=act, back=back, done="Done.",
        form_class=IgnoreForm if verb == "ignore" else ReasonForm, consequences=[drift.detail, consequence],
        crumbs=[("Drift", reverse("vendors:drifts")), (drift.get_kind_display(), back)],
    )  # fmt: skip
