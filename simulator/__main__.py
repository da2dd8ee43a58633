"""Run the simulator: `python -m simulator --port 8100 --state vendor.sqlite3`."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence

import uvicorn

from simulator.app import build
from simulator.protocol import HangUpProtocol
from simulator.seeding import ensure_organization
from simulator.store import Store
from simulator.world import World

DEFAULT_PORT = 8100
DEFAULT_HOST = "127.0.0.1"
DEFAULT_ADMIN_KEY = "sim-admin-key"
DEFAULT_WORKSPACE_KEY = "sim-workspace-key"
READY_LINE = "simulator listening on {url}"

SHUTDOWN_SECONDS = 1
BACKLOG = 1_024
STDIN = 0
READ_BYTES = 4_096
# A connection of a caller that pauses between pages must not be closed under it.
KEEP_ALIVE_SECONDS = 60


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options, taken from the command line or else from SIMULATOR_* in the environment."""
    env = os.environ
    port = int(env.get("SIMULATOR_PORT", DEFAULT_PORT))
    parser = argparse.ArgumentParser(prog="simulator", description="A stand-in for the vendor's API.")
    parser.add_argument("--host", default=DEFAULT_HOST)
    parser.add_argument("--port", type=int, default=port, help="0: any free")
    parser.add_argument("--state", default=env.get("SIMULATOR_STATE"), help="SQLite file with the state")
    parser.add_argument("--admin-key", default=env.get("SIMULATOR_ADMIN_KEY", DEFAULT_ADMIN_KEY))
    parser.add_argument("--workspace-key", default=env.get("SIMULATOR_WORKSPACE_KEY", DEFAULT_WORKSPACE_KEY))
    parser.add_argument(
        "--until-stdin-closes",
        action="store_true",
        help="stop when standard input ends, so that no server outlives the program that started it",
    )
    options = parser.parse_args(arguments)
    if not options.state:
        parser.error("give --state or set SIMULATOR_STATE")
    return options


class AnnouncedServer(uvicorn.Server):
    """Says on standard output when, and where, it accepts connections."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start serving and print the ready line."""
        await super().startup(sockets)
        if sockets:
            host, port = sockets[0].getsockname()[:2]
            print(READY_LINE.format(url=f"http://{host}:{port}"), flush=True)


def listen(host: str, port: int) -> socket.socket:
    """Return a bound socket; a port that a killed process just left can be taken at once."""
    # Named as TCP, because asyncio turns off Nagle's delay (40 ms an answer) only where it sees that.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host, port))
    sock.listen(BACKLOG)
    return sock


def stop_when_stdin_closes() -> None:
    """Send this process SIGTERM once its standard input ends."""

    def watch() -> None:
        # Read past Python's buffer: its lock, held by a daemon thread, would crash the interpreter's exit.
        while os.read(STDIN, READ_BYTES):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit status."""
    options = parse(arguments)
    # The server repeats the signal that stopped it after it has shut down; that is a clean end here.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)
    store = Store(options.state)
    world = World(store, options.admin_key, options.workspace_key)
    ensure_organization(world)
    config = uvicorn.Config(
        build(world),
        http=HangUpProtocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    if options.until_stdin_closes:
        stop_when_stdin_closes()
    server = AnnouncedServer(config)
    asyncio.run(server.serve(sockets=[listen(options.host, options.port)]))
    store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
