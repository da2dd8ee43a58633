"""Pages of questions: one's own, and those that one answers."""

from __future__ import annotations

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Actor, Role
from apps.agencies.models import Agency
from apps.audit.words import history
from apps.core import clock
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.core.verbs import EmptyForm, form_page
from apps.knowledge import article_services as articles
from apps.knowledge import question_services as questions
from apps.knowledge.forms import AnswerForm, AskForm, HandOverForm, ReopenForm
from apps.knowledge.models import OFFICES, Article, Question
from apps.knowledge.selectors import articles_visible_to, questions_visible_to, questions_waiting_for
from apps.knowledge.services import EDITORS
from apps.knowledge.views import home_crumb

_YES = forms.Select(choices=[("", "Any"), ("true", "Yes"), ("false", "No")])
ANSWERERS = (Role.CONTACT, *EDITORS)


class QuestionFilter(django_filters.FilterSet):
    subject = django_filters.CharFilter(lookup_expr="icontains", label="Subject")
    state = django_filters.ChoiceFilter(choices=Question.State.choices, label="State")
    office = django_filters.ChoiceFilter(choices=list(OFFICES.items()), label="Handed to")
    agency = django_filters.ModelChoiceFilter(queryset=Agency.objects.all(), to_field_name="code", label="Agency")
    waiting = django_filters.BooleanFilter(method="for_me", label="Waiting for me", widget=_YES)
    late = django_filters.BooleanFilter(method="is_late", label="Overdue", widget=_YES)

    class Meta:
        model = Question
        fields: list[str] = []

    def for_me(self, rows: QuerySet[Question], name: str, value: bool) -> QuerySet[Question]:
        ids = questions_waiting_for(actor_of(self.request)).order_by().values("pk")
        return rows.filter(pk__in=ids) if value else rows.exclude(pk__in=ids)

    def is_late(self, rows: QuerySet[Question], name: str, value: bool) -> QuerySet[Question]:
        late = {"state": Question.State.OPEN, "due_at__lt": clock.now()}
        return rows.filter(**late) if value else rows.exclude(**late)


def question_url(question: Question) -> str:
    return reverse("knowledge:question", args=[question.pk])


def _tag(question: Question) -> str:
    return "bad" if question.is_overdue else "info" if question.state == Question.State.OPEN else "good"


COLUMNS = [
    Column("subject", "Question", lambda q: q.subject, sort="subject", url=question_url),
    Column("state", "State", lambda q: "Overdue" if q.is_overdue else q.get_state_display(), sort="state", tag=_tag),
    Column("asker", "Asked by", lambda q: str(q.asker), sort="asker__last_name"),
    Column("agency", "Agency", lambda q: q.agency.name, sort="agency__name"),
    Column("with", "With", lambda q: q.with_whom, sort="office"),
    Column("asked", "Asked", lambda q: q.asked_at, sort="asked_at", kind="time"),
    Column("due", "Due", lambda q: q.due_at, sort="due_at", kind="time"),
]


@allow()
def question_list(request: HttpRequest) -> HttpResponse:
    """One's own questions, and those within the sight of who answers them."""
    actor = actor_of(request)
    ask = reverse("knowledge:ask") if actor.employee_id else ""
    listing = Listing(
        request, questions_visible_to(actor), COLUMNS, "Questions", "questions",
        Empty("No question yet", "Your agency's contacts answer within two working days.", ask, "Ask a question" if ask else ""),
        QuestionFilter, default_sort="due", names_people=actor.has(*ANSWERERS),
    )  # fmt: skip
    verbs = [("Ask a question", ask)] if ask else []
    if actor.has(*ANSWERERS):
        verbs = [("Waiting for me", f"{reverse('knowledge:questions')}?waiting=true"), *verbs]
    return listing_page(listing, title="Questions", verbs=verbs, crumbs=[home_crumb(), ("Questions", "")])


@allow()
def ask(request: HttpRequest) -> HttpResponse:
    """Ask one's agency's contacts."""
    actor = actor_of(request)
    if actor.employee_id is None:
        return render(request, "knowledge/not_employee.html")
    return form_page(
        request, title="Ask a question", form_class=AskForm, submit="Ask it", back=reverse("knowledge:questions"),
        act=lambda data: questions.question_ask(actor=actor, **data), to=question_url, crumbs=[home_crumb()],
        done="Your question is with your agency's contacts. You get a mail when it is answered.",
        initial={"subject": request.GET.get("subject", "").replace("\x00", "")[:150]},
        intro="Your agency's contacts answer within two working days.",
        consequences=[
            "Who will see it: you, your agency's contacts, and auditors.",
            "If they hand it over, EOTSS or the privacy office sees it too.",
        ],
    )  # fmt: skip


