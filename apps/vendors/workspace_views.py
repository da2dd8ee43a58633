"""Pages of workspaces: the record, posture, what is assumed of the vendor's API, its audit log, membership lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import django_filters
from django import forms
from django.core.validators import validate_email
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Role
from apps.agencies.models import Agency
from apps.audit.words import history
from apps.core import bell, clock
from apps.core.downloads import csv_download, local_text
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.core.people_files import people_file
from apps.core.verbs import ReasonForm, form_page, saying
from apps.vendors import services
from apps.vendors.assumptions import Spec
from apps.vendors.limiter import CALLS
from apps.vendors.memberships import memberships
from apps.vendors.models import Assumption, VendorEvent, Workspace
from apps.vendors.posture import TITLES, problems
from apps.vendors.providers import ADAPTERS, key_of, kind_of, limits_of
from apps.vendors.selectors import counts_of, events_visible_to, runs_visible_to, waiting_words, workspaces_visible_to
from apps.vendors.tasks import check_workspace, observe_workspace
from apps.vendors.views import READERS, RUN_TAGS, WORKSPACES

_POSTURE_TAGS = {"good": "good", "bad": "bad", "unknown": "neutral"}


def _crumbs(workspace: Workspace, *more: tuple[str, str]) -> list[tuple[str, str]]:
    trail = [
        (WORKSPACES[0], reverse(WORKSPACES[1])),
        (workspace.title, reverse("vendors:workspace", args=[workspace.name])),
    ]
    return [*trail, *more]


@allow(*READERS)
def workspace_list(request: HttpRequest) -> HttpResponse:
    """See the vendor's workspaces."""
    actor = actor_of(request)
    rows = [(workspace, counts_of(workspace), waiting_words(workspace)) for workspace in workspaces_visible_to(actor)]
    if request.GET.get("format") == "csv":
        return _workspaces_csv(rows)
    return render(request, "vendors/workspaces.html", {"rows": rows, "may_edit": actor.has(Role.ADMINISTRATOR)})


_COUNTS = {
    "members": "Members", "suspended": "Suspended", "invited": "Invited", "waiting": "Waiting to be sent",
    "needs_attention": "Need attention", "drift": "Open drift",
}  # fmt: skip


def _workspaces_csv(rows: list[tuple[Workspace, dict[str, int], str]]) -> HttpResponse:
    header = ["Workspace", "Title", "Adapter", "Seats", *_COUNTS.values(), "Halted since", "Last looked at"]
    lines = (
        [
            workspace.name, workspace.title, ADAPTERS.get(workspace.adapter, workspace.adapter), workspace.seats,
            *(counts[key] for key in _COUNTS), local_text(workspace.halted_at), local_text(workspace.synced_at),
        ]
        for workspace, counts, _ in rows
    )  # fmt: skip
    return csv_download(f"beacon-workspaces-{clock.today().isoformat()}.csv", header, lines)


@allow(*READERS)
def workspace_detail(request: HttpRequest, name: str) -> HttpResponse:
    """See one workspace and its sync."""
    actor = actor_of(request)
    workspace = get_object_or_404(workspaces_visible_to(actor), name=name)
    runs = [(run, RUN_TAGS[run.state]) for run in runs_visible_to(actor).filter(workspace=workspace)[:10]]
    context = {
        "workspace": workspace, "counts": counts_of(workspace), "words": waiting_words(workspace), "runs": runs,
        "history": history(workspace),
        "agencies": Agency.objects.filter(workspace=name), "kind": kind_of(workspace),
        "limits": sorted(limits_of(workspace).items()), "posture_problems": problems(workspace),
        "may_sync": actor.has(Role.ADMINISTRATOR), "may_record": actor.has(Role.ADMINISTRATOR, Role.PRIVACY),
        "crumbs": [*_crumbs(workspace)[:1], (workspace.title, "")],
    }  # fmt: skip
    return render(request, "vendors/workspace.html", context)


