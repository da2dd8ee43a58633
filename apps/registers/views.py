"""Pages of registers: what may be exported and imported, the plan of a file, and what became of each row."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Actor, Role
from apps.audit.words import history
from apps.core import clock
from apps.core.downloads import csv_download, download
from apps.core.kept import kept
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.core.progress import Progress
from apps.core.verbs import NumberForm, ReasonForm, form_page, saying
from apps.registers import reading, services
from apps.registers.books import BY_SLUG
from apps.registers.models import RegisterImport, RegisterRow
from apps.registers.resources import Register
from apps.registers.selectors import register_imports_visible_to, registers_of

READERS = (Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR)
WRITERS = (Role.ADMINISTRATOR, Role.PRIVACY)
STATE_TAGS = {
    "received": "info", "planned": "warn", "applying": "info", "applied": "good", "failed": "bad", "discarded": "neutral",
}  # fmt: skip
ROW_TAGS = {
    "added": "good",
    "changed": "info",
    "unchanged": "neutral",
    "refused": "bad",
    "waiting": "neutral",
    "": "neutral",
}


def _crumbs(*more: tuple[str, str]) -> list[tuple[str, str]]:
    return [("Registers", reverse("registers:registers")), *more]


def _readable(actor: Actor, slug: str) -> Register:
    register = BY_SLUG.get(slug)
    if register is None or not register.may_read(actor):
        raise Http404
    return register


@allow(*READERS)
def register_list(request: HttpRequest) -> HttpResponse:
    """What may be exported and imported, and when a file came last."""
    actor = actor_of(request)
    last = dict(register_imports_visible_to(actor).order_by().values_list("register").annotate(Max("received_at")))
    rows = [
        {"register": register, "may_write": register.may_write(actor), "last": last.get(register.slug),
         "writers": ", ".join(role.label for role in register.writers)}
        for register in registers_of(actor)
    ]  # fmt: skip
    return render(request, "registers/registers.html", {"rows": rows, "forms": list(reading.FORMATS)})


@allow(*READERS)
def register_export(request: HttpRequest, slug: str, form: str) -> HttpResponse:
    """A register as a file, of what the actor sees."""
    actor = actor_of(request)
    register = _readable(actor, slug)
    if form not in reading.FORMATS:
        raise Http404
    if register.names_people:
        return redirect("registers:people-export", slug=slug, form=form)
    return _file(register, form, reading.written(register, actor, form)[0])


@allow(*READERS, sensitive=True)
def people_export(request: HttpRequest, slug: str, form: str) -> HttpResponse:
    """A register that names people: first the reason, then the file."""
    actor = actor_of(request)
    register = _readable(actor, slug)
    if form not in reading.FORMATS or not register.names_people:
        raise Http404

    def act(data: dict[str, Any]) -> HttpResponse:
        content = services.people_export(actor=actor, register=slug, form=form, reason=data["reason"])
        return _file(register, form, content)

    return form_page(
        request, title=f"Export: {register.title}", form_class=ReasonForm, act=act, done="", submit="Export",
        back=reverse("registers:registers"), crumbs=_crumbs(),
        intro="This file names people. Say what it is for; the audit trail keeps it with your name.",
    )  # fmt: skip


def _file(register: Register, form: str, content: bytes) -> HttpResponse:
    name = f"beacon-{register.slug}-{clock.today().isoformat()}.{form}"
    return download(content, name, reading.FORMATS[form]().get_content_type())


class ImportForm(forms.Form):
    register = forms.ChoiceField(label="Register")
    file = forms.FileField(
        label="File", help_text="CSV, Excel (.xlsx) or JSON with the columns of an export. Columns that you leave out stay as they are."
    )  # fmt: skip


@allow(*WRITERS)
def import_new(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    choices = [(register.slug, register.title) for register in registers_of(actor) if register.may_write(actor)]

    class Form(ImportForm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.fields["register"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField has them

    def act(data: dict[str, Any]) -> RegisterImport:
        file = data["file"]
        return services.import_receive(actor=actor, register=data["register"], file_name=file.name, content=file.read())

    return form_page(
        request, title="Import a register", form_class=Form, act=act, submit="Upload and plan",
        done="The file is here. Beacon tries each row and takes it back again.", back=reverse("registers:registers"),
        to=lambda run: reverse("registers:import", args=[run.pk]), crumbs=_crumbs(),
        initial={"register": request.GET.get("register", "")},
        intro="You see what would change before anything does. A bad row never costs a good one, and the same file twice "
        "changes nothing.",
    )  # fmt: skip


COLUMNS = [
    Column("import", "Import", str, sort="pk", url=lambda r: reverse("registers:import", args=[r.pk])),
    Column("register", "Register", lambda r: BY_SLUG[r.register].title, sort="register"),
    Column("file", "File", lambda r: r.file_name),
    Column("state", "State", lambda r: r.get_state_display(), sort="state", tag=lambda r: STATE_TAGS[r.state]),
    Column("received", "Received", lambda r: r.received_at, sort="received_at", kind="time"),
    Column("by", "By", lambda r: r.received_by),
    Column("changes", "Changes", lambda r: r.changes, kind="number"),
    Column("refused", "Refused", lambda r: r.refused, sort="refused", kind="number"),
]


class RunFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=RegisterImport.State.choices, label="State")
    register = django_filters.ChoiceFilter(
        choices=[(one.slug, one.title) for one in BY_SLUG.values()], label="Register"
    )

    class Meta:
        model = RegisterImport
        fields: list[str] = []


@allow(*READERS)
def import_list(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    listing = Listing(
        request, register_imports_visible_to(actor), COLUMNS, "Imports of registers", "register-imports",
        Empty("No imports yet", "Registers are kept on their pages, or by file."), RunFilter, default_sort="-import",
    )  # fmt: skip
    verbs = [("Import a register", reverse("registers:import-new"))] if actor.has(*WRITERS) else []
    return listing_page(listing, title="Imports of registers", crumbs=_crumbs(("Imports", "")), verbs=verbs)


class RowFilter(django_filters.FilterSet):
    planned = django_filters.ChoiceFilter(choices=RegisterRow.Outcome.choices, label="Plan")
    done = django_filters.ChoiceFilter(choices=RegisterRow.Outcome.choices, label="Result")

    class Meta:
        model = RegisterRow
        fields: list[str] = []


def _changes(row: RegisterRow) -> str:
    return "; ".join(
        f"{name}: {_short(old) or 'empty'} → {_short(new) or 'empty'}" for name, (old, new) in row.changes.items()
    )


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:80]}…"


ROW_COLUMNS = [
    Column("line", "Line", lambda r: r.line, sort="line"),
    Column("record", "Record", lambda r: r.label),
    Column("planned", "Plan", lambda r: r.get_planned_display(), sort="planned", tag=lambda r: ROW_TAGS[r.planned]),
    Column("changes", "What changes", _changes),
    Column("reason", "Reason", lambda r: r.reason),
    Column("done", "Result", lambda r: r.get_done_display() if r.done else "", sort="done"),
]


@allow(*READERS)
def import_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The plan row by row, then what became of each; `?format=failures` gives the refused rows as they came."""
    actor = actor_of(request)
    run = get_object_or_404(register_imports_visible_to(actor), pk=pk)
    if request.GET.get("format") == "failures":
        return _failures(run)
    listing = Listing(
        request, run.lines.all(), ROW_COLUMNS, "Rows of the file", "register-rows", Empty("The plan is being made"), RowFilter,
        default_sort="line",
    )  # fmt: skip
    may = BY_SLUG[run.register].may_write(actor)
    return listing_page(
        listing, "registers/import.html", run=run, tag=STATE_TAGS[run.state], history=history(run),
        register=BY_SLUG[run.register], progress=_progress(run), may_apply=may and run.state == "planned" and run.changes,
        may_discard=may and run.state in {"received", "planned"},
        crumbs=_crumbs(("Imports", reverse("registers:imports")), (str(run), "")),
    )  # fmt: skip


