"""Everything a handler may touch, in one object: state, clock, settings, faults, journal, limiter."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from simulator.clock import Clock
from simulator.errors import bad_request
from simulator.faults import FaultBoard
from simulator.journal import Journal
from simulator.messages import Call, Reply
from simulator.pages import visible_at
from simulator.ratelimit import Limiter
from simulator.settings import Settings
from simulator.store import Store

DEFAULT_PROJECT_ID = "proj-default"
DEFAULT_PROJECT_NAME = "Default project"
ORGANIZATION_ID = "org-beacon"
SIGNING_KEY_BYTES = 32

_SETTINGS = "settings"
_CLOCK_OFFSET = "clock_offset_seconds"


class World:
    """The simulated vendor.

    Members, invites, groups, audit log, settings and clock live in the store and survive a kill. Faults,
    the journal of calls and the limiter's windows live in memory and do not.
    """

    def __init__(self, store: Store, admin_key: str, workspace_key: str) -> None:
        self.store = store
        self.admin_key = admin_key
        self.workspace_key = workspace_key
        # Signs the addresses of log files; they do not outlive the process, as they are short-lived anyway.
        self.signing_key = os.urandom(SIGNING_KEY_BYTES)
        self.settings = msgspec.convert(store.load(_SETTINGS) or {}, Settings)
        self.clock = Clock(store.load(_CLOCK_OFFSET) or 0)
        self.faults = FaultBoard()
        self.journal = Journal()
        self.limiter = Limiter()
        # Filled in by the application, which knows them; see `check_route`.
        self.routes: frozenset[str] = frozenset()

    def now(self) -> int:
        """Return the simulator's time in Unix seconds."""
        return self.clock.now()

    def visible_at(self) -> int:
        """Return the moment that lists show, which trails the clock by the read lag."""
        return visible_at(self.now(), self.settings)

    def change_settings(self, changes: Mapping[str, Any]) -> None:
        """Apply and keep changed settings; raises msgspec.ValidationError where one does not fit."""
        self.settings = self.settings.merged(changes)
        self.store.save(_SETTINGS, self.settings)

    def advance_clock(self, seconds: int) -> None:
        """Push the clock forward and keep it so; raises ValueError for a negative number."""
        self.clock.advance(seconds)
        self.store.save(_CLOCK_OFFSET, self.clock.offset_seconds)

    def check_route(self, route: str) -> None:
        """Raise a 400 for a route that no call can have, so that a typing error is no silent nothing."""
        if route not in self.routes:
            raise bad_request(f"No route '{route}'. There are: {', '.join(sorted(self.routes))}.", param="route")

    def clear(self) -> None:
        """Forget everything; the caller seeds anew."""
        self.store.clear()
        self.settings = Settings()
        self.clock = Clock()
        self.faults.clear()
        self.journal.clear()
        self.limiter.clear()


Handler = Callable[[World, Call], Reply]
