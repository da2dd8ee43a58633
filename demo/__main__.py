"""python -m demo run|up|down|reset|dev: what `make demo`, `demo-up`, `demo-down`, `demo-reset` and `dev` call."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from io import FileIO

from config import embedded
from config.env import BadEnvironment
from demo.house import MADE, House, house
from demo.processes import end
from demo.supervisor import Supervisor, clear_leftovers, say, spawn_in_background, supervisor_of

UP_SECONDS, DOWN_SECONDS = 600.0, 60.0
_LOOK_SECONDS = 0.2


def run(here: House) -> int:
    """In the foreground, until Ctrl-C."""
    return Supervisor(here, is_dev=False).run()


def dev(here: House) -> int:
    """The same with debug pages, and the web process reloading itself."""
    return Supervisor(here, is_dev=True).run()


def up(here: House) -> int:
    """In the background; returns once the console answers. Harmless where the demo is up already."""
    here.logs.mkdir(parents=True, exist_ok=True)
    log = here.logs / "demo.log"
    process = None
    if supervisor_of(here) is None:
        here.ready.unlink(missing_ok=True)
        with FileIO(log, "w") as file:
            process = spawn_in_background(here, file)
    else:
        say("The demo is already running.")
    deadline, position = time.monotonic() + UP_SECONDS, 0
    try:
        while not here.ready.exists():
            position = _relay(here, position) if process else 0
            over = process.poll() is not None if process else supervisor_of(here) is None
            if over or time.monotonic() > deadline:
                _relay(here, position)
                say("The demo did not start.")
                return 1
            time.sleep(_LOOK_SECONDS)
    except KeyboardInterrupt:
        return down(here)
    time.sleep(_LOOK_SECONDS)
    _relay(here, position) if process else say(f"Beacon is ready: {here.url}")
    return 0


def _relay(here: House, position: int) -> int:
    """Show what the supervisor has written since `position`; returns the new position."""
    with (here.logs / "demo.log").open("rb") as file:
        file.seek(position)
        text = file.read()
    sys.stdout.write(text.decode(errors="replace"))
    sys.stdout.flush()
    return position + len(text)


def down(here: House) -> int:
    """Stop whatever of this demo runs."""
    was_up = end(here.run / "supervisor.pid", patience=DOWN_SECONDS)
    here.ready.unlink(missing_ok=True)
    clear_leftovers(here)
    embedded.stop(here.home)
    say("The demo is down; its data stay." if was_up else "The demo was not running.")
    return 0


def reset(here: House) -> int:
    """Stop, and delete what the demo made in its folder. Nothing else is touched."""
    down(here)
    for name in MADE:
        path = here.home / name
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif path.is_dir():
            shutil.rmtree(path)
    if os.environ.get("DATABASE_URL"):
        say("DATABASE_URL points at a database of your own: it was left as it is.")
    say("The demo's data are gone; the next start seeds anew.")
    return 0


COMMANDS = {"run": run, "up": up, "down": down, "reset": reset, "dev": dev}


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        say(f"Usage: python -m demo {'|'.join(COMMANDS)}")
        return 2
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        return COMMANDS[arguments[0]](house(os.environ))
    except BadEnvironment as problem:
        say(str(problem))
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
