"""The wire to the vendor: the `openai` SDK set up so that nothing surprises, and its errors sorted into the six.

Every SDK option is passed explicitly, because the SDK reads environment variables silently; what it reads all the
same (OPENAI_CUSTOM_HEADERS) is taken off each request. The SDK itself retries nothing, because it would also repeat
writes: reads are tried again here, a write is sent once. Answers are bytes: the SDK's objects cost five times as much
and check nothing.
"""

from __future__ import annotations

import random
import re
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx2
import openai

from apps.core import outgoing
from apps.licenses.ports import (
    AlreadyExists,
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    ProviderError,
    Rejected,
    Transient,
)

READ_TRIES = 4
PAUSE_WITHOUT_WORD = 60.0
TIMEOUT = httpx2.Timeout(20.0, connect=5.0)
_MAX_PAUSE = 24 * 3600.0
_HEADERS = {
    "host", "accept", "accept-encoding", "connection", "content-type", "content-length", "transfer-encoding", "user-agent",
    "authorization",
}  # fmt: skip


SCIM_MANAGED = "scim_managed_resource"


class Pace(Protocol):
    """The workspace's allowance as reading calls see it: wait before a call, and take the vendor's word to pause."""

    def wait(self, kind: str) -> None: ...

    def pause(self, kind: str, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer: body, content type and the vendor's request id."""

    body: bytes
    content_type: str
    request_id: str


class Wire:
    """The SDK for one workspace and its key. `read` and `write` raise only the six errors of `licenses.ports`.

    `pace` makes reads wait for their allowance; writes draw theirs where they are claimed.
    """

    def __init__(
        self, *, base_url: str, key: str, pace: Pace | None = None, connections: int = 16,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:  # fmt: skip
        """`transport` is for tests; without it requests go over the network."""
        self._pace = pace
        self._transport = transport

        def only_ours(request: httpx2.Request) -> None:
            for name in list(request.headers):
                if name not in _HEADERS and not name.startswith("x-stainless-"):
                    del request.headers[name]
            request.headers["authorization"] = f"Bearer {key}"

        self.once = openai.OpenAI(
            # Empty and not None: None would be looked up in the environment.
            api_key="",
            admin_api_key=key,
            organization="",
            project="",
            webhook_secret="",  # nosec B106 - empty on purpose, as the line above says of the key
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
                verify=_trusted(),
                event_hooks={"request": [only_ours]},
                transport=transport,
                limits=httpx2.Limits(max_connections=connections, max_keepalive_connections=connections),
            ),
        )

    def close(self) -> None:
        self.once.close()

    def read(self, kind: str, call: Callable[[], Any]) -> Answer:
        """Make a reading call, again where that helps; `kind` says which allowance it draws from."""
        for tries_left in reversed(range(READ_TRIES)):
            if self._pace:
                self._pace.wait(kind)
            try:
                return _answer(self._asked(call))
            except Transient as problem:
                if not tries_left:
                    raise
                self._before_again(kind, problem, READ_TRIES - tries_left)
        raise AssertionError("unreachable")

    def _asked(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except openai.APIConnectionError as error:
            raise Transient(_said(error)) from error
        except openai.APIStatusError as error:
            raise _refused(error) from error
        except (TypeError, openai.OpenAIError) as error:
            raise Misconfigured(f"The SDK refused the call: {error}") from error

    def _before_again(self, kind: str, problem: Transient, tried: int) -> None:
        """Wait before another try: as long as the vendor says, else a growing, jittered moment."""
        if problem.status == 429:
            if self._pace is None:
                raise problem
            self._pace.pause(kind, problem.retry_after or PAUSE_WITHOUT_WORD)
            return
        # Half a second, one, two: what ails for longer is for the next run.
        time.sleep(0.5 * 2.0 ** (tried - 1) * random.uniform(0.75, 1.0))  # noqa: S311 - no secret

    def write(self, call: Callable[[], Any]) -> Answer:
        """Make a writing call, once."""
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

    def redirect(self, kind: str, path: str) -> httpx2.Response:
        """A reading call whose answer is a redirect. Raises the six errors for everything that is none."""
        if self._pace:
            self._pace.wait(kind)
        try:
            found: httpx2.Response = self.once.get(path, cast_to=httpx2.Response)
        except openai.APIConnectionError as error:
            raise Transient(_said(error)) from error
        except openai.APIStatusError as error:
            if error.status_code < 400:
                return error.response
            raise _refused(error) from error
        return found

    def _judge(self, address: str) -> None:
        # The stand-in vendor speaks http on this machine. Without a network (tests) there is no name to look up.
        if str(self.once.base_url).startswith("http://"):
            return
        try:
            host, port = outgoing.host_of(address)
            if self._transport is None:
                found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                outgoing.judged(address, [str(one[4][0]) for one in found])
            elif not re.search("[a-z]", host):
                outgoing.judged(address, [host])
        except outgoing.AddressRefused as refused:
            raise Transient(f"The signed address is not called. {refused}") from refused
        except OSError as error:
            raise Transient("The signed address leads nowhere.") from error

    def fetch(self, address: str) -> bytes:
        """What lies at a signed address that the vendor gave: without our key, in plain reading.

        The address may be at another host, but never less protected than the API itself, and never inside a network
        that is not public: what the vendor answers must not send Beacon through its own house.
        """
        if urlsplit(address).scheme not in {"https", urlsplit(str(self.once.base_url)).scheme}:
            raise Transient("The signed address is not protected.")
        self._judge(address)
        with httpx2.Client(
            timeout=TIMEOUT, trust_env=False, follow_redirects=False, verify=_trusted(), transport=self._transport
        ) as plain:
            try:
                found = plain.get(address)
            except httpx2.HTTPError as error:
                raise Transient(f"The signed address did not answer: {type(error).__name__}") from error
            if found.status_code != 200:
                raise Transient("The signed address refused.", status=found.status_code)
            return bytes(found.content)


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities that are trusted, read once: reading them takes longer than a call."""
    return httpx2.create_ssl_context(trust_env=False)


def _answer(raw: Any) -> Answer:
    response = raw if isinstance(raw, httpx2.Response) else raw.http_response
    return Answer(response.content, response.headers.get("content-type", ""), response.headers.get("x-request-id", ""))


def _refused(error: openai.APIStatusError) -> ProviderError:
    """Sort an HTTP status into the six reactions. Only the status class is relied on; texts are for people."""
    status, request_id, message = error.status_code, error.request_id or "", _said(error)
    if status in {401, 403}:
        return Misconfigured(message, status=status, request_id=request_id)
    if status == 429 or status >= 500 or status == 408:
        return Transient(message, status=status, request_id=request_id, retry_after=_retry_after(error))
    if getattr(error, "code", None) == SCIM_MANAGED:
        return Rejected(message, status=status, request_id=request_id, code=SCIM_MANAGED)
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
