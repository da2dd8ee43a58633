"""Named points where the fault tests let a process die. Off unless the demo's settings and the environment ask.

BEACON_FAILPOINT="name:/path/of/marker" kills the process (as kill -9 would) the first time it passes `name`; the
marker file makes sure that it happens once.
"""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings


def failpoint(name: str) -> None:
    """Die here if the environment names this point and its marker does not exist yet."""
    wanted = os.environ.get("BEACON_FAILPOINT", "")
    if not wanted or not settings.DEMO:
        return
    point, _, marker = wanted.partition(":")
    if point != name:
        return
    try:
        Path(marker).touch(exist_ok=False)
    except FileExistsError:
        return
    os._exit(9)
