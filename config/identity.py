"""The identity providers of a deployment, from a TOML file (IDENTITY_PROVIDERS_FILE): one table for each.

docs/runbook/sign-in.md shows one for Entra ID and one for SAML. Secrets stand in files beside it, never in it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

KINDS = ("oidc", "saml")


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """One identity provider. `id` stands in addresses and in what is recorded of sign-ins."""

    id: str
    kind: str
    name: str
    # OpenID Connect: the issuer as its tokens name it, and this client there.
    issuer: str = ""
    client_id: str = ""
    client_secret: str = ""
    # Entra ID: the tenant; people are then known by `oid` and `tid`, and by `sub` otherwise.
    tenant: str = ""
    # Whether its addresses are verified although its tokens do not say so (a tenant that the state itself manages).
    trusts_email: bool = False
    # The only domains whose addresses it may vouch for; needed where there are several providers, so that none of them
    # can speak for the people of another.
    email_domains: tuple[str, ...] = ()
    # The authentication context that a confirmation must have been made in (`acrs`); empty: a fresh sign-in is enough.
    confirm_context: str = ""
    # SAML: the provider's metadata, or its three facts one by one; the attributes that carry who somebody is.
    metadata_url: str = ""
    entity_id: str = ""
    sso_url: str = ""
    certificate: str = ""
    id_attribute: str = ""
    email_attribute: str = ""
    name_attribute: str = ""
    groups_attribute: str = ""

    def allauth(self) -> dict[str, Any]:
        """The provider as allauth wants it."""
        if self.kind == "oidc":
            return {
                "provider_id": self.id, "name": self.name, "client_id": self.client_id, "secret": self.client_secret,
                "settings": {"server_url": self.issuer, "uid_field": "uid", "oauth_pkce_enabled": True},
            }  # fmt: skip
        mapping = {"uid": self.id_attribute, "email": self.email_attribute, "first_name": self.name_attribute}
        idp = (
            {"entity_id": self.entity_id, "metadata_url": self.metadata_url}
            if self.metadata_url
            else {"entity_id": self.entity_id, "sso_url": self.sso_url, "x509cert": self.certificate}
        )
        return {
            "provider_id": self.id, "name": self.name, "client_id": self.id,
            "settings": {
                "idp": idp, "attribute_mapping": {key: value for key, value in mapping.items() if value},
                "advanced": {"want_assertion_signed": True, "reject_idp_initiated_sso": True, "strict": True},
            },
        }  # fmt: skip


def read_providers(path: Path, *, https_only: bool) -> tuple[list[IdentityProvider], list[str]]:
    """The providers of the file, and every problem found in it."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        return [], [f"IDENTITY_PROVIDERS_FILE cannot be read ({error})."]
    except tomllib.TOMLDecodeError as error:
        return [], [f"IDENTITY_PROVIDERS_FILE cannot be read ({path}: {error}). A text stands in quotation marks."]
    found, problems = [], []
    for name, table in tables.items():
        provider, wrong = _provider(name, table, path.parent, https_only)
        problems += [f"IDENTITY_PROVIDERS_FILE, [{name}]: {problem}" for problem in wrong]
        if provider and not wrong:
            found.append(provider)
    if len(found) > 1:
        problems += [
            f"IDENTITY_PROVIDERS_FILE, [{one.id}]: email_domains is missing, and there are several providers."
            for one in found
            if not one.email_domains
        ]
    problems += _shared(found)
    if not tables:
        problems.append("IDENTITY_PROVIDERS_FILE names no provider.")
    return found, problems


_TEXTS = set(IdentityProvider.__dataclass_fields__) - {
    "id",
    "client_secret",
    "certificate",
    "trusts_email",
    "email_domains",
}
_FILES = {"client_secret_file": "client_secret", "certificate_file": "certificate"}
# Issuers of Entra ID that many tenants share; a token names its own tenant, never one of these.
_SHARED = ("common", "organizations", "consumers")
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


