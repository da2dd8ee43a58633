"""Acts on a record: a page that says what will happen and asks for what is needed, then does it and says what was done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render

from apps.core.errors import BeaconError


class ReasonForm(forms.Form):
    """A written reason; it goes into the audit trail."""

    reason = forms.CharField(
        label="Reason", widget=forms.Textarea(attrs={"rows": 3}), max_length=1000,
        help_text="It is kept in the audit trail.",
    )  # fmt: skip


class NumberForm(ReasonForm):
    """A reason, and the number that proves that the plan was looked at."""

    number = forms.IntegerField(label="Number of people", min_value=0)
    field_order = ("number", "reason")


class EmptyForm(forms.Form):
    """Nothing to ask: the page is the confirmation."""


@contextmanager
def saying(request: HttpRequest, done: str = "") -> Iterator[None]:
    """Say what was done, or why not with what to do next. The view redirects either way."""
    try:
        yield
    except BeaconError as refusal:
        if refusal.leads_to:
            raise
        for reason in refusal.reasons:
            messages.error(request, str(reason))
    else:
        if done:
            messages.success(request, done)


def form_page(
    request: HttpRequest,
    *,
    title: str,
    form_class: Callable[..., forms.Form],
    act: Callable[[dict[str, Any]], Any],
    done: str | Callable[[Any], str],
    back: str,
    submit: str,
    to: Callable[[Any], str] | None = None,
    initial: dict[str, Any] | None = None,
    template: str = "core/form.html",
    crumbs: Sequence[tuple[str, str]] = (),
    **context: Any,
) -> HttpResponse:
    """Ask with a form and act on it. A refusal stands on the form with what to do next.

    `act` takes the cleaned data and returns what it made; `done` is the sentence that is said; `to` or `back` is where
    the person lands. An act that answers with a file has it handed out.
    """
    form = form_class(request.POST or None, request.FILES or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            result = act(form.cleaned_data)
        except BeaconError as refusal:
            if refusal.leads_to:
                raise
            for reason in refusal.reasons:
                form.add_error(None, str(reason))
        else:
            if isinstance(result, HttpResponseBase):
                return cast(HttpResponse, result)
            messages.success(request, done(result) if callable(done) else done)
            return redirect(to(result) if to else back)
    context |= {
        "title": title, "form": form, "back": back, "submit": submit, "crumbs": [*crumbs, (title, "")],
        "has_file": form.is_multipart(),
    }  # fmt: skip
    return render(request, template, context)
