"""Signed heads of the chain, kept in a file outside the database.

Whoever can rewrite the database can rewrite the chain with it; whoever also holds this folder cannot do so unseen.
Lines are JSON; each is signed with Ed25519, so that a line can be checked with the public key alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from apps.audit.models import AuditHead
from apps.audit.signing import Keyring, Signature, is_signed_by
from apps.core import clock

_FILE = "heads.jsonl"


class HeadsAltered(Exception):
    """A kept head carries a signature that does not fit: the file was changed."""


@dataclass(frozen=True, slots=True)
class Line:
    """A kept head as it stands in the file; whether its signature fits is for `kept` and the pack's verifier to say."""

    stream: str
    seq: int
    at: datetime
    text: str


def keep(folder: Path) -> int:
    """Append the present heads, signed, to the file in `folder`. Returns how many streams were written."""
    folder.mkdir(parents=True, exist_ok=True)
    keys = _keys(folder)
    heads = list(AuditHead.objects.order_by("stream"))
    with (folder / _FILE).open("a", encoding="utf-8") as file:
        for head in heads:
            body = {
                "at": clock.now().isoformat(),
                "stream": head.stream,
                "seq": head.seq,
                "hash": bytes(head.hash).hex(),
                "key_id": keys.current(),
            }
            signature = keys.sign(_signed_text(body)).value
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
    public = _keys(folder).public_keys()
    newest: dict[str, tuple[int, str]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            body = json.loads(line)
            is_good = _is_signed(public, body, body.pop("signature"))
            head = (int(body["seq"]), str(body["hash"]))
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise HeadsAltered(f"Line {number} of {path.name} was altered.") from error
        if not is_good:
            raise HeadsAltered(f"Line {number} of {path.name} was altered.")
        newest[body["stream"]] = max(newest.get(body["stream"], head), head)
    return newest


def lines(folder: Path) -> list[Line]:
    """Every line of the file that can be read, in order."""
    path = folder / _FILE
    found = []
    for text in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            body = json.loads(text)
            found.append(Line(str(body["stream"]), int(body["seq"]), datetime.fromisoformat(body["at"]), text))
        except (ValueError, KeyError, TypeError):
            continue
    return found


def public_keys(folder: Path) -> dict[str, bytes]:
    """The public halves of the keys that signed the heads in `folder`, by their ids."""
    return _keys(folder).public_keys()


def _keys(folder: Path) -> Keyring:
    """The installation's keys for its own heads; a folder that stands alone has its own beside them."""
    return Keyring(settings.ENV.signing_keys if folder == settings.ENV.audit_heads else folder)


def _signed_text(body: dict[str, object]) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def _is_signed(public: Mapping[str, bytes], body: dict[str, object], value: str) -> bool:
    """Lines name their key; the oldest were written when there was one key only, and name none."""
    text, key_id = _signed_text(body), body.get("key_id")
    named = [str(key_id)] if key_id else list(public)
    return any(is_signed_by(public, text, Signature(one, value)) for one in named)
