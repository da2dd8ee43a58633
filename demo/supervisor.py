"""Runs the demo's processes: simulator, web, worker and beat, beside the embedded servers.

A child that dies is started again with a note; one that keeps dying ends the demo with the tail of its log.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from config import embedded
from config.env import ROOT
from demo.cast import CAST

START_SECONDS, STOP_SECONDS, QUICK_DEATHS = 60, 25, 5
VENDOR_KEY = "sim-admin-key"
# What the demo puts under BEACON_HOME; reset removes this and nothing else.
OWN = ("postgres", "valkey", "simulator", "logs", "run", "mail", "audit-heads", "hr", "beat-schedule", ".lock")


class DemoFailed(Exception):
    """The demo cannot go on; the message says why in a sentence."""


@dataclass
class Child:
    """One process: its command, and the process while it runs."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    deaths: list[float] = field(default_factory=list)


class Home:
    """The demo's folder and ports, from BEACON_HOME, PORT and SIMULATOR_PORT."""

    def __init__(self) -> None:
        self.path = embedded.home(os.environ)
        self.port = int(os.environ.get("PORT", "8000"))
        self.simulator_port = int(os.environ.get("SIMULATOR_PORT", "8100"))
        self.run, self.logs = self.path / "run", self.path / "logs"
        self.pid_file, self.ready_file, self.children_file = (
            self.run / "demo.pid", self.run / "ready", self.run / "children.json",
        )  # fmt: skip

    def make(self) -> None:
        for folder in (self.run, self.logs, self.path / "simulator", self.path / "hr", self.path / "mail"):
            folder.mkdir(parents=True, exist_ok=True)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def running_pid(self) -> int | None:
        """The pid of the supervisor, if it runs."""
        pid = _number(self.pid_file)
        return pid if pid and _is_alive(pid) else None

    def environment(self) -> dict[str, str]:
        return os.environ | {
            "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "config.settings.demo"),
            "BEACON_HOME": str(self.path),
            "PORT": str(self.port),
            "SIMULATOR_PORT": str(self.simulator_port),
            "BEACON_DEMO_VENDOR_KEY": VENDOR_KEY,
            "PYTHONUNBUFFERED": "1",
        }


# ---- what people type ------------------------------------------------------------------------------------------


def run(home: Home, *, reload: bool = False) -> int:
    """Run everything in the foreground until Ctrl-C or SIGTERM. Returns the exit code."""
    if home.running_pid():
        _say(f"The demo runs already: {home.address}")
        return 0
    home.make()
    _end_leftovers(home)
    for port, name in ((home.port, "PORT"), (home.simulator_port, "SIMULATOR_PORT")):
        if _is_taken(port):
            raise DemoFailed(f"Port {port} is in use. Choose another: make demo {name}=…")
    home.pid_file.write_text(str(os.getpid()))
    home.ready_file.unlink(missing_ok=True)
    signal.signal(signal.SIGTERM, _interrupt)
    children = _children(home, reload)
    try:
        _prepare(home, children["simulator"])
        for name in ("web", "worker", "beat"):
            _start(home, children[name])
        _wait_until(lambda: _answers(f"{home.address}/healthz"), children["web"], home, "The console")
        home.ready_file.write_text("ready")
        _say(_welcome(home))
        _watch(home, list(children.values()))
    except KeyboardInterrupt:
        _say("\nStopping. The data stay; make demo-reset throws them away.")
    finally:
        _stop(home, list(children.values()))
    return 0


def up(home: Home) -> int:
    """The same in the background; returns once /healthz is ready."""
    if home.running_pid():
        _say(f"The demo runs already: {home.address}")
        return 0
    home.make()
    home.ready_file.unlink(missing_ok=True)
    log = home.logs / "demo.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "demo", "run"], cwd=ROOT, env=home.environment(), stdout=out, stderr=out,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    shown = 0
    while not home.ready_file.exists():
        text = log.read_text(encoding="utf-8", errors="replace")
        sys.stdout.write(text[shown:])
        sys.stdout.flush()
        shown = len(text)
        if process.poll() is not None and not home.ready_file.exists():
            raise DemoFailed(f"The demo did not start. Its log is {log}.")
        time.sleep(0.2)
    text = log.read_text(encoding="utf-8", errors="replace")
    sys.stdout.write(text[shown:])
    return 0


def down(home: Home) -> int:
    """Stop what `up` (or `run` elsewhere) started, embedded servers included."""
    pid = home.running_pid()
    if pid:
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS + 15
        while _is_alive(pid) and time.monotonic() < deadline:
            _reap(pid)
            time.sleep(0.1)
    _end_leftovers(home)
    embedded.stop(home.path)
    _say("Stopped." if pid else "The demo was not running.")
    return 0


def reset(home: Home) -> int:
    """Throw the demo's data away."""
    down(home)
    for name in OWN:
        path = home.path / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    _say("The demo's data are gone. The next start seeds anew.")
    return 0


