"""The same protection on every answer: pages, errors, files, the health check, the API, signed in or not."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from tests.factories.cast import World
from tests.web.samples import furnished, pages
from tests.web.test_matrix import client_of

pytestmark = pytest.mark.django_db
POLICY = {
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "font-src 'self'", "connect-src 'self'",
    "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'",
}  # fmt: skip


def protected(response: HttpResponse, what: str) -> None:
    assert {part.strip() for part in response["Content-Security-Policy"].split(";") if part.strip()} == POLICY, what
    assert response["X-Frame-Options"] == "DENY", what
    assert response["X-Content-Type-Options"] == "nosniff", what
    assert response["Cross-Origin-Opener-Policy"] == "same-origin", what
    assert response["Referrer-Policy"] in {"same-origin", "no-referrer"}, what
    assert "camera=()" in response["Permissions-Policy"], what
    # A page that others may read from their scripts would have one of these.
    assert not [name for name in response.headers if name.lower().startswith("access-control-")], what
    assert "Server" not in response.headers
    assert "X-Powered-By" not in response.headers


def test_every_address_signed_out() -> None:
    _, parameters = furnished()
    for page in pages():
        # Mails are shown in the demo alone, under a policy that is stricter still.
        if not page.name.startswith(("openid", "saml")) and page.name != "demo:mail-html":
            protected(Client().get(reverse(page.name, kwargs=parameters.get(page.name))), page.name)


@pytest.mark.parametrize("method", ["head", "options", "put", "patch", "delete", "trace"])
def test_other_methods(world: World, method: str) -> None:
    for client in (Client(), client_of(world, "erin")):
        for path in ("/", "/seats/", "/api/v1/seats/"):
            protected(getattr(client, method)(path), f"{method} {path}")


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "PROPFIND"])
def test_methods_that_nothing_here_is_for(world: World, method: str) -> None:
    for path in ("/", "/seats/", "/api/v1/seats/", "/healthz", "/static/dist/beacon.css"):
        response = client_of(world, "erin").generic(method, path)
        assert response.status_code == 405
        protected(response, path)


def test_errors(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bob = client_of(world, "bob")
    seen = {
        404: bob.get("/no/such/page/"),
        403: bob.get("/workspaces/new/"),
        405: client_of(world, "erin").get(reverse("accounts:sign-out")),
        401: Client().get("/api/v1/seats/"),
        400: Client(headers={"host": "evil.example"}).get("/"),
    }
    for status, response in seen.items():
        assert response.status_code == status
        protected(response, str(status))
    csrf = Client(enforce_csrf_checks=True)
    csrf.force_login(world.users["bob"], backend="django.contrib.auth.backends.ModelBackend")
    refused = csrf.post(reverse("accounts:sign-out"))
    assert refused.status_code == 403
    protected(refused, "csrf")


def test_an_error_of_ours_says_nothing_of_the_inside(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("SELECT secret FROM inside")

    monkeypatch.setattr("apps.accounts.middleware.ActorMiddleware.__call__", broken)
    for path in ("/", "/api/v1/seats/"):
        response = Client(raise_request_exception=False).get(path)
        assert response.status_code == 500
        protected(response, path)
        assert b"inside" not in response.content
        assert b"Traceback" not in response.content


def test_files_and_the_health_check() -> None:
    style = next((settings.BASE_DIR / "static" / "dist").glob("*.css"))
    for path in (f"/static/dist/{style.name}", "/static/no-such-file.css", "/healthz"):
        response = Client().get(path)
        protected(response, path)
        response.close()


def test_production_adds_transport_and_cookies() -> None:
    """Asked of the settings themselves: tests speak plain http."""
    text = (settings.BASE_DIR / "config" / "settings" / "production.py").read_text()
    for line in (
        "SECURE_SSL_REDIRECT = True", "SECURE_HSTS_SECONDS = 31_536_000", "SECURE_HSTS_INCLUDE_SUBDOMAINS = True",
        "SESSION_COOKIE_SECURE = True", 'SESSION_COOKIE_NAME = "__Host-', '"sslmode"',
    ):  # fmt: skip
        assert line in text


def test_over_http_pages_lead_on_and_calls_of_other_systems_are_refused(world: World, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    client = client_of(world, "erin")
    assert client.get("/seats/")["Location"] == "https://testserver/seats/"
    for path in ("/api/v1/seats/", "/api/v1/stops/", "/scim/v2/Users"):
        answer = client.post(path) if "stops" in path else client.get(path)
        assert answer.status_code == 403
        assert answer["Content-Type"] == "application/problem+json"
        assert "withdraw the token" in answer.json()["reasons"][0]["how_to_fix"]
        protected(answer, path)
    assert client.get("/api/v1/seats/", secure=True).status_code == 200
