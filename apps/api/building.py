"""Makes interface views out of what is already there: a selector and a model become a noun, a service becomes a verb.

The signature of a service says what a call must send: simple types become fields, a record is named by the key that
people know it by. So the interface cannot differ from the services, and a new parameter is there at once.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, cast

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import CharField, Model, QuerySet, URLField
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import api_view, parser_classes
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access import actor_of, allow
from apps.accounts.actors import Actor, Role, Scope
from apps.api.preconditions import as_read
from apps.core.api import FIELDS, paged, pages_of
from apps.core.db.errors import bounded
from apps.core.errors import Invalid

Selector = Callable[[Actor], QuerySet[Any]]
# By which key a record is named where one refers to it; others by `id`.
KEYS: dict[str, str] = {
    "agencies.Agency": "code", "agencies.Employee": "employee_id", "rollout.Phase": "number", "training.Course": "code",
    "vendors.Workspace": "name", "accounts.User": "email", "licenses.Contract": "number",
}  # fmt: skip


@dataclass(frozen=True)
class Noun:
    """One kind of record: where it is found, who sees which (the selector), and what is told of it."""

    path: str
    model: type[Model]
    selector: Selector
    fields: tuple[str, ...] = ()
    out: type[serializers.BaseSerializer[Any]] | None = None
    # Parameters that narrow the list, each with the field that it narrows by.
    filters: Mapping[str, str] = field(default_factory=dict)
    roles: tuple[Role, ...] = ()
    search: Callable[[QuerySet[Any], str], QuerySet[Any]] | None = None
    # An app's own view makes the list (and what is posted to it).
    has_list: bool = True
    has_detail: bool = True
    about: str = ""

    @property
    def name(self) -> str:
        return self.path.replace("/", "_").replace("-", "_")

    @property
    def key(self) -> str:
        return KEYS.get(self.model._meta.label, "pk")

    @property
    def converter(self) -> str:
        if self.model._meta.label in {"rollout.Phase"} or self.key == "pk":
            return "int"
        return "str"

    def serializer(self) -> type[serializers.BaseSerializer[Any]]:
        return self.out or _out(self)

    def one(self, actor: Actor, key: Any) -> Any:
        """The record, if it is in the actor's sight; otherwise there is none (404)."""
        return get_object_or_404(self.selector(actor), **{self.key: key})


@dataclass(frozen=True)
class Verb:
    """One act: the service that does it, on a record of the noun (`record` is the service's parameter) or without one."""

    noun: str
    name: str
    service: Callable[..., Any]
    record: str = ""
    roles: tuple[Role, ...] = ()
    scope: Scope | None = None
    # Values that a form of the pages checks (`**values` of the service).
    form: type[forms.Form] | None = None
    # What the service returns instead of a record.
    answer: Literal["record", "done", "number", "file", "list"] = "record"
    # Parameters that no caller decides.
    fixed: Mapping[str, Any] = field(default_factory=dict)


_OUTS: dict[str, type[serializers.BaseSerializer[Any]]] = {}


def _out(noun: Noun) -> type[serializers.BaseSerializer[Any]]:
    """A serializer with exactly these fields; a record that is referred to is given by its key."""
    if noun.path not in _OUTS:
        own: dict[str, Any] = {}
        for name in noun.fields:
            found = noun.model._meta.get_field(name)
            if found.is_relation and found.related_model:
                slug = KEYS.get(found.related_model._meta.label, "pk")
                known = slug and slug != "pk"
                is_null = bool(getattr(found, "null", False))
                own[name] = (
                    serializers.SlugRelatedField(slug_field=slug, read_only=True, allow_null=is_null)
                    if known
                    else serializers.PrimaryKeyRelatedField(read_only=True, allow_null=is_null)
                )
        meta = type("Meta", (), {"model": noun.model, "fields": list(noun.fields)})
        _OUTS[noun.path] = cast(
            type[serializers.BaseSerializer[Any]],
            type(
                f"{noun.name.title().replace('_', '')}Out",
                (serializers.ModelSerializer,),
                own | {"Meta": meta, "__doc__": ""},
            ),
        )
    return _OUTS[noun.path]


# -- reading -----------------------------------------------------------------------------------------------------------


