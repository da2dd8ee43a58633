"""Another system that is told of changes: a real HTTP server on this machine, with answers as a test wants them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

Reply = int | tuple[int, dict[str, str], str]


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as it came in."""

    path: str
    headers: dict[str, str]
    body: str

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Receiver:
    """What came in, in order, and how the next call is answered."""

    address: str = ""
    calls: list[Call] = field(default_factory=list)
    reply: Callable[[Call], Reply] = lambda _: 204
    lock: Lock = field(default_factory=Lock)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [call.event for call in self.calls]

    def took(self, subject: str) -> list[str]:
        """The types of one record's events, in the order in which they came."""
        return [event["type"].rpartition("beacon.")[2] for event in self.events if event["subject"] == subject]


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name that http.server calls
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            call = Call(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            with receiver.lock:
                receiver.calls.append(call)
            reply = receiver.reply(call)
            status, headers, text = (reply, {}, "") if isinstance(reply, int) else reply
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: a test says what it saw."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.address = f"http://127.0.0.1:{server.server_address[1]}/hook?from=beacon"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
