"""Is this pack as Beacon made it? Needs Python 3.9 or later and nothing else: no Beacon, no network, no package.

    python3 verify.py                         the unpacked pack in which this file lies
    python3 verify.py PACK.zip                a pack as it was handed out, or a folder
    python3 verify.py PACK.zip --key FINGERPRINT

The fingerprint is the SHA-256 of the public key, as Beacon's audit pages show it. Without it this program cannot know
that the key is Beacon's own: somebody may have made everything anew and signed it with another key.

It checks, in this order: that the manifest carries the signature; that every file of the manifest is there unchanged,
and no other; that each audit event has the hash that its link tells, and each link the hash of the one before; that
the signed heads of the trail lie on that chain. It ends with 0 when all holds, and with 1 after naming what does not.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig.json"
HEADS, KEYS = "audit/heads.jsonl", "audit/keys.json"
# The fields of an event in the order in which its text has them.
FIELDS = (
    "id", "stream", "at", "actor_key", "actor_name", "role", "verb", "record_type", "record_id", "record_name",
    "before", "after", "reason", "request_id",
)  # fmt: skip
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)  # noqa: UP017 - `datetime.UTC` is newer than Python 3.9


class Unreadable(Exception):
    """The pack cannot be read so far that anything could be checked."""


# ---- Ed25519, the checking half of RFC 8032 ----------------------------------------------------------------

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
# Extended coordinates: X, Y, Z, T with x = X/Z, y = Y/Z, x * y = T/Z.
Point = tuple[int, int, int, int]
_ZERO: Point = (0, 1, 1, 0)


def _add(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % _P, (p[1] + p[0]) * (q[1] + q[0]) % _P
    c, d = 2 * p[3] * q[3] * _D % _P, 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(factor: int, p: Point) -> Point:
    total = _ZERO
    while factor:
        if factor & 1:
            total = _add(total, p)
        p, factor = _add(p, p), factor >> 1
    return total


def _is_same(p: Point, q: Point) -> bool:
    return (p[0] * q[2] - q[0] * p[2]) % _P == 0 and (p[1] * q[2] - q[1] * p[2]) % _P == 0


def _point(coded: bytes) -> Point | None:
    """The point of 32 bytes; None where they are no point."""
    number = int.from_bytes(coded, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


_BASE = _point((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the key whose public half this is signed exactly this message."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, nonce = _point(public), _point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if key is None or nonce is None or _BASE is None or s >= _L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % _L
    return _is_same(_times(s, _BASE), _add(nonce, _times(k, key)))


def fingerprint(public: bytes) -> str:
    return hashlib.sha256(public).hexdigest()


# ---- the pack's files --------------------------------------------------------------------------------------


class Files:
    """The files of a pack by name, from a ZIP or a folder. Nothing is unpacked."""

    def __init__(self, path: Path) -> None:
        self.names: list[str] = []
        self._read: Callable[[str], bytes]
        if path.is_dir():
            self.names = sorted(one.relative_to(path).as_posix() for one in path.rglob("*") if not one.is_dir())
            self._read = lambda name: (path / name).read_bytes()
            return
        try:
            archive = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise Unreadable(f"{path} is not a ZIP file that can be read: it was cut off or damaged.") from error
        self.names = sorted(one for one in archive.namelist() if not one.endswith("/"))
        self._read = archive.read

    def read(self, name: str) -> bytes | None:
        """The content, or None where it is missing or damaged."""
        if name not in self.names:
            return None
        try:
            return self._read(name)
        except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError):
            return None

    def json(self, name: str) -> dict[str, Any]:
        content = self.read(name)
        if content is None:
            raise Unreadable(f"{name} was removed or is damaged: without it nothing can be checked.")
        try:
            found = json.loads(content)
        except ValueError as error:
            raise Unreadable(f"{name} was changed: it is not JSON any more.") from error
        if not isinstance(found, dict):
            raise Unreadable(f"{name} was changed: it is not what Beacon writes there.")
        return found


# ---- the checks; each yields what does not hold ------------------------------------------------------------


def check_signature(files: Files, expected: str) -> Iterator[str]:
    """The manifest is signed, and by the key that was expected."""
    sealed = files.json(SIGNATURE)
    try:
        public, signature = bytes.fromhex(str(sealed["public_key"])), bytes.fromhex(str(sealed["signature"]))
    except (KeyError, ValueError):
        yield f"{SIGNATURE} was changed: its key or its signature cannot be read."
        return
    print(f"Key {fingerprint(public)}")
    if expected and not _is_expected(fingerprint(public), expected):
        yield f"{SIGNATURE} carries another key than the one you named: the pack may have been made anew by somebody else."
    if sealed.get("key_id") != fingerprint(public)[:16]:
        yield f"{SIGNATURE} was changed: the key's name does not fit the key."
    if not is_signed(public, files.read(MANIFEST) or b"", signature):
        yield f"{MANIFEST} or its signature was changed: the signature does not fit."


def _is_expected(found: str, expected: str) -> bool:
    """Sixteen digits are the least: a key's name in Beacon."""
    wanted = "".join(one for one in expected.lower() if one.isalnum())
    return len(wanted) >= 16 and found.startswith(wanted)


