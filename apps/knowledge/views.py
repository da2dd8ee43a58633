"""Pages of the knowledge center's entrance: the sections, the search, and the register of tools."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from apps.accounts.access import actor_of, allow
from apps.audit.words import history
from apps.core.listing import Column, Empty, Listing, listing_page
from apps.core.verbs import form_page
from apps.knowledge import services
from apps.knowledge.forms import ToolForm, next_review
from apps.knowledge.models import OFFICES, Article, Tool
from apps.knowledge.selectors import (
    articles_matching,
    articles_visible_to,
    tool_answer,
    tools_matching,
    tools_visible_to,
)
from apps.knowledge.services import EDITORS

HOME = ("Knowledge", "knowledge:home")
TOOL_TAGS = {"approved": "good", "prohibited": "bad", "rules": "warn"}
_ALERTS = {"approved": "success", "prohibited": "warning", "rules": "info", "": "warning"}
MOST_FOUND = 50


class WordsForm(forms.Form):
    """A few words; NUL and endless text are refused kindly."""

    q = forms.CharField(label="Search", max_length=200, required=False)


class ToolWordsForm(forms.Form):
    q = forms.CharField(label="Name or web address", max_length=2000, required=False)


def home_crumb() -> tuple[str, str]:
    return HOME[0], reverse(HOME[1])


@allow()
def home(request: HttpRequest) -> HttpResponse:
    """The articles by section, or what a search over articles and tools finds."""
    actor = actor_of(request)
    form = WordsForm(request.GET)
    words = form.cleaned_data["q"] if form.is_valid() else ""
    shown = articles_visible_to(actor).filter(state=Article.State.PUBLISHED)
    context: dict[str, Any] = {"form": form, "words": words, "is_editor": actor.has(*EDITORS)}
    if words:
        context |= {
            "found": articles_matching(shown, words)[:MOST_FOUND],
            "tools": tools_matching(tools_visible_to(actor), words)[:MOST_FOUND],
        }
    else:
        labels, order = dict(Article.Section.choices), Article.Section.values
        rows = sorted(shown, key=lambda one: (order.index(one.section), one.current.title if one.current else ""))
        context["sections"] = [(labels[key], list(group)) for key, group in groupby(rows, key=lambda one: one.section)]
    return render(request, "knowledge/home.html", context)


@allow()
def tools(request: HttpRequest) -> HttpResponse:
    """May I use this tool? One plain sentence, for an unknown tool as well."""
    actor = actor_of(request)
    form = ToolWordsForm(request.GET)
    asked = form.cleaned_data["q"] if form.is_valid() else ""
    answer = tool_answer(actor, asked) if asked else None
    status = answer.tool.status if answer and answer.tool else ""
    context = {
        "form": form, "asked": asked, "answer": answer, "kind": _ALERTS[status], "is_editor": actor.has(*EDITORS),
        "approved": tools_visible_to(actor).filter(status=Tool.Status.APPROVED),
    }  # fmt: skip
    return render(request, "knowledge/tools.html", context)


class ToolFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="search", label="Name or address")
    status = django_filters.ChoiceFilter(choices=Tool.Status.choices, label="Status")
    owner = django_filters.ChoiceFilter(choices=list(OFFICES.items()), label="Owner")

    class Meta:
        model = Tool
        fields: list[str] = []

    def search(self, tools: QuerySet[Tool], name: str, value: str) -> QuerySet[Tool]:
        return tools_matching(tools, value[:200])


def tool_url(tool: Tool) -> str:
    return reverse("knowledge:tool", args=[tool.pk])


TOOL_COLUMNS = [
    Column("name", "Tool", lambda t: t.name, sort="name", url=tool_url),
    Column("status", "Status", lambda t: t.get_status_display(), sort="status", tag=lambda t: TOOL_TAGS[t.status]),
    Column("aliases", "Other names", lambda t: ", ".join(t.aliases)),
    Column("domains", "Web addresses", lambda t: ", ".join(t.domains)),
    Column("answer", "Answer", lambda t: t.answer),
    Column("instead", "What instead", lambda t: t.instead),
    Column("owner", "Owner", lambda t: t.get_owner_display(), sort="owner"),
    Column("review", "Next review", lambda t: t.review_on, sort="review_on", kind="date"),
]


def _register_crumbs() -> list[tuple[str, str]]:
    return [("AI tools", reverse("knowledge:tools")), ("Register", reverse("knowledge:register"))]


@allow()
def register(request: HttpRequest) -> HttpResponse:
    """Every entry, to read and to take along."""
    actor = actor_of(request)
    listing = Listing(
        request, tools_visible_to(actor), TOOL_COLUMNS, "Register of AI tools", "AI tools",
        Empty("No tool is in the register yet", "A tool that is not in it is treated as not permitted."), ToolFilter,
        default_sort="name",
    )  # fmt: skip
    verbs = [("May I use this tool?", reverse("knowledge:tools"))]
    if actor.has(*EDITORS):
        verbs.append(("Add a tool", reverse("knowledge:tool-new")))
    return listing_page(
        listing, title="Register of AI tools", verbs=verbs, crumbs=[_register_crumbs()[0], ("Register", "")]
    )


@allow()
def tool_one(request: HttpRequest, pk: int) -> HttpResponse:
    """See one tool of the register."""
    actor = actor_of(request)
    tool = get_object_or_404(tools_visible_to(actor), pk=pk)
    context = {
        "tool": tool, "tag": TOOL_TAGS[tool.status], "kind": _ALERTS[tool.status], "is_editor": actor.has(*EDITORS),
        "history": history(tool) if actor.sees_everyone else [], "crumbs": [*_register_crumbs(), (tool.name, "")],
    }  # fmt: skip
    return render(request, "knowledge/tool.html", context)


_WHO_READS = ["Everybody who is signed in reads this answer at once."]


@allow(*EDITORS)
def tool_new(request: HttpRequest) -> HttpResponse:
    """Enter a tool into the register."""
    return form_page(
        request, title="Add a tool", form_class=ToolForm, submit="Add it", back=reverse("knowledge:register"),
        act=lambda data: services.tool_add(actor=actor_of(request), **data), done="The tool is in the register.",
        to=tool_url, initial={"review_on": next_review()}, crumbs=_register_crumbs(), consequences=_WHO_READS,
    )  # fmt: skip


@allow(*EDITORS)
def tool_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a tool of the register."""
    tool = get_object_or_404(tools_visible_to(actor_of(request)), pk=pk)
    return form_page(
        request, title=f"Edit {tool.name}", form_class=ToolForm, submit="Save", back=tool_url(tool),
        act=lambda data: services.tool_edit(actor=actor_of(request), tool=tool, **data), done="The entry is saved.",
        initial={name: getattr(tool, name) for name in ToolForm.base_fields}, crumbs=_register_crumbs(),
        consequences=_WHO_READS,
    )  # fmt: skip