def list_view(noun: Noun, create: Verb | None, nouns: Mapping[type[Model], Noun]) -> Callable[..., HttpResponse]:
    """GET: a page of the records in sight. POST, where there is a verb for it: make one."""
    parameters = [
        *(OpenApiParameter(name, str, description=f"Only those with this {name.replace('_', ' ')}") for name in noun.filters),
        *([OpenApiParameter("q", str, description="Words to look for")] if noun.search else []),
        *FIELDS,
    ]  # fmt: skip

    def view(request: Request) -> Response:
        if request.method == "POST" and create:
            return _act(request, create, noun, nouns, None)
        rows = noun.selector(actor_of(request))
        for name, path in noun.filters.items():
            if value := request.query_params.get(name, ""):
                rows = _narrowed(rows, path, value, name)
        if noun.search and (words := request.query_params.get("q", "")[:200]):
            rows = noun.search(rows, words)
        return paged(request, rows, noun.serializer())

    methods = ["GET", "POST"] if create else ["GET"]
    view.__doc__ = noun.about or f"{noun.path.replace('-', ' ').replace('/', ' ').capitalize()} within one's scope."
    described = extend_schema(
        methods=["GET"], parameters=parameters, responses=pages_of(noun.serializer()),
        operation_id=f"{noun.name}_list", tags=[_tag(noun)],
    )  # fmt: skip
    if not create:
        return _finished(view, methods, [described], noun.roles, None)
    made = _described(create, noun, nouns)
    return _finished(view, methods, [described, made], noun.roles, create.scope, is_upload=_takes_file(create))


def detail_view(noun: Noun) -> Callable[..., HttpResponse]:
    """GET: one record."""

    def view(request: Request, key: Any) -> Response:
        return Response(noun.serializer()(noun.one(actor_of(request), key), context={"request": request}).data)

    view.__doc__ = f"One of {noun.path.replace('-', ' ').replace('/', ' ')}."
    described = extend_schema(
        responses=noun.serializer(),
        operation_id=f"{noun.name}_one",
        parameters=[_key_parameter(noun)],
        tags=[_tag(noun)],
    )
    return _finished(view, ["GET"], [described], noun.roles, None)


def verb_view(verb: Verb, noun: Noun, nouns: Mapping[type[Model], Noun]) -> Callable[..., HttpResponse]:
    """POST: do it."""

    def view(request: Request, key: Any = None) -> Response:
        if not verb.record:
            return _act(request, verb, noun, nouns, None)
        with as_read(request, noun, key) as record:
            return _act(request, verb, noun, nouns, record)

    return _finished(
        view, ["POST"], [_described(verb, noun, nouns)], verb.roles, verb.scope, is_upload=_takes_file(verb)
    )


def _finished(
    view: Any, methods: list[str], described: list[Any], roles: tuple[Role, ...], scope: Scope | None, *, is_upload: bool = False
) -> Callable[..., HttpResponse]:  # fmt: skip
    made = api_view(methods)(parser_classes([MultiPartParser, JSONParser] if is_upload else [JSONParser])(view))
    guarded: Any = allow(*roles, scope=scope)(made)
    for one in described:
        guarded = one(guarded)
    return cast(Callable[..., HttpResponse], login_not_required(guarded))


def _narrowed(rows: QuerySet[Any], path: str, value: str, name: str) -> QuerySet[Any]:
    try:
        return rows.filter(**{path: value})
    except (ValueError, ValidationError) as error:
        raise Invalid(f"{name} cannot be read.") from error


def _tag(noun: Noun) -> str:
    return noun.path.partition("/")[0]


def _key_parameter(noun: Noun) -> OpenApiParameter:
    kind = OpenApiTypes.INT if noun.converter == "int" else OpenApiTypes.STR
    return OpenApiParameter("key", kind, OpenApiParameter.PATH, description="By which the record is known")


# What it means stands once in the description (schema_hooks.py).
_IF_MATCH = OpenApiParameter("If-Match", str, OpenApiParameter.HEADER)


# -- doing -------------------------------------------------------------------------------------------------------------


def _act(request: Request, verb: Verb, noun: Noun, nouns: Mapping[type[Model], Noun], record: Any) -> Response:
    actor = actor_of(request)
    given = request_serializer(verb, nouns)(data=request.data, context={"actor": actor})
    given.is_valid(raise_exception=True)
    values = dict(given.validated_data) | dict(verb.fixed)
    if verb.form:
        form = verb.form(data=dict(cast(Mapping[str, Any], request.data)))
        if not form.is_valid():
            raise serializers.ValidationError(form.errors.get_json_data())
        values = dict(form.cleaned_data)
    if "file" in values and "content" in inspect.signature(verb.service).parameters:
        upload = values.pop("file")
        values |= {"content": upload.read(), "file_name": upload.name[:200]}
    target = {verb.record: record} if verb.record else {}
    with bounded(), transaction.atomic():
        result = verb.service(actor=actor, **target, **values)
    return _answer(request, verb, noun, nouns, result)


