"""The API of the knowledge center (/api/v1/knowledge), read-only: the same selectors as the pages, in JSON."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access import actor_of, allow
from apps.core.api import paged
from apps.knowledge.models import Article, Obligation, Tool
from apps.knowledge.selectors import (
    OBLIGATION_READERS,
    articles_matching,
    articles_visible_to,
    obligations_visible_to,
    tools_matching,
    tools_visible_to,
)


class ArticleOut(serializers.ModelSerializer[Article]):
    """The published text, in Markdown."""

    title = serializers.CharField(source="current.title")
    body = serializers.CharField(source="current.body")
    version = serializers.IntegerField(source="current.number")
    published_at = serializers.DateTimeField(source="current.at")

    class Meta:
        model = Article
        fields = [
            "id",
            "title",
            "body",
            "section",
            "audience",
            "phase",
            "version",
            "published_at",
            "owner",
            "review_on",
        ]


class ToolOut(serializers.ModelSerializer[Tool]):
    """`sentence` is the plain answer that the page gives."""

    sentence = serializers.CharField()

    class Meta:
        model = Tool
        fields = [
            "id", "name", "aliases", "domains", "status", "sentence", "answer", "instead", "owner", "review_on",
        ]  # fmt: skip


class ObligationOut(serializers.ModelSerializer[Obligation]):
    class Meta:
        model = Obligation
        fields = ["id", "head", "title", "state", "evidence", "evidence_url", "owner", "review_on"]


def _words(request: Request) -> str:
    return request.query_params.get("q", "").replace("\x00", "")[:200]


@extend_schema(responses=ArticleOut(many=True))
@login_not_required
@allow()
@api_view(["GET"])
def article_list(request: Request) -> Response:
    """Published articles for one's audience; `?q=` searches."""
    rows = articles_visible_to(actor_of(request)).filter(state=Article.State.PUBLISHED)
    if words := _words(request):
        rows = articles_matching(rows, words)
    return paged(request, rows, ArticleOut)


@extend_schema(responses=ToolOut(many=True))
@login_not_required
@allow()
@api_view(["GET"])
def tool_list(request: Request) -> Response:
    """The register of tools; `?q=` looks up a name or a web address."""
    rows = tools_visible_to(actor_of(request))
    if words := _words(request):
        rows = tools_matching(rows, words)
    return paged(request, rows, ToolOut)


@extend_schema(responses=ObligationOut(many=True))
@login_not_required
@allow(*OBLIGATION_READERS)
@api_view(["GET"])
def obligation_list(request: Request) -> Response:
    """The vendor's obligations under the five criteria."""
    return paged(request, obligations_visible_to(actor_of(request)), ObligationOut)
