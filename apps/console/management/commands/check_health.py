"""manage.py check_health [--json]: whether everything that Beacon needs is there; exit code 1 where something is not."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from redis import Redis
from redis.exceptions import RedisError

from apps.accounts.actors import Actor, Role
from apps.accounts.models import ApiToken, User
from apps.accounts.selectors import actor_for, roles_in_force
from apps.core import clock
from apps.core.commands import DONE, REFUSED, Answer, OperatorCommand
from apps.core.tasks import TICKED
from apps.vendors.models import Workspace

TICK_LATE = timedelta(minutes=2)
SOON = timedelta(days=30)
LONG_QUEUE = 1_000
QUEUES = ("celery", "slow")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: its name, whether it is well, and what was found."""

    name: str
    well: bool
    found: str


class Command(OperatorCommand):
    help = "Look at database, migrations, broker, queues, tick, workspaces, tokens, administrators, certificates. Changes nothing."

    def act(self, actor: Actor, options: dict[str, Any]) -> Answer:
        checks = [_database(), *_broker()]
        if checks[0].well:
            checks += [_migrations(), *_workspaces(), _tokens(), _administrators()]
        checks += _certificates()
        wrong = [f"{check.name}: {check.found}" for check in checks if not check.well]
        said = [f"{'ok ' if check.well else 'NOT'} {check.name}: {check.found}" for check in checks]
        data = {"healthy": not wrong, "checks": [asdict(check) for check in checks]}
        return Answer(said, data, wrong, REFUSED if wrong else DONE)


def _database() -> Check:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return Check("database", False, f"does not answer ({type(error).__name__})")
    return Check("database", True, "answers")


def _migrations() -> Check:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return Check("migrations", not missing, f"{len(missing)} to apply" if missing else "all applied")


def _broker() -> list[Check]:
    """The broker, its queues, and the tick, which is kept there."""
    try:
        client = Redis.from_url(settings.CELERY_BROKER_URL, socket_timeout=5)
        lengths = {name: int(str(client.llen(name))) for name in QUEUES}
        ticked: datetime | None = cache.get(TICKED)
    except RedisError as error:
        return [Check("broker", False, f"does not answer ({type(error).__name__})")]
    age = clock.now() - ticked if ticked else None
    found = f"{int(age.total_seconds())} seconds ago" if age is not None else "none in the last day"
    return [
        Check("broker", True, "answers"),
        *(Check(f"queue {name}", length < LONG_QUEUE, f"{length} waiting") for name, length in lengths.items()),
        Check("last tick", age is not None and age < TICK_LATE, found),
    ]


def _workspaces() -> list[Check]:
    return [
        Check(
            f"workspace {one.name}",
            not one.is_stale,
            f"seen {one.synced_at:%Y-%m-%d %H:%M}" if one.synced_at else "never seen",
        )
        for one in Workspace.objects.filter(is_active=True)
    ]


def _tokens() -> Check:
    """Tokens that end soon are named; that is no fault of Beacon's."""
    now = clock.now()
    soon = ApiToken.objects.filter(withdrawn_at=None, expires_at__gt=now, expires_at__lt=now + SOON)
    names = ", ".join(f"{token} on {token.expires_at:%Y-%m-%d}" for token in soon)
    return Check("tokens that end within 30 days", True, names or "none")


def _administrators() -> Check:
    """One alone can confirm nothing, and nobody can take over from them."""
    found = {one.user_id: one.user for one in roles_in_force().filter(role=Role.ADMINISTRATOR).select_related("user")}
    able = sum(user.is_active and user.kind == User.Kind.PERSON and bool(actor_for(user)) for user in found.values())
    return Check("administrators", able >= 2, f"{able} can sign in")


def _certificates() -> list[Check]:
    found = []
    for provider in settings.IDENTITY_PROVIDERS.values():
        if provider.certificate:
            until = x509.load_pem_x509_certificate(provider.certificate.encode()).not_valid_after_utc
            found.append(Check(f"certificate of {provider.id}", until - clock.now() > SOON, f"until {until:%Y-%m-%d}"))
    return found