def _status(verb: Verb, noun: Noun) -> int:
    """201 where a record came to be: without one before, or of another kind than the one that was acted on."""
    made = typing.get_type_hints(verb.service).get("return")
    is_other = verb.answer == "record" and inspect.isclass(made) and issubclass(made, Model) and made is not noun.model
    return 201 if not verb.record or is_other else 200


def _answer(request: Request, verb: Verb, noun: Noun, nouns: Mapping[type[Model], Noun], result: Any) -> Response:
    status = _status(verb, noun)
    if verb.answer == "number":
        return Response({"number": int(result)}, status=status)
    known = nouns.get(type(result)) if isinstance(result, Model) else None
    if verb.answer == "record" and known:
        fresh = known.selector(actor_of(request)).filter(pk=result.pk).first()
        return Response(known.serializer()(fresh or result, context={"request": request}).data, status=status)
    return Response({"done": True}, status=status)


class Done(serializers.Serializer[Any]):
    done = serializers.BooleanField()


class Number(serializers.Serializer[Any]):
    number = serializers.IntegerField()


def _described(verb: Verb, noun: Noun, nouns: Mapping[type[Model], Noun]) -> Any:
    hints = typing.get_type_hints(verb.service)
    known = nouns.get(hints.get("return", type(None)))
    answer = Number if verb.answer == "number" else known.serializer() if known and verb.answer == "record" else Done
    serializer = request_serializer(verb, nouns)
    first = (inspect.getdoc(verb.service) or "").split("\n\n")[0]
    return extend_schema(
        methods=["POST"], request=serializer if serializer._declared_fields else None,
        responses={_status(verb, noun): answer},
        operation_id=f"{noun.name}_{verb.name.replace('-', '_') or 'create'}", description=first, tags=[_tag(noun)],
        parameters=[_key_parameter(noun), *([_IF_MATCH] if noun.has_detail else [])] if verb.record else [],
    )  # fmt: skip


_REQUESTS: dict[str, type[serializers.Serializer[Any]]] = {}


def request_serializer(verb: Verb, nouns: Mapping[type[Model], Noun]) -> type[serializers.Serializer[Any]]:
    """What a call must send, read off the service's signature (or off the form that checks it on the pages)."""
    name = f"{verb.noun}-{verb.name or 'create'}".title().replace("-", "").replace("/", "") + "In"
    if name not in _REQUESTS:
        fields = _of_form(verb.form) if verb.form else _of_signature(verb, nouns)
        _REQUESTS[name] = cast(
            type[serializers.Serializer[Any]], type(name, (serializers.Serializer,), fields | {"__doc__": ""})
        )
    return _REQUESTS[name]


def _of_signature(verb: Verb, nouns: Mapping[type[Model], Noun]) -> dict[str, Any]:
    hints = typing.get_type_hints(verb.service)
    fields: dict[str, Any] = {}
    for name, parameter in inspect.signature(verb.service).parameters.items():
        if name in {"actor", verb.record, "file_name"} or name in verb.fixed:
            continue
        needed = parameter.default is inspect.Parameter.empty
        if name == "content" and hints[name] is bytes:
            fields["file"] = serializers.FileField(max_length=200)
            continue
        told = _as_told(hints.get("return"), name, required=needed) if hints[name] is str else None
        fields[name] = told or _field(hints[name], nouns, required=needed)
    return fields


def _as_told(model: Any, name: str, *, required: bool) -> serializers.Field[Any, Any, Any, Any] | None:
    """A text that the record keeps under the same name: what the model says of it (a closed list, an address, a length)."""
    # A written reason goes into the trail; a column of that name may be something else (a seat's code).
    if name == "reason" or not (inspect.isclass(model) and issubclass(model, Model)):
        return None
    column = next((one for one in model._meta.fields if one.name == name), None)
    if column is None or not isinstance(column, CharField):
        return None
    if column.choices:
        return serializers.ChoiceField(choices=list(column.flatchoices), required=required, allow_blank=not required)
    made = serializers.URLField if isinstance(column, URLField) else serializers.CharField
    return made(max_length=column.max_length, required=required, allow_blank=column.blank or not required)


