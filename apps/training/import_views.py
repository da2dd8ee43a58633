"""Pages of the learning system's files: upload, match the columns, look at the plan, apply, and every row's outcome."""

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
from apps.audit.words import history
from apps.core.downloads import csv_download
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.core.people_files import people_file
from apps.core.sheets import table
from apps.core.verbs import form_page, saying
from apps.training import completions, import_services
from apps.training.models import CompletionImport
from apps.training.selectors import content_of, imports_visible_to
from apps.training.views import READERS

STATE_TAGS = {"received": "warn", "planned": "info", "applied": "good", "discarded": "neutral"}
_SHOWN = 200


class ImportForm(forms.Form):
    file = forms.FileField(
        label="File of the learning system",
        help_text="CSV or Excel (.xlsx) with employee_id, course, completed_on and, where known, score and record_id. "
        "Where your file calls them otherwise, you match the columns next.",
    )  # fmt: skip


@allow(Role.ADMINISTRATOR, Role.PRIVACY)
def import_new(request: HttpRequest) -> HttpResponse:
    """Bring in completions."""

    def act(data: dict[str, Any]) -> CompletionImport:
        file = data["file"]
        return import_services.completions_receive(actor=actor_of(request), file_name=file.name, content=file.read())

    return form_page(
        request, title="Import completions", form_class=ImportForm, act=act, submit="Look at the file",
        done=_received, back=reverse("training:overview"), to=_next, crumbs=_crumbs(),
        intro="Beacon shows first what would happen. A bad row never costs a good one, and the same file twice adds "
        "nothing.",
    )  # fmt: skip


def _received(run: CompletionImport) -> str:
    if run.state == CompletionImport.State.RECEIVED:
        return "The file is here. Say which of its columns is which."
    return "The file is read. Look at the plan and apply it."


def _next(run: CompletionImport) -> str:
    name = "training:import-match" if run.state == CompletionImport.State.RECEIVED else "training:import"
    return reverse(name, args=[run.pk])


def _crumbs(run: CompletionImport | None = None) -> list[tuple[str, str]]:
    crumbs = [("Training", reverse("training:overview")), ("Imports", reverse("training:imports"))]
    return [*crumbs, (str(run), reverse("training:import", args=[run.pk]))] if run else crumbs


_LABELS = {
    "employee_id": "Employee id", "course": "Course code", "completed_on": "Completed on", "score": "Score in percent",
    "record_id": "The record's own id",
}  # fmt: skip


class MatchForm(forms.Form):
    """For each of our columns one of the file's."""

    save_as = forms.CharField(
        label="Remember this as", max_length=80, required=False,
        help_text="A name for this learning system. Its next file is read without asking.",
    )  # fmt: skip

    def __init__(self, *args: Any, names: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "Not in the file"), *((name, name) for name in names if name)]
        for ours in completions.COLUMNS:
            self.fields[ours] = forms.ChoiceField(
                label=_LABELS[ours], choices=choices, required=ours in completions.REQUIRED
            )
        self.order_fields([*completions.COLUMNS, "save_as"])


@allow(Role.ADMINISTRATOR, Role.PRIVACY)
def import_match(request: HttpRequest, pk: int) -> HttpResponse:
    """Say which column is which."""
    run = get_object_or_404(imports_visible_to(actor_of(request)), pk=pk)
    if run.state != CompletionImport.State.RECEIVED:
        return redirect("training:import", pk=pk)
    names = completions.header_of(content_of(run))

    class Form(MatchForm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, names=names, **kwargs)

    def act(data: dict[str, Any]) -> CompletionImport:
        save_as = data.pop("save_as")
        return import_services.completions_match(actor=actor_of(request), run=run, columns=data, save_as=save_as)

    return form_page(
        request, title="Match the columns", form_class=Form, act=act, submit="Show the plan", done=_received,
        back=reverse("training:import", args=[pk]), to=_next, crumbs=_crumbs(run), intro=f"The file is {run.file_name}.",
    )  # fmt: skip


