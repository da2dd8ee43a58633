"""The daily reading of usage (settings.TICK). Found by the worker through config/celery.py."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.db.models import Exists, OuterRef, QuerySet

from apps.accounts.actors import SYSTEM
from apps.core import bell, clock, requests
from apps.vendors.models import UsageFetch, Workspace
from apps.vendors.providers import KINDS

# A little less than a day, so that the hour does not wander.
EVERY, AGAIN_AFTER = timedelta(hours=20), timedelta(hours=1)


# A month of 40,000 people is over a thousand pages, and the vendor lets a hundred pass in a minute.
@shared_task(time_limit=3600)
def fetch_usage(workspace_id: int) -> str:
    """Read one workspace's usage. A message delivered twice finds the reading under way or done."""
    from apps.vendors.errors import FetchUnderWay
    from apps.vendors.usage_services import usage_fetch

    requests.begin()
    workspace = due().filter(pk=workspace_id).first()
    if workspace is None:
        return "not due"
    try:
        return usage_fetch(actor=SYSTEM, workspace=workspace).problem or "stored"
    except FetchUnderWay:
        return "under way"


def due() -> QuerySet[Workspace]:
    """Active ChatGPT workspaces whose usage was last stored longer than 20 hours ago, and not tried within the hour.

    An API Platform organization tells of calls of its API; those are nobody's use of the assistant.
    """
    now = clock.now()
    fetches = UsageFetch.objects.filter(workspace=OuterRef("pk"))
    return Workspace.objects.filter(
        ~Exists(fetches.filter(problem="", at__gt=now - EVERY)),
        ~Exists(fetches.filter(at__gt=now - AGAIN_AFTER)),
        adapter__in=[name for name, kind in KINDS.items() if kind.has_ref], is_active=True, halted_at=None,
    )  # fmt: skip


def sweep() -> int:
    """Ring for every workspace that is due. Returns how many bells."""
    workspaces = list(due().values_list("pk", flat=True))
    for pk in workspaces:
        bell.ring(fetch_usage, pk)
    return len(workspaces)
