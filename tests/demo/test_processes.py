"""The supervisor's ground: who is alive, what a killed one left behind, when a restart is given up, what reset deletes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo import __main__ as commands
from demo.house import KEY, KEY_NAME, MADE, House
from demo.processes import QUICK_DEATHS, Child, Part, end, hold, holder, write_pid
from demo.supervisor import Failed, Supervisor, clear_leftovers, supervisor_of, welcome

# Says that it runs, then waits for ever; with a child of its own that inherits the lock, as a pool's worker does.
_LONG = "import os, sys, signal; os.fork(); print('here', flush=True); signal.pause()"
_DEAD = "import sys; print('no luck today'); sys.exit(3)"


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = House(tmp_path / "home", 8000, 8100, 8101)
    made.logs.mkdir(parents=True)
    return made


@pytest.fixture
def started(house: House) -> Iterator[Child]:
    child = child_of(house, "worker", _LONG)
    child.start()
    yield child
    child.stop()


def child_of(house: House, name: str, code: str) -> Child:
    return Child(Part(name, [sys.executable, "-c", code], house.logs / f"{name}.log"), house.run, dict(os.environ))


def test_a_lock_is_held_as_long_as_its_file_is_open(tmp_path: Path) -> None:
    path = tmp_path / "run" / "x.pid"
    assert holder(path) is None
    lock = hold(path)
    assert lock is not None
    write_pid(lock, 4711)
    assert (holder(path), hold(path)) == (4711, None)
    lock.close()
    assert holder(path) is None, "an old number in a file means nobody"
    assert end(path, patience=1) is False


def test_a_child_runs_until_it_is_stopped(started: Child) -> None:
    assert started.status() is None
    assert holder(started.lock) is not None
    started.stop()
    assert started.status() is not None
    assert holder(started.lock) is None


def test_what_a_killed_process_left_behind_is_ended(house: House, started: Child) -> None:
    """kill -9 takes the leader; its own child lives on, holds the lock, and is found by it."""
    pid = holder(started.lock)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    while started.status() is None:
        os.sched_yield()
    clear_leftovers(house)
    assert holder(started.lock) is None


def test_a_restart_ends_the_remains_first(started: Child) -> None:
    first = holder(started.lock)
    assert first is not None
    os.kill(first, signal.SIGKILL)
    while started.status() is None:
        os.sched_yield()
    started.start()
    assert started.status() is None
    assert holder(started.lock) not in {None, first}


def test_what_dies_at_once_again_and_again_is_given_up(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor = Supervisor(house, is_dev=False)
    monkeypatch.setattr(supervisor.stopping, "wait", lambda seconds: False)
    child = child_of(house, "worker", _DEAD)
    supervisor.children.append(child)
    child.start()
    with pytest.raises(Failed, match=r"worker died 5 times in a row \(last status 3\)(.|\n)*no luck today"):
        look_for_ever(supervisor)
    assert capsys.readouterr().out.count("starting it again") == QUICK_DEATHS - 1


def look_for_ever(supervisor: Supervisor) -> None:
    while True:
        supervisor._look_after()


def test_a_port_in_use_is_named_in_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        first.listen()
        second.bind(("127.0.0.1", 0))
        free = second.getsockname()[1]
        second.close()
        taken = first.getsockname()[1]
        said = House(tmp_path, taken, free, free).ports_in_the_way()
        assert said == [f"Port {taken} is in use by another program. Choose another: PORT={taken + 1} make demo"]
        assert "SIMULATOR_PORT=" in House(tmp_path, free, taken, free).ports_in_the_way()[0]


def test_reset_deletes_what_the_demo_made_and_nothing_else(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    for name in (*MADE, "test", "bench", "notes.txt"):
        (house.home / name).mkdir(parents=True, exist_ok=True)
    outside = house.home.parent / "outside"
    outside.mkdir()
    (house.home / "mail").rmdir()
    (house.home / "mail").symlink_to(outside)
    assert commands.reset(house) == 0
    assert sorted(path.name for path in house.home.iterdir()) == ["bench", "notes.txt", "test"]
    assert outside.is_dir()


def test_down_twice_and_without_a_demo_is_harmless(house: House) -> None:
    assert supervisor_of(house) is None
    assert commands.down(house) == 0
    assert commands.down(house) == 0


def test_a_running_demo_is_not_started_twice(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    lock = hold(house.run / "supervisor.pid")
    assert lock is not None
    with lock:
        write_pid(lock, os.getpid())
        house.ready.write_text(house.url)
        assert commands.run(house) == 1
        assert commands.up(house) == 0
    assert capsys.readouterr().out.count("already running") == 2


def test_the_environment_of_the_processes_overrules_the_shell(house: House) -> None:
    inherited = {"DJANGO_SETTINGS_MODULE": "somebody.elses", "SIMULATOR_ADMIN_KEY": "theirs", "PATH": "/bin"}
    made = house.environment(inherited, "config.settings.demo")
    assert made["DJANGO_SETTINGS_MODULE"] == "config.settings.demo"
    assert made["SIMULATOR_WORKSPACE_KEY"] == made[KEY_NAME] == KEY
    assert made["SIMULATOR_ADMIN_KEY"] != KEY
    assert made["PATH"] == "/bin"


def test_the_welcome_has_the_address_and_everyone(house: House) -> None:
    text = welcome(house, is_dev=False)
    assert "http://127.0.0.1:8000" in text
    assert all(name in text for name in ("Erin Walsh", "Alice Moreau", "Audrey Kim"))


def test_a_wrong_word_is_answered_with_the_usage() -> None:
    done = subprocess.run([sys.executable, "-m", "demo", "strat"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "run|up|down|reset|dev" in done.stdout
