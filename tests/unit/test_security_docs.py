"""docs/security.md names tests that exist, and every requirement once."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from config.env import ROOT

TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
IDS = re.findall(r"^\| v5\.0\.0-(\d+)\.(\d+)\.(\d+) \|", TEXT, re.M)
LEVEL_3 = {"1.2.10", "2.3.5", "3.4.8", "7.5.3", "8.3.2", "13.1.2", "15.4.2"}
# Levels 1 and 2 of ASVS 5.0.0, counted from the published list.
CHAPTERS = dict(zip(range(1, 17), (27, 11, 19, 10, 9, 35, 18, 7, 7, 29, 14, 9, 13, 9, 13, 16), strict=True))


@pytest.mark.parametrize("page", ["security.md", "threat-model.md", "nist-800-53.md", "logs.md"])
def test_every_test_that_a_page_names_is_there(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    named = set(re.findall(r"(tests/[\w/]+\.py)(?:::(test_\w+))?", text))
    missing = [
        f"{path}::{name}" for path, name in sorted(named)
        if not (ROOT / path).exists() or (name and not re.search(rf"^def {name}\(", (ROOT / path).read_text(), re.M))
    ]  # fmt: skip
    assert missing == []
    for link in re.findall(r"\]\(([\w./-]+\.md)\)", text):
        assert (ROOT / "docs" / link).resolve().exists(), link


def test_every_requirement_has_one_row() -> None:
    ids = [".".join(one) for one in IDS]
    assert [one for one, count in Counter(ids).items() if count > 1] == []
    assert set(ids) >= LEVEL_3
    assert Counter(int(one.partition(".")[0]) for one in ids if one not in LEVEL_3) == CHAPTERS


def test_no_row_is_empty_and_the_count_on_top_is_true() -> None:
    rows = re.findall(r"^\| v5\.0\.0-\S+ \| (.+) \| (.*) \|$", TEXT, re.M)
    assert len(rows) == len(IDS)
    assert all(asks and len(held) > 3 for asks, held in rows)
    assert f"{len(rows)} rows" in TEXT
