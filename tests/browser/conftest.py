"""Chromium as it is on the machine, driven by Playwright; none at all is a failure with a sentence."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

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


@pytest.fixture(autouse=True)
def policy(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What the browser blocked because the content security policy forbids it, in every window of a test: nothing."""
    blocked: list[str] = []
    opened = Browser.new_context

    def new_context(self: Browser, **options: Any) -> BrowserContext:
        context = opened(self, **options)
        context.on(
            "console",
            lambda said: (
                blocked.append(f"{said.text} {said.location}") if "Content Security Policy" in said.text else None
            ),
        )
        return context

    monkeypatch.setattr(Browser, "new_context", new_context)
    yield blocked
    assert blocked == []
