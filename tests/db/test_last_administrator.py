"""Somebody always remains who can sign in as administrator: whoever acts, and whatever the identity provider's groups say."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import override_settings

from apps.accounts import break_glass, identity
from apps.accounts import mapping_services as mappings
from apps.accounts import services as accounts
from apps.accounts.actors import SYSTEM, Role
from apps.accounts.errors import LastAdministrator
from apps.accounts.models import RoleAssignment, RoleMapping, User
from apps.accounts.selectors import actor_for
from apps.agencies import roster_services
from apps.agencies.models import RosterRun
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.core.errors import Invalid
from config.identity import IdentityProvider
from tests.factories.cast import World, import_rows
from tests.factories.scim import Provider

pytestmark = pytest.mark.django_db
STATE = IdentityProvider(id="state", kind="oidc", name="State", issuer="https://id.example")


def role_of(user: User) -> RoleAssignment:
    return RoleAssignment.objects.get(user=user, ended_at=None)


def says(user: User, *groups: str) -> None:
    """The identity provider says so as the person signs in."""
    identity.roles_follow(
        user, identity.Identity("state", "oidc", "u-1", user.email, True, user.name, groups=frozenset(groups))
    )


@pytest.fixture
def mapping(world: World) -> RoleMapping:
    """Who is in the group g-1 is an administrator: Bob, when he signs in. Erin and Eve were granted it."""
    with override_settings(IDENTITY_PROVIDERS={**settings.IDENTITY_PROVIDERS, "state": STATE}):
        made = mappings.mapping_create(
            actor=world.erin, provider="state", claim="groups", value="g-1", role=Role.ADMINISTRATOR, reason="The team"
        )
    return mappings.mapping_confirm(actor=world.eve, mapping=made)


def only_bob(world: World) -> None:
    says(world.users["bob"], "g-1")
    for name in ("erin", "eve"):
        accounts.role_end(actor=world.bob, assignment=role_of(world.users[name]), reason="New job")


def test_the_last_administrator_who_can_sign_in_stays_one(db: None) -> None:
    world = World.build(more=40)
    erin, eve = (RoleAssignment.objects.get(user=world.users[name]) for name in ("erin", "eve"))
    import_rows([r for r in world.rows if r[0] != "A005"])  # Eve leaves
    assert actor_for(world.users["eve"]) is None
    with pytest.raises(LastAdministrator):
        accounts.role_end(actor=world.erin, assignment=erin, reason="Time to go")
    accounts.role_end(actor=world.erin, assignment=eve, reason="Has left")
    with pytest.raises(Invalid):
        accounts.role_end(actor=world.erin, assignment=eve, reason="Again")
    accounts.role_grant(actor=SYSTEM, user=world.users["bob"], role=Role.ADMINISTRATOR)
    accounts.role_end(actor=world.bob, assignment=erin, reason="Time to go")


def test_one_whose_role_has_a_last_day_is_not_the_one_who_remains(world: World) -> None:
    """Else nobody is an administrator the day after, and nothing was refused on the way there."""
    erin, eve = (RoleAssignment.objects.get(user=world.users[name]) for name in ("erin", "eve"))
    accounts.role_grant(
        actor=SYSTEM, user=world.users["bob"], role=Role.ADMINISTRATOR, until_on=clock.today(), reason="For the audit"
    )
    accounts.role_end(actor=world.bob, assignment=eve, reason="New job")
    with pytest.raises(LastAdministrator):
        accounts.role_end(actor=world.bob, assignment=erin, reason="New job")
    # A role with a last day is no loss while somebody stays for good.
    accounts.role_end(actor=world.erin, assignment=role_of(world.users["bob"]), reason="Done early")
    assert world.erin.has(Role.ADMINISTRATOR)


def test_a_break_glass_account_does_not_count_as_an_administrator_who_is_left(world: World) -> None:
    break_glass.make(1)
    erin, eve = (RoleAssignment.objects.get(user=world.users[name]) for name in ("erin", "eve"))
    accounts.role_end(actor=world.erin, assignment=eve, reason="New job")
    with pytest.raises(LastAdministrator):
        accounts.role_end(actor=world.erin, assignment=erin, reason="New job")


def test_groups_do_not_take_the_last_one_away(world: World, mapping: RoleMapping) -> None:
    only_bob(world)
    bob = world.users["bob"]
    says(bob)
    assert world.actor("bob").has(Role.ADMINISTRATOR)
    kept = AuditEvent.objects.filter(verb="accounts.role.kept")
    assert kept.get().after["why"] == "the last administrator"
    accounts.role_grant(actor=SYSTEM, user=world.users["erin"], role=Role.ADMINISTRATOR)
    says(bob)
    assert not world.actor("bob").has(Role.ADMINISTRATOR)
    assert kept.count() == 1


def test_ending_a_mapping_does_not_take_the_last_one_away(world: World, mapping: RoleMapping) -> None:
    only_bob(world)
    with pytest.raises(LastAdministrator):
        mappings.mapping_end(actor=world.bob, mapping=mapping, reason="Tidying up")
    assert RoleMapping.objects.get().ended_at is None
    accounts.role_grant(actor=SYSTEM, user=world.users["erin"], role=Role.ADMINISTRATOR)
    mappings.mapping_end(actor=world.erin, mapping=mapping, reason="Tidying up")
    assert not world.actor("bob").has(Role.ADMINISTRATOR)


def test_an_hr_file_without_both_waits_until_there_is_another(world: World) -> None:
    run = import_rows([row for row in world.rows if row[0] not in {"A004", "A005"}])
    assert (run.state, run.hold_reasons[-1]) == ("held", "Nobody would be left as administrator.")
    with pytest.raises(LastAdministrator):
        roster_services.roster_release(actor=world.erin, run=run, number=2, reason="They have left")
    accounts.role_grant(actor=SYSTEM, user=world.users["bob"], role=Role.ADMINISTRATOR)
    run = roster_services.roster_release(actor=world.bob, run=run, number=2, reason="They have left")
    assert roster_services.roster_work(run.pk) == "applied"
    assert actor_for(world.users["erin"]) is None
    assert world.actor("bob").has(Role.ADMINISTRATOR)


def test_the_identity_provider_takes_one_and_waits_with_the_other(world: World) -> None:
    entra = Provider(world)
    keys = [world.employee(number).key for number in ("A005", "A004")]
    assert [entra.call("DELETE", f"/Users/{key}").status_code for key in keys] == [204, 409]
    assert "administrator" in RosterRun.objects.get(source="scim").hold_reasons[0]
    assert world.actor("erin").has(Role.ADMINISTRATOR)
