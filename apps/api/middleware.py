"""What every call of the interface has: a limit of calls, one act for one Idempotency-Key, and ETags on what is read."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import get_conditional_response
from redis.exceptions import RedisError

from apps.accounts.actors import Actor
from apps.api.models import IdempotentCall
from apps.api.preconditions import tag_of
from apps.core import clock
from apps.core.api import CONTENT_TYPE, problem_body
from apps.core.errors import BeaconError, Invalid

GetResponse = Callable[[HttpRequest], HttpResponse]
PREFIX = "/api/v1/"
_KEY = re.compile(r"[A-Za-z0-9_.:-]{8,80}")
KEPT = timedelta(hours=24)
logger = logging.getLogger(__name__)


class TooManyCalls(BeaconError):
    status = 429
    text = "There were too many calls in this minute."
    how_to_fix = "Wait as many seconds as Retry-After says."


class KeyUsedOtherwise(BeaconError):
    status = 422
    text = "This Idempotency-Key was used for another call, or with other rights."
    how_to_fix = (
        "Use a new key for each act, and the same one only to repeat it. Look up what became of the first call."
    )


class BadKey(BeaconError):
    status = 400
    text = "An Idempotency-Key has 8 to 80 letters, digits and - _ . :"


class StillAtIt(BeaconError):
    text = "The first call with this Idempotency-Key is still under way."
    how_to_fix = "Wait a moment and repeat it."


class ApiMiddleware:
    """After ActorMiddleware: who calls is known."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(PREFIX):
            return self.get_response(request)
        return _as_problem(self._answer(request))

    def _answer(self, request: HttpRequest) -> HttpResponse:
        actor: Actor | None = getattr(request, "actor", None)
        if actor is None or actor.user_id is None:
            return self.get_response(request)
        try:
            _count(request, actor)
            if "%00" in request.META.get("QUERY_STRING", ""):
                raise Invalid("A parameter cannot be read.", how_to_fix="Leave out the character NUL.")
            if request.method == "POST" and (key := request.headers.get("Idempotency-Key")):
                return self._once(request, actor, actor.user_id, key)
        except BeaconError as refusal:
            answer = JsonResponse(problem_body(refusal), status=refusal.status, content_type=CONTENT_TYPE)
            if refusal.status == 429:
                answer["Retry-After"] = str(60 - clock.now().second)
            return answer
        response = self.get_response(request)
        return _tagged(request, response) if request.method in {"GET", "HEAD"} else response

    def _once(self, request: HttpRequest, actor: Actor, user_id: int, key: str) -> HttpResponse:
        """Act and answer in one transaction with the key: a crash between leaves neither, a repetition finds both."""
        if not _KEY.fullmatch(key):
            raise BadKey()
        asked = f"{request.method} {request.get_full_path()}\n{_rights(actor)}\n".encode()
        digest = hashlib.sha256(asked + request.body).hexdigest()
        if kept := _kept(user_id, key):
            return _again(kept, digest)
        with transaction.atomic():
            try:
                with transaction.atomic():
                    call = IdempotentCall.objects.create(user_id=user_id, key=key, digest=digest)
            except IntegrityError as error:
                if kept := _kept(user_id, key):
                    return _again(kept, digest)
                raise StillAtIt() from error
            response = self.get_response(request)
            if response.status_code >= 400:
                # Nothing was done: the key is free for the next try.
                transaction.set_rollback(True)
                return response
            call.status, call.content_type = response.status_code, response.get("Content-Type", "")
            call.body = response.content.decode()
            call.save()
        return response


def _as_problem(response: HttpResponse) -> HttpResponse:
    """What Django itself refuses (an address that there is not, a body too large) is a problem document too."""
    if response.status_code < 400 or response.get("Content-Type", "").startswith(CONTENT_TYPE):
        return response
    body = {"type": "about:blank", "title": response.reason_phrase, "status": response.status_code}
    answer = JsonResponse(body, status=response.status_code, content_type=CONTENT_TYPE)
    for name in ("Allow", "WWW-Authenticate"):
        if name in response:
            answer[name] = response[name]
    return answer


def _rights(actor: Actor) -> str:
    """By what the call was let in. Whoever has lost a role, an agency or a scope since is not told the answer again."""
    roles = sorted((role.value, sorted(scopes)) for role, scopes in actor.roles.items())
    scopes = None if actor.scopes is None else sorted(actor.scopes)
    return repr((roles, sorted(actor.agency_ids), actor.employee_id, scopes))


def _kept(user_id: int, key: str) -> IdempotentCall | None:
    return IdempotentCall.objects.filter(user_id=user_id, key=key, at__gt=clock.now() - KEPT).first()


def _again(kept: IdempotentCall, digest: str) -> HttpResponse:
    if kept.digest != digest:
        raise KeyUsedOtherwise()
    answer = HttpResponse(kept.body, status=kept.status, content_type=kept.content_type)
    answer["Idempotency-Replayed"] = "true"
    return answer


def _count(request: HttpRequest, actor: Actor) -> None:
    """Calls of a minute, by token or person. Without a counter calls go on: an emergency stop must not wait for it."""
    token = getattr(request, "api_token", None)
    name = f"api-calls:{f't{token.pk}' if token else f'u{actor.user_id}'}:{clock.now():%H%M}"
    try:
        cache.add(name, 0, 120)
        if cache.incr(name) > settings.API_CALLS_A_MINUTE:
            raise TooManyCalls()
    except (RedisError, ValueError) as error:
        logger.warning("Calls cannot be counted (%s).", type(error).__name__)


def _tagged(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """An ETag of what was read, and 304 for who has it already."""
    if response.status_code != 200 or response.streaming:
        return response
    response["ETag"] = tag_of(response.content)
    return get_conditional_response(request, etag=response["ETag"], response=response) or response


def sweep() -> int:
    """Forget the answers of yesterday (settings.TICK)."""
    gone, _ = IdempotentCall.objects.filter(at__lt=clock.now() - KEPT).delete()
    return gone
