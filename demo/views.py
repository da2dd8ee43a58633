"""Signing in as the cast with one click. In no other settings than the demo's; a check and a test prove it."""

from __future__ import annotations

from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from apps.accounts import sessions
from apps.accounts.models import User
from apps.core import clock
from demo.cast import BY_KEY, CAST

_BACKEND = "apps.accounts.backends.SignInBackend"


@login_not_required
def sign_in(request: HttpRequest) -> HttpResponse:
    """GET: one card for each of the cast. POST: sign in as `person`, then on to `next` or home."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    if request.method == "POST" and (person := BY_KEY.get(request.POST.get("person", ""))):
        user = get_object_or_404(User, email__iexact=person.email)
        request.sign_in = ("demo", clock.now())  # type: ignore[attr-defined]  # read where sessions begin
        login(request, user, backend=_BACKEND)
        safe = url_has_allowed_host_and_scheme(
            wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )
        return redirect(wanted if safe else "console:home")
    return render(request, "demo/sign_in.html", {"cast": CAST, "next": wanted})


def confirm(request: HttpRequest, then: str) -> HttpResponse:
    """The cast proves who they are by the click that brought them here."""
    sessions.prove(request, clock.now())
    return redirect(then or "console:home")
