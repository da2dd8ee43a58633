"""Where the demo lives: folder, ports, addresses and the environment of its processes. Nothing of Django here."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.env import ROOT, read

KEY_NAME = "BEACON_DEMO_VENDOR_KEY"
# The simulators' key. It opens nothing else, and the name says what it is.
KEY = "demo-only-not-a-secret"
HOST = "127.0.0.1"
# What the demo makes in its folder and `reset` may delete; the tests' and the bench's servers are not among it.
MADE = ("postgres", "valkey", "simulator", "run", "logs", "mail", "hr", "audit-heads", ".lock")


@dataclass(frozen=True, slots=True)
class House:
    """One demo. Two of them live side by side with other ports and another folder."""

    home: Path
    port: int
    simulator_port: int
    second_simulator_port: int

    @property
    def run(self) -> Path:
        """Process ids and marks; gone when the demo is down."""
        return self.home / "run"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def simulator_url(self) -> str:
        return f"http://{HOST}:{self.simulator_port}"

    @property
    def second_simulator_url(self) -> str:
        return f"http://{HOST}:{self.second_simulator_port}"

    @property
    def vendor_url(self) -> str:
        """What the SDK calls base_url."""
        return f"{self.simulator_url}/v1"

    @property
    def ready(self) -> Path:
        """There while the demo is up and answering."""
        return self.run / "ready"

    def environment(self, inherited: Mapping[str, str], settings: str) -> dict[str, str]:
        """The environment of the demo's processes; what a shell happens to have set for others is overruled."""
        paths = [str(ROOT), *filter(None, [inherited.get("PYTHONPATH")])]
        return {
            **inherited,
            "DJANGO_SETTINGS_MODULE": settings,
            "BEACON_HOME": str(self.home),
            "PORT": str(self.port),
            "SIMULATOR_PORT": str(self.simulator_port),
            "SECOND_SIMULATOR_PORT": str(self.second_simulator_port),
            "SIMULATOR_ADMIN_KEY": f"{KEY}-of-the-organization",
            "SIMULATOR_WORKSPACE_KEY": KEY,
            KEY_NAME: KEY,
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONUNBUFFERED": "1",
        }

    def ports_in_the_way(self) -> list[str]:
        """One plain sentence for each port that somebody else has."""
        wanted = {
            "PORT": self.port, "SIMULATOR_PORT": self.simulator_port,
            "SECOND_SIMULATOR_PORT": self.second_simulator_port,
        }  # fmt: skip
        return [
            f"Port {number} is in use by another program. Choose another: {name}={number + 1} make demo"
            for name, number in wanted.items()
            if not _is_free(number)
        ]


def house(environ: Mapping[str, str]) -> House:
    """The demo that the environment describes. Raises `config.env.BadEnvironment`."""
    told = read(environ, production=False)
    return House(told.home, told.port, told.simulator_port, told.second_simulator_port)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do it: a connection that has just closed does not block the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
