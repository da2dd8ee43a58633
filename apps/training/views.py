"""Pages of training: courses, one's own record, waivers."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Role
from apps.agencies.selectors import employees_visible_to
from apps.audit.words import history
from apps.core import clock
from apps.core.downloads import csv_download
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.core.verbs import ReasonForm, form_page
from apps.training import services
from apps.training.models import Course, Waiver
from apps.training.selectors import courses_visible_to, record_of, waivers_visible_to

READERS = (Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR)


@allow()
def overview(request: HttpRequest) -> HttpResponse:
    """The courses, and what the person has completed: until when it counts, and what is waived."""
    actor = actor_of(request)
    courses = courses_visible_to(actor)
    if request.GET.get("format") == "csv":
        return _courses_csv(courses)
    context = {
        "courses": courses, "own": record_of(actor.employee_id or 0), "may_add": actor.has(Role.ADMINISTRATOR),
        "may_import": actor.has(Role.ADMINISTRATOR, Role.PRIVACY), "may_see_imports": actor.has(*READERS),
        "is_employee": actor.employee_id is not None,
    }  # fmt: skip
    return render(request, "training/overview.html", context)


def _courses_csv(courses: QuerySet[Course]) -> HttpResponse:
    header = ["Course", "Code", "Provider", "Valid for (days)", "Link", "Active"]
    rows = (
        [one.title, one.code, one.provider, one.valid_days or "", one.url, "Yes" if one.is_active else "No"]
        for one in courses
    )
    return csv_download(f"beacon-courses-{clock.today().isoformat()}.csv", header, rows)


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
    """Add a course."""
    return form_page(
        request, title="Add a course", form_class=CourseForm, submit="Add", back=reverse("training:overview"),
        act=lambda data: services.course_create(actor=actor_of(request), **data),
        done=lambda course: f"{course} is added.", crumbs=[("Training", reverse("training:overview"))],
    )  # fmt: skip


class CourseEditForm(CourseForm):
    is_active = forms.BooleanField(
        label="Active", required=False, help_text="A phase can only require courses that are active."
    )
    equivalents = forms.ModelMultipleChoiceField(
        label="Counts as this course", queryset=Course.objects.none(), required=False,
        widget=forms.CheckboxSelectMultiple, help_text="Whoever completed one of them has completed this one.",
    )  # fmt: skip

    def __init__(self, *args: Any, course: Course, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["code"]
        others: Any = self.fields["equivalents"]
        others.queryset = Course.objects.exclude(pk=course.pk)


@allow()
def course_detail(request: HttpRequest, code: str) -> HttpResponse:
    """One course: how long it counts, what counts as it, and which phases ask for it."""
    actor = actor_of(request)
    course = get_object_or_404(courses_visible_to(actor).prefetch_related("equivalents", "counts_for"), code=code)
    context = {
        "course": course, "may_edit": actor.has(Role.ADMINISTRATOR),
        "waivers": waivers_visible_to(actor).filter(course=course, until_on__gte=clock.today()).count(),
        "sees_waivers": actor.has(*READERS), "history": history(course) if actor.sees_everyone else [],
        "crumbs": [("Training", reverse("training:overview")), (course.title, "")],
    }  # fmt: skip
    return render(request, "training/course.html", context)


@allow(Role.ADMINISTRATOR)
def course_edit(request: HttpRequest, code: str) -> HttpResponse:
    """Change a course."""
    course = get_object_or_404(courses_visible_to(actor_of(request)), code=code)
    back = reverse("training:course", args=[code])

    class Form(CourseEditForm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, course=course, **kwargs)

    names = ("title", "provider", "url", "valid_days", "is_active")
    return form_page(
        request, title=f"Change {course}", form_class=Form, submit="Save", back=back, done="Saved.",
        initial={name: getattr(course, name) for name in names} | {"equivalents": course.equivalents.all()},
        act=lambda data: services.course_revise(actor=actor_of(request), course=course, **data),
        crumbs=[("Training", reverse("training:overview")), (course.title, back)],
        consequences=["Seats follow at once: a shorter validity or fewer equivalents can pause people's access."],
    )  # fmt: skip


# ---- waivers -----------------------------------------------------------------------------------------------


class WaiverFilter(django_filters.FilterSet):
    course = django_filters.ModelChoiceFilter(queryset=Course.objects.all(), label="Course")
    in_force = django_filters.BooleanFilter(
        label="In force", method="by_day", widget=forms.Select(choices=[("", "Any"), ("true", "Yes"), ("false", "No")])
    )

    class Meta:
        model = Waiver
        fields: list[str] = []

    def by_day(self, queryset: QuerySet[Waiver], name: str, value: bool) -> QuerySet[Waiver]:
        today = clock.today()
        return queryset.filter(until_on__gte=today) if value else queryset.filter(until_on__lt=today)


WAIVER_COLUMNS = [
    Column(
        "who", "Who", lambda w: str(w.employee), sort="employee__last_name,employee__first_name",
        url=lambda w: reverse("console:person", args=[w.employee_id]),
    ),
    Column("course", "Course", lambda w: w.course.title, sort="course__title"),
    Column("until", "Until", lambda w: w.until_on, sort="until_on", kind="date"),
    Column("reason", "Reason", lambda w: w.reason),
    Column("by", "Granted by", lambda w: w.granted_by, sort="granted_by"),
    Column("end", "Ended by", lambda w: w.ended_by or "", sort="ended_by"),
    Column(
        "act", "Act", lambda w: "End it…" if w.until_on >= clock.today() else "",
        url=lambda w: reverse("training:waiver-end", args=[w.pk]),
    ),
]  # fmt: skip


@allow(*READERS)
def waiver_list(request: HttpRequest) -> HttpResponse:
    """See waivers of training."""
    listing = Listing(
        request, waivers_visible_to(actor_of(request)), WAIVER_COLUMNS, "Waivers of training", "waivers",
        Empty("No waivers yet", "They are granted on a person's page."), WaiverFilter, default_sort="until", names_people=True,
    )  # fmt: skip
    return listing_page(
        listing, title="Waivers of training", crumbs=[("Training", reverse("training:overview")), ("Waivers", "")]
    )


@allow(Role.ADMINISTRATOR, Role.PRIVACY)
def waiver_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a waiver of training."""
    waiver = get_object_or_404(waivers_visible_to(actor_of(request)), pk=pk)
    back = reverse("training:waivers")
    return form_page(
        request, title="End a waiver", form_class=ReasonForm, submit="End the waiver", back=back,
        act=lambda data: services.training_waiver_end(actor=actor_of(request), waiver=waiver, reason=data["reason"]),
        done="The waiver has ended.", crumbs=[("Waivers", back)], intro=f"{waiver}.",
        consequences=["From today on the person needs the course itself. Without it, access is paused."],
    )  # fmt: skip


class WaiverForm(ReasonForm):
    course = forms.ModelChoiceField(label="Course", queryset=Course.objects.filter(is_active=True))
    until_on = forms.DateField(label="Until", widget=forms.DateInput(attrs={"type": "date"}))
    field_order = ("course", "until_on", "reason")


@allow(Role.ADMINISTRATOR, Role.PRIVACY)
def waiver_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Waive training for somebody."""
    employee = get_object_or_404(employees_visible_to(actor_of(request)), pk=pk)
    return form_page(
        request, title=f"Waive a course for {employee}", form_class=WaiverForm, submit="Waive",
        act=lambda data: services.training_waive(actor=actor_of(request), employee=employee, **data),
        done=f"Waived for {employee}.", back=reverse("console:person", args=[pk]),
        crumbs=[("People", reverse("agencies:people")), (str(employee), reverse("console:person", args=[pk]))],
    )  # fmt: skip
