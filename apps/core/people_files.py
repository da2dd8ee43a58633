"""Files that name people. Whoever takes one proves again who they are and says what for (domain.md, People and roles)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from apps.core import hooks
from apps.core.verbs import ReasonForm, form_page


def people_file(
    request: HttpRequest,
    *,
    what: str,
    form: str,
    rows: Callable[[], int],
    make: Callable[[], HttpResponseBase],
    back: str,
) -> HttpResponse:
    """First the reason, then the file. `make` answers with it; `rows` counts the people in it for the record.

    Raises `FreshSignInNeeded` for a sign-in of more than 10 minutes ago. Who took it and why is recorded by the
    functions in settings.PEOPLE_TAKEN, before anything is handed out.
    """
    actor = request.actor  # type: ignore[attr-defined]  # put there by ActorMiddleware, which core does not know
    actor.require_fresh()

    def act(data: dict[str, Any]) -> HttpResponseBase:
        narrowed = {key: value for key, value in request.GET.items() if value and key != "format"}
        # Together: a file that is refused after all (too long for a workbook) was not taken.
        with transaction.atomic():
            hooks.call(
                "PEOPLE_TAKEN", actor=actor, what=what, form=form, rows=rows(), reason=data["reason"], narrowed=narrowed
            )
            return make()

    return form_page(
        request, title=f"Export: {what}", form_class=ReasonForm, act=act, done="", submit="Export", back=back,
        intro="This file names people. Say what it is for; the audit trail keeps it with your name.",
    )  # fmt: skip
