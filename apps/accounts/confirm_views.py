"""The doors that people see: the sign-in page, the break-glass page, and confirming that it is still you."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.module_loading import import_string
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts import break_glass, gate, oidc, saml, sessions
from apps.accounts.access import actor_of, allow, public
from apps.accounts.identity import note
from apps.accounts.models import SignIn, User
from apps.core import clock
from apps.core.errors import BeaconError


@public
@require_http_methods(["GET", "HEAD"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in: the use notification first, then the choice of providers."""
    if actor_of(request) is not None:
        return redirect(settings.LOGIN_REDIRECT_URL)
    context = {"providers": list(settings.IDENTITY_PROVIDERS.values()), "next": gate.safe_next(request)}
    return render(request, "account/login.html", context)


class SecretsForm(forms.Form):
    """What stands in the envelope."""

    name = forms.CharField(label="Name", max_length=254, widget=forms.TextInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(
        label="Password", max_length=200, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )  # fmt: skip
    code = forms.CharField(
        label="Code", max_length=12, help_text="The six digits that the authenticator shows now.",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )  # fmt: skip


def _secrets(request: HttpRequest, form: SecretsForm) -> User | None:
    """The break-glass account behind the form; None where the form says what is wrong."""
    if request.method != "POST" or not form.is_valid():
        return None
    name = form.cleaned_data["name"]
    gate.count(request)
    gate.count(request, action="login_failed", key=name.casefold())
    try:
        return break_glass.checked(name, form.cleaned_data["password"], form.cleaned_data["code"])
    except BeaconError as refusal:
        note(request, method=break_glass.METHOD, outcome=SignIn.Outcome.REFUSED, check="secrets")
        form.add_error(None, str(refusal))
        return None


@public
@require_http_methods(["GET", "HEAD", "POST"])
def break_glass_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in with a break-glass account. Everybody who must know is told."""
    form = SecretsForm(request.POST or None)
    if user := _secrets(request, form):
        # First the alarm: nobody gets in unheard.
        break_glass.alarm(request, user)
        gate.start(request, user, method=break_glass.METHOD, proved_at=clock.now())
        return redirect(settings.LOGIN_REDIRECT_URL)
    return render(request, "account/break_glass.html", {"form": form}, status=401 if form.errors else 200)


@allow()
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Confirm that it is you: before an act that cannot be taken back lightly."""
    then, method = gate.safe_next(request), sessions.method_of(request)
    kind, _, provider = method.partition(":")
    if kind == break_glass.METHOD:
        return _confirm_by_secrets(request, then)
    if request.method == "POST":
        gate.count(request, action="reauthenticate")
        if provider in settings.IDENTITY_PROVIDERS:
            to_provider = oidc.to_provider if kind == "oidc" else saml.to_provider
            return to_provider(request, provider, then, confirm=True)
        if kind in settings.CONFIRM_METHODS:
            answer: HttpResponse = import_string(settings.CONFIRM_METHODS[kind])(request, then)
            return answer
    known = provider in settings.IDENTITY_PROVIDERS or kind in settings.CONFIRM_METHODS
    name = settings.IDENTITY_PROVIDERS[provider].name if provider in settings.IDENTITY_PROVIDERS else ""
    return render(request, "account/confirm.html", {"next": then, "is_known": known, "provider": name})


def _confirm_by_secrets(request: HttpRequest, then: str) -> HttpResponse:
    form = SecretsForm(request.POST or None)
    user = _secrets(request, form)
    if user is not None and user.pk == actor_of(request).user_id:
        return gate.proved(request, break_glass.METHOD, clock.now(), then)
    context: dict[str, Any] = {"form": form, "next": then, "is_confirmation": True}
    return render(request, "account/break_glass.html", context, status=401 if form.errors else 200)


@allow()
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out."""
    logout(request)
    answer = redirect(settings.LOGOUT_REDIRECT_URL)
    # What a page left in the browser goes with the sign-in (ASVS 14.3.1).
    answer["Clear-Site-Data"] = '"cache", "storage"'
    return answer
