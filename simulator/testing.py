"""Start and steer a simulator from a test.

    with start(tmp_path / "vendor.sqlite3", accept_rate=1.0) as vendor:
        client = OpenAI(**vendor.openai_options())
        ...
        vendor.advance(120)
        assert vendor.request_total("POST", "/v1/organization/invites") == 1

Needs nothing but the standard library (and the SDK for `openai_options`). Times are simulator seconds.
Nothing here sleeps.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from email.message import Message
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlencode

DEFAULT_ADMIN_KEY = "sim-admin-key"
DEFAULT_WORKSPACE_KEY = "sim-workspace-key"
READY_PREFIX = "simulator listening on "
START_SECONDS = 20.0
STOP_SECONDS = 5.0
CALL_SECONDS = 120.0

# A proxy named in the environment must not come between a test and its own machine.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_ROOT = Path(__file__).resolve().parent.parent

Document = dict[str, Any]


class Answer(NamedTuple):
    """Any answer of the simulator, errors included; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The decoded body, or None where it is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class SimulatorError(RuntimeError):
    """The simulator did not start, or refused one of its own routes."""


def start(
    state_path: str | Path | None = None,
    *,
    port: int = 0,
    admin_key: str = DEFAULT_ADMIN_KEY,
    workspace_key: str = DEFAULT_WORKSPACE_KEY,
    **settings: Any,
) -> RunningSimulator:
    """Start a simulator in a process of its own and return it once it accepts connections.

    `state_path` is its SQLite file; without one it lives in a temporary folder that `stop` removes. Port 0
    takes any free port. Further keywords are behaviour settings, such as `accept_rate=1.0`; they are applied
    before this returns. Raises SimulatorError if the process does not come up.
    """
    folder = None
    if state_path is None:
        folder = tempfile.TemporaryDirectory(prefix="simulator-")
        state_path = Path(folder.name) / "vendor.sqlite3"
    keys = {"admin_key": admin_key, "workspace_key": workspace_key}
    running = RunningSimulator(Path(state_path), port=port, folder=folder, **keys)
    running.restart()
    if settings:
        running.settings(**settings)
    return running