def _shared(providers: list[IdentityProvider]) -> list[str]:
    """Domains that several providers claim: one of them could open the accounts of another's people."""
    claimed: dict[str, list[str]] = {}
    for provider in providers:
        for domain in dict.fromkeys(provider.email_domains):
            claimed.setdefault(domain, []).append(f"[{provider.id}]")
    return [
        f"IDENTITY_PROVIDERS_FILE: {domain} stands under {' and '.join(names)}; one may vouch for it."
        for domain, names in claimed.items()
        if len(names) > 1
    ]


def _provider(name: str, table: Any, folder: Path, https_only: bool) -> tuple[IdentityProvider | None, list[str]]:
    if not isinstance(table, Mapping):
        return None, [f"{name} stands outside of a provider; a line like [state] stands above a provider's lines."]
    if not name.replace("-", "").isalnum():
        return None, ["a provider's name consists of letters, digits and hyphens."]
    wrong = _wrong_kinds(table)
    values: dict[str, Any] = {key: str(value) for key, value in table.items() if key in _TEXTS}
    domains = table.get("email_domains", [])
    values["email_domains"] = tuple(str(one).casefold() for one in (domains if isinstance(domains, list) else []))
    values["trusts_email"] = table.get("trusts_email", False) is True
    unread = set()
    for key, field in _FILES.items():
        if key in table:
            try:
                values[field] = (folder / str(table[key])).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                unread.add(key)
                said = getattr(error, "strerror", "") or "it is not text"
                wrong.append(f"{key} cannot be read ({said}: {folder / str(table[key])}).")
    kind = values.get("kind", "")
    if kind not in KINDS:
        return None, [*wrong, f"kind is one of {', '.join(KINDS)}."]
    provider = IdentityProvider(id=name, **{"name": name, **values})
    return provider, [*wrong, *_missing(provider, unread), *_addresses(provider, https_only)]


def _wrong_kinds(table: Mapping[str, Any]) -> list[str]:
    """Keys that are not known, and values that are of another kind than their key."""
    known = _TEXTS | set(_FILES) | {"trusts_email", "email_domains"}
    wrong = [f"{key} is not known." for key in sorted(set(table) - known)]
    wrong += [
        f"{key} is a text in quotation marks."
        for key, value in table.items()
        if key in _TEXTS | set(_FILES) and not isinstance(value, str)
    ]
    if not isinstance(table.get("trusts_email", False), bool):
        wrong.append("trusts_email is true or false, without quotation marks.")
    domains = table.get("email_domains", [])
    if not isinstance(domains, list) or not all(_DOMAIN.fullmatch(str(one).casefold()) for one in domains):
        wrong.append('email_domains is a list of domains, such as ["courts.example"].')
    return wrong


def _missing(provider: IdentityProvider, unread: set[str]) -> list[str]:
    if provider.kind == "oidc":
        needed: dict[str, Any] = {
            "issuer": provider.issuer,
            "client_id": provider.client_id,
            "client_secret_file": provider.client_secret or unread,
        }
    else:
        needed = {"entity_id": provider.entity_id, "email_attribute": provider.email_attribute}
        needed["metadata_url, or sso_url with certificate_file"] = provider.metadata_url or (
            provider.sso_url and (provider.certificate or unread)
        )
    return [f"{key} is missing." for key, value in needed.items() if not value]


def _addresses(provider: IdentityProvider, https_only: bool) -> list[str]:
    schemes = {"https"} if https_only else {"https", "http"}
    addresses = {key: getattr(provider, key) for key in ("issuer", "metadata_url", "sso_url")}
    wrong = [
        f"{key} must begin with https:// (found: {address})."
        for key, address in addresses.items()
        if address and urlsplit(address).scheme not in schemes
    ]
    where = urlsplit(provider.issuer).path.split("/")
    wrong += [f"issuer ends in your tenant's id, not in {one}: TENANT-ID/v2.0." for one in _SHARED if one in where]
    return wrong
