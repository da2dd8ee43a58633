"""The API of the knowledge center (/api/v1/knowledge), read-only: the same selectors as the pages, in JSON."""

from __future__ import annotations

from rest_framework import serializers

from apps.knowledge.models import Article, Obligation, Tool


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