def _failures(run: RegisterImport) -> HttpResponse:
    """The refused rows with their reasons, to be mended and sent again."""
    columns = BY_SLUG[run.register].columns
    rows = run.lines.filter(planned="refused") | run.lines.filter(done="refused")
    return csv_download(
        f"beacon-{run.register}-refused-{run.pk}.csv", [*columns, "line", "reason"],
        ([*(row.values.get(name, "") for name in columns), row.line, row.reason] for row in rows),
    )  # fmt: skip


def _progress(run: RegisterImport) -> Progress:
    planning = run.state == RegisterImport.State.RECEIVED
    done = kept(services.progress_key(run), 1, lambda: 0) if planning else run.worked
    return Progress(done, run.rows, not run.is_working, run.get_state_display(), run.problem)


@allow(*READERS)
def import_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The progress component alone, asked for every few seconds."""
    run = get_object_or_404(register_imports_visible_to(actor_of(request)), pk=pk)
    return render(request, "registers/_progress.html", {"run": run, "progress": _progress(run)})


class ApplyForm(NumberForm):
    number = forms.IntegerField(
        label="How many records change?", min_value=0, help_text="Type the number that the plan shows."
    )


@allow(*WRITERS, sensitive=True)
def import_apply(request: HttpRequest, pk: int) -> HttpResponse:
    run = get_object_or_404(register_imports_visible_to(actor_of(request)), pk=pk)
    back = reverse("registers:import", args=[run.pk])
    return form_page(
        request, title=f"Apply {run}", form_class=ApplyForm, submit="Apply", back=back, done="The plan is being applied.",
        act=lambda data: services.import_apply(actor=actor_of(request), run=run, **data),
        crumbs=_crumbs(("Imports", reverse("registers:imports")), (str(run), back)),
        consequences=[
            f"{run.added} added and {run.changed} changed: {BY_SLUG[run.register].title}.",
            f"{run.unchanged} stay as they are; {run.refused} refused.",
        ],
    )  # fmt: skip


@allow(*WRITERS)
@require_POST
def import_discard(request: HttpRequest, pk: int) -> HttpResponse:
    run = get_object_or_404(register_imports_visible_to(actor_of(request)), pk=pk)
    with saying(request, "The file is left unused."):
        services.import_discard(actor=actor_of(request), run=run)
    return redirect("registers:import", pk=run.pk)
