"""Signed heads of the chain, kept in a file outside the database.

Whoever can rewrite the database can rewrite the chain with it; whoever also holds this folder cannot do so unseen.
Lines are JSON; each is signed with Ed25519, so that a line can be checked with the public key alone.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone

from apps.audit.models import AuditHead
from apps.core import clock

_FILE = "heads.jsonl"
_KEY = "signing-key.pem"


class HeadsAltered(Exception):
    """A kept head carries a signature that does not fit: the file was changed."""


def keep(folder: Path) -> int:
    """Append the present heads, signed, to the file in `folder`. Returns how many streams were written."""
    folder.mkdir(parents=True, exist_ok=True)
    key = _key(folder)
    heads = list(AuditHead.objects.order_by("stream"))
    with (folder / _FILE).open("a", encoding="utf-8") as file:
        for head in heads:
            body = {
                "at": clock.now().isoformat(),
                "stream": head.stream,
                "seq": head.seq,
                "hash": bytes(head.hash).hex(),
            }
            signature = key.sign(_signed_text(body)).hex()
            file.write(json.dumps({**body, "signature": signature}) + "\n")
    return len(heads)


def kept_on(folder: Path) -> date | None:
    """The day on which heads were last kept, or None."""
    path = folder / _FILE
    return timezone.localdate(datetime.fromtimestamp(path.stat().st_mtime, UTC)) if path.exists() else None


def kept(folder: Path) -> dict[str, tuple[int, str]]:
    """The furthest kept head of each stream. Raises `HeadsAltered` where a signature does not fit.

    The furthest and not the last: an older line that was copied to the end says nothing new.
    """
    path = folder / _FILE
    if not path.exists():
        return {}
    public = _key(folder).public_key()
    newest: dict[str, tuple[int, str]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            body = json.loads(line)
            public.verify(bytes.fromhex(body.pop("signature")), _signed_text(body))
        except (InvalidSignature, ValueError, KeyError, AttributeError, TypeError) as error:
            raise HeadsAltered(f"Line {number} of {path.name} was altered.") from error
        head = (int(body["seq"]), str(body["hash"]))
        newest[body["stream"]] = max(newest.get(body["stream"], head), head)
    return newest


def _signed_text(body: dict[str, object]) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def _key(folder: Path) -> Ed25519PrivateKey:
    """The signing key beside the heads; made on first use. In production the folder is a mount of its own."""
    path = folder / _KEY
    if path.exists():
        loaded = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(loaded, Ed25519PrivateKey):
            raise HeadsAltered(f"{path.name} is not an Ed25519 key.")
        return loaded
    made = Ed25519PrivateKey.generate()
    path.touch(mode=0o600)
    path.write_bytes(
        made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return made
