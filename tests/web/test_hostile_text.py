"""Every text field of every form takes whatever people paste: it is kept or refused with words, and never comes out as markup.

The forms are found by opening every page, so that a new one is tried without being listed here.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from django import forms
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django_filters import FilterSet

from config.env import ROOT
from tests.factories.cast import World
from tests.web.samples import FOREIGN, furnished, is_api, pages
from tests.web.test_matrix import client_of

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(240)]
SCRIPT = "<script>alert(1)</script>"
TEXTS = {
    "ten thousand characters": "word " * 2000,
    "right to left": "שלום " * 3 + "\u202e" + "مرحبا",
    "emoji": "🧑🏽‍🚒👩‍👩‍👧‍👦" * 20,
    "script": SCRIPT + '"><img src=x onerror=alert(1)>',
    "markdown bomb": "[" * 3000 + "](" * 500 + ">" * 1000 + "\n" + "*_" * 2000,
    "nul": "a\x00b",
    "formula": "=cmd|' /C calc'!A0",
}
WHO = ("erin", "paula", "alice", "bob")


def _forms(client: Client, parameters: dict[str, dict[str, Any]]) -> list[tuple[str, forms.Form]]:
    """The pages that this person may open and that show a form to send."""
    found = []
    for page in pages():
        if page.name in FOREIGN or is_api(page.name) or page.name == "accounts:sign-out":
            continue
        url = reverse(page.name, kwargs=parameters.get(page.name))
        response = client.get(url)
        form = (response.context or {}).get("form") if response.status_code == 200 else None
        if isinstance(form, forms.Form) and not form.is_bound:
            found.append((url, form))
    return found


def _filled(form: forms.Form, text: str) -> dict[str, Any]:
    """The form with the text wherever text goes, and what a person would choose elsewhere."""
    data: dict[str, Any] = {}
    for name, field in form.fields.items():
        initial = form.get_initial_for_field(field, name)
        if isinstance(field, forms.ChoiceField) or hasattr(field, "choices"):
            options = [str(value) for value, _ in getattr(field, "choices", []) if str(value)]
            data[name] = options[:1] if isinstance(initial, list) else (options or [""])[0]
        elif type(field) in {forms.CharField, forms.URLField, forms.EmailField} and not field.widget.is_hidden:
            data[name] = text
        elif isinstance(field, forms.BooleanField):
            data[name] = "on"
        elif isinstance(field, forms.FileField):
            continue
        else:
            data[name] = "" if initial is None else str(initial)
    return data


@pytest.mark.parametrize("who", WHO)
def test_no_text_breaks_a_page_or_comes_out_as_markup(who: str) -> None:
    world, parameters = furnished()
    client = client_of(world, who)
    client.raise_request_exception = False
    found = _forms(client, parameters)
    assert len(found) >= 3, "forms are found by their context"
    assert [url for url, form in found for data in _fillings(form) if not _survives(client, url, data)] == []


def _fillings(form: forms.Form) -> list[dict[str, Any]]:
    """The form filled with each text; once, where no text goes into it."""
    return list({repr(data): data for data in (_filled(form, text) for text in TEXTS.values())}.values())


def _survives(client: Client, url: str, data: dict[str, Any]) -> bool:
    with transaction.atomic():
        response = client.post(url, data, follow=True)
        transaction.set_rollback(True)
    return response.status_code < 500 and SCRIPT not in response.content.decode(errors="replace")


def _names() -> set[str]:
    """Every parameter that a list is narrowed by, and those that views read by themselves."""
    sources = "".join(file.read_text() for file in (ROOT / "apps").rglob("*.py"))
    return _filters(FilterSet).union(re.findall(r"request\.GET\.get\(\"(\w+)\"", sources), {"page"})


def _filters(kind: type[FilterSet]) -> set[str]:
    return set(kind.base_filters).union(*(_filters(one) for one in kind.__subclasses__()))


@pytest.mark.parametrize("text", ["a\x00b", "9" * 400, SCRIPT], ids=["nul", "digits", "script"])
def test_no_parameter_breaks_a_page(text: str) -> None:
    world, parameters = furnished()
    client = client_of(world, "erin")
    client.raise_request_exception = False
    # The addresses first: with them come the views, and with these the filters.
    broken, every, names = [], list(pages()), _names()
    for page in every:
        if page.name in FOREIGN or is_api(page.name) or page.name == "accounts:sign-out":
            continue
        response = client.get(reverse(page.name, kwargs=parameters.get(page.name)), dict.fromkeys(names, text))
        text_of = "" if response.streaming else response.content.decode(errors="replace")
        if response.status_code >= 500 or SCRIPT in text_of:
            broken.append(page.name)
    assert len(names) > 25
    assert broken == []


def test_the_probe_would_notice(world: World) -> None:
    """A page that printed what it was given would be found."""
    client = client_of(world, "bob")
    response = client.post("/seat/ask/", {"task_types": ["drafting"], "note": SCRIPT}, follow=True)
    assert response.status_code == 200
    page = client.get(response.redirect_chain[-1][0]).content.decode() + client.get("/requests/").content.decode()
    assert SCRIPT not in page
