"""The identity providers of a deployment, from a TOML file (IDENTITY_PROVIDERS_FILE): one table for each.

docs/runbook/sign-in.md shows one for Entra ID and one for SAML. Secrets stand in files beside it, never in it.
"""

from __future__ import annotations

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
    except (OSError, tomllib.TOMLDecodeError) as error:
        return [], [f"IDENTITY_PROVIDERS_FILE cannot be read ({error})."]
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


def _provider(name: str, table: Any, folder: Path, https_only: bool) -> tuple[IdentityProvider | None, list[str]]:
    if not isinstance(table, Mapping) or not name.replace("-", "").isalnum():
        return None, ["a provider is a table, and its name consists of letters, digits and hyphens."]
    unknown = sorted(set(table) - _TEXTS - set(_FILES) - {"trusts_email", "email_domains"})
    wrong = [f"{key} is not known." for key in unknown]
    values: dict[str, Any] = {key: str(value) for key, value in table.items() if key in _TEXTS}
    values["email_domains"] = tuple(str(domain).casefold() for domain in table.get("email_domains", []))
    values["trusts_email"] = bool(table.get("trusts_email", False))
    for key, field in _FILES.items():
        if key in table:
            try:
                values[field] = (folder / str(table[key])).read_text(encoding="utf-8").strip()
            except OSError as error:
                wrong.append(f"{key} cannot be read ({error.strerror}).")
    kind = values.get("kind", "")
    if kind not in KINDS:
        return None, [*wrong, f"kind is one of {', '.join(KINDS)}."]
    provider = IdentityProvider(id=name, **{"name": name, **values})
    return provider, [*wrong, *_missing(provider, https_only)]


def _missing(provider: IdentityProvider, https_only: bool) -> list[str]:
    if provider.kind == "oidc":
        needed = {
            "issuer": provider.issuer,
            "client_id": provider.client_id,
            "client_secret_file": provider.client_secret,
        }
        addresses = [provider.issuer]
    else:
        needed = {"entity_id": provider.entity_id, "email_attribute": provider.email_attribute}
        needed["metadata_url, or sso_url with certificate_file"] = provider.metadata_url or (
            provider.certificate and provider.sso_url
        )
        addresses = [address for address in (provider.metadata_url, provider.sso_url) if address]
    schemes = {"https"} if https_only else {"https", "http"}
    return [f"{key} is missing." for key, value in needed.items() if not value] + [
        f"{address} must begin with https://." for address in addresses if urlsplit(address).scheme not in schemes
    ]
