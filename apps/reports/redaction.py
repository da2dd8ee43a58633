"""What is taken out of public records, and why. Pure.

Two layers. By rule: fields that tell of people, or that people wrote freely, do not go in at all; the rule names the
exemption. By search: what does go in was published before, and is searched for people all the same: full names in
either order, addresses and employee ids of anybody whom Beacon knows.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

STATUTE = "M.G.L. c. 4, § 7, cl. 26"
# In our own words. Which one applies is proposed by rule; the records access officer decides.
EXEMPTIONS: Mapping[str, str] = {
    "a": "Another statute keeps it from disclosure, expressly or by necessary implication.",
    "c": "It relates to a named person, and showing it may be an unwarranted invasion of that person's privacy.",
    "f": "It was gathered in an investigation, and showing it would harm investigations or those who report.",
    "n": "It tells how systems and people are protected, and showing it is likely to weaken that protection.",
}
WITHHELD = "[withheld: {}]"
_EMAIL = re.compile(r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+")
_WORD = re.compile(r"[^\W_]+")
# Between the words of one name stand spaces, commas, points, hyphens, apostrophes and signs that nobody sees.
_BETWEEN = re.compile(r"[\s,.'’_\-\u00ad\u200b-\u200f]{1,4}")
# Shorter ids, and shorter numbers, are words of every text.
_SHORTEST_ID, _SHORTEST_NUMBER = 3, 5


def citation(exemption: str) -> str:
    """The citation of one exemption: "M.G.L. c. 4, § 7, cl. 26(c)"."""
    return f"{STATUTE}({exemption})"


@dataclass(frozen=True, slots=True)
class Redaction:
    """One line of the index: what was taken out of which document, and under which exemption."""

    what: str
    exemption: str
    reason: str

    @property
    def citation(self) -> str:
        return citation(self.exemption)


NAMES = Redaction("names, addresses and ids of people found in the text", "c", EXEMPTIONS["c"])


def withheld(exemption: str) -> str:
    """What stands in place of a value that was taken out."""
    return WITHHELD.format(citation(exemption))


@dataclass(slots=True)
class People:
    """Everybody whom Beacon knows, ready to be searched for in texts."""

    # First word of a name to the names that begin with it, longest first.
    names: dict[str, list[tuple[str, ...]]] = field(default_factory=lambda: defaultdict(list))
    ids: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, names: Iterable[tuple[str, str]], ids: Iterable[str]) -> People:
        """`names` are (first, last); a name that is one text stands in the first."""
        found = cls()
        sequences = set()
        for first, last in names:
            one, two = _words(first), _words(last)
            if not two:
                one, two = one[:-1], one[-1:]
            # A single word is no name of its own: texts are full of Grants, Mays and Laws.
            if one and two:
                sequences |= {(*one, *two), (*two, *one)}
        for one in map(_words, ids):
            if len(one) > 1:
                sequences.add(one)
            elif one and len(one[0]) >= (_SHORTEST_NUMBER if one[0].isdecimal() else _SHORTEST_ID):
                found.ids.add(one[0])
        for words in sorted(sequences, key=lambda words: (-len(words), words)):
            found.names[words[0]].append(words)
        return found

    def taken_out(self, text: str) -> tuple[str, int]:
        """The text without people, and how many places were taken out."""
        text = unicodedata.normalize("NFC", text)
        text, count = _EMAIL.subn(withheld("c"), text)
        spans = list(self._spans(text))
        for start, end in reversed(spans):
            text = text[:start] + withheld("c") + text[end:]
        return text, count + len(spans)

    def _spans(self, text: str) -> Iterable[tuple[int, int]]:
        words = [(_folded(match[0]), match.start(), match.end()) for match in _WORD.finditer(text)]
        place = 0
        while place < len(words):
            length = self._length(words, place, text)
            if length:
                yield words[place][1], words[place + length - 1][2]
            place += length or 1

    def _length(self, words: list[tuple[str, int, int]], place: int, text: str) -> int:
        """How many words from `place` on are one person; 0 for none."""
        for name in self.names.get(words[place][0], ()):
            length = _covers(name, words[place : place + 2 * len(name)], text)
            if length:
                return length
        return int(words[place][0] in self.ids)


def _covers(name: tuple[str, ...], words: list[tuple[str, int, int]], text: str) -> int:
    """How many of the words are this name, initials between its parts included; 0 where it is another."""
    place = 0
    for part in name:
        if place and place + 1 < len(words) and words[place][0] != part and len(words[place][0]) == 1:
            place += 1
        if place >= len(words) or words[place][0] != part:
            return 0
        place += 1
    near = all(_BETWEEN.fullmatch(text[one[2] : two[1]]) for one, two in pairwise(words[:place]))
    return place if near else 0


def _folded(word: str) -> str:
    """Without case and accents: "José" is found as "jose"."""
    plain = unicodedata.normalize("NFKD", word.casefold())
    return "".join(one for one in plain if not unicodedata.combining(one))


def _words(name: str) -> tuple[str, ...]:
    return tuple(_folded(match[0]) for match in _WORD.finditer(unicodedata.normalize("NFC", name)))
