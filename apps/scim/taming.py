"""What Microsoft Entra ID sends and no schema admits, put into the form that was meant. Pure.

Most of its habits the library knows (`schemas.POLICY`); these are the rest: the manager as a bare id, in a list, or as an
empty string that means "none", and a truth value in a list of values.
"""

from __future__ import annotations

from typing import Any

from apps.scim.schemas import ENTERPRISE

_MANAGER = f"{ENTERPRISE}:manager".lower()
MAX_DEPTH = 20


def tame(payload: Any) -> Any:
    """The payload of a request, a PATCH or a bulk request in the form that was meant."""
    if not isinstance(payload, dict):
        return payload
    return {key: _tame_value(key, value) for key, value in payload.items()}


def depth(payload: Any, limit: int = MAX_DEPTH) -> int:
    """How deep objects and lists stand in each other; counting ends beyond `limit`."""
    layer, deep = [payload], 0
    while layer and deep <= limit:
        below: list[Any] = []
        for one in layer:
            if isinstance(one, dict):
                below.extend(one.values())
            elif isinstance(one, list):
                below.extend(one)
        layer, deep = [one for one in below if isinstance(one, (dict, list))], deep + 1
    return deep


def _tame_value(key: str, value: Any) -> Any:
    if key.lower() == "operations" and isinstance(value, list):
        return [_operation(one) for one in value]
    if key.lower() == ENTERPRISE.lower() and isinstance(value, dict):
        return {name: _manager(one) if name.lower() == "manager" else one for name, one in value.items()}
    if key.lower() == _MANAGER:
        return _manager(value)
    return _truth(value) if key.lower() == "active" else value


def _operation(operation: Any) -> Any:
    """One operation of a PATCH, or of a bulk request with a whole body in `data`."""
    if not isinstance(operation, dict):
        return operation
    names = {name.lower(): name for name in operation}
    tamed = dict(operation)
    if "data" in names:
        tamed[names["data"]] = tame(operation[names["data"]])
    if "value" not in names or "path" not in names:
        if "value" in names:
            tamed[names["value"]] = tame(operation[names["value"]])
        return tamed
    path, value = operation[names["path"]], operation[names["value"]]
    if not isinstance(path, str):
        return tamed
    value = _tame_value(path, value)
    tamed[names["value"]] = value
    if path.lower() == _MANAGER and value is None:
        del tamed[names["value"]]
        tamed[names.get("op", "op")] = "remove"
    return tamed


def _manager(value: Any) -> Any:
    """`{"value": id}`, or None where nobody is named."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str):
        value = {"value": value}
    return None if isinstance(value, dict) and value.get("value", "-") in ("", None) else value


def _truth(value: Any) -> Any:
    """`true` for `[{"value": true}]`."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict) and "value" in value[0]:
        return value[0]["value"]
    return value
