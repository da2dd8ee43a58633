"""Middleware without an app of its own: health, request ids, and no caching of what a person saw."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from apps.core import requests
from apps.core.api import CONTENT_TYPE, problem_body
from apps.core.errors import BeaconError

GetResponse = Callable[[HttpRequest], HttpResponse]


class HealthMiddleware:
    """Answers /healthz before host checks, redirects and sign-in.

    200 when the database answers and its migrations are applied, else 503. It says nothing else to strangers.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path != "/healthz":
            return self.get_response(request)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'audit_auditevent')")
                row = cursor.fetchone()
            ready = bool(row and row[0])
        except DatabaseError:
            ready = False
        finally:
            connection.close()
        return JsonResponse({"status": "ready" if ready else "starting"}, status=200 if ready else 503)


_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class MethodMiddleware:
    """Methods that nothing here is for are refused before anything looks at the request; TRACE would be taken for a GET."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request) if request.method in _METHODS else HttpResponseNotAllowed(_METHODS)


class NotSecure(BeaconError):
    status = 403
    text = "Other systems call over https alone."
    how_to_fix = "Change the address to https, and withdraw the token: it may have been read on the way."


class SecureCallsMiddleware:
    """A call of another system over http is refused, not led on: a redirect would hide that its token went in the clear.

    Pages are redirected (SECURE_SSL_REDIRECT, SECURE_REDIRECT_EXEMPT). ASVS v5.0.0-4.1.2.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SECURE_SSL_REDIRECT and not request.is_secure() and request.path.startswith(("/api/", "/scim/")):
            return JsonResponse(problem_body(NotSecure()), status=NotSecure.status, content_type=CONTENT_TYPE)
        return self.get_response(request)


class ProxyMiddleware:
    """The address of whoever asks: what a proxy of ours (settings.TRUSTED_PROXIES) says, and of nobody else.

    The last address that is not a proxy's own counts; what stands before it, anybody may have written.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        trusted = set(settings.TRUSTED_PROXIES)
        if request.META.get("REMOTE_ADDR", "") in trusted:
            said = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
            if others := [address for address in said if address not in trusted]:
                request.META["REMOTE_ADDR"] = others[-1] if _is_address(others[-1]) else ""
        return self.get_response(request)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


class RequestIdMiddleware:
    """Gives each request an id, returned as X-Request-ID and written into logs and audit events."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = requests.begin(request.headers.get("X-Request-ID", ""))
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


# What of a request could tell who sends it, from where and with what.
_TRACES = (
    "HTTP_COOKIE", "HTTP_AUTHORIZATION", "HTTP_USER_AGENT", "HTTP_REFERER", "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP",
    "HTTP_FORWARDED", "HTTP_X_REQUEST_ID", "HTTP_ACCEPT_LANGUAGE", "REMOTE_USER", "REMOTE_HOST", "REMOTE_PORT",
)  # fmt: skip


class AnonymityMiddleware:
    """Under the addresses of settings.ANONYMOUS_PATHS nobody is anybody, not even those who are signed in.

    What tells who is asking is taken off the request before anything reads it: no session is loaded, touched or made,
    there is no user, and log lines and audit events get no request id. The web server's access log reads the same
    table (WSGI environ) after the answer, so that it has no address either; a proxy in front has its own log, about
    which docs/incidents.md says what to set.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(tuple(settings.ANONYMOUS_PATHS)):
            for trace in _TRACES:
                request.META.pop(trace, None)
            request.META["REMOTE_ADDR"] = ""
            requests.forget()
            response = self.get_response(request)
            # The cookie was taken off before anything could read it: the answer does not vary with it.
            if varies := [name for name in response.get("Vary", "").split(", ") if name and name != "Cookie"]:
                response["Vary"] = ", ".join(varies)
            else:
                response.headers.pop("Vary", None)
            # Style sheets and the next page are asked for without saying where from.
            response["Referrer-Policy"] = "no-referrer"
            return response
        return self.get_response(request)


class RefusalMiddleware:
    """Turns a refusal that no view caught into a page with its reasons; what to do next stands on it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, BeaconError):
            return None
        if request.path.startswith("/api/"):
            response = JsonResponse(problem_body(exception), status=exception.status, content_type=CONTENT_TYPE)
            if exception.status == 401:
                response["WWW-Authenticate"] = 'Bearer realm="Beacon"'
            return response
        if exception.leads_to:
            return redirect(f"{reverse(exception.leads_to)}?{urlencode({'next': _back_to(request)})}")
        context = {"reasons": exception.reasons, "status": exception.status}
        template = "404.html" if exception.status == 404 else "core/refused.html"
        return render(request, template, context, status=exception.status)


def _back_to(request: HttpRequest) -> str:
    """The page that the person was on: what they sent has to be sent again, so it is the page before it."""
    if request.method in {"GET", "HEAD"}:
        return request.get_full_path()
    came_from = urlsplit(request.headers.get("Referer", ""))
    return came_from.path if came_from.netloc == request.get_host() else "/"


class NoStoreMiddleware:
    """Pages of a signed-in person are not kept by browsers or proxies (ASVS 14.3.2)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if getattr(request, "user", None) is not None and request.user.is_authenticated:
            response.setdefault("Cache-Control", "no-store")
        return response
