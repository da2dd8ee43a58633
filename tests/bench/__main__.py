"""python -m tests.bench [NAME…] [--employees N]: figures of docs/bench.md, each as a ratio to a floor of the same run.

Prints one JSON object a line: name, value, floor, ratio, unit. The servers are the bench's own, with fsync on.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys

from config import embedded
from config.env import ROOT

HOME = ROOT / ".beacon" / "bench"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…")
    parser.add_argument("names", nargs="*", help="only these (default: all)")
    parser.add_argument("--employees", type=int, default=40_000)
    options = parser.parse_args()
    os.environ.update(
        DJANGO_SETTINGS_MODULE="config.settings.test",
        BEACON_HOME=str(HOME),
        BEACON_BENCH_KEY="sim-admin-key",
        BEACON_BENCH_WORKSPACE_KEY="sim-workspace-key",
    )
    shutil.rmtree(HOME, ignore_errors=True)
    embedded.provide(os.environ, folder=HOME)
    import django

    django.setup()
    from django.db import connection

    from tests.bench import measures

    try:
        connection.creation.create_test_db(verbosity=0, autoclobber=True)
        for figure in measures.run(options.employees, set(options.names)):
            sys.stdout.write(json.dumps(figure) + "\n")
            sys.stdout.flush()
        connection.creation.destroy_test_db("beacon", verbosity=0)
    finally:
        connection.close()
        embedded.stop(HOME)
        shutil.rmtree(HOME, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