@extend_schema_field(OpenApiTypes.STR)
class KeyField(serializers.Field[Any, Any, Any, Any]):
    """A record named by its key, if it is in the actor's sight."""

    def __init__(self, noun: Noun, **more: Any) -> None:
        self.noun = noun
        super().__init__(help_text=f"By {noun.key if noun.key != 'pk' else 'id'}", **more)

    def to_internal_value(self, data: Any) -> Any:
        found, text = None, str(data)[:200]
        is_number = self.noun.converter == "int"
        if isinstance(data, (str, int)) and "\x00" not in text and (not is_number or _is_id(text)):
            found = self.noun.selector(self.context["actor"]).filter(**{self.noun.key: text}).first()
        if found is None:
            raise serializers.ValidationError("There is no such record.")
        return found


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and int(text) < 2**31


_SIMPLE: dict[Any, Callable[..., serializers.Field[Any, Any, Any, Any]]] = {
    str: lambda **more: serializers.CharField(
        max_length=20_000, allow_blank=not more["required"], trim_whitespace=False, **more
    ),
    int: lambda **more: serializers.IntegerField(min_value=-(2**31), max_value=2**31 - 1, **more),
    bool: serializers.BooleanField,
    date: serializers.DateField,
    datetime: serializers.DateTimeField,
    Decimal: lambda **more: serializers.DecimalField(max_digits=12, decimal_places=2, **more),
}


def _field(
    hint: Any, nouns: Mapping[type[Model], Noun], *, required: bool, allow_null: bool = False
) -> serializers.Field[Any, Any, Any, Any]:
    origin, inner = typing.get_origin(hint), [one for one in typing.get_args(hint) if one is not type(None)]
    if origin in {typing.Union, types.UnionType}:
        return _field(inner[0], nouns, required=required, allow_null=True)
    # As arguments and not set afterwards: each call gets a copy of the field, made from its arguments.
    more: dict[str, Any] = {"required": required, "allow_null": allow_null}
    if hint in _SIMPLE:
        return _SIMPLE[hint](**more)
    if inspect.isclass(hint) and issubclass(hint, StrEnum):
        return RoleField(hint, **more)
    if inspect.isclass(hint) and issubclass(hint, Model):
        return KeyField(nouns[hint], **more)
    if inner and len(inner) == 1:
        child = _field(inner[0], nouns, required=True)
        return serializers.ListField(child=child, max_length=1000, **more)
    return serializers.DictField(child=_loose(inner[1] if len(inner) == 2 else str), **more)


def _loose(hint: Any) -> serializers.Field[Any, Any, Any, Any]:
    if hint is int:
        return serializers.IntegerField(min_value=-(2**31), max_value=2**31 - 1)
    if typing.get_origin(hint) is not None:
        return serializers.DictField(child=serializers.CharField(allow_blank=True, max_length=5000))
    return serializers.CharField(allow_blank=True, max_length=5000)


class RoleField(serializers.ChoiceField):
    """One of a closed list, as the enumeration itself."""

    def __init__(self, kind: type[StrEnum], **more: Any) -> None:
        self.kind = kind
        super().__init__(choices=[(one.value, one.value) for one in kind], **more)

    def to_internal_value(self, data: Any) -> Any:
        return self.kind(super().to_internal_value(data))


_OF_FORM: list[tuple[type[forms.Field], Callable[..., serializers.Field[Any, Any, Any, Any]]]] = [
    (forms.MultipleChoiceField, lambda **more: serializers.ListField(child=serializers.CharField(max_length=200), **more)),
    (forms.BooleanField, serializers.BooleanField),
    (forms.IntegerField, lambda **more: serializers.IntegerField(min_value=-(2**31), max_value=2**31 - 1, **more)),
    (forms.DateField, serializers.DateField),
]  # fmt: skip


def _of_form(form: type[forms.Form]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, one in form.base_fields.items():
        make = next((made for kind, made in _OF_FORM if isinstance(one, kind)), None)
        more: dict[str, Any] = {"required": one.required, "help_text": str(one.help_text)}
        fields[name] = make(**more) if make else serializers.CharField(
            allow_blank=not one.required, max_length=getattr(one, "max_length", None) or 20_000, **more
        )  # fmt: skip
    return fields


def _takes_file(verb: Verb) -> bool:
    return inspect.signature(verb.service).parameters.get("content") is not None
