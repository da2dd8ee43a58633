"""The typed reader of the environment: every setting that a deployment may change, in one place.

All bad values are reported at once, each with a hint, so that an operator mends a deployment in one round.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from config.identity import IdentityProvider, read_providers

ROOT = Path(__file__).resolve().parent.parent


class BadEnvironment(Exception):
    """One or more environment variables cannot be used. The message lists each with its hint."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What the process was told. Paths are absolute; secrets are plain strings, never logged."""

    secret_key: str
    secret_key_fallbacks: list[str]
    database_url: str
    broker_url: str
    allowed_hosts: list[str]
    public_url: str
    home: Path
    port: int
    simulator_port: int
    second_simulator_port: int
    email_url: str
    email_from: str
    email_bounces: str
    time_zone: str
    workspace_keys: Path | None
    audit_heads: Path
    signing_keys: Path
    incident_files: Path
    identity: list[IdentityProvider]
    trusted_proxies: list[str]
    vendor_hosts: list[str]


class _Reader:
    """Collects the problems instead of raising at the first."""

    def __init__(self, source: Mapping[str, str]) -> None:
        self.source = source
        self.problems: list[str] = []

    def text(self, name: str, default: str | None, hint: str) -> str:
        value = self._raw(name)
        if value:
            return value
        if default is None:
            self.problems.append(f"{name} is not set. {hint}")
            return ""
        return default

    def integer(self, name: str, default: int, low: int, high: int, hint: str) -> int:
        value = self._raw(name)
        if not value:
            return default
        if value.isdecimal() and low <= int(value) <= high:
            return int(value)
        self.problems.append(f"{name}={value!r} is not a whole number from {low} to {high}. {hint}")
        return default

    def url(self, name: str, default: str | None, schemes: tuple[str, ...], hint: str) -> str:
        value = self.secret(name, default, hint)
        if value and urlsplit(value).scheme not in schemes:
            shown = urlsplit(value).scheme or "no scheme"
            self.problems.append(f"{name} must begin with {' or '.join(schemes)}:// (found: {shown}). {hint}")
        return value

    def secret(self, name: str, default: str | None, hint: str) -> str:
        """A secret comes from NAME or, as container platforms hand them over, from the file in NAME_FILE."""
        file = self._raw(f"{name}_FILE")
        if file:
            try:
                return Path(file).read_text(encoding="utf-8").strip()
            except OSError as error:
                self.problems.append(f"{name}_FILE cannot be read ({error.strerror}). {hint}")
                return ""
        return self.text(name, default, hint)

    def _raw(self, name: str) -> str:
        return self.source.get(name, "").strip()


_MIN_SECRET = 50


