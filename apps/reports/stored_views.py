"""Reports that were kept, and those under a name."""

from __future__ import annotations

from functools import partial
from typing import Any

import django_filters
from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Actor, Role
from apps.accounts.models import User
from apps.audit.words import history
from apps.core.downloads import download
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.core.verbs import EmptyForm, form_page, saying
from apps.reports import services
from apps.reports.access import READERS
from apps.reports.models import KINDS, SavedReport, StoredReport
from apps.reports.renderings import FORMS, name_of, rendered, shown
from apps.reports.selectors import data_of_stored, file_of_stored, reports_visible_to, saved_visible_to
from apps.reports.views import CRUMB, AskForm, asked_for

STATE_TAGS = {"queued": "info", "done": "good", "failed": "bad"}


class StoredFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(choices=list(KINDS.items()), label="Kind")
    as_of = django_filters.DateFilter(label="As of", widget=forms.DateInput(attrs={"type": "date"}))

    class Meta:
        model = StoredReport
        fields: list[str] = []


COLUMNS = [
    Column("report", "Report", str, sort="pk", url=lambda r: reverse("reports:stored", args=[r.pk])),
    Column("about", "About", lambda r: r.scope_label, sort="scope_label"),
    Column("as_of", "As of the end of", lambda r: r.as_of, sort="as_of", kind="date"),
    Column("state", "State", lambda r: r.get_state_display(), sort="state", tag=lambda r: STATE_TAGS[r.state]),
    Column("opinion", "In one line", lambda r: r.opinion),
    Column("by", "Asked for by", lambda r: r.asked_by, sort="asked_by"),
    Column("made", "Made", lambda r: r.made_at, sort="made_at", kind="time"),
]


@allow(*READERS)
def stored_list(request: HttpRequest) -> HttpResponse:
    """See kept reports."""
    actor = actor_of(request)
    columns = [column for column in COLUMNS if column.key != "by" or actor.sees_names]
    listing = Listing(
        request, reports_visible_to(actor), columns, "Kept reports", "reports",
        Empty("No report was kept yet", "Open a report and choose “Keep and sign”.", reverse("reports:overview"), "Reports"),
        StoredFilter, default_sort="-report",
    )  # fmt: skip
    crumbs = [(CRUMB[0], reverse(CRUMB[1])), ("Kept reports", "")]
    return listing_page(listing, title="Kept reports", crumbs=crumbs)


@allow(*READERS)
@require_POST
def store(request: HttpRequest, kind: str) -> HttpResponse:
    """Have the report of the address made, signed and kept."""
    scope, day = asked_for(request)
    report: StoredReport | None = None
    with saying(request, "Beacon makes the report. This page shows when it is ready."):
        report = services.report_request(actor=actor_of(request), kind=kind, scope=scope, day=day)
    if report is None:
        return redirect(f"reports:{kind}" if kind in KINDS else "reports:overview")
    return redirect("reports:stored", pk=report.pk)


def _found(request: HttpRequest, pk: int) -> StoredReport:
    return get_object_or_404(reports_visible_to(actor_of(request)), pk=pk)


@allow(*READERS)
def stored(request: HttpRequest, pk: int) -> HttpResponse:
    """A kept report: how far it is, its files, its hash and signature, what happened to it."""
    report, actor = _found(request, pk), actor_of(request)
    is_done = report.state == StoredReport.State.DONE
    context = {
        "run": report, "sees_names": actor.sees_names, "tag": STATE_TAGS[report.state], "history": history(report), "is_done": is_done,
        "forms": {form: form.upper() for form in FORMS}, "may_check": is_done and actor.sees_everyone,
        "report": shown(data_of_stored(report)) if is_done else None,
        "crumbs": [(CRUMB[0], reverse(CRUMB[1])), ("Kept reports", reverse("reports:stored-list")), (str(report), "")],
    }  # fmt: skip
    return render(request, "reports/stored.html", context)


@allow(*READERS)
def stored_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The progress component alone, asked for every few seconds."""
    return render(request, "reports/_progress.html", {"run": _found(request, pk)})


@allow(*READERS)
def stored_file(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """A file of a kept report: JSON and PDF as they were kept, the others made from that JSON."""
    report = _found(request, pk)
    if form not in FORMS or report.state != StoredReport.State.DONE:
        raise Http404
    data = data_of_stored(report)
    content = file_of_stored(report, form)
    return download(rendered(data, form) if content is None else content, name_of(data, form), FORMS[form])


@allow(Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR)
@require_POST
def stored_check(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a kept report again and compare: bytes, hash and signature."""
    report = _found(request, pk)
    with saying(request):
        found = services.report_check(actor=actor_of(request), report=report)
        (messages.success if found.is_good else messages.error)(request, " ".join(found.words))
    return redirect("reports:stored", pk=pk)


