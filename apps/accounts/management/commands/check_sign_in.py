"""manage.py check_sign_in [PROVIDER] [--json]: whether each identity provider can be reached and is the one expected."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

import requests
from defusedxml.ElementTree import ParseError, fromstring
from django.conf import settings
from django.core.management.base import CommandParser
from django.urls import reverse

from apps.accounts.actors import Actor
from apps.core import clock
from apps.core.commands import DONE, REFUSED, Answer, OperatorCommand
from apps.core.errors import Invalid

_SECONDS = 10
# Tokens are refused where the clocks are further apart.
_APART = 60
_DISCOVERY = "/.well-known/openid-configuration"


class Command(OperatorCommand):
    help = "Ask each identity provider for its public documents: reachable, right issuer, keys there, clocks together."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("provider", nargs="?", default="")

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        known = settings.IDENTITY_PROVIDERS
        if options["provider"] and options["provider"] not in known:
            raise Invalid(f"There is no provider {options['provider']}.", how_to_fix=f"There are: {', '.join(known)}.")
        asked = [options["provider"]] if options["provider"] else list(known)
        found = [_look(known[name]) for name in asked]
        said = [f"{one['provider']}: register {one['redirect']} · {one['problem'] or one['said']}" for one in found]
        wrong = [f"{one['provider']}: {one['problem']}" for one in found if one["problem"]]
        return Answer(
            said or ["There is no identity provider."], {"providers": found}, wrong, REFUSED if wrong else DONE
        )


def _look(provider: Any) -> dict[str, Any]:
    """What was found of one provider; `problem` is empty where all is well."""
    is_oidc = provider.kind == "oidc"
    path = (
        reverse("openid_connect_callback", args=[provider.id]) if is_oidc else reverse("saml_acs", args=[provider.id])
    )
    found: dict[str, Any] = {
        "provider": provider.id, "kind": provider.kind, "redirect": f"{settings.BASE_URL.rstrip('/')}{path}",
        "clock_difference": None, "problem": "", "said": "all well",
    }  # fmt: skip
    try:
        found["problem"] = _oidc(provider, found) if is_oidc else _saml(provider, found)
    except requests.exceptions.SSLError:
        found["problem"] = (
            "Its TLS certificate is not trusted here; name the file of its authority in REQUESTS_CA_BUNDLE."
        )
    except requests.RequestException as error:
        found["problem"] = f"It does not answer ({type(error).__name__})."
    except (ValueError, ParseError):
        found["problem"] = "What it answers cannot be read."
    return found


def _oidc(provider: Any, found: dict[str, Any]) -> str:
    address = provider.issuer.rstrip("/")
    document = _get(address if _DISCOVERY in address else f"{address}{_DISCOVERY}", found).json()
    if document.get("issuer") != provider.issuer:
        return f"It calls itself {str(document.get('issuer'))[:200]} and not {provider.issuer}."
    keys = _get(str(document.get("jwks_uri", "")), found).json().get("keys", [])
    return _clock(found) if keys else "It publishes no keys."


def _saml(provider: Any, found: dict[str, Any]) -> str:
    if not provider.metadata_url:
        found["said"] = "not asked: its certificate stands in the file of providers, and it has no metadata_url"
        return ""
    metadata = fromstring(_get(provider.metadata_url, found).content)
    if metadata.get("entityID") != provider.entity_id:
        return f"It calls itself {str(metadata.get('entityID'))[:200]} and not {provider.entity_id}."
    has_keys = any(element.tag.endswith("}X509Certificate") for element in metadata.iter())
    return _clock(found) if has_keys else "It publishes no certificate."


def _get(address: str, found: dict[str, Any]) -> requests.Response:
    answer = requests.get(address, timeout=_SECONDS, allow_redirects=False)
    answer.raise_for_status()
    if stated := answer.headers.get("Date"):
        found["clock_difference"] = round((clock.now() - parsedate_to_datetime(stated)).total_seconds())
    return answer


def _clock(found: dict[str, Any]) -> str:
    apart = found["clock_difference"]
    return f"The clocks are {abs(apart)} seconds apart." if apart is not None and abs(apart) > _APART else ""
