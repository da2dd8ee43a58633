"""The way of a call: journal, latency, faults, key, limiter, handler, faults again, answer."""

from __future__ import annotations

import asyncio
import os
import signal
from http import HTTPStatus

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator import invites
from simulator.errors import ApiError
from simulator.faults import Fault
from simulator.gates import Gate
from simulator.ids import request_id
from simulator.messages import HTML, Call, Reply, error_reply, send_reply
from simulator.protocol import hang_up, still_there_after
from simulator.tampering import tamper
from simulator.world import Handler, World

REQUEST_ID_HEADER = b"x-request-id"
MILLISECONDS_PER_SECOND = 1_000
SALT_BYTES = 8
BAD_GATEWAY_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"


class RequestIds:
    """Outermost layer: every answer, refusals and crashes included, carries an `x-request-id` of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._salt = os.urandom(SALT_BYTES).hex()
        self._count = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._count += 1
        name = request_id(self._count, self._salt)
        scope["request_id"] = name

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (REQUEST_ID_HEADER, name.encode())]
            await send(message)

        await self._app(scope, receive, send_with_id)


async def read_call(scope: Scope, receive: Receive, route: str) -> Call | None:
    """Return the request with its whole body, or None if the caller hung up while sending it."""
    request = Request(scope, receive)
    try:
        body = await request.body()
    except ClientDisconnect:
        return None
    return Call(
        method=request.method,
        route=route,
        path=request.url.path,
        query=request.query_params,
        params=request.path_params,
        headers=request.headers,
        body=body,
        request_id=scope["request_id"],
    )


def answer(world: World, call: Call, handler: Handler, gate: Gate) -> Reply:
    """Return the answer of a healthy vendor: key, limiter, then the handler on a state that is up to date."""
    try:
        gate.admit(world, call)
    except ApiError as error:
        return error_reply(error)
    reply = _handle(world, call, handler, gate)
    gate.record(world, call, reply.status)
    return reply


def _handle(world: World, call: Call, handler: Handler, gate: Gate) -> Reply:
    try:
        world.limiter.check(call.route, world.now(), world.settings, gate.per_minute(world.settings))
        invites.settle(world)
        return handler(world, call)
    except ApiError as error:
        return error_reply(error)


class VendorRoute:
    """One method and route template of the vendor's API, as an ASGI application.

    A handler runs without a pause from start to end, so that calls take effect one after another even
    where their faults make them wait.
    """

    def __init__(self, world: World, route: str, handler: Handler, gate: Gate) -> None:
        self._world = world
        self._route = route
        self._handler = handler
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = await read_call(scope, receive, self._route)
        if call is None:
            return
        entry = self._world.journal.open(call, self._world.now())
        faults = self._world.faults.take(call)
        if self._world.settings.latency_ms:
            await asyncio.sleep(self._world.settings.latency_ms / MILLISECONDS_PER_SECOND)
        reply = await self._answer(call, faults, receive)
        if reply is None:
            await hang_up(scope, receive)
            return
        entry.status = reply.status
        await send_reply(send, reply)

    async def _answer(self, call: Call, faults: list[Fault], receive: Receive) -> Reply | None:
        """Return the answer, or None where the connection is to be closed without one."""
        refusal: Reply | None = None
        for fault in faults:
            if not await _survives_before(fault, receive):
                return None
            if fault.kind == "status" and not fault.applied:
                refusal = _refusal(fault)
        if refusal is not None:
            return refusal
        reply = answer(self._world, call, self._handler, self._gate)
        for fault in faults:
            if not await _survives_after(fault, receive):
                return None
            reply = _refusal(fault) if fault.kind == "status" else tamper(fault, call, reply)
        return reply


async def _survives_before(fault: Fault, receive: Receive) -> bool:
    """Carry out what a fault does before the effect; returns False where the call ends there.

    A delay before the effect ends the call if the caller gives up meanwhile: it then has no effect.
    """
    if fault.kind == "kill_before":
        os.kill(os.getpid(), signal.SIGKILL)
    if fault.kind == "delay" and fault.when == "before":
        return await still_there_after(receive, fault.seconds)
    return fault.kind != "drop_before"


async def _survives_after(fault: Fault, receive: Receive) -> bool:
    """Carry out what a fault does after the effect; returns False where no answer is given."""
    if fault.kind == "kill_after":
        os.kill(os.getpid(), signal.SIGKILL)
    if fault.kind == "delay" and fault.when == "after":
        return await still_there_after(receive, fault.seconds)
    return fault.kind != "drop_after"


def _refusal(fault: Fault) -> Reply:
    if isinstance(fault.status, str):
        return Reply(BAD_GATEWAY_PAGE, HTTPStatus.BAD_GATEWAY, HTML, fault.retry_headers())
    message = "The server had an error while processing your request."
    return error_reply(ApiError(fault.status, message, headers=fault.retry_headers()))
