"""Pages of training: courses, one's own record, imports, waivers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Role
from apps.agencies.selectors import employees_visible_to
from apps.audit.words import history
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.core.verbs import ReasonForm, form_page
from apps.training import services
from apps.training.models import CompletionImport, Course
from apps.training.selectors import completions_visible_to, courses_visible_to, imports_visible_to

READERS = (Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR)


@allow()
def overview(request: HttpRequest) -> HttpResponse:
    """The courses, and what the person has completed."""
    actor = actor_of(request)
    own = completions_visible_to(actor).filter(employee=actor.employee_id or 0).order_by("-completed_on")
    context = {
        "courses": courses_visible_to(actor), "own": own, "may_add": actor.has(Role.ADMINISTRATOR),
        "may_import": actor.has(Role.ADMINISTRATOR, Role.PRIVACY), "may_see_imports": actor.has(*READERS),
        "is_employee": actor.employee_id is not None,
    }  # fmt: skip
    return render(request, "training/overview.html", context)


class CourseForm(forms.Form):
    code = forms.CharField(label="Code", max_length=30)
    title = forms.CharField(label="Title", max_length=200)
    provider = forms.CharField(label="Provider", max_length=120, required=False)
    url = forms.URLField(label="Link to the course", required=False, assume_scheme="https")
    valid_days = forms.IntegerField(
        label="Valid for (days)", min_value=1, required=False, help_text="Empty: valid for ever."
    )


@allow(Role.ADMINISTRATOR)
def course_new(request: HttpRequest) -> HttpResponse:
    return form_page(
        request, title="Add a course", form_class=CourseForm, submit="Add", back=reverse("training:overview"),
        act=lambda data: services.course_create(actor=actor_of(request), **data),
        done=lambda course: f"{course} is added.", crumbs=[("Training", reverse("training:overview"))],
    )  # fmt: skip


class ImportForm(forms.Form):
    file = forms.FileField(
        label="File of the learning system",
        help_text="CSV with employee_id, course, completed_on and, where known, score and record_id.",
    )


@allow(Role.ADMINISTRATOR, Role.PRIVACY)
def import_new(request: HttpRequest) -> HttpResponse:
    def act(data: dict[str, Any]) -> CompletionImport:
        file = data["file"]
        return services.completions_import(actor=actor_of(request), file_name=file.name, content=file.read())

    return form_page(
        request, title="Import completions", form_class=ImportForm, act=act, submit="Import",
        done=lambda run: f"{run.added:,} completions added, {len(run.rejected):,} rows rejected.",
        back=reverse("training:overview"), to=lambda run: reverse("training:import", args=[run.pk]),
        crumbs=[("Training", reverse("training:overview"))],
        intro="A bad row never costs a good one, and the same file twice adds nothing. Seats that only waited for "
        "training are granted at once.",
    )  # fmt: skip


COLUMNS = [
    Column("id", "Import", str, sort="pk", url=lambda r: reverse("training:import", args=[r.pk])),
    Column("at", "When", lambda r: r.imported_at, sort="imported_at", kind="time"),
    Column("by", "By", lambda r: r.imported_by),
    Column("rows", "Rows", lambda r: r.rows, sort="rows", kind="number"),
    Column("added", "Added", lambda r: r.added, sort="added", kind="number"),
    Column("rejected", "Rejected", lambda r: len(r.rejected), kind="number"),
]


@allow(*READERS)
def import_list(request: HttpRequest) -> HttpResponse:
    listing = Listing(
        request, imports_visible_to(actor_of(request)), COLUMNS, "Training imports", "imports",
        Empty("No imports yet", "Completions come by file from the learning system."), default_sort="-id",
    )  # fmt: skip
    return listing_page(
        listing, title="Training imports", crumbs=[("Training", reverse("training:overview")), ("Imports", "")]
    )


@allow(*READERS)
def import_detail(request: HttpRequest, pk: int) -> HttpResponse:
    run = get_object_or_404(imports_visible_to(actor_of(request)), pk=pk)
    crumbs = [("Training", reverse("training:overview")), ("Imports", reverse("training:imports")), (str(run), "")]
    return render(request, "training/import.html", {"run": run, "crumbs": crumbs, "history": history(run)})


class WaiverForm(ReasonForm):
    course = forms.ModelChoiceField(label="Course", queryset=Course.objects.filter(is_active=True))
    until_on = forms.DateField(label="Until", widget=forms.DateInput(attrs={"type": "date"}))
    field_order = ("course", "until_on", "reason")


@allow(Role.ADMINISTRATOR, Role.PRIVACY)
def waiver_new(request: HttpRequest, pk: int) -> HttpResponse:
    employee = get_object_or_404(employees_visible_to(actor_of(request)), pk=pk)
    return form_page(
        request, title=f"Waive a course for {employee}", form_class=WaiverForm, submit="Waive",
        act=lambda data: services.training_waive(actor=actor_of(request), employee=employee, **data),
        done=f"Waived for {employee}.", back=reverse("console:person", args=[pk]),
        crumbs=[("People", reverse("agencies:people")), (str(employee), reverse("console:person", args=[pk]))],
    )  # fmt: skip
