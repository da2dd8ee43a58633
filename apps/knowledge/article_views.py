"""Pages of articles: reading one, and the list and verbs of those who write them."""

from __future__ import annotations

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Role
from apps.audit.words import history
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.core.markdown import rendered
from apps.core.verbs import EmptyForm, ReasonForm, form_page
from apps.knowledge import article_services as articles
from apps.knowledge.forms import ArticleForm, ReviewedForm, next_review
from apps.knowledge.models import OFFICES, Article
from apps.knowledge.selectors import articles_due, articles_visible_to, offices_of
from apps.knowledge.services import EDITORS
from apps.knowledge.views import home_crumb

ARTICLE_TAGS = {"draft": "neutral", "published": "good", "retired": "neutral"}
_YES = forms.Select(choices=[("", "Any"), ("true", "Yes"), ("false", "No")])


class ArticleFilter(django_filters.FilterSet):
    title = django_filters.CharFilter(lookup_expr="icontains", label="Title")
    state = django_filters.ChoiceFilter(choices=Article.State.choices, label="State")
    section = django_filters.ChoiceFilter(choices=Article.Section.choices, label="Section")
    owner = django_filters.ChoiceFilter(choices=list(OFFICES.items()), label="Owner")
    due = django_filters.BooleanFilter(method="is_due", label="Review due", widget=_YES)

    class Meta:
        model = Article
        fields: list[str] = []

    def is_due(self, rows: QuerySet[Article], name: str, value: bool) -> QuerySet[Article]:
        ids = articles_due().values("pk")
        return rows.filter(pk__in=ids) if value else rows.exclude(pk__in=ids)


def article_url(article: Article) -> str:
    return reverse("knowledge:article", args=[article.pk])


COLUMNS = [
    Column("title", "Title", lambda a: a.title, sort="title", url=article_url),
    Column("state", "State", lambda a: a.get_state_display(), sort="state", tag=lambda a: ARTICLE_TAGS[a.state]),
    Column("section", "Section", lambda a: a.get_section_display(), sort="section"),
    Column("audience", "For whom", lambda a: a.get_audience_display(), sort="audience"),
    Column("phase", "Phase", lambda a: a.phase, sort="phase", kind="number"),
    Column("version", "Version", lambda a: a.current.number if a.current else None, kind="number"),
    Column("owner", "Owner", lambda a: a.get_owner_display(), sort="owner"),
    Column("review", "Next review", lambda a: a.review_on, sort="review_on", kind="date"),
]


@allow(*EDITORS, Role.AUDITOR)
def article_list(request: HttpRequest) -> HttpResponse:
    """Drafts, published and retired ones, with what is due for review."""
    actor = actor_of(request)
    listing = Listing(
        request, articles_visible_to(actor), COLUMNS, "Articles", "articles",
        Empty("No article yet", "Answers to questions are a good start."), ArticleFilter, default_sort="review",
    )  # fmt: skip
    address = reverse("knowledge:articles")
    verbs = [(f"Due: {OFFICES[office]}", f"{address}?due=true&owner={office}") for office in offices_of(actor)]
    if actor.has(*EDITORS):
        verbs.append(("Write an article", reverse("knowledge:article-new")))
    return listing_page(listing, title="Articles", verbs=verbs, crumbs=[home_crumb(), ("Articles", "")])


