"""Whatever is done to a pack, the script in it names: it is run as auditors run it, with Python alone."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts import services as accounts
from apps.accounts.actors import SYSTEM
from apps.audit import heads, pack_verifier
from apps.audit.models import AuditEvent, AuditHead
from apps.audit.pack import Span, pack, span_of, zipped
from apps.audit.signing import Keyring, keyring

committed = pytest.mark.django_db(transaction=True)
Content = dict[str, bytes]


@pytest.fixture
def kept(tmp_path: Path, settings: Any) -> Path:
    """Keys and heads of this test alone."""
    settings.ENV = replace(settings.ENV, audit_heads=tmp_path / "heads", signing_keys=tmp_path / "keys")
    return tmp_path


def acts(count: int, start: int = 0) -> list[Any]:
    """So many acts; names that JSON and PostgreSQL write differently, if they can."""
    names = ("Zoë “Q” Łuk\u2028x", "back\\slash\ttab", "𝔘 plain")
    return [
        accounts.user_create(actor=SYSTEM, email=f"p{n}@mass.example", name=f"{names[n % 3]} {n}")
        for n in range(start, start + count)
    ]


def made(settings: Any, count: int = 6) -> Content:
    """A pack of two files and a whole stream with a signed head in its middle, taken apart."""
    acts(count - 2)
    heads.keep(settings.ENV.audit_heads)
    acts(2, start=count)
    last = AuditHead.objects.get(stream="accounts").seq
    whole = pack(
        files={"report.json": b'{"a": 1}\n', "data/table.csv": b"a,b\n1,2\n"}, about={"what": "test"},
        streams={"accounts": Span(1, last)},
    )  # fmt: skip
    return contents(whole)


def contents(whole: bytes) -> Content:
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def run(path: Path, *arguments: str) -> tuple[int, str]:
    """The verifier of the repository as a process of its own, without site packages or environment."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", pack_verifier.__file__, str(path), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout


def judged(folder: Path, content: Content, *arguments: str) -> tuple[int, str]:
    path = folder / "pack.zip"
    path.write_bytes(zipped(content))
    return run(path, *arguments)


def signed_anew(content: Content, keys: Keyring) -> Content:
    """What a forger can do who has another key: a manifest that fits the files, and a signature."""
    manifest = json.loads(content["manifest.json"])
    for entry in manifest["files"]:
        value = content[entry["name"]]
        entry |= {"size": len(value), "sha256": hashlib.sha256(value).hexdigest()}
    text = json.dumps(manifest).encode()
    made = keys.sign(text)
    public = keys.public_keys()[made.key_id].hex()
    sealed = {"key_id": made.key_id, "public_key": public, "signature": made.value}
    return content | {"manifest.json": text, "manifest.sig.json": json.dumps(sealed).encode()}


def lines(content: Content) -> list[bytes]:
    return content["audit/accounts.jsonl"].splitlines(keepends=True)


def with_lines(content: Content, new: list[bytes]) -> Content:
    return content | {"audit/accounts.jsonl": b"".join(new)}


def edited(line: bytes, **fields: Any) -> bytes:
    row = json.loads(line)
    for name, value in fields.items():
        if name in row["event"]:
            row["event"][name] = value
        else:
            row[name] = value
    return json.dumps(row).encode() + b"\n"


