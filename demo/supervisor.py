"""Runs the demo's processes: starts them in order, waits until the console answers, restarts what dies, stops all.

Own code rather than honcho: the parts start one after another, each has its own readiness, a dead one comes back, and
the same loop serves the foreground and the background. honcho ends everything when one process ends.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import FileIO

from config import embedded
from config.env import ROOT
from demo.cast import CAST
from demo.house import HOST, House
from demo.processes import Child, Part, end, hold, holder, write_pid

READY_SECONDS = 90.0
_LOOK_SECONDS = 0.2
_PARTS = ("simulator", "simulator-2", "prepare", "web", "worker", "worker-slow", "beat")
# A proxy named in the environment must not come between a person and their own machine.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Failed(Exception):
    """The demo cannot run; the message says why in plain words."""


class Supervisor:
    """One run of the demo, from the servers to the last process."""

    def __init__(self, house: House, *, is_dev: bool) -> None:
        self.house, self.is_dev = house, is_dev
        self.stopping = threading.Event()
        self.children: list[Child] = []
        self._environment: dict[str, str] = {}
        # Whether the database is ours: then web and workers run as the application's role, as in production.
        self.has_roles = False

    def run(self) -> int:
        """Run until a signal or a failure. Returns the exit status."""
        lock = hold(self.house.run / "supervisor.pid")
        if lock is None:
            say(f"The demo is already running at {self.house.url}. Stop it with: make demo-down")
            return 1
        with lock, _signals(self.stopping):
            try:
                return self._live(lock)
            except Failed as failure:
                say(str(failure))
                return 1
            finally:
                self._stop()

    def _live(self, lock: FileIO) -> int:
        write_pid(lock, os.getpid())
        self.house.ready.unlink(missing_ok=True)
        clear_leftovers(self.house)
        if problems := self.house.ports_in_the_way():
            raise Failed("\n".join(problems))
        for folder in (self.house.logs, self.house.home / "simulator"):
            folder.mkdir(parents=True, exist_ok=True)
        self._servers()
        for name, port, url in (
            ("simulator", self.house.simulator_port, self.house.simulator_url),
            ("simulator-2", self.house.second_simulator_port, self.house.second_simulator_url),
        ):
            state = self.house.home / "simulator" / ("state.sqlite3" if name == "simulator" else f"{name}.sqlite3")
            self._start(name, "-m", "simulator", "--port", str(port), "--state", str(state))
            self._wait_for(f"{url}/healthz")
        self._prepare()
        self._start_beacon()
        self._wait_for(f"{self.house.url}/healthz")
        if not self.stopping.is_set():
            self.house.ready.write_text(f"{self.house.url}\n")
            say(welcome(self.house, self.is_dev))
        while not self.stopping.wait(_LOOK_SECONDS):
            self._look_after()
        return 0

    def _servers(self) -> None:
        environ = dict(os.environ)
        if not (environ.get("DATABASE_URL") and environ.get("BROKER_URL")):
            say("Starting PostgreSQL and Valkey")
        self.has_roles = not environ.get("DATABASE_URL")
        embedded.provide(environ, folder=self.house.home)
        settings = "config.settings.dev" if self.is_dev else "config.settings.demo"
        self._environment = self.house.environment(environ, settings)

    def _start(self, name: str, *arguments: str, on_terminal: bool = False) -> Child:
        log = None if on_terminal else self.house.logs / f"{name}.log"
        if log:
            log.write_bytes(b"")
        child = Child(Part(name, [sys.executable, *arguments], log), self.house.run, self._environment)
        child.start()
        self.children.append(child)
        return child

    def _prepare(self) -> None:
        """Migrate and, where the database is empty, seed: a process of its own, so that a Ctrl-C can end it."""
        roles = ["--roles"] if self.has_roles else []
        child = self._start("prepare", "-m", "demo.seed", *roles, on_terminal=True)
        while (status := child.status()) is None:
            if self.stopping.wait(_LOOK_SECONDS):
                return
        self.children.remove(child)
        if status:
            raise Failed("The demo's data are not ready; see above.")

    def _start_beacon(self) -> None:
        if self.stopping.is_set():
            return
        if self.has_roles:
            self._environment["DATABASE_URL"] = embedded.as_application(self._environment["DATABASE_URL"])
        address = f"{HOST}:{self.house.port}"
        if self.is_dev:
            self._start("web", "manage.py", "runserver", address, on_terminal=True)
        else:
            self._start(
                "web", "-m", "gunicorn", "config.wsgi", "--bind", address, "--workers", "2", "--worker-class",
                "gthread", "--threads", "4", "--graceful-timeout", "5", "--log-level", "warning", "--no-control-socket",
            )  # fmt: skip
        for name, queue, count in (("worker", "celery", "2"), ("worker-slow", "slow", "1")):
            self._start(
                name, "-m", "celery", "-A", "config", "worker", "--queues", queue, "--pool", "prefork",
                "--concurrency", count, "--without-mingle", "--without-gossip", "--loglevel", "WARNING", "--hostname",
                f"demo-{self.house.port}-{queue}@%h",
            )  # fmt: skip
        schedule = self.house.run / "beat-schedule"
        self._start("beat", "-m", "celery", "-A", "config", "beat", "--loglevel", "WARNING",
                    "--schedule", str(schedule), "--pidfile=")  # fmt: skip

    def _wait_for(self, address: str) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self.stopping.is_set() and not answers(address):
            self._look_after()
            if time.monotonic() > deadline:
                raise Failed(f"{address} did not answer within {READY_SECONDS:.0f} seconds. Logs: {self.house.logs}")
            self.stopping.wait(_LOOK_SECONDS)

    def _look_after(self) -> None:
        """Restart what died. What dies five times in a row right after its start stays dead, and so does the demo."""
        for child in self.children:
            status = child.status()
            if status is None or self.stopping.is_set():
                continue
            name = child.part.name
            if child.died():
                words = textwrap.indent(child.last_words(), "    ")
                raise Failed(
                    f"{name} died {child.deaths} times in a row (last status {status}). Its log ends:\n{words}"
                )
            say(f"{name} ended (status {status}); starting it again")
            self.stopping.wait(0.3 * child.deaths)
            child.start()

    def _stop(self) -> None:
        if self.children:
            say("Stopping")
        self.house.ready.unlink(missing_ok=True)
        for child in reversed(self.children):
            child.ask_to_stop()
        for child in reversed(self.children):
            child.stop()
        embedded.stop(self.house.home)


def say(text: str) -> None:
    print(text, flush=True)


def answers(address: str) -> bool:
    """Whether `address` answers 200 within two seconds."""
    try:
        with _OPENER.open(address, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def supervisor_of(house: House) -> int | None:
    """The process id of the supervisor that runs this demo, or None where none does."""
    return holder(house.run / "supervisor.pid")


def clear_leftovers(house: House) -> None:
    """End processes that a killed supervisor left behind."""
    for name in reversed(_PARTS):
        if end(house.run / f"{name}.pid", patience=0):
            say(f"Ended {name}, left behind by an earlier start")


@contextmanager
def _signals(stopping: threading.Event) -> Iterator[None]:
    """Ctrl-C, a polite kill and a closed terminal all mean: stop."""
    handler: Callable[..., None] = lambda *_: stopping.set()  # noqa: E731 - a handler of one word
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def welcome(house: House, is_dev: bool) -> str:
    """The address and the cast, as people read it."""
    names, roles = (max(map(len, column)) for column in zip(*((p.name, p.role) for p in CAST), strict=True))
    lines = [
        "",
        f"Beacon is ready: {house.url}",
        "",
        "Sign in with one click as one of the cast, all of them invented:",
    ]
    lines += [f"  {p.name:{names}}  {p.role:{roles}}  {p.look_at}" for p in CAST]
    lines += [
        "",
        f"The stand-in vendor: {house.simulator_url}/_sim/ and {house.second_simulator_url}/_sim/",
        f"Logs: {house.logs}",
    ]
    if is_dev:
        lines.append("Pages reload by themselves; after a change to a task, stop and start again.")
    return "\n".join([*lines, "Ctrl-C or make demo-down stops it; the data stay.", ""])


def spawn_in_background(house: House, log: FileIO) -> subprocess.Popen[bytes]:
    """A supervisor of its own session that writes to `log`."""
    return subprocess.Popen(
        [sys.executable, "-m", "demo", "run"], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log,
        stderr=subprocess.STDOUT, start_new_session=True, env=house.environment(os.environ, "config.settings.demo"),
    )  # fmt: skip
