"""HTTP to the vendor's organization API through the `openai` SDK, and nothing else: bytes out, bytes in.

Every SDK option is passed explicitly, because the SDK reads environment variables silently; what it reads all the
same (OPENAI_CUSTOM_HEADERS) is taken off each request. Reads are retried by the SDK, a write is sent once
(`max_retries=0`). Lists are taken as raw responses: the SDK's objects cost five times as much and check nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2
import openai

from apps.licenses.ports import (
    AlreadyExists,
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    ProviderError,
    Rejected,
    Transient,
)

READ_RETRIES = 3
TIMEOUT = httpx2.Timeout(20.0, connect=5.0)
_MAX_PAUSE = 24 * 3600.0
_HEADERS = {
    "host", "accept", "accept-encoding", "connection", "content-type", "content-length", "transfer-encoding", "user-agent",
    "authorization",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer: body, content type and the vendor's request id."""

    body: bytes
    content_type: str
    request_id: str


class Client:
    """The calls that Beacon uses. Raises only the six errors of `licenses.ports`."""

    def __init__(
        self, *, base_url: str, key: str, connections: int = 16, transport: httpx2.BaseTransport | None = None
    ) -> None:
        """`transport` is for tests; without it requests go over the network."""

        def only_ours(request: httpx2.Request) -> None:
            for name in list(request.headers):
                if name not in _HEADERS and not name.startswith("x-stainless-"):
                    del request.headers[name]
            request.headers["authorization"] = f"Bearer {key}"

        self._sdk = openai.OpenAI(
            # Empty and not None: None would be looked up in the environment.
            api_key="",
            admin_api_key=key,
            organization="",
            project="",
            webhook_secret="",
            base_url=base_url,
            timeout=TIMEOUT,
            max_retries=0,
            default_headers={},
            default_query={},
            http_client=openai.DefaultHttpxClient(
                timeout=TIMEOUT,
                # The bearer is never forwarded, and proxies of the machine are not asked.
                follow_redirects=False,
                trust_env=False,
                event_hooks={"request": [only_ours]},
                transport=transport,
                limits=httpx2.Limits(max_connections=connections, max_keepalive_connections=connections),
            ),
        )
        self._org = self._sdk.admin.organization
        self._reader = self._sdk.with_options(max_retries=READ_RETRIES).admin.organization

    def close(self) -> None:
        self._sdk.close()

    # -- reads ----------------------------------------------------------------------------------------------

    def users(self, *, after: str | None, limit: int) -> Answer:
        return self._read(lambda: self._reader.users.with_raw_response.list(**_page(after, limit)))

    def user(self, user_id: str) -> Answer:
        return self._read(lambda: self._reader.users.with_raw_response.retrieve(user_id))

    def users_by_email(self, email: str) -> Answer:
        return self._read(lambda: self._reader.users.with_raw_response.list(emails=[email], limit=10))

    def invites(self, *, after: str | None, limit: int) -> Answer:
        return self._read(lambda: self._reader.invites.with_raw_response.list(**_page(after, limit)))

    def invite(self, invite_id: str) -> Answer:
        return self._read(lambda: self._reader.invites.with_raw_response.retrieve(invite_id))

    def groups(self, *, after: str | None, limit: int) -> Answer:
        return self._read(lambda: self._reader.groups.with_raw_response.list(**_page(after, limit)))

    def group_users(self, group_id: str, *, after: str | None, limit: int) -> Answer:
        return self._read(lambda: self._reader.groups.users.with_raw_response.list(group_id, **_page(after, limit)))

    def data_retention(self) -> Answer:
        return self._read(self._reader.data_retention.with_raw_response.retrieve)

    # -- writes: sent once ------------------------------------------------------------------------------------

    def invite_create(self, email: str) -> Answer:
        # Without `projects: []` the person would join the default project.
        return self._write(lambda: self._org.invites.with_raw_response.create(email=email, role="reader", projects=[]))

    def invite_delete(self, invite_id: str) -> Answer:
        return self._write(lambda: self._org.invites.with_raw_response.delete(invite_id))

    def user_delete(self, user_id: str) -> Answer:
        return self._write(lambda: self._org.users.with_raw_response.delete(user_id))

    def group_create(self, name: str) -> Answer:
        return self._write(lambda: self._org.groups.with_raw_response.create(name=name))

    def group_user_add(self, group_id: str, user_id: str) -> Answer:
        return self._write(lambda: self._org.groups.users.with_raw_response.create(group_id, user_id=user_id))

    def group_user_remove(self, group_id: str, user_id: str) -> Answer:
        # The SDK takes the user first here, unlike everywhere else.
        return self._write(lambda: self._org.groups.users.with_raw_response.delete(user_id, group_id=group_id))

    # -- inside -------------------------------------------------------------------------------------------------

    def _read(self, call: Callable[[], Any]) -> Answer:
        try:
            return _answer(call())
        except openai.APIConnectionError as error:
            raise Transient(_said(error)) from error
        except openai.APIStatusError as error:
            raise _refused(error) from error
        except (TypeError, openai.OpenAIError) as error:
            raise Misconfigured(f"The SDK refused the call: {error}") from error

    def _write(self, call: Callable[[], Any]) -> Answer:
        try:
            return _answer(call())
        except openai.APIConnectionError as error:
            # Also a refused connection ends here: one look costs less than a second invitation.
            raise OutcomeUnknown(_said(error)) from error
        except openai.APIStatusError as error:
            problem = _refused(error)
            if isinstance(problem, Transient) and error.status_code != 429:
                raise OutcomeUnknown(problem.message, status=problem.status, request_id=problem.request_id) from error
            raise problem from error
        except (TypeError, openai.OpenAIError) as error:
            raise Misconfigured(f"The SDK refused the call: {error}") from error


def _page(after: str | None, limit: int) -> dict[str, Any]:
    return {"limit": limit} if after is None else {"limit": limit, "after": after}


def _answer(raw: Any) -> Answer:
    response = raw.http_response
    return Answer(response.content, response.headers.get("content-type", ""), response.headers.get("x-request-id", ""))


def _refused(error: openai.APIStatusError) -> ProviderError:
    """Sort an HTTP status into the six reactions. Only the status class is relied on; texts are for people."""
    status, request_id, message = error.status_code, error.request_id or "", _said(error)
    if status in {401, 403}:
        return Misconfigured(message, status=status, request_id=request_id)
    if status == 429 or status >= 500 or status == 408:
        return Transient(message, status=status, request_id=request_id, retry_after=_retry_after(error))
    kinds: dict[int, type[ProviderError]] = {404: NotFound, 409: AlreadyExists}
    return kinds.get(status, Rejected)(message, status=status, request_id=request_id)


def _retry_after(error: openai.APIStatusError) -> float | None:
    value = error.response.headers.get("retry-after", "")
    try:
        return min(max(float(value), 1.0), _MAX_PAUSE)
    except ValueError:
        return None


def _said(error: openai.APIError) -> str:
    """The vendor's words for the record: one line, no markup, bounded."""
    body = getattr(error, "body", None)
    text = body.get("message") if isinstance(body, dict) else None
    if not isinstance(text, str):
        text = error.message
    if "<" in text:
        text = "The answer was a web page and not the API's."
    return " ".join(text.split())[:300]
