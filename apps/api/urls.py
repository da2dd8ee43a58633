"""Addresses of the interface, made of nouns and verbs, after those that apps have of their own."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.api import docs_views
from apps.api.building import Noun, Verb, detail_view, list_view, verb_view
from apps.api.nouns import NOUNS
from apps.api.verbs import VERBS

app_name = "nouns-api"
BY_PATH: dict[str, Noun] = {noun.path: noun for noun in NOUNS}
# Of two nouns of one model the first stands for it.
BY_MODEL = {noun.model: noun for noun in reversed(NOUNS)}


def _addresses() -> list[URLPattern]:
    made: list[URLPattern] = []
    creating = {verb.noun: verb for verb in VERBS if not verb.name}
    for noun in NOUNS:
        create = creating.get(noun.path)
        name = noun.path.replace("/", "-")
        if noun.has_list:
            made.append(path(f"{noun.path}/", list_view(noun, create, BY_MODEL), name=name))
        elif create:
            made.append(path(f"{noun.path}/new/", verb_view(create, noun, BY_MODEL), name=f"{name}-new"))
    made += [_of_verb(verb) for verb in VERBS if verb.name]
    for noun in (noun for noun in NOUNS if noun.has_detail):
        name = noun.path.replace("/", "-")
        made.append(path(f"{noun.path}/<{noun.converter}:key>/", detail_view(noun), name=f"{name}-one"))
    return made


def _of_verb(verb: Verb) -> URLPattern:
    noun = BY_PATH.get(verb.noun) or BY_PATH["stored-reports"]
    key = f"<{noun.converter}:key>/" if verb.record else ""
    name = f"{verb.noun}-{verb.name}".replace("/", "-")
    return path(f"{verb.noun}/{key}{verb.name}/", verb_view(verb, noun, BY_MODEL), name=name)


urlpatterns = [
    path("schema/", docs_views.schema, name="schema"),
    *_addresses(),
]
