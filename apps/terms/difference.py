"""What changed between two texts, as a person reads it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal

Kind = Literal["same", "added", "removed"]
Part = tuple[Kind, str]

_WORDS = re.compile(r"\s+|[^\s]+")
# Beyond so many comparisons a changed passage is shown whole, old and new, instead of word by word.
_MOST = 1_000_000


def difference(old: str, new: str) -> list[Part]:
    """The two texts in one, as (kind, text): first line by line, and inside changed lines word by word."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    parts = [part for chunk in _lines(before, after) for part in chunk]
    return list(_joined(parts))


def is_same(parts: Sequence[Part]) -> bool:
    return all(kind == "same" for kind, _ in parts)


def _lines(before: list[str], after: list[str]) -> Iterator[list[Part]]:
    for verb, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        old, new = "".join(before[i:j]), "".join(after[k:m])
        if verb == "equal":
            yield [("same", old)]
        else:
            yield list(_words(old, new))


def _words(old: str, new: str) -> Iterator[Part]:
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    if len(before) * len(after) > _MOST:
        yield from (("removed", old), ("added", new))
        return
    for verb, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if verb == "equal":
            yield "same", "".join(before[i:j])
        else:
            yield "removed", "".join(before[i:j])
            yield "added", "".join(after[k:m])


def _joined(parts: Sequence[Part]) -> Iterator[Part]:
    """Neighbours of one kind as one, without empty ones."""
    kind: Kind = "same"
    text = ""
    for following, more in parts:
        if not more:
            continue
        if following != kind and text:
            yield kind, text
            text = ""
        kind, text = following, text + more
    if text:
        yield kind, text
