"""Child processes with a lock file each: who is alive is a fact of the kernel, never a guess from an old number.

A child inherits the open, locked file. As long as it or any of its own children lives, the lock is held, and the
process id in the file still means them; once all are gone the lock is free, whatever the file says.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from config.env import ROOT

STOP_SECONDS = 10.0
QUICK_SECONDS, QUICK_DEATHS = 10.0, 5
_NAP = 0.05


@dataclass(frozen=True, slots=True)
class Part:
    """One process of the demo. Without a log it writes to the terminal."""

    name: str
    command: Sequence[str]
    log: Path | None


class Child:
    """A running part. Started in a session of its own, so that a Ctrl-C meets the supervisor alone."""

    def __init__(self, part: Part, folder: Path, environment: Mapping[str, str]) -> None:
        self.part, self.deaths = part, 0
        self._folder, self._environment = folder, dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0

    @property
    def lock(self) -> Path:
        return self._folder / f"{self.part.name}.pid"

    def start(self) -> None:
        """Start the process; what an earlier one left behind is ended first."""
        end(self.lock, patience=0)
        lock = hold(self.lock)
        if lock is None:
            raise RuntimeError(f"{self.part.name} is still running.")
        with contextlib.ExitStack() as stack:
            stack.enter_context(lock)
            out = stack.enter_context(self.part.log.open("ab")) if self.part.log else None
            self._started = time.monotonic()
            self._process = subprocess.Popen(
                list(self.part.command), cwd=ROOT, env=self._environment, stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT if out else None, start_new_session=True, pass_fds=[lock.fileno()],
            )  # fmt: skip
            write_pid(lock, self._process.pid)

    def status(self) -> int | None:
        """The exit status, or None while it runs."""
        return self._process.poll() if self._process else None

    def died(self) -> bool:
        """Note a death; True where it was one too many in a row, soon after a start."""
        is_quick = time.monotonic() - self._started < QUICK_SECONDS
        self.deaths = self.deaths + 1 if is_quick else 1
        return self.deaths >= QUICK_DEATHS

    def ask_to_stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.terminate()

    def stop(self) -> None:
        """Wait for the end that was asked for; insist after a while. Nothing of it is left afterwards."""
        self.ask_to_stop()
        if self._process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        end(self.lock, patience=0)
        if self._process:
            self._process.wait()

    def last_words(self, lines: int = 15) -> str:
        if self.part.log is None or not self.part.log.exists():
            return ""
        return "\n".join(self.part.log.read_text(errors="replace").splitlines()[-lines:])


# ---- locks -------------------------------------------------------------------------------------------------


def hold(path: Path) -> FileIO | None:
    """Take the lock of `path`, or None where somebody holds it. It is held until the last copy of the file closes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = FileIO(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644), "r+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def write_pid(file: FileIO, pid: int) -> None:
    file.truncate(0)
    file.seek(0)
    file.write(f"{pid}\n".encode())


def holder(path: Path) -> int | None:
    """The process that holds the lock of `path`, or None where nobody does."""
    if not path.exists():
        return None
    file = hold(path)
    if file is not None:
        file.close()
        return None
    text = path.read_text().strip()
    return int(text) if text.isdecimal() else None


def end(path: Path, *, patience: float) -> bool:
    """End the process (and its session) that holds the lock of `path`; kill it after `patience` seconds.

    Returns whether there was one.
    """
    pid = holder(path)
    if pid is None:
        return False
    if patience:
        _signal(pid, signal.SIGTERM)
        _until_free(path, patience)
    if holder(path) == pid:
        _signal(pid, signal.SIGKILL)
        # The leader may be gone already while its children live on in its session.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        _until_free(path, STOP_SECONDS)
    return True


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _until_free(path: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while holder(path) is not None and time.monotonic() < deadline:
        time.sleep(_NAP)