def read(source: Mapping[str, str], *, production: bool) -> Environment:
    """Read `source` (usually `os.environ`).

    In production nothing that matters has a default. Raises `BadEnvironment` naming every bad value at once. It is as long
    as it is because every variable stands here, once.
    """
    reader = _Reader(source)
    home = Path(source.get("BEACON_HOME") or ROOT / ".beacon").absolute()
    secret = reader.secret(
        "SECRET_KEY",
        None if production else "demo-only-" + "not-a-secret-" * 4,
        "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(64))'",
    )
    if production and secret and len(secret) < _MIN_SECRET:
        reader.problems.append(f"SECRET_KEY is shorter than {_MIN_SECRET} characters. Make a longer one.")
    hosts = _hosts(reader, production)
    environment = Environment(
        secret_key=secret,
        # Old keys, one a line or separated by spaces: what they signed stays valid until they go (docs/runbook/rotate-secrets.md).
        secret_key_fallbacks=reader.secret("SECRET_KEY_FALLBACKS", "", "The keys before the present one.").split(),
        database_url=reader.url(
            "DATABASE_URL",
            None if production else "postgresql:///beacon",
            ("postgres", "postgresql"),
            "For example postgresql://beacon:PASSWORD@db/beacon",
        ),
        broker_url=reader.url(
            "BROKER_URL",
            None if production else "redis://127.0.0.1:6379/0",
            ("redis", "rediss", "redis+socket", "unix"),
            "For example redis://valkey:6379/0",
        ),
        allowed_hosts=hosts,
        public_url=_public_url(reader, production, hosts),
        home=home,
        port=reader.integer("PORT", 8000, 1, 65535, "The web console's port."),
        simulator_port=reader.integer("SIMULATOR_PORT", 8100, 1, 65535, "The simulator's port (demo only)."),
        second_simulator_port=reader.integer(
            "SECOND_SIMULATOR_PORT", _beside(source.get("SIMULATOR_PORT", "")), 1, 65535, "The demo's second simulator."
        ),
        email_url=reader.url(
            "EMAIL_URL", "consolemail://", ("consolemail", "smtp", "smtp+tls", "smtp+ssl", "dummymail"),
            "For example smtp+tls://user:password@relay:587",
        ),
        email_from=reader.text("EMAIL_FROM", "beacon@beacon.example", "The sender that people see."),
        email_bounces=reader.text("EMAIL_BOUNCES", source.get("EMAIL_FROM") or "beacon@beacon.example", ""),
        time_zone=reader.text("TIME_ZONE", "America/New_York", ""),
        workspace_keys=Path(source["WORKSPACE_KEYS_DIR"]) if source.get("WORKSPACE_KEYS_DIR") else None,
        audit_heads=Path(source.get("AUDIT_HEADS_DIR") or home / "audit-heads").absolute(),
        # Where they were before there was a folder of their own: beside the heads.
        signing_keys=Path(source.get("SIGNING_KEYS_DIR") or source.get("AUDIT_HEADS_DIR") or home / "audit-heads").absolute(),
        incident_files=Path(source.get("INCIDENT_FILES_DIR") or home / "incident-files").absolute(),
        identity=_identity(reader, production),
        trusted_proxies=[one.strip() for one in reader.text("TRUSTED_PROXIES", "127.0.0.1", "").split(",")],
        # Where the vendor's keys may be sent; the demo's simulator is at home.
        vendor_hosts=reader.text(
            "VENDOR_HOSTS", "api.openai.com api.chatgpt.com" if production else "", "Names of the vendor's API."
        ).replace(",", " ").split(),
    )  # fmt: skip
    if reader.problems:
        listed = "\n".join(f"  - {problem}" for problem in reader.problems)
        raise BadEnvironment(f"The environment cannot be used:\n{listed}")
    return environment


def _beside(port: str) -> int:
    """The port after the first simulator's."""
    return int(port) + 1 if port.isdecimal() and int(port) < 65535 else 8101


def _hosts(reader: _Reader, production: bool) -> list[str]:
    default = None if production else "127.0.0.1,localhost,[::1]"
    value = reader.text("ALLOWED_HOSTS", default, "The names that people type, separated by commas.")
    return [host.strip() for host in value.split(",") if host.strip()]


def _public_url(reader: _Reader, production: bool, hosts: list[str]) -> str:
    """Where people reach the console, without a slash at the end: links in mails lead there."""
    port = reader.source.get("PORT", "").strip() or "8000"
    usual = f"http://127.0.0.1:{port}" if not production else f"https://{hosts[0]}" if hosts else ""
    return reader.url("PUBLIC_URL", usual, ("https",) if production else ("https", "http"), "").rstrip("/")


def _identity(reader: _Reader, production: bool) -> list[IdentityProvider]:
    """The providers of IDENTITY_PROVIDERS_FILE, or the single one of the OIDC_ variables."""
    hint = "See docs/runbook/sign-in.md."
    if file := reader.source.get("IDENTITY_PROVIDERS_FILE", "").strip():
        providers, problems = read_providers(Path(file), https_only=production)
        reader.problems += [f"{problem} {hint}" for problem in problems]
        return providers
    if not production and not reader.source.get("OIDC_SERVER_URL"):
        return []
    hint = "Or name a file of providers in IDENTITY_PROVIDERS_FILE. See docs/runbook/sign-in.md."
    return [
        IdentityProvider(
            id="state", kind="oidc",
            name=reader.text("OIDC_NAME", "State sign-in", hint),
            issuer=reader.url("OIDC_SERVER_URL", None, ("https",) if production else ("https", "http"), hint),
            client_id=reader.text("OIDC_CLIENT_ID", None, hint),
            client_secret=reader.secret("OIDC_CLIENT_SECRET", None, hint),
            tenant=reader.text("OIDC_TENANT", "", hint),
            trusts_email=reader.text("OIDC_TRUSTS_EMAIL", "", hint) == "yes",
            confirm_context=reader.text("OIDC_CONFIRM_CONTEXT", "", hint),
        )
    ]  # fmt: skip
