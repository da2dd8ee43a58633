"""python -m tests.fault.zygote: forks processes that do one piece of Beacon's work each, so that tests can kill many.

Reads an order a line from stdin ({"work", "number", "failpoint", "after"}), answers with the exit status. The parent has
loaded everything and never touches the database; each child has connections, failpoints and a death of its own.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import django


def main() -> None:
    django.setup()
    from apps.vendors import wire

    works = _works()
    wire._trusted()
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _live(works, order)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


def _live(works: dict[str, Callable[[int], Any]], order: dict[str, Any]) -> None:
    """The child: it works, and ends by itself or is killed on the way, by a failpoint or by time."""
    os.environ["BEACON_FAILPOINT"] = order["failpoint"]
    if order["after"]:
        # Nobody handles this signal, so it ends the process as kill -9 does: at once, without a last word.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, order["after"])
    status = 1
    try:
        works[order["work"]](order["number"])
        status = 0
    finally:
        os._exit(status)


def _works() -> dict[str, Callable[[int], Any]]:
    from apps.accounts.actors import SYSTEM
    from apps.agencies import roster_services
    from apps.agencies.models import Employee
    from apps.core.tasks import tick
    from apps.licenses import services
    from apps.licenses.models import SeatRequest
    from apps.vendors.dispatch import dispatch
    from apps.vendors.models import Workspace
    from apps.vendors.tasks import observe_workspace
    from tests.factories.cast import World

    def as_employee(pk: int) -> Any:
        return World.as_employee(None, Employee.objects.get(pk=pk))  # type: ignore[arg-type]  # it needs no world

    return {
        "dispatch": lambda _: dispatch(Workspace.objects.get()),
        "sync": lambda _: observe_workspace(Workspace.objects.get().pk),
        "tick": lambda _: tick(),
        "approve": lambda pk: services.request_approve(actor=SYSTEM, request=SeatRequest.objects.get(pk=pk)),
        "hand_back": lambda pk: services.seat_hand_back(actor=as_employee(pk)),
        "roster": roster_services.roster_work,
    }


if __name__ == "__main__":
    main()