# ---- starting ----------------------------------------------------------------------------------------------------


def _children(home: Home, reload: bool) -> dict[str, Child]:
    python = sys.executable
    web = [python, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{home.port}", "--workers", "2", "--threads",
           "4", "--worker-class", "gthread", "--log-level", "warning"]  # fmt: skip
    if reload:
        web = [python, "manage.py", "runserver", f"127.0.0.1:{home.port}"]
    celery = [python, "-m", "celery", "-A", "config"]
    state = home.path / "simulator" / "state.sqlite3"
    commands = {
        "simulator": [python, "-m", "simulator", "--port", str(home.simulator_port), "--state", str(state), "--admin-key", VENDOR_KEY],
        "web": web,
        "worker": [*celery, "worker", "--loglevel", "WARNING", "--concurrency", "2", "--without-mingle", "--without-gossip"],
        "beat": [*celery, "beat", "--loglevel", "WARNING", "--schedule", str(home.path / "beat-schedule"), "--pidfile", ""],
    }  # fmt: skip
    return {name: Child(name, command) for name, command in commands.items()}


def _prepare(home: Home, simulator: Child) -> None:
    """Servers, simulator, tables, and the story where there is none yet."""
    _say("Starting PostgreSQL, Valkey and the simulator.")
    embedded.provide(os.environ, folder=home.path)
    _start(home, simulator)
    _wait_until(lambda: _answers(f"http://127.0.0.1:{home.simulator_port}/healthz"), simulator, home, "The simulator")
    done = subprocess.run([sys.executable, "-m", "demo", "seed"], cwd=ROOT, env=home.environment(), check=False)
    if done.returncode:
        raise DemoFailed("The demo could not be prepared; the reason stands above.")


def _start(home: Home, child: Child) -> None:
    with (home.logs / f"{child.name}.log").open("ab") as log:
        child.process = subprocess.Popen(
            child.command, cwd=ROOT, env=home.environment(), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
    known = json.loads(home.children_file.read_text()) if home.children_file.exists() else {}
    known[child.name] = child.process.pid
    home.children_file.write_text(json.dumps(known))


def _wait_until(ready: Callable[[], bool], child: Child, home: Home, what: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        dead = child.process is None or child.process.poll() is not None
        if dead or time.monotonic() > deadline:
            log = home.logs / f"{child.name}.log"
            tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
            raise DemoFailed(f"{what} did not start. The end of {log}:\n{tail}")
        time.sleep(0.1)


def _watch(home: Home, children: list[Child]) -> None:
    """Start a child again when it dies; give up on one that dies five times in a minute."""
    while True:
        time.sleep(0.5)
        for child in children:
            if child.process is None or child.process.poll() is None:
                continue
            now = time.monotonic()
            child.deaths = [moment for moment in child.deaths if now - moment < 60] + [now]
            if len(child.deaths) >= QUICK_DEATHS:
                raise DemoFailed(f"{child.name} keeps dying. Its log is {home.logs / f'{child.name}.log'}.")
            _say(f"{child.name} ended; starting it again.")
            _start(home, child)


# ---- stopping ----------------------------------------------------------------------------------------------------


def _stop(home: Home, children: list[Child]) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for child in reversed(children):
        if child.process is not None and child.process.poll() is None:
            child.process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        if child.process is None:
            continue
        try:
            child.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()
    embedded.stop(home.path)
    for path in (home.pid_file, home.ready_file, home.children_file):
        path.unlink(missing_ok=True)


def _end_leftovers(home: Home) -> None:
    """Children of a supervisor that was killed are ended by their ids, if they still are what they were."""
    if not home.children_file.exists():
        return
    for pid in json.loads(home.children_file.read_text()).values():
        if _is_alive(pid) and _is_ours(pid):
            os.killpg(pid, signal.SIGTERM)
    home.children_file.unlink(missing_ok=True)


def _is_ours(pid: int) -> bool:
    """Whether the process still runs one of our programs; pids are given out again."""
    command = Path(f"/proc/{pid}/cmdline")
    if not command.exists():
        return False
    words = command.read_bytes()
    return any(name in words for name in (b"gunicorn", b"celery", b"simulator", b"manage.py"))


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


# ---- small things --------------------------------------------------------------------------------------------------


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _reap(pid: int) -> None:
    """Where the supervisor is our own child, let it go once it has ended."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own loopback address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _welcome(home: Home) -> str:
    lines = ["", f"Beacon is ready: {home.address}", "Sign in with one click as:"]
    lines += [f"  {person.name:<16} {person.role:<24} {person.look_at}" for person in CAST]
    lines += [
        f"The simulator shows its state at http://127.0.0.1:{home.simulator_port}/_sim/",
        "Ctrl-C stops; the data stay.",
        "",
    ]
    return "\n".join(lines)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