@allow()
def article_one(request: HttpRequest, pk: int) -> HttpResponse:
    """The published text; editors see of a draft what it will be."""
    actor = actor_of(request)
    article = get_object_or_404(articles_visible_to(actor), pk=pk)
    shown = article.current or article
    writes = actor.has(*EDITORS)
    offers = [
        ("Edit", "article-edit", article.state != "retired"),
        ("Publish…", "article-publish", article.state == "draft" or (article.state == "published" and article.is_changed)),
        ("Still right…", "article-confirm", article.state == "published"),
        ("Retire…", "article-retire", article.state != "retired"),
    ]  # fmt: skip
    context = {
        "article": article, "title": shown.title, "body": rendered(shown.body), "tag": ARTICLE_TAGS[article.state],
        "verbs": [(label, reverse(f"knowledge:{name}", args=[pk])) for label, name, fits in offers if writes and fits],
        "inside": actor.sees_everyone, "history": history(article) if actor.sees_everyone else [],
        "versions": article.versions.defer("search", "body") if actor.sees_everyone else [],
        "crumbs": [home_crumb(), (shown.title, "")],
    }  # fmt: skip
    return render(request, "knowledge/article.html", context)


@allow(*EDITORS, Role.AUDITOR)
def article_version(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """What readers saw at the time."""
    article = get_object_or_404(articles_visible_to(actor_of(request)), pk=pk)
    version = get_object_or_404(article.versions.defer("search"), number=number)
    context = {
        "version": version, "body": rendered(version.body),
        "crumbs": [home_crumb(), (article.title, article_url(article)), (f"Version {number}", "")],
    }  # fmt: skip
    return render(request, "knowledge/version.html", context)


def _article(request: HttpRequest, pk: int) -> tuple[Article, list[tuple[str, str]]]:
    article = get_object_or_404(articles_visible_to(actor_of(request)), pk=pk)
    return article, [home_crumb(), (article.title, article_url(article))]


@allow(*EDITORS)
def article_new(request: HttpRequest) -> HttpResponse:
    """Write an article."""
    return form_page(
        request, title="Write an article", form_class=ArticleForm, submit="Save the draft",
        act=lambda data: articles.article_write(actor=actor_of(request), **data), back=reverse("knowledge:articles"),
        done="The draft is saved.", to=article_url, initial={"review_on": next_review()}, crumbs=[home_crumb()],
    )  # fmt: skip


@allow(*EDITORS)
def article_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an article."""
    article, crumbs = _article(request, pk)
    return form_page(
        request, title=f"Edit {article.title}", form_class=ArticleForm, submit="Save", back=article_url(article),
        act=lambda data: articles.article_edit(actor=actor_of(request), article=article, **data), done="The text is saved.",
        initial={name: getattr(article, name) for name in ArticleForm.base_fields}, crumbs=crumbs,
        consequences=["Readers see the new text once you publish it."] if article.current else [],
    )  # fmt: skip


@allow(*EDITORS)
def article_publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Publish an article."""
    article, crumbs = _article(request, pk)
    return form_page(
        request, title=f"Publish {article.title}", form_class=EmptyForm, submit="Publish it", back=article_url(article),
        act=lambda data: articles.article_publish(actor=actor_of(request), article=article), done="It is published.",
        crumbs=crumbs,
        consequences=[
            f"Who will see it: {article.get_audience_display().lower()}, from now on.",
            "This version is kept word for word and cannot be changed.",
        ],
    )  # fmt: skip


@allow(*EDITORS)
def article_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm that an article is still right."""
    article, crumbs = _article(request, pk)
    return form_page(
        request, title=f"Still right: {article.title}", form_class=ReviewedForm, submit="Confirm it",
        act=lambda data: articles.article_confirm(actor=actor_of(request), article=article, **data),
        back=article_url(article), done="The review is recorded.", initial={"review_on": next_review()}, crumbs=crumbs,
        intro="You have read it again, and everything in it still holds.",
    )  # fmt: skip


@allow(*EDITORS)
def article_retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Retire an article."""
    article, crumbs = _article(request, pk)
    return form_page(
        request, title=f"Retire {article.title}", form_class=ReasonForm, submit="Retire it", back=article_url(article),
        act=lambda data: articles.article_retire(actor=actor_of(request), article=article, **data),
        done="The article is retired.", crumbs=crumbs, consequences=["Readers do not find it any more. Its versions are kept."],
    )  # fmt: skip
