"""The errors a caller of the vendor's API can meet, in the vendor's own shape."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import msgspec

INVALID_REQUEST = "invalid_request_error"
RATE_LIMITED = "requests"
SERVER_ERROR = "server_error"


class ApiError(Exception):
    """A refusal that reaches the caller as an HTTP status and a four-key error body.

    `param` names the field at fault and `code` the reason; either may be None, and then the key is
    still present with null, because all four keys are required (vendor fact sheet 1).
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code
        self.headers = dict(headers or {})

    def body(self) -> bytes:
        """Return the JSON error body."""
        error = {"message": self.message, "type": self._kind(), "param": self.param, "code": self.code}
        return msgspec.json.encode({"error": error})

    def _kind(self) -> str:
        if self.status == HTTPStatus.TOO_MANY_REQUESTS:
            return RATE_LIMITED
        return SERVER_ERROR if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR else INVALID_REQUEST


def bad_request(message: str, param: str | None = None, code: str | None = None) -> ApiError:
    """Return a 400."""
    return ApiError(HTTPStatus.BAD_REQUEST, message, param=param, code=code)


def not_found(what: str, object_id: str, param: str | None = None) -> ApiError:
    """Return a 404 for an object that is not, or no longer, there."""
    return ApiError(HTTPStatus.NOT_FOUND, f"No {what} found with id '{object_id}'.", param=param, code="not_found")


def conflict(message: str, code: str, param: str | None = None) -> ApiError:
    """Return a 409."""
    return ApiError(HTTPStatus.CONFLICT, message, param=param, code=code)
