"""Cells that a spreadsheet would take for a formula are made harmless (ASVS 5.0 1.2.10), and read back as they were."""

from __future__ import annotations

from typing import Any

# Full-width forms open formulas in some locales; tab and carriage return shift the next character to the front.
_TRIGGERS = tuple("=+-@\t\r\n\x00＝＋－＠")


def _looks_like_a_formula(text: str) -> bool:
    """Also behind apostrophes: one of them is taken for the mark of a text, and what follows must be harmless still."""
    return text.lstrip("'").startswith(_TRIGGERS)


def safe_cell(value: Any) -> Any:
    """Return `value` as it may stand in an export: text that begins like a formula gets an apostrophe in front."""
    if isinstance(value, str) and _looks_like_a_formula(value):
        return f"'{value}"
    return value


def plain_cell(text: str) -> str:
    """What `safe_cell` was given, for a text that it gave out."""
    return text[1:] if text.startswith("'") and _looks_like_a_formula(text) else text
