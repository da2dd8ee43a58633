"""The simulator as one application: the vendor's routes, its own under /_sim/, and what fits neither."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from simulator import admin, idp
from simulator.admin import AdminRoute
from simulator.errors import ApiError
from simulator.journal import UNMATCHED
from simulator.messages import JSON, Call
from simulator.routes import VENDOR_PREFIX, vendor_routes
from simulator.settings import ANY_ROUTE
from simulator.wire import RequestIds, VendorRoute
from simulator.world import Handler, World

HEALTHY = b'{"status":"ok"}'
ADMIN_ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/_sim/", admin.show_page),
    ("GET", "/_sim/state", admin.show_state),
    ("GET", "/_sim/settings", admin.show_settings),
    ("POST", "/_sim/settings", admin.change_settings),
    ("POST", "/_sim/clock", admin.advance_clock),
    ("GET", "/_sim/faults", admin.show_faults),
    ("POST", "/_sim/faults", admin.set_fault),
    ("DELETE", "/_sim/faults", admin.clear_faults),
    ("GET", "/_sim/requests", admin.show_requests),
    ("DELETE", "/_sim/requests", admin.clear_requests),
    ("POST", "/_sim/accept", admin.accept),
    ("POST", "/_sim/idp_sync", idp.sync),
    ("POST", "/_sim/seed", admin.seed),
    ("POST", "/_sim/members", admin.add_members),
    ("DELETE", "/_sim/members", admin.remove_members),
    ("POST", "/_sim/members/status", admin.set_status),
    ("POST", "/_sim/reset", admin.reset),
)


def build(world: World) -> Starlette:
    """Return the simulator as an ASGI application over a world."""

    async def health(_request: Request) -> Response:
        world.store.one("SELECT 1 FROM meta")
        return _response(HEALTHY, HTTPStatus.OK)

    async def unmatched(request: Request, error: Exception) -> Response:
        return _no_such_route(world, request, error)

    served = vendor_routes()
    anything = {f"{route.method} {ANY_ROUTE}" for route in served}
    world.routes = frozenset({ANY_ROUTE, *anything, *(route.name for route in served)})
    vendor = [
        _route(route.method, route.template, VendorRoute(world, route.name, route.handler, route.gate))
        for route in served
    ]
    own = [
        _route(method, template, AdminRoute(world, f"{method} {template}", handler))
        for method, template, handler in ADMIN_ROUTES
    ]
    app = Starlette(
        routes=[*vendor, *own, Route("/healthz", health)],
        middleware=[Middleware(RequestIds)],
        exception_handlers={HTTPException: unmatched, Exception: _crashed},
    )
    app.router.redirect_slashes = False
    return app


def _route(method: str, template: str, endpoint: ASGIApp) -> Route:
    return Route(template, endpoint, methods=[method], name=f"{method} {template}")


def _response(body: bytes, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(body, status, headers, JSON)


def _no_such_route(world: World, request: Request, error: Exception) -> Response:
    """Answer a path or method that does not exist; such calls of the vendor's API are journalled too."""
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.NOT_FOUND
    path = request.url.path
    if path.startswith(VENDOR_PREFIX):
        call = Call(
            method=request.method,
            route=f"{request.method} {UNMATCHED}",
            path=path,
            query=request.query_params,
            params={},
            headers=request.headers,
            body=b"",
            request_id=request.scope["request_id"],
        )
        world.journal.open(call, world.now()).status = status
    return _response(ApiError(status, f"Invalid URL ({request.method} {path})").body(), status)


async def _crashed(_request: Request, _error: Exception) -> Response:
    """Answer an error of the simulator itself; the server logs it."""
    error = ApiError(HTTPStatus.INTERNAL_SERVER_ERROR, "The simulator failed.")
    return _response(error.body(), error.status)
