"""Pages that write: the guided submission, results, stage, retirement, adoption."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Actor, Role
from apps.agencies.models import Agency
from apps.catalog import review_services, services
from apps.catalog.forms import STEPS, AdoptForm, ProblemForm, ResultForm, StageForm
from apps.catalog.models import UseCase
from apps.catalog.screening import OFFICES, TIERS
from apps.catalog.selectors import adoptions_visible_to, cases_visible_to, similar_cases
from apps.catalog.views import CATALOG, case_url
from apps.core.errors import NotFound
from apps.core.verbs import EmptyForm, ReasonForm, form_page

_STEP_NAMES = [label for label, _ in STEPS.values()]


def crumbs_of(case: UseCase) -> list[tuple[str, str]]:
    return [(CATALOG[0], reverse(CATALOG[1])), (case.number, case_url(case))]


def _case(request: HttpRequest, pk: int) -> UseCase:
    return get_object_or_404(cases_visible_to(actor_of(request)), pk=pk)


class SimilarForm(forms.Form):
    """What is being written, of any length and however odd; only its beginning is looked at."""

    title = forms.CharField(required=False)
    problem = forms.CharField(required=False)
    case = forms.IntegerField(required=False)


@allow()
def similar(request: HttpRequest) -> HttpResponse:
    """The part of the page that lists similar cases, asked for while somebody writes."""
    form = SimilarForm(request.GET)
    form.is_valid()
    written = " ".join(filter(None, (form.cleaned_data.get("title"), form.cleaned_data.get("problem"))))
    found = similar_cases(written, without=form.cleaned_data.get("case") or 0)
    return render(request, "catalog/_similar.html", {"similar": found})


@allow()
def begin(request: HttpRequest) -> HttpResponse:
    """The first page of a new case; saving it gives the draft its number."""
    actor = actor_of(request)
    if actor.employee_id is None:
        return render(request, "catalog/not_employee.html")
    return form_page(
        request, title="Share a use case", form_class=ProblemForm, submit="Save and go on", template="catalog/write.html",
        act=lambda data: services.case_begin(actor=actor, **data), back=reverse("catalog:mine"),
        done=lambda case: f"Saved as {case.number}. You can go on later from My use cases.",
        to=lambda case: reverse("catalog:write", args=[case.pk, "use"]), steps=_STEP_NAMES, current=1, heading="Problem",
        crumbs=[(CATALOG[0], reverse(CATALOG[1]))],
    )  # fmt: skip


@allow()
def write(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """One page of a draft. Saving goes on to the next; the last one sends the case in."""
    case, actor = _case(request, pk), actor_of(request)
    if step not in STEPS:
        raise NotFound()
    if actor.employee_id != case.author_id or not case.is_writable:
        messages.info(request, "Only its author edits it, and only before it is sent in.")
        return redirect(case_url(case))
    names = list(STEPS)
    place = names.index(step)
    is_last = place == len(names) - 1
    following = "" if is_last else names[place + 1]
    label, form_class = STEPS[step]

    def act(data: dict[str, Any]) -> UseCase:
        saved = services.case_write(actor=actor, case=case, texts=data)
        return services.case_submit(actor=actor, case=saved) if is_last else saved

    return form_page(
        request, title=f"{label}: {case.title}", heading=label, form_class=form_class, act=act,
        submit="Send it in" if is_last else "Save and go on",
        done="It is sent in. You hear from Beacon when it is decided." if is_last else "Saved.",
        back=reverse("catalog:mine"), to=lambda saved: case_url(saved) if is_last else reverse("catalog:write", args=[pk, following]),
        initial=_initial(case, form_class), template="catalog/write.html", steps=_STEP_NAMES, current=place + 1,
        previous=reverse("catalog:write", args=[pk, names[place - 1]]) if place else "", case=case, is_last=is_last,
        similar=similar_cases(f"{case.title} {case.problem}", without=pk) if place < 2 else [],
        crumbs=crumbs_of(case), **(_last(case) if is_last else {}),
    )  # fmt: skip


def _initial(case: UseCase, form_class: type[forms.Form]) -> dict[str, Any]:
    """What is saved already. Yes-and-no answers as the radio buttons have them."""
    values = {name: getattr(case, name) for name in form_class.base_fields}
    words = {True: "yes", False: "no", None: ""}
    return {
        name: words[value] if isinstance(form_class.base_fields[name], forms.TypedChoiceField) else value
        for name, value in values.items()
    }


def _last(case: UseCase) -> dict[str, Any]:
    """The last page says what stands in the way, which tier follows, and who will see it."""
    verdict = case.verdict
    steps = [(label, reverse("catalog:write", args=[case.pk, name])) for name, (label, _) in list(STEPS.items())[:-1]]
    return {
        "obstacles": services.why_not_send(case), "verdict": verdict, "tier_label": TIERS[verdict.tier], "steps_to": steps,
        "offices": [OFFICES[office] for office in verdict.offices],
        "asked": list(case.reviews.filter(round=case.round).exclude(decision="accept")),
    }  # fmt: skip


@allow()
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw one's use case."""
    case = _case(request, pk)
    return form_page(
        request, title=f"Withdraw {case.number}", form_class=EmptyForm, submit="Withdraw it", back=case_url(case),
        act=lambda data: services.case_withdraw(actor=actor_of(request), case=case), done="The use case is withdrawn.",
        crumbs=crumbs_of(case),
        consequences=["It ends here and cannot be sent in again.", "Its number is not given to another use case."],
    )  # fmt: skip


