"""What people use the assistant for: the list that seat requests and use cases share. Pure."""

from __future__ import annotations

TASK_TYPES = {
    "drafting": "First drafts",
    "research": "Research",
    "translation": "Translation",
    "summaries": "Summarizing documents",
    "spreadsheets": "Working with spreadsheets",
    "other": "Something else",
}
