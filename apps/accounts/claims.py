"""What an ID token must say before anybody gets in, check by check, each with a name by which a refusal is known. Pure.

OpenID Connect Core 1.0, section 3.1.3.7, in its order; Entra's `oid` and `tid` as its ID token reference describes
them; `auth_time` and `acrs` for a confirmation. The signature is always checked, also where the token came straight
from the provider.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import jwt

ALGORITHMS = ("RS256", "PS256", "ES256")
# Clocks of two machines differ by so much at most.
LEEWAY = timedelta(seconds=60)
# A token that was made longer ago than this was not made for the sign-in at hand.
OLDEST = timedelta(minutes=10)


class Check(StrEnum):
    """The name of a check that an answer of an identity provider failed."""

    STATE = "state"
    PROVIDER = "provider"
    TOKEN = "token"  # noqa: S105 - the name of a check
    ALGORITHM = "algorithm"
    KEY = "key"
    SIGNATURE = "signature"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    AUTHORIZED_PARTY = "authorized_party"
    EXPIRED = "expired"
    NOT_YET = "not_yet_valid"
    ISSUED_AT = "issued_at"
    NONCE = "nonce"
    SUBJECT = "subject"
    TENANT = "tenant"
    AUTH_TIME = "auth_time"
    CONTEXT = "authentication_context"
    PERSON = "other_person"
    EMAIL = "email"
    DIRECTORY = "directory"
    ACCOUNT = "account"
    ASSERTION = "assertion"


class ClaimRefused(Exception):
    """The provider's answer opens nothing. `check` says which check it failed."""

    def __init__(self, check: Check, detail: str = "") -> None:
        self.check = check
        super().__init__(f"{check}: {detail}" if detail else str(check))


@dataclass(frozen=True, slots=True)
class Expected:
    """What the token must say. `proved_since`: the person must have signed in there at that time or later."""

    issuer: str
    client_id: str
    nonce: str
    tenant: str = ""
    proved_since: datetime | None = None
    context: str = ""


Claims = dict[str, Any]


def check_id_token(token: str, keys: Sequence[Mapping[str, Any]], expected: Expected, now: datetime) -> Claims:
    """The claims of a good token. `keys` are the provider's public keys (JWK). Raises `ClaimRefused`."""
    claims = _signed(token, keys)
    if claims.get("iss") != expected.issuer:
        raise ClaimRefused(Check.ISSUER)
    _check_audience(claims, expected.client_id)
    _check_times(claims, now)
    if not expected.nonce or claims.get("nonce") != expected.nonce:
        raise ClaimRefused(Check.NONCE)
    uid_of(claims, expected.tenant)
    if expected.proved_since is not None:
        _check_fresh(claims, expected, now)
    return claims


def uid_of(claims: Mapping[str, Any], tenant: str) -> str:
    """By what a person is known for good: in a tenant of Entra `tid` and `oid`, elsewhere `sub`; never a name or address."""
    if not tenant:
        if not isinstance(claims.get("sub"), str) or not claims["sub"]:
            raise ClaimRefused(Check.SUBJECT)
        return str(claims["sub"])
    if claims.get("tid") != tenant:
        raise ClaimRefused(Check.TENANT)
    if not isinstance(claims.get("oid"), str) or not claims["oid"]:
        raise ClaimRefused(Check.SUBJECT)
    return f"{tenant}:{claims['oid']}"


def proved_at(claims: Mapping[str, Any], context: str) -> datetime | None:
    """When the person last proved who they are, in the context that a confirmation needs; None: unknown or not in it."""
    if context and context not in contexts_of(claims):
        return None
    return _time(claims.get("auth_time"))


def contexts_of(claims: Mapping[str, Any]) -> list[str]:
    """The authentication contexts of the sign-in. Entra sends the list `acrs`; others the single `acr`."""
    found = claims.get("acrs", [])
    found = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    return [*map(str, found), str(claims["acr"])] if claims.get("acr") else list(map(str, found))


def groups_of(claims: Mapping[str, Any], claim: str) -> frozenset[str]:
    """Groups or app roles. Entra leaves the list out where somebody is in too many groups: then it is empty here."""
    found = claims.get(claim, [])
    found = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    return frozenset(str(value) for value in found)


def _signed(token: str, keys: Sequence[Mapping[str, Any]]) -> Claims:
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise ClaimRefused(Check.TOKEN) from error
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        raise ClaimRefused(Check.ALGORITHM, str(algorithm))
    key = next((one for one in keys if one.get("kid") == header.get("kid")), None)
    if key is None or key.get("use", "sig") != "sig":
        raise ClaimRefused(Check.KEY)
    try:
        public = jwt.PyJWK(dict(key), algorithm=algorithm)
        # Only the signature here; what the token says is checked below, each check under its own name.
        payload = jwt.api_jws.decode(token, public, algorithms=[algorithm])
        claims = json.loads(payload)
    except (jwt.PyJWTError, ValueError) as error:
        raise ClaimRefused(Check.SIGNATURE) from error
    if not isinstance(claims, dict):
        raise ClaimRefused(Check.TOKEN)
    return claims


def _check_audience(claims: Claims, client_id: str) -> None:
    audience = claims.get("aud")
    named = [audience] if isinstance(audience, str) else audience if isinstance(audience, list) else []
    if client_id not in named:
        raise ClaimRefused(Check.AUDIENCE)
    if (len(named) > 1 or "azp" in claims) and claims.get("azp") != client_id:
        raise ClaimRefused(Check.AUTHORIZED_PARTY)


def _check_times(claims: Claims, now: datetime) -> None:
    expires, issued = _time(claims.get("exp")), _time(claims.get("iat"))
    if expires is None or now > expires + LEEWAY:
        raise ClaimRefused(Check.EXPIRED)
    if issued is None or issued > now + LEEWAY or now - issued > OLDEST + LEEWAY:
        raise ClaimRefused(Check.ISSUED_AT)
    if "nbf" in claims and ((begins := _time(claims["nbf"])) is None or begins > now + LEEWAY):
        raise ClaimRefused(Check.NOT_YET)


def _check_fresh(claims: Claims, expected: Expected, now: datetime) -> None:
    signed_in = _time(claims.get("auth_time"))
    if (
        signed_in is None
        or (expected.proved_since and signed_in < expected.proved_since - LEEWAY)
        or signed_in > now + LEEWAY
    ):
        raise ClaimRefused(Check.AUTH_TIME)
    if expected.context and expected.context not in contexts_of(claims):
        raise ClaimRefused(Check.CONTEXT)


def _time(value: Any) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError):
        return None