@allow()
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """Report the result of a use case."""
    case = _case(request, pk)
    initial = {name: getattr(case, name) for name in ("result", "minutes_saved", "answers", "method")}
    return form_page(
        request, title=f"Result of {case.number}", form_class=ResultForm, submit="Report", back=case_url(case),
        act=lambda data: services.case_report(actor=actor_of(request), case=case, **data), done="The result is on its page.",
        initial=initial, crumbs=crumbs_of(case), intro="Everybody who is signed in can read it.",
    )  # fmt: skip


@allow()
def stage(request: HttpRequest, pk: int) -> HttpResponse:
    """Say how far a use case has got."""
    case = _case(request, pk)
    return form_page(
        request, title=f"Stage of {case.number}", form_class=StageForm, submit="Save", back=case_url(case),
        act=lambda data: services.case_set_stage(actor=actor_of(request), case=case, **data), done="The stage is saved.",
        initial={"stage": case.stage}, crumbs=crumbs_of(case),
    )  # fmt: skip


@allow()
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Retire a use case."""
    case = _case(request, pk)
    return form_page(
        request, title=f"Retire {case.number}", form_class=ReasonForm, submit="Retire it", back=case_url(case),
        act=lambda data: services.case_retire(actor=actor_of(request), case=case, reason=data["reason"]),
        done="The use case is retired.", crumbs=crumbs_of(case),
        consequences=["Nobody should use the assistant for it any more.", "It stays in the inventory for one year."],
    )  # fmt: skip


def _agencies(actor: Actor, case: UseCase) -> Any:
    """The agencies for which the actor may adopt a case."""
    agencies = Agency.objects.filter(is_active=True).exclude(pk=case.agency_id).exclude(adoptions__case=case)
    return agencies if actor.has(Role.ADMINISTRATOR) else agencies.filter(pk__in=actor.agency_ids)


@allow(Role.CONTACT, Role.ADMINISTRATOR)
def adopt(request: HttpRequest, pk: int) -> HttpResponse:
    """Take up a use case for an agency."""
    case, actor = _case(request, pk), actor_of(request)
    agencies = _agencies(actor, case)

    class Form(AdoptForm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, agencies=agencies, **kwargs)

    conditions = [f"The conditions hold for you too. {case.conditions}"] if case.conditions else []
    return form_page(
        request, title=f"Adopt {case.number}", form_class=Form, submit="Adopt it", back=case_url(case),
        act=lambda data: review_services.case_adopt(actor=actor, case=case, **data), done="Your agency is on its page now.",
        crumbs=crumbs_of(case),
        consequences=["Your agency's name stands on its page for everybody.", "Your people check its output as it says.", *conditions],
    )  # fmt: skip


@allow(Role.CONTACT, Role.ADMINISTRATOR)
def adoption_report(request: HttpRequest, pk: int) -> HttpResponse:
    """Report the result of an adoption."""
    adoption = get_object_or_404(adoptions_visible_to(actor_of(request)).select_related("case"), pk=pk)
    initial = {name: getattr(adoption, name) for name in ("result", "minutes_saved", "answers", "method")}
    return form_page(
        request, title=f"Result at {adoption.agency.name}", form_class=ResultForm, submit="Report",
        act=lambda data: review_services.adoption_report(actor=actor_of(request), adoption=adoption, **data),
        back=case_url(adoption.case), done="The result is on its page.", initial=initial, crumbs=crumbs_of(adoption.case),
        intro="Everybody who is signed in can read it.",
    )  # fmt: skip
