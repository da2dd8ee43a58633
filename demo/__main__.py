"""python -m demo run | up | down | reset | dev | seed."""

from __future__ import annotations

import os
import sys

from demo import supervisor


def seed() -> int:
    """Tables, and the story where there is none yet."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.demo")
    import django

    django.setup()
    from demo.seed import prepare

    prepare()
    return 0


def main() -> int:
    verb = sys.argv[1] if len(sys.argv) == 2 else ""
    if verb == "seed":
        return seed()
    if verb == "dev":
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.dev"
    home = supervisor.Home()
    verbs = {
        "run": lambda: supervisor.run(home),
        "dev": lambda: supervisor.run(home, reload=True),
        "up": lambda: supervisor.up(home),
        "down": lambda: supervisor.down(home),
        "reset": lambda: supervisor.reset(home),
    }
    if verb not in verbs:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    try:
        return verbs[verb]()
    except supervisor.DemoFailed as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
