"""The container files, as far as they can be held without an engine."""

from __future__ import annotations

from pathlib import Path

import yaml

from config.env import ROOT

DOCKER = ROOT / "docker"


def test_images_do_not_run_as_root_and_install_only_pinned_packages() -> None:
    for name in ("Dockerfile", "Dockerfile.simulator"):
        text = (DOCKER / name).read_text()
        last = text.split("FROM ")[-1]
        assert "\nUSER " in last
        assert ":latest" not in text
        assert all("--require-hashes" in line for line in text.splitlines() if "pip install" in line)


def test_compose_has_every_process_with_a_health_check_and_no_secret_in_it() -> None:
    compose = yaml.safe_load((DOCKER / "compose.yml").read_text())
    services = compose["services"]
    assert {"postgres", "valkey", "web", "worker", "beat", "simulator"} <= set(services)
    assert services["simulator"]["profiles"] == ["simulator"]
    for name in set(services) - {"migrate"}:
        assert "healthcheck" in services[name], name
    assert all(set(secret) == {"file"} for secret in compose["secrets"].values())
    for name, value in services["web"]["environment"].items():
        if any(word in name for word in ("SECRET", "KEY", "PASSWORD", "DATABASE_URL")):
            assert str(value).startswith("/run/secrets"), name


def test_the_entrypoint_can_be_run() -> None:
    assert Path(DOCKER / "entrypoint").stat().st_mode & 0o111


def test_every_container_reads_the_same_file_of_providers() -> None:
    services = yaml.safe_load((DOCKER / "compose.yml").read_text())["services"]
    ours = {name: service for name, service in services.items() if service["image"] == "beacon:latest"}
    assert set(ours) == {"migrate", "web", "worker", "worker-slow", "beat"}
    for name, service in ours.items():
        assert "IDENTITY_PROVIDERS_FILE" in service["environment"], name
        assert "./secrets/identity:/run/identity:ro" in service["volumes"], name