class WorkspaceForm(forms.Form):
    name = forms.SlugField(label="Short name", help_text="Letters, digits and hyphens; used in commands.")
    title = forms.CharField(label="Title", max_length=120)
    adapter = forms.ChoiceField(label="Adapter", choices=list(ADAPTERS.items()))
    address = forms.URLField(
        label="Address of the admin API", assume_scheme="https", initial="https://api.chatgpt.com/v1"
    )
    vendor_ref = forms.CharField(
        label="Workspace id at the vendor", required=False, max_length=60,
        help_text="A UUID from the vendor's settings page. Every ChatGPT workspace has one.",
    )  # fmt: skip
    credential = forms.CharField(
        label="Key by reference", help_text="env:NAME or file:NAME. The key itself is never stored here."
    )
    seats = forms.IntegerField(label="Seats", min_value=0)


@allow(Role.ADMINISTRATOR, sensitive=True)
def workspace_new(request: HttpRequest) -> HttpResponse:
    """Connect a workspace of the vendor."""
    return form_page(
        request, title="Record a workspace", form_class=WorkspaceForm, submit="Record",
        act=lambda data: services.workspace_create(actor=actor_of(request), **data), back=reverse(WORKSPACES[1]),
        done=lambda made: f"{made} is recorded. Record its retention and what is expected of it, then place agencies.",
        to=lambda made: reverse("vendors:workspace", args=[made.name]),
        crumbs=[(WORKSPACES[0], reverse(WORKSPACES[1]))],
    )  # fmt: skip


class PlaceForm(forms.Form):
    agencies = forms.ModelMultipleChoiceField(
        label="Agencies", queryset=Agency.objects.filter(is_active=True), widget=forms.CheckboxSelectMultiple
    )


def _change(
    request: HttpRequest, name: str, title: str, form_class: type[forms.Form], act: Callable[..., Any],
    done: str | Callable[[Any], str], *, to: str = "vendors:workspace", **more: Any,
) -> HttpResponse:  # fmt: skip
    """A form about one workspace; `act` gets the workspace and the cleaned data."""
    workspace = get_object_or_404(workspaces_visible_to(actor_of(request)), name=name)
    return form_page(
        request, title=f"{title}: {workspace}", form_class=form_class, submit=more.pop("submit", "Record"),
        back=reverse(to, args=[name]), crumbs=_crumbs(workspace), done=done,
        act=lambda data: act(actor=actor_of(request), workspace=workspace, **data), **more,
    )  # fmt: skip


@allow(Role.ADMINISTRATOR)
def workspace_place(request: HttpRequest, name: str) -> HttpResponse:
    """Say which agencies belong into a workspace."""
    return _change(
        request, name, "Place agencies", PlaceForm,
        lambda agencies, **rest: services.agencies_place(agencies=list(agencies), **rest),
        lambda count: f"{count} agencies placed.", submit="Place",
        consequences=[
            "Holders of these agencies are invited here.",
            "Who has an account in another workspace keeps it until the one here is active.",
        ],
        initial={"agencies": Agency.objects.filter(workspace=name)},
    )  # fmt: skip


class RetentionForm(ReasonForm):
    days = forms.IntegerField(label="Days that conversations are kept", min_value=1)
    field_order = ("days", "reason")


@allow(Role.ADMINISTRATOR, Role.PRIVACY)
def workspace_retention(request: HttpRequest, name: str) -> HttpResponse:
    """Record how long the vendor keeps conversations."""
    return _change(
        request, name, "Record the retention", RetentionForm, services.workspace_record_retention, "Recorded.",
        consequences=["Without it nobody is removed from the workspace and no phase opens."],
    )  # fmt: skip


