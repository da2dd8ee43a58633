"""A server protocol whose connections can be closed without an answer."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from starlette.types import Receive, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

Address = tuple[str, int]


class HangUpProtocol(H11Protocol):
    """Remembers each client's transport, because ASGI has no word for hanging up."""

    open_transports: ClassVar[dict[Address, asyncio.Transport]] = {}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the base class
        super().connection_made(transport)
        if self.client:
            self.open_transports[self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self.client:
            self.open_transports.pop(self.client, None)
        super().connection_lost(exc)


async def hang_up(scope: Scope, receive: Receive) -> None:
    """Close the caller's connection and return once the server has noticed; nothing is answered."""
    host, port = scope["client"]
    transport = HangUpProtocol.open_transports.get((host, port))
    if transport is not None:
        transport.abort()
    await disconnected(receive)


async def disconnected(receive: Receive) -> None:
    """Return once the caller has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def still_there_after(receive: Receive, seconds: float) -> bool:
    """Wait; returns False at once if the caller hangs up meanwhile."""
    try:
        async with asyncio.timeout(seconds):
            await disconnected(receive)
    except TimeoutError:
        return True
    return False
