"""From a workspace to its adapter, its key, and what may be asked of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType

from django.conf import settings

from apps.licenses.ports import SeatProvider
from apps.vendors.assumptions import Spec, values
from apps.vendors.chatgpt_workspace import adapter as chatgpt_adapter
from apps.vendors.chatgpt_workspace import assumptions as chatgpt_assumptions
from apps.vendors.chatgpt_workspace import client as chatgpt_client
from apps.vendors.errors import CredentialMissing
from apps.vendors.idp_managed import adapter as idp_adapter
from apps.vendors.models import Assumption, Workspace
from apps.vendors.openai_organization import adapter as organization_adapter
from apps.vendors.openai_organization import client as organization_client
from apps.vendors.reconcile import Policy
from apps.vendors.wire import Pace, Wire

Values = Mapping[str, str]


def _organization(wire: Wire, _workspace: Workspace, _values: Values) -> SeatProvider:
    return organization_adapter.Adapter(organization_client.Client(wire))


def _chatgpt(wire: Wire, workspace: Workspace, found: Values) -> SeatProvider:
    return chatgpt_adapter.Adapter(chatgpt_client.Client(wire, workspace.vendor_ref, found))


def _idp(wire: Wire, workspace: Workspace, found: Values) -> SeatProvider:
    return idp_adapter.Adapter(_chatgpt(wire, workspace, found))


@dataclass(frozen=True, slots=True)
class Kind:
    """An adapter: its name for people, how it is built, what it assumes, its calls a minute, whether it writes."""

    label: str
    build: Callable[[Wire, Workspace, Values], SeatProvider]
    specs: tuple[Spec, ...] = ()
    limits: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    writes: bool = True
    # Whether it is a ChatGPT workspace: it has an id of its own at the vendor, and its activity is that of the assistant.
    has_ref: bool = False


# The vendor's word: 100 calls a minute for each method and route of a workspace; 50 for the compliance API.
_CHATGPT_LIMITS = MappingProxyType({"*": 100, "audit_log": 50})
KINDS: dict[str, Kind] = {
    "chatgpt_workspace": Kind(
        "ChatGPT workspace (Admin API)", _chatgpt, chatgpt_assumptions.SPECS, _CHATGPT_LIMITS, has_ref=True
    ),
    "idp_managed": Kind(
        "ChatGPT workspace that the identity provider manages (looks only)", _idp, chatgpt_assumptions.SPECS,
        _CHATGPT_LIMITS, writes=False, has_ref=True,
    ),
    "openai_organization": Kind("API Platform organization (Administration API; no ChatGPT seats)", _organization),
}  # fmt: skip
ADAPTERS = {name: kind.label for name, kind in KINDS.items()}


def kind_of(workspace: Workspace) -> Kind:
    return KINDS[workspace.adapter]


def assumptions_of(workspace: Workspace) -> dict[str, str]:
    """The values of the workspace's assumptions that are in use."""
    specs = kind_of(workspace).specs
    if not specs:
        return {}
    changed = Assumption.objects.filter(workspace=workspace, is_changed=True).values_list("code", "value")
    return values(specs, dict(changed))


def policy_of(workspace: Workspace) -> Policy:
    """What may be asked of the workspace."""
    kind = kind_of(workspace)
    suspends = bool(kind.specs) and bool(assumptions_of(workspace)["suspend_body"])
    return Policy(kind.writes, suspends and kind.writes, workspace.retention_days is not None)


def limits_of(workspace: Workspace) -> Mapping[str, int]:
    """Calls a minute by kind of call: the adapter's, with the workspace's own in their place. Its "*" replaces them all."""
    own: Mapping[str, int] = workspace.rate_limits
    return dict(own) if "*" in own else {**kind_of(workspace).limits, **own}


def key_of(workspace: Workspace) -> str:
    """The workspace's key from where its reference points. Raises `CredentialMissing`; the key is never logged."""
    key = _key_at(workspace)
    if not key or not key.isascii() or not key.isprintable():
        raise CredentialMissing("The workspace's key has characters that no key has.")
    return key


def _key_at(workspace: Workspace) -> str:
    kind, _, name = workspace.credential.partition(":")
    if kind == "env" and os.environ.get(name):
        return os.environ[name].strip()
    folder = settings.ENV.workspace_keys
    if kind == "file" and folder and (folder / name).resolve().parent == folder.resolve():
        try:
            return (folder / name).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise CredentialMissing(f"The key file {name} cannot be read ({error.strerror}).") from error
    raise CredentialMissing()


@contextmanager
def wire_for(workspace: Workspace, pace: Pace | None = None) -> Iterator[Wire]:
    """The wire to the workspace with its key; closed afterwards."""
    wire = Wire(base_url=workspace.address, key=key_of(workspace), pace=pace)
    try:
        yield wire
    finally:
        wire.close()


@contextmanager
def provider_for(workspace: Workspace, pace: Pace | None = None) -> Iterator[SeatProvider]:
    """The adapter that the workspace's record names, ready to call; closed afterwards.

    `pace` waits before each reading call (`limiter.pacer`); without it nothing waits.
    """
    with wire_for(workspace, pace) as wire:
        yield kind_of(workspace).build(wire, workspace, assumptions_of(workspace))
