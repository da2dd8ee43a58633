"""What the pages of incidents share: the form of an act, with its way back to the incident."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.core.verbs import form_page
from apps.incidents.models import Incident

BOARD = ("Incidents", "incidents:incidents")


def act_page(
    request: HttpRequest, incident: Incident, title: str, form_class: type[forms.Form], *, back: str = "",
    done: str = "Recorded.", **more: Any,
) -> HttpResponse:  # fmt: skip
    """A form about one incident; afterwards the person is back on its page, or on `back`."""
    home = reverse("incidents:incident", args=[incident.pk])
    return form_page(
        request, title=f"{title}: incident {incident.pk}", form_class=form_class, submit=title, back=back or home, done=done,
        crumbs=[(BOARD[0], reverse(BOARD[1])), (str(incident), home)], **more,
    )  # fmt: skip