@allow(Role.ADMINISTRATOR)
@require_POST
def workspace_sync(request: HttpRequest, name: str) -> HttpResponse:
    """Start a sync now."""
    workspace = get_object_or_404(Workspace, name=name)
    with saying(request, "A sync is on its way. Reload in a moment."):
        bell.ring(observe_workspace, workspace.pk)
    return redirect("vendors:workspace", name=name)


# ---- posture -----------------------------------------------------------------------------------------------


@allow(*READERS)
def workspace_posture(request: HttpRequest, name: str) -> HttpResponse:
    """See the posture checks of a workspace."""
    actor = actor_of(request)
    workspace = get_object_or_404(workspaces_visible_to(actor), name=name)
    checks = [
        (check, TITLES.get(check.code, check.code), _POSTURE_TAGS[check.state]) for check in workspace.posture.all()
    ]
    context = {
        "workspace": workspace, "checks": checks, "problems": problems(workspace),
        "may_edit": actor.has(Role.ADMINISTRATOR, Role.PRIVACY), "crumbs": _crumbs(workspace, ("Posture", "")),
    }  # fmt: skip
    return render(request, "vendors/posture.html", context)


class Addresses(forms.CharField):
    """E-mail addresses, one on a line."""

    widget = forms.Textarea(attrs={"rows": 3})

    def to_python(self, value: Any) -> Any:
        found = [line.strip() for line in str(value or "").splitlines() if line.strip()]
        for address in found:
            validate_email(address)
        return found


