"""The suite's settings for processes of their own, with a tick every second instead of every ten."""

from config.settings.test import *  # noqa: F403 - settings modules extend the suite's, as Django's own do

TICK_SECONDS = 1
CELERY_BEAT_SCHEDULE = {"tick": {"task": "apps.core.tasks.tick", "schedule": TICK_SECONDS}}
SYNC_EVERY_SECONDS = 1
SETTLE_EVERY_SECONDS = 5
