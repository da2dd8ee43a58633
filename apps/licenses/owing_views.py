"""Pages of what people still owe: names for their contacts, with a reminder; acceptance of the terms by agency in counts."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Actor, Role
from apps.agencies.models import Agency, Employee
from apps.agencies.selectors import agencies_reported_to
from apps.core import clock
from apps.core.downloads import csv_download
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.core.verbs import EmptyForm, form_page
from apps.licenses import services
from apps.licenses.owing import REQUIREMENTS, Owing, Progress, people_owing, terms_progress, training_coverage
from apps.terms.selectors import version_in_force, version_to_come

READERS = (Role.CONTACT, Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR)


def _columns(owing: dict[int, Owing]) -> list[Column]:
    return [
        Column(
            "name", "Name", lambda e: f"{e.last_name}, {e.first_name}", sort="last_name,first_name",
            url=lambda e: reverse("console:person", args=[e.pk]),
        ),
        Column("agency", "Agency", lambda e: e.agency.name, sort="agency__name"),
        Column("terms", "Terms", lambda e: "To accept" if owing[e.pk].terms else "Accepted"),
        Column("training", "Training", lambda e: ", ".join(owing[e.pk].courses) or "Complete"),
        Column("seat", "Seat", lambda e: owing[e.pk].seat.capitalize() or "None yet"),
    ]  # fmt: skip


def _agencies(actor: Actor) -> QuerySet[Agency]:
    """Whose people are listed: a contact's own agencies; those who see everyone choose one."""
    agencies = agencies_reported_to(actor)
    return agencies if actor.sees_everyone else agencies.filter(pk__in=actor.agency_ids)


def _owing(request: HttpRequest) -> tuple[QuerySet[Employee], dict[int, Owing]]:
    actor = actor_of(request)
    agencies = _agencies(actor)
    chosen = request.GET.get("agency", "")
    if chosen.isdecimal():
        agencies = agencies.filter(pk=int(chosen))
    elif actor.sees_everyone:
        agencies = agencies.none()
    people, owing = people_owing(actor, agencies.values_list("pk", flat=True))
    step = request.GET.get("step", "")
    wanted = {pk for pk, one in owing.items() if (one.terms if step == "terms" else bool(one.courses))}
    return (people.filter(pk__in=wanted) if step in REQUIREMENTS else people), owing


class OwingFilter(django_filters.FilterSet):
    step = django_filters.ChoiceFilter(choices=list(REQUIREMENTS.items()), label="Still owes", method="by_view")
    agency = django_filters.ModelChoiceFilter(queryset=lambda request: _agencies(actor_of(request)), label="Agency")

    class Meta:
        model = Employee
        fields: list[str] = []

    def by_view(self, queryset: QuerySet[Employee], name: str, value: str) -> QuerySet[Employee]:
        """The view has narrowed already: what people owe is not a column of theirs."""
        return queryset


@allow(*READERS)
def owing_list(request: HttpRequest) -> HttpResponse:
    """See who still owes what."""
    people, owing = _owing(request)
    actor = actor_of(request)
    choose = actor.sees_everyone and not request.GET.get("agency")
    empty = (
        Empty("Choose an agency", "The list shows the people of one agency at a time.")
        if choose
        else Empty("Nobody owes anything", "Everyone who asked for a seat has done their part.")
    )
    listing = Listing(
        request, people, _columns(owing), "People with a step left", "owing", empty, OwingFilter, default_sort="name",
        names_people=True,
    )  # fmt: skip
    verbs = []
    if actor.agency_ids and listing.page.paginator.count:
        verbs = [("Remind them…", f"{reverse('licenses:owing-remind')}?{request.GET.urlencode()}")]
    return listing_page(
        listing, title="Who still owes what", verbs=verbs,
        intro="People who asked for a seat or hold one. Whoever decided not to take part is not listed.",
    )  # fmt: skip


@allow(Role.CONTACT)
def owing_remind(request: HttpRequest) -> HttpResponse:
    """One reminder to each person listed, at most one a week."""
    people, owing = _owing(request)
    ids = list(people.values_list("pk", flat=True))
    count = len(ids)
    whom = "1 person" if count == 1 else f"{count:,} people"
    back = reverse("licenses:owing")
    return form_page(
        request, title="Send a reminder", form_class=EmptyForm, submit=f"Remind {whom}", back=back,
        act=lambda _: services.people_remind(
            actor=actor_of(request), steps={pk: owing[pk].words for pk in ids}
        ),
        done=lambda sent: f"{sent:,} reminders are on their way. Who had one this week gets none.",
        crumbs=[("Who still owes what", back)],
        intro=f"{whom.capitalize()} will get one e-mail that says what is left to do. Your name is not in it.",
    )  # fmt: skip


@allow(Role.PRIVACY, Role.ADMINISTRATOR, Role.AUDITOR, Role.LEADER, Role.CONTACT)
def progress(request: HttpRequest) -> HttpResponse:
    """Acceptance of the terms by agency, in counts; small groups are left out."""
    actor = actor_of(request)
    coming = version_to_come() if request.GET.get("version") == "next" else None
    version = coming or version_in_force()
    lines, total = terms_progress(actor, version) if version else ([], None)
    if version and request.GET.get("format") == "csv":
        return _csv(lines)
    context = {
        "version": version, "lines": lines, "total": total, "coming": version_to_come(),
        "export": "format=csv" + ("&version=next" if coming else ""),
        "owing_url": _people_url(actor), "done": "Accepted", "left": "Still to accept", "title": "Progress with the terms",
        "eyebrow": version or "No version is in force",
        "intro": "People who asked for a seat or hold one, and how many of them have accepted this version.",
        "crumbs": [("Terms", reverse("terms:versions")), ("Progress", "")],
    }  # fmt: skip
    return render(request, "licenses/progress.html", context)


def _people_url(actor: Actor) -> str:
    """Where the people behind the figures are listed, for those who may see them."""
    return reverse("licenses:owing") if actor.agency_ids or actor.sees_everyone else ""


@allow(Role.PRIVACY, Role.ADMINISTRATOR, Role.AUDITOR, Role.LEADER, Role.CONTACT)
def coverage(request: HttpRequest) -> HttpResponse:
    """Training by agency, in counts; small groups are left out."""
    actor = actor_of(request)
    lines, total = training_coverage(actor)
    if request.GET.get("format") == "csv":
        return _csv(lines)
    context = {
        "lines": lines, "total": total, "export": "format=csv", "owing_url": _people_url(actor),
        "done": "Trained", "left": "Still to train", "title": "Training by agency", "eyebrow": "",
        "intro": "People who asked for a seat or hold one, and how many of them have every course that their phase asks "
        "for. A waiver counts.",
        "crumbs": [("Training", reverse("training:overview")), ("By agency", "")],
    }  # fmt: skip
    return render(request, "licenses/progress.html", context)


def _csv(lines: list[Progress]) -> HttpResponse:
    def figures(line: Progress) -> list[int | str]:
        return ["under 10" if one is None else one for one in (line.people, line.done, line.owing, line.percent)]

    rows = ([line.agency, line.code, *figures(line)] for line in lines)
    header = ["Agency", "Code", "People taking part", "Done", "Still to do", "Percent"]
    return csv_download(f"beacon-progress-{clock.today().isoformat()}.csv", header, rows)
