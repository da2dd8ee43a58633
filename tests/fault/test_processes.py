"""The real processes, killed with kill -9 while there is work: worker, beat, web and the vendor. The broker and every
timer are real; only leases of the dead end at once instead of after three minutes.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from apps.core.failpoints import POINTS
from demo.processes import Child, Part, holder
from simulator.testing import RunningSimulator, start
from tests.factories.cast import World
from tests.fault import truth
from tests.fault.conftest import Office, lists_catch_up
from tests.fault.test_kills import check, leases_end, process_environment

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
PATIENCE = 45.0


class Household:
    """Worker, beat and web as the demo starts them, on this test's database."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.folder = folder
        marks = ",".join(f"{point}:{folder / point}" for point in sorted(POINTS))
        environment = process_environment(folder) | {"BEACON_FAILPOINT": marks}
        celery = ["-m", "celery", "-A", "config"]
        worker = ["worker", "--queues", "celery,slow", "--pool", "prefork", "--concurrency", "2", "--without-mingle",
                  "--without-gossip", "--loglevel", "WARNING", "--hostname", f"fault-{self.port}@%h"]  # fmt: skip
        web = ["-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{self.port}", "--workers", "1", "--log-level",
               "warning", "--no-control-socket"]  # fmt: skip
        beat = ["beat", "--loglevel", "WARNING", "--schedule", str(folder / "schedule"), "--pidfile="]
        commands = {"worker": [*celery, *worker], "beat": [*celery, *beat], "web": web}
        self.children = {
            name: Child(Part(name, [sys.executable, *command], folder / f"{name}.log"), folder / "run", environment)
            for name, command in commands.items()
        }

    def start(self) -> None:
        for child in self.children.values():
            child.start()

    def kill(self, name: str) -> None:
        """kill -9 of a process and all that it started, and a new one in its place, as the supervisor does."""
        pid = holder(self.children[name].lock)
        assert pid is not None
        os.killpg(pid, signal.SIGKILL)
        until(lambda: self.children[name].status() is not None, f"{name} does not die")
        self.children[name].start()

    def stop(self) -> None:
        for child in self.children.values():
            child.stop()

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2) as response:
                return bool(response.status == 200)
        except OSError:
            return False


@pytest.fixture
def vendor(tmp_path: Path) -> Iterator[RunningSimulator]:
    with start(tmp_path / "vendor.sqlite3", accept_rate=0.0) as running:
        yield running


def until(is_so: Callable[[], bool], what: str) -> None:
    """Give the processes time to get there; their dead fellows' leases end meanwhile."""
    deadline, pause = time.monotonic() + PATIENCE, threading.Event()
    while not is_so():
        assert time.monotonic() < deadline, what
        leases_end()
        lists_catch_up()
        pause.wait(0.25)


def test_worker_beat_web_and_vendor_are_killed_in_mid_work_and_everything_arrives(
    vendor: RunningSimulator, tmp_path: Path
) -> None:
    world = World.build(more=12, allocation=12)
    with ExitStack() as stack:
        office = Office(world, world.with_vendor(vendor.vendor_url), vendor, stack)
        house = Household(tmp_path)
        stack.callback(house.stop)
        house.start()
        until(house.answers, "the web process does not answer")
        world.holders(6)
        until(lambda: len(truth.pending(vendor)) >= 1, "nobody is invited")
        for victim in ("worker", "beat", "web"):
            house.kill(victim)
        vendor.kill()
        world.holder(office.person(6))
        office.hand_back(office.person(0))
        vendor.restart()
        until(house.answers, "the web process does not come back")
        until(lambda: _arrived(vendor), f"not as decided: {truth.differences(vendor)}")
        vendor.accept_all()
        house.kill("worker")
        office.hand_back(office.person(1))
        until(lambda: _arrived(vendor), f"not as decided: {truth.differences(vendor)}")
        died = {point for point in POINTS if (tmp_path / point).exists()}
        assert {"in_tick", "after_claim", "after_vendor_call", "after_recording", "after_observing"} <= died
        house.stop()
        leases_end()  # the last worker was stopped in mid-work, too
        office.settle()
        check(office)


def _arrived(vendor: RunningSimulator) -> bool:
    there = truth.usable(vendor) | set(truth.pending(vendor))
    return there - {truth.OWNER} == truth.granted()
