"""The address that identity providers speak to, and the page that tells people what came of it."""

from __future__ import annotations

import json
from functools import wraps
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse

from apps.accounts.access import View, actor_of, allow, allow_token
from apps.accounts.actors import Role, Scope
from apps.core.errors import BeaconError
from apps.scim import selectors, serving

BASE = "/scim/v2"


def _speaks_scim(view: View) -> View:
    """Also what is refused before the server is asked is answered in the form of SCIM."""

    @wraps(view)
    def speaking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)  # type: ignore[return-value]  # it makes no streaming answers
        except BeaconError as refusal:
            answer = _answer(serving.refused(refusal.status, str(refusal)))
            if refusal.status == 401:
                answer["WWW-Authenticate"] = 'Bearer realm="Beacon"'
            return answer

    return speaking


@_speaks_scim
@allow_token(Scope.SCIM)
def endpoint(request: HttpRequest, path: str) -> HttpResponse:
    """Every request under /scim/v2. The library serves it on behalf of the token's connection."""
    try:
        body = request.body
    except RequestDataTooBig:
        return _answer(serving.refused(413, "The body is too large."))
    asked = ScimRequest(
        method=request.method or "GET",
        base_url=request.build_absolute_uri(BASE),
        path="/" + path.removesuffix(".scim"),
        query={key: str(value) for key, value in request.GET.items()},
        headers=list(request.headers.items()),
        body=body,
    )
    return _answer(serving.serve(actor_of(request), asked))


def _answer(response: ScimResponse) -> HttpResponse:
    body = b"" if response.body is None else json.dumps(response.body).encode()
    answer = HttpResponse(body, status=response.status, headers=response.headers)
    answer["Cache-Control"] = "no-store"
    return answer


@allow(Role.ADMINISTRATOR, Role.PRIVACY, Role.AUDITOR)
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """What the identity provider did lately, what waits for a person, and how to connect one."""
    actor = actor_of(request)
    context = {
        "base_url": request.build_absolute_uri(BASE),
        "held": selectors.held_runs_visible_to(actor),
        "days": selectors.days_of(actor),
        "last": selectors.changes_visible_to(actor).first(),
        "attributes": ATTRIBUTES,
        "crumbs": [("Roster imports", reverse("agencies:runs")), ("Identity provider", "")],
    }
    return render(request, "scim/overview.html", context)


# What is kept of a person: attribute of SCIM, usual attribute of Entra ID, and what it is in Beacon.
ATTRIBUTES = [
    ("userName", "userPrincipalName", "Name for signing in; unique"),
    ("externalId", "objectId", "The identity provider's own id"),
    ("active", "Switch([IsSoftDeleted], , \"False\", \"True\", \"True\", \"False\")", "Employed or separated"),
    ("name.givenName", "givenName", "First name"),
    ("name.familyName", "surname", "Last name"),
    ('emails[type eq "work"].value', "mail", "Work address; unique among those employed"),
    ("title", "jobTitle", "Title"),
    ("employeeNumber (enterprise extension)", "employeeId", "Employee id of HR: it tells who a person is"),
    ("department (enterprise extension)", "An attribute or expression that gives the agency's code", "Agency"),
    ("manager (enterprise extension)", "manager", "Manager"),
]  # fmt: skip
