"""Reading the knowledge center, cut to what the actor may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db.models import Count, Q, QuerySet

from apps.accounts.actors import Actor, Role
from apps.core import clock
from apps.core.search import ranked
from apps.knowledge.addresses import above, host_of, plain
from apps.knowledge.models import Announcement, Article, Obligation, ProxyMonth, Question, QuestionEntry, Tool

OBLIGATION_READERS = (Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR, Role.LEADER)
PROXY_READERS = (Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR, Role.CONTACT)
REVIEW_AHEAD = timedelta(days=30)
_ALIKE, _MOST = 0.45, 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What the register says about a name or an address: the entry, one plain sentence, and entries much like it."""

    tool: Tool | None
    sentence: str
    similar: list[Tool]


def tools_visible_to(actor: Actor) -> QuerySet[Tool]:
    """Everybody who is signed in reads the register."""
    return Tool.objects.all()


def tool_answer(actor: Actor, asked: str) -> Answer:
    """May this be used? `asked` is a name or a web address in any writing, of which the first 200 characters count."""
    asked = asked.replace("\x00", " ").strip()[:_MOST]
    tools = tools_visible_to(actor)
    tool = _by_host(tools, host_of(asked)) or tools.filter(names__contains=[plain(asked)]).first()
    if tool:
        return Answer(tool, tool.sentence, [])
    alike = (
        tools.annotate(alike=TrigramWordSimilarity(asked, "name")).filter(alike__gte=_ALIKE).order_by("-alike", "pk")
    )
    sentence = f"{asked} is not in the register: treat it as not permitted, and ask your contact."
    return Answer(None, sentence, list(alike[:3]))


def _by_host(tools: QuerySet[Tool], host: str) -> Tool | None:
    """The entry with the longest address that covers the host."""
    if not host:
        return None
    wanted = above(host)
    found = {domain: tool for tool in tools.filter(domains__overlap=wanted) for domain in tool.domains}
    return next((found[domain] for domain in wanted if domain in found), None)


def tools_matching(tools: QuerySet[Tool], text: str) -> QuerySet[Tool]:
    """Tools with the words in a name, an alias or the answer, or at the address."""
    host = host_of(text)
    near = Q(names__contains=[plain(text)]) | Q(name__icontains=text) | Q(answer__icontains=text)
    return tools.filter(near | Q(domains__overlap=above(host)) if host else near)


def articles_visible_to(actor: Actor) -> QuerySet[Article]:
    """Published ones by audience. EOTSS, privacy office and auditors: all, drafts and retired ones included."""
    articles = Article.objects.select_related("current").defer("current__search")
    if actor.sees_everyone:
        return articles
    audiences = [Article.Audience.EVERYONE]
    if actor.has(Role.CONTACT):
        audiences.append(Article.Audience.CONTACTS)
    return articles.filter(state=Article.State.PUBLISHED, audience__in=audiences)


def articles_published_to(actor: Actor) -> QuerySet[Article]:
    """Published ones for one's audience, and no others, whoever asks."""
    return articles_visible_to(actor).filter(state=Article.State.PUBLISHED)


def articles_matching(articles: QuerySet[Article], text: str) -> QuerySet[Article]:
    """Published articles with the words in their published text, or a title much like them; the best first."""
    return ranked(articles.filter(state=Article.State.PUBLISHED), text, alike=_ALIKE, prefix="current__")


def articles_due(owner: str = "") -> QuerySet[Article]:
    """Published articles whose review is due within 30 days or overdue; of one office, where it is named."""
    due = Article.objects.filter(state=Article.State.PUBLISHED, review_on__lte=clock.today() + REVIEW_AHEAD)
    return due.filter(owner=owner) if owner else due


def offices_of(actor: Actor) -> list[str]:
    """The offices that the actor is of."""
    held = {"eotss": Role.ADMINISTRATOR, "privacy": Role.PRIVACY}
    return [office for office, role in held.items() if role in actor.roles]


def questions_visible_to(actor: Actor) -> QuerySet[Question]:
    """The asker, the contacts of the agency, the offices that it was handed to, and auditors."""
    questions = Question.objects.select_related("asker", "agency")
    if actor.has(Role.AUDITOR):
        return questions
    scope = Q(asker=actor.employee_id or 0) | Q(agency__in=actor.agency_ids)
    return questions.filter(scope | Q(handed_to__overlap=offices_of(actor)) if offices_of(actor) else scope)


def question_entries_visible_to(actor: Actor) -> QuerySet[QuestionEntry]:
    """What was said about a question: whoever sees the question."""
    return QuestionEntry.objects.filter(question__in=questions_visible_to(actor).values("pk"))


def questions_waiting_for(actor: Actor) -> QuerySet[Question]:
    """Open questions that the actor owes an answer to, the most pressing first."""
    mine = Q(office="", agency__in=actor.agency_ids) | Q(office__in=offices_of(actor))
    waiting = questions_visible_to(actor).filter(mine, state=Question.State.OPEN)
    return waiting.exclude(asker=actor.employee_id or 0).order_by("due_at", "pk")


def question_counts(actor: Actor) -> dict[str, int]:
    """How many questions wait for the actor, and how many of them are overdue."""
    late = Count("pk", filter=Q(due_at__lt=clock.now()))
    return questions_waiting_for(actor).order_by().aggregate(all=Count("pk"), late=late)


def obligations_visible_to(actor: Actor) -> QuerySet[Obligation]:
    """Leaders, EOTSS, privacy office and auditors."""
    obligations = Obligation.objects.all()
    return obligations if actor.has(*OBLIGATION_READERS) else obligations.none()


def obligation_counts() -> list[tuple[str, dict[str, int]]]:
    """For each of the five heads, how many obligations are in each state."""
    rows = Obligation.objects.order_by().values_list("head", "state").annotate(Count("pk"))
    counts = {(head, state): count for head, state, count in rows}
    return [
        (label, {state: counts.get((head, state), 0) for state in Obligation.State.values})
        for head, label in Obligation.Head.choices
    ]


def announcements_visible_to(actor: Actor) -> QuerySet[Announcement]:
    """EOTSS, privacy office and auditors: all. Others: what is for all agencies or for theirs."""
    announcements = Announcement.objects.select_related("agency")
    if actor.sees_everyone:
        return announcements
    agencies = [*actor.agency_ids, actor.agency_id or 0]
    return announcements.filter(Q(agency=None) | Q(agency__in=agencies))


def announcements_for(agency_id: int, phases: list[int], *, opted_out: bool) -> list[Announcement]:
    """What stands today on the home page of somebody in this agency, which is in these phases.

    Whoever opted out sees only what is for everybody.
    """
    today = clock.today()
    now = Announcement.objects.filter(from_on__lte=today, until_on__gte=today)
    concerned = Q(agency=None) | Q(agency=agency_id), Q(phase=None) | Q(phase__in=phases)
    return list(now.filter(agency=None, phase=None) if opted_out else now.filter(*concerned))


def proxy_months_visible_to(actor: Actor) -> QuerySet[ProxyMonth]:
    """EOTSS, privacy office and auditors: all. Contacts: their agencies. These are counts of requests, not of people."""
    months = ProxyMonth.objects.select_related("agency", "tool")
    return months if actor.sees_everyone else months.filter(agency__in=actor.agency_ids)
