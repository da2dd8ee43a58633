"""Cells that a spreadsheet would take for a formula are made harmless (ASVS 5.0 1.2.10)."""

from __future__ import annotations

from typing import Any

# Full-width forms open formulas in some locales; tab and carriage return shift the next character to the front.
_TRIGGERS = tuple("=+-@\t\r\n\x00＝＋－＠")


def safe_cell(value: Any) -> Any:
    """Return `value` as it may stand in an export: text that begins like a formula gets an apostrophe in front."""
    if isinstance(value, str) and value.startswith(_TRIGGERS):
        return f"'{value}"
    return value
