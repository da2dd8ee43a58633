"""Chromium as it is on the machine, driven by Playwright; none at all is a failure with a sentence."""

from __future__ import annotations

import os
import shutil
from typing import Any

import pytest

from config.env import ROOT

# Playwright's synchronous interface runs an event loop in the test's thread; Django must not take that for async code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    quiet = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update"]
    args = browser_type_launch_args | {"args": [*quiet, "--disable-sync", "--no-first-run", "--disable-quic"]}
    return args | {"executable_path": path} if path else args


@pytest.fixture(scope="session")
def axe_source() -> str:
    assert AXE.exists(), "axe-core is missing: run `make setup`."
    return AXE.read_text(encoding="utf-8")
