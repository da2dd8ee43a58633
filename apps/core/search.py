"""Searching texts: by their words in every form of them, and by titles that are spelled much alike."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from django.contrib.postgres.search import SearchQuery, SearchRank, TrigramWordSimilarity
from django.db.models import F, Model, Q, QuerySet

M = TypeVar("M", bound=Model)


def ranked(rows: QuerySet[M], text: str, *, alike: float, prefix: str = "") -> QuerySet[M]:
    """Rows in whose document (`search`) the words stand, or whose `title` is much like them; the best first.

    `alike`: from which likeness on a title counts, though misspelled (pg_trgm's word similarity, 0 to 1). `prefix` leads to
    the model that has both fields.
    """
    query = SearchQuery(text, config="english", search_type="websearch")
    found: Any = (
        rows.annotate(alike=TrigramWordSimilarity(text, f"{prefix}title"), rank=SearchRank(F(f"{prefix}search"), query))
        .filter(Q(**{f"{prefix}search": query}) | Q(alike__gte=alike))
        .order_by(F("rank") + F("alike"), "pk")
        .reverse()
    )
    return cast(QuerySet[M], found)
