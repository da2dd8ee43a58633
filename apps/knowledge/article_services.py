"""Articles: written, published as frozen versions, reviewed, retired; and made from answers."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max

from apps.accounts.actors import Actor
from apps.audit import services as audit
from apps.core import clock
from apps.core.db.errors import translated
from apps.core.errors import Invalid, NotPermitted, given
from apps.knowledge.errors import ArticleThere, NothingChanged
from apps.knowledge.lifecycle import ARTICLE
from apps.knowledge.models import Article, ArticleVersion, Question
from apps.knowledge.selectors import offices_of
from apps.knowledge.services import EDITORS

REVIEW_EVERY = timedelta(days=365)


def article_write(*, actor: Actor, **values: Any) -> Article:
    """Begin a draft. `values`: section, audience, phase (a number or None), title, body, owner, review_on."""
    actor.require(*EDITORS)
    with transaction.atomic(), translated():
        article = Article.objects.create(changed_at=clock.now(), **values)
        audit.record(actor, "knowledge.article.begun", article, after={"section": article.section})
    return article


def article_edit(*, actor: Actor, article: Article, **values: Any) -> Article:
    """Change the working text and what stands around it. Readers see the text once it is published again."""
    actor.require(*EDITORS)
    with transaction.atomic(), translated():
        article = _locked(article)
        if article.state == Article.State.RETIRED:
            raise Invalid("A retired article is not edited.", how_to_fix="Write a new one.")
        changed = [name for name, value in values.items() if getattr(article, name) != value]
        for name in changed:
            setattr(article, name, values[name])
        article.changed_at = clock.now()
        article.save()
        audit.record(actor, "knowledge.article.changed", article, after={"fields": changed})
    return article


def article_publish(*, actor: Actor, article: Article) -> Article:
    """Freeze the text as the next version, which readers see from now on."""
    actor.require(*EDITORS)
    with transaction.atomic(), translated():
        article = _locked(article)
        if article.state != Article.State.PUBLISHED:
            ARTICLE.check(article.state, "published")
        elif not article.is_changed:
            raise NothingChanged()
        number = (article.versions.aggregate(last=Max("number"))["last"] or 0) + 1
        article.current = ArticleVersion.objects.create(
            article=article, number=number, title=article.title, body=article.body, by_name=actor.name, at=clock.now()
        )
        article.state = Article.State.PUBLISHED
        article.save(update_fields=["current", "state"])
        audit.record(actor, "knowledge.article.published", article, after={"version": number})
    return article


def article_confirm(*, actor: Actor, article: Article, review_on: date) -> Article:
    """Its owner has read it again and it is still right; the next review is on `review_on`."""
    actor.require(*EDITORS)
    with transaction.atomic():
        article = _locked(article)
        if article.state != Article.State.PUBLISHED or review_on <= clock.today():
            raise Invalid("A published article is reviewed next on a day to come.", how_to_fix="Choose a later day.")
        before, article.review_on = article.review_on, review_on
        article.save(update_fields=["review_on"])
        audit.record(
            actor, "knowledge.article.reviewed", article, before={"due": before}, after={"due": review_on}
        )  # fmt: skip
    return article


def article_retire(*, actor: Actor, article: Article, reason: str) -> Article:
    """Take it away from readers; its versions are kept."""
    actor.require(*EDITORS)
    with transaction.atomic(), translated():
        article = _locked(article)
        ARTICLE.check(article.state, "retired")
        before, article.state = article.state, Article.State.RETIRED
        article.save(update_fields=["state"])
        audit.record(
            actor, "knowledge.article.retired", article, before={"state": before}, after={"state": "retired"},
            reason=given(reason),
        )  # fmt: skip
    return article


def article_from_question(*, actor: Actor, question: Question) -> Article:
    """Make a draft of the last answer, without the asker's name; EOTSS or the privacy office edits and publishes it.

    The question itself is left out: it may tell of the person. For contacts of the agency, and the offices that saw it.
    """
    with transaction.atomic(), translated():
        question = Question.objects.select_for_update(of=("self",)).select_related("asker").get(pk=question.pk)
        saw_it = question.agency_id in actor.agency_ids or bool(set(offices_of(actor)) & set(question.handed_to))
        if not saw_it:
            raise NotPermitted("Only those who answer questions make articles of them.")
        if question.state != Question.State.ANSWERED:
            raise Invalid("Only an answered question becomes an article.", how_to_fix="Answer it first.")
        if Article.objects.filter(question=question).exists():
            raise ArticleThere()
        entry = question.entries.filter(kind="answered").order_by("id").last()
        article = Article.objects.create(
            section=Article.Section.USE, title=_nameless(question.subject, question)[:150], owner=question.office or "eotss",
            body=_nameless(entry.text if entry else "", question), review_on=clock.today() + REVIEW_EVERY,
            question=question, changed_at=clock.now(),
        )  # fmt: skip
        audit.record(actor, "knowledge.article.made_of_answer", article, after={"question": question.pk})
    return article


def _locked(article: Article) -> Article:
    article = Article.objects.select_for_update(of=("self",)).get(pk=article.pk)
    if article.current_id:
        article.current = ArticleVersion.objects.defer("search").get(pk=article.current_id)
    return article


def _nameless(text: str, question: Question) -> str:
    """The text without the asker's names, address and number, whole words only."""
    person = question.asker
    for part in (
        person.email,
        f"{person.first_name} {person.last_name}",
        person.last_name,
        person.first_name,
        person.employee_id,
    ):
        if len(part.strip()) > 1:
            text = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", "a colleague", text, flags=re.IGNORECASE)
    return text
