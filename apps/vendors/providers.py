"""From a workspace to its adapter and its key."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from apps.licenses.ports import SeatProvider
from apps.vendors.errors import CredentialMissing
from apps.vendors.models import Workspace
from apps.vendors.openai_organization.adapter import Adapter
from apps.vendors.openai_organization.client import Client

ADAPTERS = {"openai_organization": "ChatGPT organization (Administration API)"}


def key_of(workspace: Workspace) -> str:
    """The workspace's key from where its reference points. Raises `CredentialMissing`; the key is never logged."""
    key = _key_at(workspace)
    if not key or not key.isascii() or not key.isprintable():
        raise CredentialMissing("The workspace's key has characters that no key has.")
    return key


def _key_at(workspace: Workspace) -> str:
    kind, _, name = workspace.credential.partition(":")
    if kind == "env" and os.environ.get(name):
        return os.environ[name]
    folder = settings.ENV.workspace_keys
    if kind == "file" and folder and (folder / name).resolve().parent == folder.resolve():
        try:
            return (folder / name).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise CredentialMissing(f"The key file {name} cannot be read ({error.strerror}).") from error
    raise CredentialMissing()


@contextmanager
def provider_for(workspace: Workspace) -> Iterator[SeatProvider]:
    """The adapter that the workspace's record names, ready to call; closed afterwards."""
    client = Client(base_url=workspace.address, key=key_of(workspace))
    try:
        yield Adapter(client)
    finally:
        client.close()
