"""The named points where a process may be made to die: all of them are known, and none is there in production."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from django.conf import LazySettings

from apps.core import failpoints
from apps.core.failpoints import DIED, POINTS, UnknownFailpoint, environment_check, failpoint
from config.check_deploy import environment
from config.env import ROOT

_PASS = (
    "import django; django.setup()\nfrom apps.core.failpoints import failpoint\nfailpoint('in_tick')\nprint('alive')"
)


def test_the_code_passes_every_point_that_is_named_and_no_other() -> None:
    texts = [path.read_text() for path in (ROOT / "apps").rglob("*.py") if path.name != "failpoints.py"]
    assert {name for text in texts for name in re.findall(r'\bfailpoint\("(\w+)"\)', text)} == POINTS


@pytest.mark.parametrize("wish", ["nowhere:/m", "in_tick:/m,after_lunch:/n", "after_lunch@2:/m"])
def test_a_wish_for_a_point_that_does_not_exist_ends_the_start(wish: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEACON_FAILPOINT", wish)
    with pytest.raises(UnknownFailpoint):
        environment_check()


def test_code_that_names_an_unknown_point_fails_at_once() -> None:
    with pytest.raises(UnknownFailpoint):
        failpoint("nowhere")


def test_a_point_kills_at_the_pass_that_was_asked_for_and_only_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    deaths: list[int] = []
    monkeypatch.setattr("apps.core.failpoints.os._exit", deaths.append)
    monkeypatch.setattr(failpoints, "_passes", Counter())
    monkeypatch.setenv("BEACON_FAILPOINT", f"in_tick@3:{tmp_path / 'third'},after_claim:{tmp_path / 'first'}")
    for passes, expected in ((2, 0), (3, 1), (5, 1)):
        while failpoints._passes["in_tick"] < passes:
            failpoint("in_tick")
        assert len(deaths) == expected
    failpoint("after_claim")
    failpoint("after_vendor_call")
    assert deaths == [DIED, DIED]


def test_outside_of_the_demo_nothing_dies(
    monkeypatch: pytest.MonkeyPatch, settings: LazySettings, tmp_path: Path
) -> None:
    settings.DEMO = False
    monkeypatch.setenv("BEACON_FAILPOINT", f"in_tick:{tmp_path / 'marker'}")
    failpoint("in_tick")
    assert not (tmp_path / "marker").exists()


@pytest.mark.parametrize("wish", ["in_tick:{folder}/marker", "nowhere:{folder}/marker"])
def test_production_does_not_even_look_at_the_variable(tmp_path: Path, wish: str) -> None:
    told = environment() | {"BEACON_FAILPOINT": wish.format(folder=tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", _PASS], cwd=ROOT, env=told, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr
    assert not (tmp_path / "marker").exists()
