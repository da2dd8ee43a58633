"""What Beacon's SCIM server says it serves: the attributes that it keeps, and no others. Pure.

The published schemas are the truth: an attribute that is not in them is accepted and not stored (RFC 7643, section 2.1
leaves that to the server), and every limit that a client meets stands in `CONFIG`. See docs/scim.md.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import EmailStr, Field
from scim2_models import (
    URN,
    AuthenticationScheme,
    Bulk,
    CaseExact,
    ChangePassword,
    ComplexAttribute,
    ETag,
    Extension,
    External,
    Filter,
    Mutability,
    Pagination,
    Patch,
    Reference,
    Required,
    Resource,
    ResourceType,
    Returned,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)  # fmt: skip
from scim2_models.attributes import ExtensibleStringEnum
from scim2_models.resources.resource import AnyExtension

MAX_PAGE = 200
MAX_OPERATIONS = 1000
MAX_BODY = 1024 * 1024
CURSOR_SECONDS = 3600
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


class Name(ComplexAttribute):
    """The name of a person."""

    family_name: Annotated[str | None, Required.true] = None
    """The family name of the person."""

    given_name: Annotated[str | None, Required.true] = None
    """The given name of the person."""


class Email(ComplexAttribute):
    """The work address of a person; Beacon keeps one."""

    class Type(ExtensibleStringEnum):
        """Beacon keeps work addresses only."""

        work = "work"

    value: Annotated[EmailStr | None, Required.true] = None
    """The address."""

    type: Type | None = None
    """Always "work"."""


class User(Resource[AnyExtension]):
    """An employee of the directory."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    """The name by which the person signs in at the identity provider."""

    name: Annotated[Name | None, Required.true] = None
    """The name of the person."""

    Name: ClassVar[type[ComplexAttribute]] = Name

    title: str | None = None
    """The title of the person's position."""

    active: Annotated[bool | None, Required.true] = None
    """Whether the person is employed. False separates them, and their seat is released at once."""

    emails: Annotated[list[Email] | None, Required.true] = None
    """The work address: one, and no other."""

    Emails: ClassVar[type[ComplexAttribute]] = Email


class Manager(ComplexAttribute):
    """The manager of a person."""

    value: Annotated[str | None, CaseExact.true] = None
    """The id of the manager, who is a User."""

    ref: Annotated[Reference[User] | None, Mutability.read_write] = Field(  # type: ignore[type-arg]  # as the library's own
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    """The address of the manager's resource."""


class EnterpriseUser(Extension):
    """What Beacon keeps of the enterprise extension."""

    __schema__ = URN(ENTERPRISE)

    employee_number: Annotated[str | None, Required.true, CaseExact.true, Uniqueness.server] = None
    """The employee id of the HR system: it tells who a person is."""

    department: Annotated[str | None, Required.true] = None
    """The code of the agency that the person works for."""

    manager: Manager | None = None
    """The manager of the person."""

    Manager: ClassVar[type[ComplexAttribute]] = Manager


class Member(ComplexAttribute):
    """A person in a group."""

    value: Annotated[str | None, Mutability.read_only, CaseExact.true] = None
    """The id of the person, who is a User."""

    ref: Annotated[Reference[User] | None, Mutability.read_only] = Field(  # type: ignore[type-arg]  # as the library's own
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    """The address of the person's resource."""

    type: Annotated[str | None, Mutability.read_only] = Field(None, examples=["User"])
    """Always "User"."""

    display: Annotated[str | None, Mutability.read_only] = None
    """The name of the person."""


class Group(Resource[Any]):
    """The people of an agency, or those who hold a seat in a workspace. Beacon decides them: groups are read-only."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Mutability.read_only] = None
    """The name of the group."""

    members: Annotated[list[Member] | None, Mutability.read_only, Returned.request] = None
    """The people in the group; returned where they are asked for (attributes=members)."""

    Members: ClassVar[type[ComplexAttribute]] = Member


CONFIG = ServiceProviderConfig(
    patch=Patch(supported=True),
    bulk=Bulk(supported=True, max_operations=MAX_OPERATIONS, max_payload_size=MAX_BODY),
    filter=Filter(supported=True, max_results=MAX_PAGE),
    change_password=ChangePassword(supported=False),
    sort=Sort(supported=True),
    etag=ETag(supported=True),
    pagination=Pagination(
        cursor=True, index=True, default_pagination_method=Pagination.DefaultPaginationMethod.index,
        default_page_size=100, max_page_size=MAX_PAGE, cursor_timeout=CURSOR_SECONDS,
    ),
    authentication_schemes=[
        AuthenticationScheme(
            type=AuthenticationScheme.Type.oauthbearertoken, name="API token of Beacon",
            description="A token with the scope scim, in the Authorization header.",
            spec_uri=Reference[External]("https://datatracker.ietf.org/doc/html/rfc6750"), primary=True,
        )
    ],
)  # fmt: skip
# What Microsoft Entra ID sends and the strict reading of the standard refuses.
POLICY = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
_USERS = ResourceType.from_resource(User[EnterpriseUser])
# Without an employee id and an agency nobody can be in the directory.
for _extension in _USERS.schema_extensions or []:
    _extension.required = True
PROVIDER = ScimProvider(
    models=[User, EnterpriseUser, Group],
    resource_types=[_USERS, ResourceType.from_resource(Group)],
    config=CONFIG,
    policy=POLICY,
)
USER_MODEL: Any = PROVIDER.model_for(_USERS)
