"""Packs that prove themselves: a ZIP of files with a signed manifest, the part of the audit trail that concerns them, and
the script that checks it all without Beacon (pack_verifier.py, in the pack as verify.py).

The same content gives the same bytes: no times of making, names in order.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Max, Min

from apps.audit import heads
from apps.audit.models import AuditLink
from apps.audit.pack_verifier import FIELDS, HEADS, KEYS, MANIFEST, SIGNATURE
from apps.audit.selectors import history_of
from apps.audit.signing import keyring, sign

FORMAT = 1
VERIFIER = "verify.py"
_SCRIPT = Path(__file__).with_name("pack_verifier.py")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The days of a ZIP begin in 1980.
_ZIP_DAY = (1980, 1, 1, 0, 0, 0)

# The very text that the chain hashes (migrations/0002_chain.py): what PostgreSQL writes for these fields as jsonb.
_LINKS = """
    SELECT l.seq, encode(l.previous, 'hex'), encode(l.hash, 'hex'), jsonb_build_array(
        e.id, e.stream, (extract(epoch FROM e.at) * 1000000)::bigint, e.actor_key, e.actor_name, e.role, e.verb,
        e.record_type, e.record_id, e.record_name, e.before, e.after, e.reason, e.request_id
    )::text
    FROM audit_auditlink l JOIN audit_auditevent e ON e.id = l.event_id
    WHERE l.stream = %s AND l.seq BETWEEN %s AND %s ORDER BY l.seq
"""


@dataclass(frozen=True, slots=True)
class Span:
    """The places of a stream that a pack proves, both ends included."""

    first: int
    last: int


def pack(*, files: Mapping[str, bytes], about: Mapping[str, Any], streams: Mapping[str, Span] | None = None) -> bytes:
    """The ZIP. `about` says in the manifest what it is about; `streams` names the spans of the trail to prove.

    Raises `ValueError` for a file whose name is one of the pack's own.
    """
    content = dict(files)
    proofs = []
    for stream, span in sorted((streams or {}).items()):
        lines = list(_proof(stream, span))
        content[f"audit/{stream}.jsonl"] = b"".join(_line(line) for line in lines)
        proofs.append(
            {
                "stream": stream, "first": span.first, "last": span.last, "file": f"audit/{stream}.jsonl",
                "previous": lines[0]["previous"], "hash": lines[-1]["hash"],
            }
        )  # fmt: skip
    if streams:
        # Makes the first key where there is none, before the keys are listed.
        keyring().current()
        content |= _heads(streams)
    own = {MANIFEST, SIGNATURE, VERIFIER}
    if own & set(files) or len(content) != len(files) + len(proofs) + (2 if streams else 0):
        raise ValueError("A file has the name of one of the pack's own.")
    content[VERIFIER] = _SCRIPT.read_bytes()
    listed = [
        {"name": name, "size": len(value), "sha256": hashlib.sha256(value).hexdigest()}
        for name, value in sorted(content.items())
    ]
    manifest = _json({"format": FORMAT, "about": dict(about), "files": listed, "streams": proofs})
    return zipped(content | {MANIFEST: manifest, SIGNATURE: _signature(manifest)})


def zipped(content: Mapping[str, bytes]) -> bytes:
    """A ZIP that is the same for the same content."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, value in sorted(content.items()):
            entry = zipfile.ZipInfo(name, _ZIP_DAY)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, value)
    return out.getvalue()


def span_of(record: Any, stream: str) -> Span | None:
    """The part of a stream that proves a record: from its first event to a signed head, or to the chain's end where
    none was kept since. None for a record without events.
    """
    mine = AuditLink.objects.filter(stream=stream, event__in=history_of(record).filter(stream=stream))
    ends = mine.aggregate(first=Min("seq"), last=Max("seq"))
    if ends["first"] is None:
        return None
    signed = [line.seq for line in heads.lines(settings.ENV.audit_heads) if line.stream == stream]
    behind = min((seq for seq in signed if seq >= ends["last"]), default=None)
    end = AuditLink.objects.filter(stream=stream).aggregate(last=Max("seq"))["last"]
    return Span(ends["first"], end if behind is None else min(behind, end))


def _proof(stream: str, span: Span) -> Iterator[dict[str, Any]]:
    """One line an event: its place, the exact text that was hashed, and the same as readable fields."""
    with connection.cursor() as cursor:
        cursor.execute(_LINKS, [stream, span.first, span.last])
        for seq, previous, digest, text in cursor.fetchall():
            event = dict(zip(FIELDS, json.loads(text), strict=True))
            event["at"] = (_EPOCH + timedelta(microseconds=event["at"])).isoformat()
            yield {"seq": seq, "previous": previous, "hash": digest, "text": text, "event": event}


def _heads(streams: Mapping[str, Span]) -> dict[str, bytes]:
    """The signed heads that lie in the spans, and the public keys that they name."""
    folder = settings.ENV.audit_heads
    kept = [
        line.text
        for line in heads.lines(folder)
        if line.stream in streams and streams[line.stream].first <= line.seq <= streams[line.stream].last
    ]
    keys = {key_id: public.hex() for key_id, public in heads.public_keys(folder).items()}
    return {HEADS: "".join(f"{text}\n" for text in kept).encode(), KEYS: _json(keys)}


def _signature(manifest: bytes) -> bytes:
    made = sign(manifest)
    public = keyring().public_keys()[made.key_id].hex()
    return _json(
        {
            "algorithm": "Ed25519", "signs": MANIFEST, "key_id": made.key_id, "public_key": public,
            "fingerprint": hashlib.sha256(bytes.fromhex(public)).hexdigest(), "signature": made.value,
        }
    )  # fmt: skip


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, indent=1).encode() + b"\n"


def _line(value: Mapping[str, Any]) -> bytes:
    # ASCII, so that no character of a text is taken for the end of a line.
    return json.dumps(value, sort_keys=True).encode() + b"\n"
