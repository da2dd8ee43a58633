import os

from django.apps import AppConfig

from demo.house import KEY, KEY_NAME


class DemoConfig(AppConfig):
    name = "demo"

    def ready(self) -> None:
        # Commands that a person types (manage.py sync_workspace …) reach the simulator as the demo's processes do.
        os.environ.setdefault(KEY_NAME, KEY)
