"""What the progress component asks of a record that a worker makes in one step: there is nothing to count but the end."""

from __future__ import annotations


class OneStep:
    """For a model whose `state` is queued, then done or failed, with a `problem` in words."""

    state: str
    problem: str

    @property
    def done(self) -> int:
        return int(self.state == "done")

    @property
    def total(self) -> int | None:
        return 1 if self.is_finished else None

    @property
    def is_finished(self) -> bool:
        return self.state != "queued"

    @property
    def message(self) -> str:
        return self.problem
