"""What changed between two texts: nothing is lost, and long texts do not take long."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from apps.terms.difference import difference, is_same


def test_one_word_changed_in_a_sentence() -> None:
    parts = difference("State business only.\nNo secrets.", "State work only.\nNo secrets.")
    assert parts == [
        ("same", "State "),
        ("removed", "business"),
        ("added", "work"),
        ("same", " only.\nNo secrets."),
    ]


def test_a_line_added_and_a_line_removed() -> None:
    parts = difference("One\nTwo\n", "One\nThree and more\n")
    assert "".join(text for kind, text in parts if kind != "added") == "One\nTwo\n"
    assert ("added", "Three and more") in parts


def test_the_same_text_has_no_difference() -> None:
    assert is_same(difference("# Terms\n\nThe same.", "# Terms\n\nThe same."))


@given(st.text(alphabet="ab \n🙂א", max_size=60), st.text(alphabet="ab \n🙂א", max_size=60))
def test_either_text_can_be_read_out_of_the_difference(old: str, new: str) -> None:
    parts = difference(old, new)
    assert "".join(text for kind, text in parts if kind != "added") == old
    assert "".join(text for kind, text in parts if kind != "removed") == new


def test_two_long_texts_without_a_common_word_are_compared_at_once() -> None:
    old, new = " ".join(f"a{n}" for n in range(20_000)), " ".join(f"b{n}" for n in range(20_000))
    started = time.perf_counter()
    assert [kind for kind, _ in difference(old, new)] == ["removed", "added"]
    assert time.perf_counter() - started < 2
