"""Pages of the breach desk (M.G.L. c. 93H). The privacy office works here; auditors read the decision and the dates."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Role
from apps.core import clock
from apps.core.downloads import download
from apps.core.pdf import pdf, pdf_download
from apps.core.uploads import DOCX
from apps.core.verbs import EmptyForm
from apps.incidents import breach_services as services
from apps.incidents import letters
from apps.incidents.models import BreachAssessment, Incident
from apps.incidents.pages import BOARD, act_page
from apps.incidents.selectors import breach_outcomes_visible_to, breaches_visible_to, incidents_visible_to
from apps.incidents.taxonomy import ANSWERS, CONTENT, QUESTIONS, RECIPIENTS, RESIDENT_FIELDS
from apps.incidents.timeline import MOST


@allow(Role.PRIVACY)
def open_desk(request: HttpRequest, pk: int) -> HttpResponse:
    """Open the breach desk."""
    incident = get_object_or_404(incidents_visible_to(actor_of(request)), pk=pk)
    return act_page(
        request, incident, "Open the breach desk", EmptyForm, back=reverse("incidents:breach", args=[pk]),
        act=lambda _data: services.breach_open(actor=actor_of(request), incident=incident),
        done="The breach desk is open.",
        consequences=["The incident can then only be closed with a decision. Nobody outside is told by Beacon."],
    )  # fmt: skip


@allow(Role.PRIVACY, Role.AUDITOR)
def desk(request: HttpRequest, pk: int) -> HttpResponse:
    """The desk. Auditors get neither answers, reasons nor contents, only what was decided and who was told when."""
    actor = actor_of(request)
    found = breach_outcomes_visible_to(actor).filter(incident=pk).first()
    works = actor.has(Role.PRIVACY)
    if found is None:
        incident = get_object_or_404(incidents_visible_to(actor), pk=pk)
        return render(
            request, "incidents/breach_none.html", {"incident": incident, "works": works, "crumbs": _crumbs(incident)}
        )
    notices = list(found.notices.all())
    told = [(label, [one for one in notices if one.recipient == code]) for code, label in RECIPIENTS.items()]
    context = {
        "desk": found, "incident": found.incident, "works": works, "told": told, "decisions": list(found.decisions.all()),
        "letters": letters.KINDS.items(), "extras": [(label, found.content.get(c, "")) for c, label in RESIDENT_FIELDS.items()]
        if works else [], "crumbs": _crumbs(found.incident),
    }  # fmt: skip
    return render(request, "incidents/breach.html", context)


def _crumbs(incident: Incident) -> list[tuple[str, str]]:
    home = reverse("incidents:incident", args=[incident.pk])
    return [(BOARD[0], reverse(BOARD[1])), (str(incident), home), ("Breach desk", "")]


class AnswersForm(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, question in QUESTIONS.items():
            self.fields[f"{code}_answer"] = forms.ChoiceField(
                label=question, choices=list(ANSWERS.items()), widget=forms.RadioSelect
            )
            self.fields[f"{code}_note"] = forms.CharField(
                label="Why you think so", widget=forms.Textarea(attrs={"rows": 2}), max_length=MOST, required=False,
                help_text=f"About: {question}",
            )  # fmt: skip


class ContentForm(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, label in (CONTENT | RESIDENT_FIELDS).items():
            hint = "In the residents' letter only." if code in RESIDENT_FIELDS else ""
            self.fields[code] = forms.CharField(
                label=label, widget=forms.Textarea(attrs={"rows": 2}), max_length=MOST, required=False, help_text=hint
            )


class DecisionForm(forms.Form):
    decision = forms.ChoiceField(label="Decision", choices=BreachAssessment.Decision.choices, widget=forms.RadioSelect)
    reason = forms.CharField(
        label="Reason", widget=forms.Textarea(attrs={"rows": 4}), max_length=MOST - 500,
        help_text="With what counsel advised. The privacy office and handlers read it; auditors see the decision and its date.",
    )  # fmt: skip


class NoticeForm(forms.Form):
    recipient = forms.ChoiceField(label="Who was told", choices=list(RECIPIENTS.items()), widget=forms.RadioSelect)
    told_on = forms.DateField(label="On which day", widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    how = forms.CharField(label="How", max_length=300, help_text="By letter, form, telephone or mail.")


@allow(Role.PRIVACY)
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer the questions of the breach desk."""
    found = _desk(request, pk)
    initial = {f"{code}_{part}": one for code, given in found.answers.items() for part, one in given.items()}
    return _act(
        request, found, "Answer the questions", AnswersForm, initial=initial,
        act=lambda data: services.breach_answer(
            actor=actor_of(request), desk=found,
            answers={c: {"answer": data[f"{c}_answer"], "note": data[f"{c}_note"]} for c in QUESTIONS},
        ),
    )  # fmt: skip


@allow(Role.PRIVACY)
def describe(request: HttpRequest, pk: int) -> HttpResponse:
    """Describe a breach for its letters."""
    found = _desk(request, pk)
    return _act(
        request, found, "Word the notice", ContentForm, initial=found.content,
        act=lambda data: services.breach_describe(actor=actor_of(request), desk=found, content=data),
        intro="The letters are made from these words. The residents' letter leaves the nature and the number out.",
    )  # fmt: skip


@allow(Role.PRIVACY)
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide whether a breach must be told."""
    found = _desk(request, pk)
    return _act(
        request, found, "Decide", DecisionForm,
        act=lambda data: services.breach_decide(actor=actor_of(request), desk=found, **data),
        intro="An earlier decision stays in the record; the last one counts.",
    )  # fmt: skip


@allow(Role.PRIVACY)
def notify(request: HttpRequest, pk: int) -> HttpResponse:
    """Record who was told of a breach."""
    found = _desk(request, pk)
    return _act(
        request, found, "Record a notice", NoticeForm, initial={"told_on": clock.today()},
        act=lambda data: services.breach_notify(actor=actor_of(request), desk=found, **data),
        intro="Beacon sends nothing to them itself. Record here that you have.",
    )  # fmt: skip


@allow(Role.PRIVACY)
def letter(request: HttpRequest, pk: int, kind: str, form: str) -> HttpResponse:
    """One of the two letters as DOCX or PDF, made from the record as it is now and kept nowhere."""
    found = _desk(request, pk)
    made = letters.letter(found, kind, clock.today())
    name = f"incident-{pk}-{kind}.{form}"
    if form == "pdf":
        return pdf_download(pdf("incidents/letter.html", {"letter": made, "title": made.title}), name)
    return download(letters.docx(made), name, DOCX)


def _desk(request: HttpRequest, pk: int) -> BreachAssessment:
    return get_object_or_404(breaches_visible_to(actor_of(request)), incident=pk)


def _act(
    request: HttpRequest, found: BreachAssessment, title: str, form_class: type[forms.Form], **more: Any
) -> HttpResponse:
    return act_page(
        request, found.incident, title, form_class, back=reverse("incidents:breach", args=[found.incident_id]), **more
    )
