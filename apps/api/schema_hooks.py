"""What the description says of every operation: which refusals there are, and how a call proves who makes it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

_REFUSALS = {
    "400": "The request cannot be used; `errors` says which part.",
    "401": "No session and no token that is good.",
    "403": "Not for this role or this token, or it asks for a fresh sign-in.",
    "404": "There is no such record in sight.",
    "409": "Not in the state that it is in; `reasons` says why and what to do.",
    "413": "Too much at once.",
    "415": "Another content type is needed.",
    "422": "The Idempotency-Key was used for another call, or with other rights.",
    "429": "Too many calls in this minute.",
    "503": "Not at the moment.",
}  # fmt: skip
_CONDITION = {"412": "The record is no longer what If-Match stands for."}
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "properties": {
        "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
        "reasons": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {name: {"type": "string"} for name in ("code", "text", "how_to_fix", "owner")},
                "required": ["code", "text", "how_to_fix", "owner"],
            },
        },
        "errors": {},
    },
    "required": ["type", "title", "status"],
}  # fmt: skip
_KEY = {
    "name": "Idempotency-Key", "in": "header", "required": False,
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9_.:-]{8,80}$"},
    "description": "The same key with the same call is one act, for a day.",
}  # fmt: skip

_IF_MATCH = {
    "name": "If-Match", "in": "header", "required": False, "schema": {"type": "string"},
    "description": "The ETag of the record as you read it: the verb is done only while the record is still that.",
}  # fmt: skip


def _clean(part: Any) -> None:
    """Leave out the generator's own marks, which say nothing to a reader."""
    if isinstance(part, dict):
        part.pop("x-spec-enum-id", None)
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        _clean(inner)


class Bearer(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the library has no types for it
    """A token in the header Authorization."""

    target_class = "apps.accounts.authentication.ActorAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


def describe_refusals(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Every operation may be refused in these ways, each as problem details (RFC 9457)."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = _PROBLEM
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    result["components"]["responses"] = {
        f"Refusal{status}": {"description": words, "content": content}
        for status, words in (_REFUSALS | _CONDITION).items()
    }
    result["components"]["parameters"] = {"IdempotencyKey": _KEY, "IfMatch": _IF_MATCH}
    _clean(result)
    for name, schema in result["components"]["schemas"].items():
        if name.endswith("Out"):
            # `?fields=` leaves out what was not asked for.
            schema.pop("required", None)
    for methods in result["paths"].values():
        for method, operation in methods.items():
            for status in _REFUSALS:
                operation["responses"].setdefault(status, {"$ref": f"#/components/responses/Refusal{status}"})
            if method == "get":
                operation["responses"].setdefault("304", {"description": "You have it already (If-None-Match)."})
            else:
                parameters = operation.setdefault("parameters", [])
                if any(one.get("name") == _IF_MATCH["name"] for one in parameters):
                    parameters[:] = [one for one in parameters if one.get("name") != _IF_MATCH["name"]]
                    parameters.append({"$ref": "#/components/parameters/IfMatch"})
                    operation["responses"].setdefault("412", {"$ref": "#/components/responses/Refusal412"})
                parameters.append({"$ref": "#/components/parameters/IdempotencyKey"})
    return result