@committed
def test_a_pack_as_it_was_made_holds(kept: Path, settings: Any) -> None:
    content = made(settings)
    public = keyring().public_keys()[keyring().current()]
    code, said = judged(kept, content, "--key", hashlib.sha256(public).hexdigest())
    assert code == 0, said
    assert said.count("holds") == 4
    assert "WRONG" not in said
    # As it lies unpacked, by its own copy of the script.
    for name, value in content.items():
        (kept / "unpacked" / name).parent.mkdir(parents=True, exist_ok=True)
        (kept / "unpacked" / name).write_bytes(value)
    done = subprocess.run(
        [sys.executable, "-I", "-S", kept / "unpacked" / "verify.py"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "Compare the key" in done.stdout


@committed
def test_the_same_content_gives_the_same_bytes(kept: Path, settings: Any) -> None:
    acts(3)
    asked: dict[str, Any] = {
        "files": {"b": b"1", "a": b"2"},
        "about": {"x": 1, "a": 2},
        "streams": {"accounts": Span(1, 3)},
    }
    assert pack(**asked) == pack(**asked)
    for name in ("manifest.json", "verify.py", "audit/accounts.jsonl"):
        with pytest.raises(ValueError, match="pack's own"):
            pack(**asked | {"files": {name: b""}})


@committed
def test_a_span_goes_from_the_first_event_to_a_signed_head(kept: Path, settings: Any) -> None:
    users = acts(3)
    first = span_of(users[1], "accounts")
    assert first == Span(2, 3)
    heads.keep(settings.ENV.audit_heads)
    acts(2, start=5)
    assert span_of(users[1], "accounts") == Span(2, 3)
    assert span_of(AuditEvent(pk=0), "accounts") is None


SPOILED: dict[str, tuple[Callable[[Content], Content], str]] = {
    "file changed": (lambda c: c | {"report.json": b'{"a": 2}\n'}, "The file report.json was changed"),
    "file removed": (lambda c: {n: v for n, v in c.items() if n != "data/table.csv"}, "The file data/table.csv was removed"),
    "file added": (lambda c: c | {"data/more.csv": b"x"}, "The file data/more.csv was added"),
    "script changed": (lambda c: c | {"verify.py": b"print('fine')"}, "The file verify.py was changed"),
    "manifest changed": (lambda c: c | {"manifest.json": c["manifest.json"].replace(b"test", b"best")}, "manifest.json or its signature was changed"),
    "manifest removed": (lambda c: {n: v for n, v in c.items() if n != "manifest.json"}, "manifest.json was removed"),
    "manifest no JSON": (lambda c: c | {"manifest.json": b"{"}, "manifest.json was changed"),
    "signature removed": (lambda c: {n: v for n, v in c.items() if n != "manifest.sig.json"}, "manifest.sig.json was removed"),
    "signature no hex": (lambda c: c | {"manifest.sig.json": b'{"public_key": "zz", "signature": "00"}'}, "manifest.sig.json was changed"),
}  # fmt: skip


@committed
@pytest.mark.parametrize("name", sorted(SPOILED))
def test_a_spoiled_file_is_named(kept: Path, settings: Any, name: str) -> None:
    spoil, words = SPOILED[name]
    code, said = judged(kept, spoil(made(settings)))
    assert code == 1
    assert f"First problem: {words}" in said


# What is done to the lines, and what is said of it; {0} is the third event's id, {1} the fourth's.
SPOILED_EVENTS: dict[str, tuple[Callable[[list[bytes]], list[bytes]], str]] = {
    "fields changed": (lambda e: [*e[:2], edited(e[2], reason="x"), *e[3:]], "The event {0} (place 3 of the stream accounts) was changed: its readable fields"),
    "text changed": (lambda e: [*e[:2], edited(e[2], text=json.loads(e[2])["text"].replace("Created", "Made") + " "), *e[3:]], "The event {0} (place 3 of the stream accounts) was changed: its text"),
    "time changed": (lambda e: [*e[:2], edited(e[2], at="2026-01-01T00:00:00+00:00"), *e[3:]], "The event {0} (place 3 of the stream accounts) was changed"),
    "link changed": (lambda e: [*e[:2], edited(e[2], hash="00" * 32), *e[3:]], "The event {0} (place 3 of the stream accounts) was changed"),
    "line broken": (lambda e: [*e[:2], b"{\n", *e[3:]], "which should stand at place 3, was changed: its line cannot be read"),
    "removed": (lambda e: [*e[:2], *e[3:]], "The event at place 3 of the stream accounts was removed: next comes the event {1}"),
    "reordered": (lambda e: [*e[:2], e[3], e[2], *e[4:]], "The event {1} (place 4 of the stream accounts) was reordered"),
    "doubled": (lambda e: [*e[:3], e[2], *e[3:]], "The event {0} (place 3 of the stream accounts) was added"),
    "truncated": (lambda e: e[:3], "The stream accounts was truncated: the events from place 4 to 6 are missing"),
    "emptied": (lambda e: [], "The stream accounts was truncated: the events from place 1 to 6 are missing"),
}  # fmt: skip


@committed
@pytest.mark.parametrize("forged", [False, True])
@pytest.mark.parametrize("name", sorted(SPOILED_EVENTS))
def test_a_spoiled_event_is_named(kept: Path, settings: Any, name: str, *, forged: bool) -> None:
    """Also by somebody who makes the manifest fit and signs with a key of their own."""
    spoil, words = SPOILED_EVENTS[name]
    content = made(settings)
    ids = [json.loads(line)["event"]["id"] for line in lines(content)]
    spoiled = with_lines(content, spoil(lines(content)))
    code, said = judged(kept, signed_anew(spoiled, Keyring(kept / "other")) if forged else spoiled)
    assert code == 1
    assert words.format(*ids[2:]) in said
    assert ("The file audit/accounts.jsonl was changed" in said) is not forged


@committed
def test_a_chain_made_anew_does_not_fit_the_signed_head(kept: Path, settings: Any) -> None:
    """The strongest forger: hashes, manifest and signature are all made anew; the kept head still says otherwise."""
    content = made(settings)
    rows = [json.loads(line) for line in lines(content)]
    for before, row in zip([None, *rows], rows, strict=False):
        if before:
            row["previous"] = before["hash"]
        if row["seq"] == 2:
            row["text"] = row["text"].replace('"system"', '"nobody"', 1)
            row["event"] = row["event"] | {"actor_key": json.loads(row["text"])[3], "role": json.loads(row["text"])[5]}
        row["hash"] = hashlib.sha256(bytes.fromhex(row["previous"]) + row["text"].encode()).hexdigest()
    spoiled = with_lines(content, [json.dumps(row).encode() + b"\n" for row in rows])
    manifest = json.loads(content["manifest.json"])
    manifest["streams"][0]["hash"] = rows[-1]["hash"]
    forged = signed_anew(spoiled | {"manifest.json": json.dumps(manifest).encode()}, Keyring(kept / "other"))
    code, said = judged(kept, forged)
    assert code == 1
    assert "differs from the chain: the stream accounts was rewritten at or before place 4" in said


@committed
def test_another_key_is_found_by_the_fingerprint(kept: Path, settings: Any) -> None:
    content = made(settings)
    mine = hashlib.sha256(keyring().public_keys()[keyring().current()]).hexdigest()
    forged = signed_anew(content, Keyring(kept / "other"))
    assert judged(kept, forged)[0] == 0
    for key in (mine, mine[:16], ":".join(mine[i : i + 2] for i in range(0, 64, 2)).upper()):
        assert judged(kept, content, "--key", key)[0] == 0
        code, said = judged(kept, forged, "--key", key)
        assert code == 1
        assert "carries another key than the one you named" in said
    assert judged(kept, content, "--key", mine[:8])[0] == 1


@committed
def test_a_spoiled_head_and_old_keys(kept: Path, settings: Any) -> None:
    """Heads that an older key signed hold after a rotation; a head that was changed is named."""
    made(settings)
    keyring().rotate()
    heads.keep(settings.ENV.audit_heads)
    content = contents(pack(files={}, about={}, streams={"accounts": Span(2, 5)}))
    assert judged(kept, content)[0] == 0
    first, *rest = content["audit/heads.jsonl"].splitlines(keepends=True)
    spoiled = content | {"audit/heads.jsonl": b"".join([first.replace(b'"seq": 4', b'"seq": 3'), *rest])}
    code, said = judged(kept, spoiled)
    assert code == 1
    assert "The signed head in line 1 of audit/heads.jsonl was changed" in said


@committed
@pytest.mark.parametrize("part", [0.3, 0.9, 0.999])
def test_a_file_that_was_cut_off_is_named(kept: Path, settings: Any, part: float) -> None:
    whole = zipped(made(settings))
    (kept / "cut.zip").write_bytes(whole[: int(len(whole) * part)])
    code, said = run(kept / "cut.zip")
    assert code == 1
    assert "cut off or damaged" in said


@committed
def test_a_damaged_file_and_one_that_is_there_twice(kept: Path, settings: Any) -> None:
    content = made(settings)
    whole = bytearray(zipped(content))
    place = whole.index(b"data/table.csv") + len("data/table.csv")
    whole[place + 2] ^= 0xFF
    (kept / "damaged.zip").write_bytes(whole)
    code, said = run(kept / "damaged.zip")
    assert (code, "data/table.csv is damaged" in said) == (1, True), said
    path = kept / "twice.zip"
    path.write_bytes(zipped(content))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("report.json", content["report.json"])
    code, said = run(path)
    assert code == 1
    assert "The file report.json was added a second time" in said


@given(message=st.binary(max_size=200), place=st.integers(0, 95), bit=st.integers(0, 7))
def test_the_script_judges_signatures_as_the_library_does(message: bytes, place: int, bit: int) -> None:
    keys = Keyring(django_settings.ENV.signing_keys)
    made = keys.sign(message)
    public, signature = keys.public_keys()[made.key_id], bytes.fromhex(made.value)
    assert pack_verifier.is_signed(public, message, signature)
    spoiled = bytearray(public + signature)
    spoiled[place] ^= 1 << bit
    assert not pack_verifier.is_signed(bytes(spoiled[:32]), message, bytes(spoiled[32:]))


def test_the_script_knows_the_vectors_of_the_standard() -> None:
    """RFC 8032, 7.1: tests 1 and 2; a signature with s + L, which must not be taken; short input."""
    empty = (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    )  # fmt: skip
    one = (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    )  # fmt: skip
    for public, message, signature in (empty, one):
        key, text, value = map(bytes.fromhex, (public, message, signature))
        assert pack_verifier.is_signed(key, text, value)
        order = 2**252 + 27742317777372353535851937790883648493
        higher = (int.from_bytes(value[32:], "little") + order).to_bytes(32, "little")
        assert not pack_verifier.is_signed(key, text, value[:32] + higher)
        assert not pack_verifier.is_signed(key[:31], text, value)
        assert not pack_verifier.is_signed(key, text, value[:63])
        assert not pack_verifier.is_signed(b"\xff" * 32, text, value)