# ---- under a name ------------------------------------------------------------------------------------------

SAVED_COLUMNS = [
    Column("name", "Name", lambda s: s.name, sort="name", url=lambda s: reverse("reports:saved-change", args=[s.pk])),
    Column("kind", "Kind", lambda s: s.get_kind_display(), sort="kind"),
    Column("about", "About", lambda s: s.scope_label, sort="scope_label"),
    Column("cadence", "Made", lambda s: s.get_cadence_display(), sort="cadence"),
    Column("owner", "Owner", lambda s: str(s.owner), sort="owner__name"),
    Column("last", "Last made for", lambda s: s.last_for, sort="last_for", kind="date"),
    Column("state", "State", lambda s: "In use" if s.is_active else "Ended", sort="is_active"),
]


class SavedFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(choices=list(KINDS.items()), label="Kind")

    class Meta:
        model = SavedReport
        fields: list[str] = []


@allow(*READERS)
def saved_list(request: HttpRequest) -> HttpResponse:
    """See saved reports."""
    actor = actor_of(request)
    columns = [column for column in SAVED_COLUMNS if column.key != "owner" or actor.sees_names]
    listing = Listing(
        request, saved_visible_to(actor), columns, "Saved reports", "saved-reports",
        Empty("No saved report yet", "It keeps a question, and can come by itself.", reverse("reports:saved-new"), "Save a report"),
        SavedFilter, default_sort="name",
    )  # fmt: skip
    return listing_page(
        listing, title="Saved reports", crumbs=[(CRUMB[0], reverse(CRUMB[1])), ("Saved reports", "")],
        verbs=[("Save a report", reverse("reports:saved-new"))],
    )  # fmt: skip


class TermsForm(forms.Form):
    """Name, cadence and readers of a saved report."""

    name = forms.CharField(max_length=120)
    cadence = forms.ChoiceField(label="Made by itself", choices=SavedReport.Cadence.choices, required=False)
    recipients = forms.ModelMultipleChoiceField(
        User.objects.none(), label="Who gets a link", required=False, widget=forms.CheckboxSelectMultiple,
        help_text="Each is checked again when it is sent: whoever may not read it by then gets nothing.",
    )  # fmt: skip

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(is_active=True, role_assignments__ended_at=None, role_assignments__isnull=False)
        # Who reads no names chooses among none but their own.
        mine = people if actor.sees_names else people.filter(pk=actor.user_id or 0)
        self.fields["recipients"].queryset = mine.distinct()  # type: ignore[attr-defined]  # a model field's


class SavedForm(TermsForm):
    kind = forms.ChoiceField(choices=list(KINDS.items()))
    scope = forms.ChoiceField(label="About", required=False)
    field_order = ("name", "kind", "scope", "cadence", "recipients")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, actor=actor, **kwargs)
        self.fields["scope"] = AskForm(actor=actor).fields["scope"]
        self.order_fields(self.field_order)


@allow(*READERS)
def saved_new(request: HttpRequest) -> HttpResponse:
    """Save a report's question."""
    actor = actor_of(request)

    return form_page(
        request, title="Save a report", form_class=partial(SavedForm, actor=actor), submit="Save", back=reverse("reports:saved-list"),
        act=lambda data: services.saved_create(actor=actor, **data), done="Saved.",
        crumbs=[(CRUMB[0], reverse(CRUMB[1])), ("Saved reports", reverse("reports:saved-list"))],
    )  # fmt: skip


@allow(*READERS)
def saved_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a saved report."""
    actor = actor_of(request)
    saved = get_object_or_404(saved_visible_to(actor), pk=pk)
    return form_page(
        request, title=f"Change {saved}", form_class=partial(TermsForm, actor=actor), submit="Save", back=reverse("reports:saved-list"),
        initial={"name": saved.name, "cadence": saved.cadence, "recipients": saved.recipients.all()},
        act=lambda data: services.saved_change(actor=actor, saved=saved, **data), done="Saved.",
        intro=f"{saved.get_kind_display()}: {saved.scope_label}.",
        crumbs=[(CRUMB[0], reverse(CRUMB[1])), ("Saved reports", reverse("reports:saved-list"))],
        template="reports/saved.html", saved=saved,
    )  # fmt: skip


@allow(*READERS)
def saved_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a saved report."""
    actor = actor_of(request)
    saved = get_object_or_404(saved_visible_to(actor), pk=pk)
    return form_page(
        request, title=f"End {saved}", form_class=EmptyForm, submit="End it", back=reverse("reports:saved-list"),
        act=lambda data: services.saved_end(actor=actor, saved=saved), done="It is no longer made or sent.",
        consequences=["It is no longer made or sent by itself. What was made stays."],
        crumbs=[(CRUMB[0], reverse(CRUMB[1])), ("Saved reports", reverse("reports:saved-list"))],
    )  # fmt: skip
