"""The provider's pages, what it says of people, and the liar between it and the world.

The liar rewrites ID tokens as a test asks, on their way out of the token endpoint: what a thief, a broken provider or
an old recording would send. Everything else is allauth's.
"""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import parse_qsl, urlencode

import jwt
from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from cryptography.hazmat.primitives.asymmetric import rsa
from django.contrib.auth import get_user_model, login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from tests.identity import TENANT

STATE: dict[str, Any] = {"people": {}, "lie": "", "kept": ""}


class Adapter(DefaultOIDCAdapter):
    """Speaks like Entra ID: oid, tid, groups, roles, auth_time, acrs."""

    def get_claims(
        self, purpose: str, user: Any, client: Any, scopes: Any, email: Any = None, **more: Any
    ) -> dict[str, Any]:
        claims = super().get_claims(purpose, user, client, scopes, email=email, **more)
        claims |= {"auth_time": int(user.last_login.timestamp()), "oid": f"oid-{user.username}", "tid": TENANT}
        return claims | STATE["people"].get(user.username, {})

    def populate_id_token(self, id_token: dict[str, Any], client: Any, scopes: Any, **more: Any) -> None:
        id_token["azp"] = client.id


def sign_in(request: HttpRequest) -> HttpResponse:
    """Whoever the page is asked for is signed in, anew each time: this provider knows no passwords."""
    if request.method == "POST" or request.GET.get("person"):
        name = request.POST.get("person") or request.GET["person"]
        user, _ = get_user_model().objects.get_or_create(username=name)
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        then = request.GET.get("next", "/")
        return HttpResponse(status=302, headers={"Location": then})
    names = "".join(f'<button name="person" value="{name}">{name}</button>' for name in STATE["people"])
    return HttpResponse(f"<title>Identity provider</title><form method=post>{names}</form>")


@csrf_exempt
def control(request: HttpRequest) -> JsonResponse:
    """The tests say who there is and which lie is told next."""
    STATE.update(json.loads(request.body))
    return JsonResponse({})


urlpatterns = [
    path("control/", control),
    path("accounts/login/", sign_in, name="account_login"),
    path("accounts/again/", sign_in, name="account_reauthenticate"),
    path("accounts/signup/", sign_in, name="account_signup"),
    path("", include("allauth.idp.urls")),
]


class Liar:
    """WSGI: lets everything through but ID tokens, which it alters as `STATE["lie"]` says."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.stolen = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        # allauth's provider takes a request for claims for one about another person, and refuses it.
        query = parse_qsl(environ.get("QUERY_STRING", ""))
        environ["QUERY_STRING"] = urlencode([(key, value) for key, value in query if key != "claims"])
        if not environ["PATH_INFO"].endswith("/token"):
            return self.app(environ, start_response)
        kept: list[Any] = []
        body = b"".join(self.app(environ, lambda status, headers, *_: kept.extend([status, headers])))
        if kept[0].startswith("200"):
            answer = json.loads(body)
            answer["id_token"] = self.altered(answer["id_token"])
            body = json.dumps(answer).encode()
        headers = [(key, value) for key, value in kept[1] if key.lower() != "content-length"]
        start_response(kept[0], [*headers, ("Content-Length", str(len(body)))])
        return [body]

    def altered(self, token: str) -> str:
        from django.conf import settings

        lie, header = STATE["lie"], jwt.get_unverified_header(token)
        claims = jwt.decode(token, options={"verify_signature": False})
        key: Any = settings.IDP_OIDC_PRIVATE_KEY
        if lie == "replay" and STATE["kept"]:
            return str(STATE["kept"])
        STATE["kept"] = token
        if lie == "none":
            return jwt.encode(claims, None, algorithm="none", headers={"kid": header["kid"]})
        if lie == "hmac":
            # The public key as a shared secret: the classic confusion of algorithms.
            public = jwt.PyJWK.from_dict({"kty": "oct", "k": "c2VjcmV0"}).key
            return jwt.encode(claims, public, algorithm="HS256", headers={"kid": header["kid"]})
        if lie == "stolen":
            return jwt.encode(claims, self.stolen, algorithm="RS256", headers={"kid": header["kid"]})
        if lie == "unknown_key":
            return jwt.encode(claims, self.stolen, algorithm="RS256", headers={"kid": "nobody"})
        if lie.startswith("without "):
            claims.pop(lie.removeprefix("without "), None)
        elif lie.startswith("{"):
            now = int(time.time())
            claims |= {
                name: now + value["now"] if isinstance(value, dict) else value
                for name, value in json.loads(lie).items()
            }
        elif lie == "garbage":
            return "not.a.token"
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": header["kid"]})