@allow()
def question_one(request: HttpRequest, pk: int) -> HttpResponse:
    """Read a question and its answers."""
    actor = actor_of(request)
    question = get_object_or_404(questions_visible_to(actor), pk=pk)
    is_asker = actor.employee_id == question.asker_id
    made = Article.objects.filter(question=question).first()
    context = {
        "question": question, "entries": question.entries.all(), "tag": _tag(question),
        "verbs": _verbs(actor, question, made), "history": [] if is_asker else history(question),
        "article": articles_visible_to(actor).filter(pk=made.pk).first() if made else None,
        "crumbs": [home_crumb(), ("Questions", reverse("knowledge:questions")), (question.subject, "")],
    }  # fmt: skip
    return render(request, "knowledge/question.html", context)


def _verbs(actor: Actor, question: Question, made: Article | None) -> list[tuple[str, str]]:
    is_open = question.state == Question.State.OPEN
    mine = questions.answers(actor, question)
    is_asker = actor.employee_id is not None and actor.employee_id == question.asker_id
    speaks = question.agency_id in actor.agency_ids or actor.has(*EDITORS)
    offers = [
        ("Answer", "answer", is_open and mine),
        ("Hand over…", "hand-over", is_open and mine),
        ("Ask again…", "reopen", is_asker and not is_open and not question.is_reopened),
        ("Make it an article…", "to-article", speaks and not is_open and made is None),
    ]
    return [(label, reverse(f"knowledge:{name}", args=[question.pk])) for label, name, fits in offers if fits]


def _question(request: HttpRequest, pk: int) -> tuple[Question, list[tuple[str, str]]]:
    question = get_object_or_404(questions_visible_to(actor_of(request)), pk=pk)
    return question, [("Questions", reverse("knowledge:questions")), (question.subject, question_url(question))]


@allow(*ANSWERERS)
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer a question."""
    question, crumbs = _question(request, pk)
    return form_page(
        request, title="Answer", form_class=AnswerForm, submit="Send the answer", back=question_url(question),
        act=lambda data: questions.question_answer(actor=actor_of(request), question=question, **data),
        done="The answer is on its page, and the asker gets a mail.", crumbs=crumbs, intro=question.text,
        consequences=["Who will see it: the asker, the agency's contacts, and auditors.", "An answer cannot be changed afterwards."],
    )  # fmt: skip


@allow(*ANSWERERS)
def hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand a question over to another office."""
    question, crumbs = _question(request, pk)
    return form_page(
        request, title="Hand over", form_class=HandOverForm, submit="Hand it over", back=question_url(question),
        act=lambda data: questions.question_hand_over(actor=actor_of(request), question=question, **data),
        done="The office has it now.", crumbs=crumbs, intro=question.subject,
        consequences=["The office sees the question and the asker's name.", "The due time stays as it is."],
    )  # fmt: skip


@allow()
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Open one's question again."""
    question, crumbs = _question(request, pk)
    return form_page(
        request, title="Ask again", form_class=ReopenForm, submit="Ask again", back=question_url(question),
        act=lambda data: questions.question_reopen(actor=actor_of(request), question=question, **data),
        done="Your question is open again.", crumbs=crumbs, intro=question.subject,
        consequences=["It goes to whoever answered, and is due in two working days.", "You can ask again once."],
    )  # fmt: skip


@allow(*ANSWERERS)
def to_article(request: HttpRequest, pk: int) -> HttpResponse:
    """Make an article of a question."""
    question, crumbs = _question(request, pk)
    return form_page(
        request, title="Make it an article", form_class=EmptyForm, submit="Make a draft", back=question_url(question),
        act=lambda data: articles.article_from_question(actor=actor_of(request), question=question),
        done="The draft is with EOTSS and the privacy office, who publish it.", crumbs=crumbs, intro=question.subject,
        consequences=[
            "The draft has the subject and the last answer. The question and the asker's name are left out.",
            "EOTSS and the privacy office see it, and edit it before anybody else reads it.",
        ],
    )  # fmt: skip