@allow(Role.ADMINISTRATOR, Role.PRIVACY)
@require_POST
def import_apply(request: HttpRequest, pk: int) -> HttpResponse:
    """Apply an import of completions."""
    run = get_object_or_404(imports_visible_to(actor_of(request)), pk=pk)
    with saying(request, "The completions are recorded. Seats that only waited for training are open."):
        import_services.completions_apply(actor=actor_of(request), run=run)
    return redirect("training:import", pk=pk)


@allow(Role.ADMINISTRATOR, Role.PRIVACY)
@require_POST
def import_discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave an import of completions unused."""
    run = get_object_or_404(imports_visible_to(actor_of(request)), pk=pk)
    with saying(request, "The file is left unused."):
        import_services.completions_discard(actor=actor_of(request), run=run)
    return redirect("training:import", pk=pk)


class ImportFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=CompletionImport.State.choices, label="State")

    class Meta:
        model = CompletionImport
        fields: list[str] = []


COLUMNS = [
    Column("id", "Import", str, sort="pk", url=lambda r: reverse("training:import", args=[r.pk])),
    Column("state", "State", lambda r: r.get_state_display(), sort="state", tag=lambda r: STATE_TAGS[r.state]),
    Column("at", "When", lambda r: r.imported_at, sort="imported_at", kind="time"),
    Column("by", "By", lambda r: r.imported_by),
    Column("rows", "Rows", lambda r: r.rows, sort="rows", kind="number"),
    Column("added", "New", lambda r: r.added, sort="added", kind="number"),
    Column("rejected", "Rejected", lambda r: len(r.rejected), kind="number"),
]


@allow(*READERS)
def import_list(request: HttpRequest) -> HttpResponse:
    """See imports of completions."""
    actor = actor_of(request)
    listing = Listing(
        request, imports_visible_to(actor), COLUMNS, "Training imports", "imports",
        Empty("No imports yet", "Completions come by file from the learning system."), ImportFilter, default_sort="-id",
    )  # fmt: skip
    may_import = actor.has(Role.ADMINISTRATOR, Role.PRIVACY)
    verbs = [("Import completions", reverse("training:import-new"))] if may_import else []
    return listing_page(
        listing, title="Training imports", crumbs=[("Training", reverse("training:overview")), ("Imports", "")],
        verbs=verbs,
    )  # fmt: skip


@allow(*READERS)
def import_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """See what an import of completions would do."""
    actor = actor_of(request)
    run = get_object_or_404(imports_visible_to(actor), pk=pk)
    if request.GET.get("format") == "csv":
        return people_file(
            request,
            what=f"Rows of {run}",
            form="csv",
            rows=lambda: run.rows,
            make=lambda: _outcomes(run),
            back=request.path,
        )
    acts = actor.has(Role.ADMINISTRATOR, Role.PRIVACY)
    context = {
        "run": run, "crumbs": [*_crumbs(), (str(run), "")], "history": history(run), "tag": STATE_TAGS[run.state],
        "rejected": run.rejected[:_SHOWN], "may_apply": acts and run.state == "planned",
        "may_match": acts and run.state == "received", "may_discard": acts and run.state in {"planned", "received"},
        "has_rows": bool(run.rows) and hasattr(run, "file"),
    }  # fmt: skip
    return render(request, "training/import.html", context)


def _outcomes(run: CompletionImport) -> HttpResponse:
    """The file as it came with what became of each row: new, known or rejected, and why."""
    reasons = {bad["line"]: bad["reason"] for bad in run.rejected}
    added = set(run.added_lines)
    names, rows = table(content_of(run))
    outcomes = (
        [line, "rejected" if line in reasons else "new" if line in added else "known", reasons.get(line, ""), *cells]
        for line, cells in rows
    )
    return csv_download(f"beacon-training-import-{run.pk}.csv", ["line", "outcome", "reason", *names], outcomes)
