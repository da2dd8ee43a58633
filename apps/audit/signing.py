"""Ed25519 signatures by keys that live in a folder outside the database (settings.ENV.signing_keys), one file a key.

The newest key signs; older ones go on verifying, so that what they signed stays provable after a rotation. A key is
named by the first 16 hex digits of the SHA-256 of its public half.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

_CURRENT = "current"
# The key of the time before there were several.
_FIRST = "signing-key.pem"


class UnusableKey(Exception):
    """A file of the key folder is no Ed25519 key, or the folder names one that is not there."""


@dataclass(frozen=True, slots=True)
class Signature:
    """Which key signed, and the signature in hex."""

    key_id: str
    value: str


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys of one folder. In production it is a mount of its own, readable by Beacon alone."""

    folder: Path

    def sign(self, content: bytes) -> Signature:
        """Sign with the current key; the first one is made where there is none."""
        key_id = self.current()
        return Signature(key_id, self._private(key_id).sign(content).hex())

    def is_signed(self, content: bytes, signature: Signature) -> bool:
        """Whether one of the folder's keys, the one that is named, signed exactly this."""
        return is_signed_by(self.public_keys(), content, signature)

    def public_keys(self) -> dict[str, bytes]:
        """The public half of every key, raw, by its id."""
        return {_id(public): public for public in (_public(_load(path)) for path in self._files())}

    def current(self) -> str:
        """The id of the key that signs now."""
        pointer = self.folder / _CURRENT
        if pointer.exists():
            return pointer.read_text(encoding="ascii").strip()
        first = self.folder / _FIRST
        return _id(_public(_load(first))) if first.exists() else self.rotate()

    def rotate(self) -> str:
        """Make a new key and sign with it from now on. Returns its id; the old ones stay to verify with."""
        self.folder.mkdir(parents=True, exist_ok=True)
        made = Ed25519PrivateKey.generate()
        key_id = _id(_public(made))
        path = self.folder / f"key-{key_id}.pem"
        path.touch(mode=0o600)
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        path.write_bytes(made.private_bytes(*form))
        # In one step, so that a process that signs meanwhile finds the old key or the new one.
        beside = self.folder / f"{_CURRENT}.new"
        beside.write_text(key_id, encoding="ascii")
        os.replace(beside, self.folder / _CURRENT)
        return key_id

    def _files(self) -> list[Path]:
        return sorted([*self.folder.glob("key-*.pem"), *self.folder.glob(_FIRST)])

    def _private(self, key_id: str) -> Ed25519PrivateKey:
        for path in self._files():
            key = _load(path)
            if _id(_public(key)) == key_id:
                return key
        raise UnusableKey(f"The key {key_id} is not in the key folder.")


def is_signed_by(public_keys: Mapping[str, bytes], content: bytes, signature: Signature) -> bool:
    """Whether the key that is named, one of these, signed exactly this."""
    public = public_keys.get(signature.key_id)
    if public is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(bytes.fromhex(signature.value), content)
    except (InvalidSignature, ValueError):
        return False
    return True


def _load(path: Path) -> Ed25519PrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise UnusableKey(f"{path.name} is not an Ed25519 key.")
    return key


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def _id(public: bytes) -> str:
    return hashlib.sha256(public).hexdigest()[:16]


def keyring() -> Keyring:
    """The keys of this installation."""
    return Keyring(settings.ENV.signing_keys)


def sign(content: bytes) -> Signature:
    """Sign with this installation's current key."""
    return keyring().sign(content)


def is_signed(content: bytes, signature: Signature) -> bool:
    """Whether a key of this installation, past or present, signed exactly this."""
    return keyring().is_signed(content, signature)
