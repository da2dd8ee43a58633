"""How far a piece of long work is, in the form that the progress component (templates/cotton/progress.html) takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total`, whether it is over, what to call it, and a sentence where there is something to say."""

    done: int
    total: int
    is_finished: bool
    status_label: str
    message: str = ""