def check_files(files: Files, manifest: dict[str, Any]) -> Iterator[str]:
    """Every file that the manifest names is there as it was; there is no other and none twice."""
    listed = {str(one.get("name")): one for one in manifest.get("files", []) if isinstance(one, dict)}
    for name, entry in listed.items():
        content = files.read(name)
        if name not in files.names:
            yield f"The file {name} was removed."
        elif content is None:
            yield f"The file {name} is damaged."
        elif len(content) != entry.get("size") or hashlib.sha256(content).hexdigest() != entry.get("sha256"):
            yield f"The file {name} was changed: its size or its SHA-256 is another."
    for name in sorted(set(files.names) - {*listed, MANIFEST, SIGNATURE}):
        yield f"The file {name} was added: the manifest does not name it."
    for name in sorted({name for name in files.names if files.names.count(name) > 1}):
        yield f"The file {name} was added a second time."


def check_stream(files: Files, proof: dict[str, Any], hashes: dict[tuple[str, int], str]) -> Iterator[str]:
    """The events of one stream, one after the other; `hashes` learns where the chain passes. The first problem ends it."""
    stream, first, last = str(proof["stream"]), int(proof["first"]), int(proof["last"])
    rows = list(_rows(files.read(str(proof["file"])) or b""))
    places = [row.get("seq") for row in rows]
    before, place = str(proof["previous"]), first
    for number, row in enumerate(rows):
        name = f"event {_id(row)} (place {row.get('seq')} of the stream {stream})"
        if row.get("seq") != place:
            yield _displaced(place, places[number:], places[:number], name, stream)
            return
        if problem := _broken(row, before, stream):
            yield f"The {name} was changed: {problem}."
            return
        before, place = str(row["hash"]), place + 1
        hashes[stream, place - 1] = before
    if place <= last:
        yield f"The stream {stream} was truncated: the events from place {place} to {last} are missing."
    elif place > last + 1:
        yield f"Events were added to the stream {stream} after place {last}."
    elif before != proof["hash"]:
        yield f"The stream {stream} was changed: its end is not the one that the manifest names."


def _rows(content: bytes) -> Iterator[dict[str, Any]]:
    for line in content.splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            row = {}
        yield row if isinstance(row, dict) else {}


def _id(row: dict[str, Any]) -> Any:
    event = row.get("event")
    return event.get("id", "?") if isinstance(event, dict) else "?"


def _displaced(place: int, rest: list[Any], passed: list[Any], name: str, stream: str) -> str:
    """What became of the event that should stand at `place`, where another one stands."""
    if rest[0] in passed:
        return f"The {name} was added: that place was taken already."
    if place in rest:
        return f"The {name} was reordered: place {place} should come first."
    if not isinstance(rest[0], int):
        return f"The {name}, which should stand at place {place}, was changed: its line cannot be read."
    return f"The event at place {place} of the stream {stream} was removed: next comes the {name}."


