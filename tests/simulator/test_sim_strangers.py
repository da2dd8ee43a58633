"""The vendor's SDK for another language works against the simulator as it does against the vendor."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from simulator.testing import RunningSimulator

SCRIPT = Path(__file__).with_name("stranger.mjs")


def test_the_vendors_javascript_sdk_finds_everything_where_it_expects_it(sim: RunningSimulator) -> None:
    node = shutil.which("node")
    assert node, "make setup brings node along"
    sim.seed(250)
    run = subprocess.run(
        [node, str(SCRIPT), sim.vendor_url, sim.admin_key], capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stderr
    seen = json.loads(run.stdout)
    assert seen["invite"]["object"] == "organization.invite"
    assert seen["invites"] == ["stranger@agency.example"]
    assert seen["invite_deleted"]["deleted"] is True
    assert len(seen["users"]) == len(set(seen["users"])) == 251
    assert seen["by_email"] == [seen["somebody"]] == seen["members"] == [seen["member"]]
    assert (seen["promoted"], seen["demoted"]) == ("owner", "reader")
    assert (seen["renamed"], seen["groups"]) == ("Friends", ["Friends"])
    assert (seen["removed"], seen["group_deleted"], seen["user_deleted"]) == (True, True, True)
    assert sorted(seen["log"]) == ["group.created", "group.deleted"]
    assert (seen["buckets"], seen["costs"]) == (3, "page")
    assert seen["retention"] == "modified_abuse_monitoring"
    assert seen["gone"] == ["NotFoundError", 404, "string"]