class RunningSimulator:
    """A simulator process, and the routes by which a test steers it. A context manager that stops it."""

    def __init__(
        self,
        state_path: Path,
        *,
        port: int,
        admin_key: str,
        workspace_key: str,
        folder: tempfile.TemporaryDirectory[str] | None,
    ) -> None:
        self.state_path = state_path
        self.admin_key = admin_key
        self.workspace_key = workspace_key
        self.base_url = ""
        self._port = port
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    # ---- the process -----------------------------------------------------------------------------

    @property
    def vendor_url(self) -> str:
        """What the SDK calls `base_url`."""
        return f"{self.base_url}/v1"

    @property
    def workspace_url(self) -> str:
        """The base of the workspace's routes, up to /v1, as `https://api.chatgpt.com/v1` is the vendor's."""
        return f"{self.base_url}/v1"

    @property
    def workspace_id(self) -> str:
        """The UUID of the one workspace that the workspace's key opens."""
        return str(self.settings()["workspace_id"])

    @property
    def pid(self) -> int | None:
        """The process id, or None while stopped."""
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        """Whether the process runs; False also after it killed itself by a fault."""
        return self._process is not None and self._process.poll() is None

    def openai_options(self, **more: Any) -> Document:
        """Return arguments for `OpenAI(...)`: no retries, 10 s time-out, nothing from the environment."""
        from openai import DefaultHttpxClient  # half a second that other callers are spared

        options: Document = {
            "http_client": DefaultHttpxClient(trust_env=False),
            "api_key": "",
            "admin_api_key": self.admin_key,
            "base_url": self.vendor_url,
            "organization": "",
            "project": "",
            "max_retries": 0,
            "timeout": 10.0,
        }
        return {**options, **more}

    def restart(self) -> None:
        """Start the process on its state, at the same address as before if it had one."""
        self.stop_process()
        self._process = process = _spawn(self.state_path, self._port, self.admin_key, self.workspace_key)
        try:
            self.base_url = _await_ready(process)
        except SimulatorError:
            self.kill()
            raise
        self._port = int(self.base_url.rpartition(":")[2])

    def stop_process(self) -> int:
        """End the process with SIGTERM and keep the state; returns its exit status."""
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        """End the process with SIGKILL, as a crash would, and keep the state; `restart` brings it back."""
        return self._end(signal.SIGKILL)

    def wait_dead(self) -> int:
        """Return the exit status of a process that a kill fault is ending."""
        if self._process is None:
            raise SimulatorError("the simulator is not running")
        return self._process.wait(STOP_SECONDS)

    def stop(self) -> None:
        """End the process, and remove the state if it is a temporary one."""
        self.stop_process()
        if self._folder:
            self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _end(self, number: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        if process.poll() is None:
            process.send_signal(number)
        try:
            status = process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()
        return status

    # ---- calls -----------------------------------------------------------------------------------

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make any call and return any answer; raises OSError if there is none.

        Sends the admin key unless `key` is another one or None (for no key at all).
        """
        sent = {"content-type": "application/json", **(headers or {})}
        if key is not None:
            sent["authorization"] = f"Bearer {key or self.admin_key}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base_url + path, data, sent, method=method)  # noqa: S310  # always http://
        try:
            with _OPENER.open(request, timeout=CALL_SECONDS) as response:
                return Answer(response.status, _lowered(response.headers), response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, _lowered(error.headers), error.read())

    def workspace_call(
        self, method: str, path: str, body: Any = None, *, surface: str = "manage", key: str | None = ""
    ) -> Answer:
        """Make a call of the workspace's API, such as "/users"; `surface` may be "analytics" or "compliance"."""
        place = f"/v1/{surface}/workspaces/{self.workspace_id}{path}"
        return self.call(method, place, body, key=key if key is None else key or self.workspace_key)

    def _admin(self, method: str, path: str, body: Any = None) -> Document:
        answer = self.call(method, f"/_sim/{path}", body, key=None)
        document = answer.json
        if answer.status != 200 or not isinstance(document, dict):  # HTTP OK
            text = answer.body.decode(errors="replace")
            raise SimulatorError(f"{method} /_sim/{path}: {answer.status} {text}")
        return document

    # ---- steering --------------------------------------------------------------------------------

    def state(self) -> Document:
        """Return `now`, `counts` by kind, `calls` by route and `settings`."""
        return self._admin("GET", "state")

    def counts(self) -> dict[str, int]:
        """Return only the counts of `state`."""
        counts: dict[str, int] = self.state()["counts"]
        return counts

    def now(self) -> int:
        """Return the simulator's time in Unix seconds."""
        return int(self.state()["now"])

    def settings(self, **changes: Any) -> Document:
        """Change the named settings, if any, and return all of them."""
        return self._admin("POST", "settings", changes)

    def advance(self, seconds: int) -> int:
        """Push the clock forward; what falls due happens. Returns the new time."""
        return int(self._admin("POST", "clock", {"advance_seconds": seconds})["now"])

    def fault(self, route: str, kind: str, **options: Any) -> int:
        """Set a fault on a route such as "POST /v1/organization/invites"; returns its id.

        Options: nth=1, times=1 (None: for ever), match=text, and those of the kind; see docs/simulator.md.
        """
        return int(self._admin("POST", "faults", {"route": route, "kind": kind, **options})["id"])

    def faults(self) -> list[Document]:
        """Return all faults, each with `seen` (calls that matched) and `fired`."""
        return list(self._admin("GET", "faults")["data"])

    def clear_faults(self) -> None:
        """Take all faults off."""
        self._admin("DELETE", "faults")

    def requests(self, method: str | None = None, route: str | None = None, limit: int = 1_000) -> list[Document]:
        """Return the last calls of the vendor's API with that method and route template, oldest first."""
        return list(self._requests(method, route, limit)["data"])

    def request_total(self, method: str | None = None, route: str | None = None) -> int:
        """Return how many calls were made since the start, the last reset or `clear_requests`."""
        return int(self._requests(method, route, 1)["total"])

    def clear_requests(self) -> None:
        """Forget all calls and counts."""
        self._admin("DELETE", "requests")

    def _requests(self, method: str | None, route: str | None, limit: int) -> Document:
        given = {"method": method, "route": route, "limit": limit}
        query = urlencode({name: value for name, value in given.items() if value is not None})
        return self._admin("GET", f"requests?{query}")

    def accept(self, email: str | None = None, *, invite_id: str | None = None) -> str:
        """Accept an invite now, by id or the newest pending one of an address; returns the member's id."""
        return str(self._admin("POST", "accept", {"email": email, "invite_id": invite_id})["user_id"])

    def accept_all(self) -> int:
        """Accept every pending invite now; returns how many there were."""
        return int(self._admin("POST", "accept", {"all": True})["accepted"])

    def seed(self, members: int = 0, **options: Any) -> int:
        """Add made-up members in bulk; returns how many.

        Options: owners=[emails], oddities=True, domain="agency.example", added_days_ago=90.
        """
        return int(self._admin("POST", "seed", {"members": members, **options})["added"])

    def add_members(self, members: Iterable[str | Mapping[str, Any]]) -> dict[str, str]:
        """Add members behind the API's back, each an address or a mapping with `email`, `name`, `role`,
        `is_scim_managed`, `is_service_account`, `added_at`; returns ids by address.
        """
        listed = [{"email": member} if isinstance(member, str) else dict(member) for member in members]
        added = self._admin("POST", "members", {"members": listed})["data"]
        return {str(member["email"]): str(member["id"]) for member in added}

    def remove_members(self, emails: Iterable[str]) -> int:
        """Remove members behind the API's back; returns how many were there."""
        return int(self._admin("DELETE", "members", {"emails": list(emails)})["removed"])

    def set_status(self, email: str, status: str) -> str:
        """Make a member "inactive", or "active" again, behind the API's back; returns their id."""
        return str(self._admin("POST", "members/status", {"email": email, "status": status})["user_id"])

    def idp_sync(
        self,
        members: Iterable[str | Mapping[str, Any]] | None = None,
        groups: Mapping[str, Iterable[str]] | None = None,
    ) -> dict[str, int]:
        """Let the identity provider push who is assigned; returns how many it changed, by kind.

        `members` are addresses or mappings with `email` and `name`, `groups` maps names to addresses. What is
        left out stays as in the push before, so without arguments that push happens again.
        """
        order: Document = {}
        if members is not None:
            order["members"] = [member if isinstance(member, str) else dict(member) for member in members]
        if groups is not None:
            order["groups"] = {name: list(emails) for name, emails in groups.items()}
        return self._admin("POST", "idp_sync", order)

    def expire_key(self) -> None:
        """Let both keys expire now; `settings(key_expires_at=None)` brings them back."""
        self.settings(key_expires_at=self.now())

    def reset(self, **settings: Any) -> None:
        """Go back to the state of a first start, then apply the named settings, if any."""
        self._admin("POST", "reset")
        if settings:
            self.settings(**settings)


def _lowered(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _spawn(state_path: Path, port: int, admin_key: str, workspace_key: str) -> subprocess.Popen[bytes]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SIMULATOR_")}
    paths = [str(_ROOT), *filter(None, [inherited.get("PYTHONPATH")])]
    command = [sys.executable, "-m", "simulator", "--port", str(port), "--state", str(state_path)]
    return subprocess.Popen(  # our own interpreter and module
        [*command, "--admin-key", admin_key, "--workspace-key", workspace_key, "--until-stdin-closes"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**inherited, "PYTHONPATH": os.pathsep.join(paths)},
    )


def _await_ready(process: subprocess.Popen[bytes]) -> str:
    """Return the address the process announces; raises SimulatorError if it ends or stays silent."""
    assert process.stdout is not None  # noqa: S101  # a pipe was asked for
    ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
    line = process.stdout.readline().decode() if ready else ""
    if not line.startswith(READY_PREFIX):
        raise SimulatorError(f"the simulator did not start; it said: {line!r}")
    return line.removeprefix(READY_PREFIX).strip()