def _broken(row: dict[str, Any], before: str, stream: str) -> str:
    """What is wrong with one event and its link; "" when all fits."""
    text, event = row.get("text"), row.get("event")
    if not isinstance(text, str) or not isinstance(event, dict):
        return "its text or its fields are missing"
    if row.get("previous") != before:
        return "its link does not name the hash of the event before it"
    try:
        digest = hashlib.sha256(bytes.fromhex(before) + text.encode()).hexdigest()
        says = json.loads(text)
        fields = [_micros(event[name]) if name == "at" else event[name] for name in FIELDS]
    except (ValueError, KeyError, TypeError):
        return "its text or its fields cannot be read"
    if digest != row.get("hash"):
        return "its text does not have the hash of its link"
    if says != fields or event["stream"] != stream:
        return "its readable fields say other things than the text that was hashed"
    return ""


def _micros(at: str) -> int:
    """The microseconds since 1970 of a time as it is written in the pack, counted exactly."""
    return (datetime.fromisoformat(at) - _EPOCH) // timedelta(microseconds=1)


def check_heads(files: Files, hashes: dict[tuple[str, int], str]) -> Iterator[str]:
    """The heads that Beacon signed and kept outside its database lie on the chain."""
    if HEADS not in files.names:
        return
    keys = {str(name): str(value) for name, value in files.json(KEYS).items()}
    for number, head in enumerate(_rows(files.read(HEADS) or b""), start=1):
        where = f"The signed head in line {number} of {HEADS}"
        signature = head.pop("signature", "")
        named = [str(head["key_id"])] if head.get("key_id") else sorted(keys)
        text = json.dumps(head, sort_keys=True, separators=(",", ":")).encode()
        if not any(_fits(keys.get(name, ""), name, text, str(signature)) for name in named):
            yield f"{where} was changed: its signature does not fit."
            continue
        stream, seq = str(head.get("stream")), head.get("seq")
        known = hashes.get((stream, seq)) if isinstance(seq, int) else None
        if known is not None and known != head.get("hash"):
            yield f"{where} differs from the chain: the stream {stream} was rewritten at or before place {seq}."


def _fits(public: str, name: str, text: bytes, signature: str) -> bool:
    try:
        key, value = bytes.fromhex(public), bytes.fromhex(signature)
    except ValueError:
        return False
    return fingerprint(key).startswith(name) and is_signed(key, text, value)


# ---- in words ----------------------------------------------------------------------------------------------


def check(path: Path, expected: str = "") -> list[str]:
    """Everything that does not hold, the first thing first; says on the way what holds."""
    files = Files(path)
    manifest = files.json(MANIFEST)
    wrong = _said(check_signature(files, expected), "The manifest carries the signature of this key.")
    count = len(manifest.get("files", []))
    wrong += _said(check_files(files, manifest), f"All {count} files are there as they were, and no other.")
    hashes: dict[tuple[str, int], str] = {}
    for proof in manifest.get("streams", []):
        try:
            held = (
                f"The events {proof['first']} to {proof['last']} of the audit stream {proof['stream']} form one chain."
            )
            wrong += _said(check_stream(files, proof, hashes), held)
        except (KeyError, TypeError, ValueError) as error:
            raise Unreadable(f"{MANIFEST} was changed: what it says of the audit streams cannot be read.") from error
    if hashes:
        wrong += _said(check_heads(files, hashes), "The heads that were kept outside the database lie on that chain.")
    return wrong


def _said(found: Iterator[str], held: str) -> list[str]:
    problems = list(found)
    for line in problems or [held]:
        print(f"{'WRONG' if problems else 'holds'}  {line}")
    return problems


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="verify.py", description="Is this pack as Beacon made it?")
    parser.add_argument("pack", nargs="?", type=Path, default=Path(__file__).resolve().parent, help="ZIP or folder")
    parser.add_argument("--key", default="", metavar="FINGERPRINT", help="SHA-256 of the public key, from Beacon")
    options = parser.parse_args(arguments)
    try:
        wrong = check(options.pack, options.key)
    except Unreadable as problem:
        wrong = [str(problem)]
        print(f"WRONG  {problem}")
    if wrong:
        print(f"\nThis pack is NOT as it was made. First problem: {wrong[0]}")
        return 1
    print("\nThis pack is as it was made.")
    if not options.key:
        print("Compare the key above with the fingerprint that Beacon shows: only then is it known to be Beacon's own.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