class ExpectForm(ReasonForm):
    expected_retention = forms.CharField(
        label="Data retention that the vendor's API must show", required=False, max_length=60,
        help_text="Leave empty where the API does not tell it: a ChatGPT workspace keeps it in its console.",
    )  # fmt: skip
    expects_audit_log = forms.BooleanField(label="The vendor must keep an audit log", required=False)
    expected_scim = forms.ChoiceField(
        label="Accounts managed by the identity provider", required=False,
        choices=[("", "Not checked"), ("on", "There must be some"), ("off", "There must be none")],
    )  # fmt: skip
    key_expires_on = forms.DateField(
        label="The key ends on", required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    approved_owners = Addresses(label="Approved owners", required=False, help_text="One address on a line.")
    protected_emails = Addresses(
        label="Break-glass accounts", required=False, help_text="Beacon never touches them. One address on a line."
    )
    field_order = (
        "expected_retention", "expects_audit_log", "expected_scim", "key_expires_on", "approved_owners",
        "protected_emails", "reason",
    )  # fmt: skip


@allow(Role.ADMINISTRATOR, Role.PRIVACY)
def workspace_expect(request: HttpRequest, name: str) -> HttpResponse:
    """Say what a workspace should be like."""
    workspace = get_object_or_404(Workspace, name=name)
    initial = {field: getattr(workspace, field) for field in ExpectForm.base_fields if field != "reason"}
    initial |= {field: "\n".join(initial[field]) for field in ("approved_owners", "protected_emails")}
    return _change(
        request, name, "What is expected", ExpectForm, services.workspace_expect,
        "Recorded. The next sync holds the vendor's answers against it.", to="vendors:workspace-posture",
        initial=initial,
    )  # fmt: skip


class LimitForm(ReasonForm):
    limits = forms.CharField(
        label="Calls a minute", required=False, widget=forms.Textarea(attrs={"rows": 6}),
        help_text="One on a line, such as invite 100. What is not named keeps the adapter's own; a line for * replaces those all.",
    )  # fmt: skip
    field_order = ("limits", "reason")

    def clean_limits(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for line in self.cleaned_data["limits"].splitlines():
            kind, _, count = line.replace(":", " ").strip().rpartition(" ")
            if not line.strip():
                continue
            if kind.strip() not in CALLS or not count.isdecimal():
                raise forms.ValidationError(f"“{line.strip()}” is not a kind of call and a number.")
            found[kind.strip()] = int(count)
        return found


@allow(Role.ADMINISTRATOR)
def workspace_limit(request: HttpRequest, name: str) -> HttpResponse:
    """Limit the calls to the vendor."""
    workspace = get_object_or_404(Workspace, name=name)
    shown = "\n".join(f"{kind} {count}" for kind, count in sorted(workspace.rate_limits.items()))
    return _change(
        request, name, "Calls a minute", LimitForm,
        lambda limits, **rest: services.workspace_limit(rate_limits=limits, **rest), "Set.", initial={"limits": shown},
        consequences=[f"Kinds of calls: {', '.join(CALLS)}."],
    )  # fmt: skip


# ---- what is assumed of the vendor's API ---------------------------------------------------------------------


@allow(*READERS)
def assumption_list(request: HttpRequest, name: str) -> HttpResponse:
    """See what is assumed of the vendor's interface."""
    actor = actor_of(request)
    workspace = get_object_or_404(workspaces_visible_to(actor), name=name)
    known = {row.code: row for row in workspace.assumptions.all()}
    rows = [(spec, known.get(spec.code)) for spec in kind_of(workspace).specs]
    if request.GET.get("format") == "csv":
        return _assumptions_csv(workspace, rows)
    context = {
        "workspace": workspace, "rows": rows,
        "may_edit": actor.has(Role.ADMINISTRATOR), "crumbs": _crumbs(workspace, ("Vendor's API", "")),
    }  # fmt: skip
    return render(request, "vendors/assumptions.html", context)


_HOLDS = {True: "Holds", False: "Does not hold", None: "Not known"}


def _assumptions_csv(workspace: Workspace, rows: list[tuple[Spec, Assumption | None]]) -> HttpResponse:
    header = [
        "Assumption",
        "Value in use",
        "Changed",
        "Source",
        "Confirmed by",
        "Confirmed on",
        "Last asked",
        "Answer",
        "Said",
    ]
    lines = []
    for spec, found in rows:
        row = found or Assumption()
        value = row.value if row.is_changed else spec.default
        lines.append([
            spec.title, value, "Yes" if row.is_changed else "No", spec.source, row.confirmed_by, row.confirmed_on or "",
            local_text(row.checked_at), _HOLDS[row.check_holds] if row.checked_at else "", row.check_answer,
        ])  # fmt: skip
    return csv_download(f"beacon-{workspace.name}-assumptions-{clock.today().isoformat()}.csv", header, lines)


class AssumptionForm(forms.Form):
    is_changed = forms.BooleanField(label="Use another value than the default", required=False)
    value = forms.CharField(
        label="Value", required=False, max_length=300, help_text="Empty: the API has no such thing."
    )
    confirmed_by = forms.CharField(
        label="Confirmed by", required=False, max_length=200,
        help_text="Who of the vendor, or which document, said so. Leave empty while nobody did.",
    )  # fmt: skip
    confirmed_on = forms.DateField(
        label="Confirmed on", required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=1000)


@allow(Role.ADMINISTRATOR)
def assumption_edit(request: HttpRequest, name: str, code: str) -> HttpResponse:
    """Confirm or change an assumption."""
    workspace = get_object_or_404(Workspace, name=name)
    spec = next((spec for spec in kind_of(workspace).specs if spec.code == code), None)
    if spec is None:
        raise Http404
    found = workspace.assumptions.filter(code=code).first() or Assumption()
    initial = {field: getattr(found, field) for field in AssumptionForm.base_fields}
    if not found.is_changed:
        initial["value"] = spec.default
    return _change(
        request, name, spec.title, AssumptionForm, lambda **data: services.assumption_record(code=code, **data),
        "Recorded. Check the workspace to see whether it holds.", to="vendors:assumptions", initial=initial,
        consequences=[f"Default: {spec.default}", f"Source: {spec.source}."],
    )  # fmt: skip


@allow(Role.ADMINISTRATOR)
@require_POST
def workspace_checked(request: HttpRequest, name: str) -> HttpResponse:
    """Have the vendor asked now. Not by this request: where the vendor is away a handful of calls takes minutes."""
    workspace = get_object_or_404(Workspace, name=name)
    with saying(request, "The vendor is being asked. Reload in a moment; the answers stand beside each assumption."):
        key_of(workspace)
        bell.ring(check_workspace, workspace.pk)
    return redirect("vendors:assumptions", name=name)


# ---- the vendor's audit log -----------------------------------------------------------------------------------


class EventFilter(django_filters.FilterSet):
    workspace = django_filters.ModelChoiceFilter(queryset=Workspace.objects.all(), label="Workspace")
    type = django_filters.CharFilter(lookup_expr="istartswith", label="Type begins with")
    subject = django_filters.CharFilter(lookup_expr="icontains", label="About")
    actor = django_filters.CharFilter(lookup_expr="icontains", label="By")
    since = django_filters.DateFilter(
        field_name="at", lookup_expr="date__gte", label="Since", widget=forms.DateInput(attrs={"type": "date"})
    )

    class Meta:
        model = VendorEvent
        fields: list[str] = []


EVENT_COLUMNS = [
    Column("at", "When", lambda e: e.at, sort="at", kind="time"),
    Column("type", "What", lambda e: e.type, sort="type", url=lambda e: reverse("vendors:event", args=[e.pk])),
    Column("about", "About", lambda e: e.subject, sort="subject"),
    Column("by", "By", lambda e: e.actor or "The vendor does not say", sort="actor"),
    Column("how", "Signed in by", lambda e: e.actor_kind),
    Column("workspace", "Workspace", lambda e: e.workspace.title, sort="workspace__title"),
]


@allow(*READERS)
def event_list(request: HttpRequest) -> HttpResponse:
    """Read the vendor's own log."""
    listing = Listing(
        request, events_visible_to(actor_of(request)), EVENT_COLUMNS, "Vendor's log", "lines",
        Empty("Nothing read yet", "Beacon reads the vendor's audit log every ten minutes."), EventFilter,
        default_sort="-at", names_people=True,
    )  # fmt: skip
    return listing_page(
        listing,
        title="Vendor's log",
        intro="What the vendor's own audit log says, as it came. Beacon keeps it for good.",
    )


@allow(*READERS)
def event_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Read one line of the vendor's log."""
    event = get_object_or_404(events_visible_to(actor_of(request)), pk=pk)
    detail = [(key, value) for key, value in sorted(event.detail.items())]
    crumbs = [("Vendor's log", reverse("vendors:events")), (event.type, "")]
    return render(request, "vendors/event.html", {"event": event, "detail": detail, "crumbs": crumbs})


# ---- membership lists for the identity team --------------------------------------------------------------------


@allow(*READERS)
def workspace_members(request: HttpRequest, name: str) -> HttpResponse:
    """Who belongs into which group: what the identity team enters where Beacon does not write."""
    workspace = get_object_or_404(workspaces_visible_to(actor_of(request)), name=name)
    lines = memberships(workspace)
    if request.GET.get("format") == "csv":
        return people_file(
            request, what=f"Members of {workspace.title}", form="csv", rows=lambda: len(lines),
            make=lambda: _members_csv(workspace, lines), back=request.path,
        )  # fmt: skip
    context = {
        "workspace": workspace, "total": len(lines), "lines": [line for line in lines if line.step != "keep"][:500],
        "waiting": sum(line.step != "keep" for line in lines), "now": clock.now(),
        "crumbs": _crumbs(workspace, ("Membership lists", "")),
    }  # fmt: skip
    return render(request, "vendors/members.html", context)


def _members_csv(workspace: Workspace, lines: list[Any]) -> HttpResponse:
    name = f"{workspace.name}-members-{clock.today():%Y-%m-%d}.csv"
    return csv_download(name, ["group", "employee_id", "email", "step"], ([str(cell) for cell in one] for one in lines))
