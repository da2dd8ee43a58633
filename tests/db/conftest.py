"""What several of these stories have in common: another system that listens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories.receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found
