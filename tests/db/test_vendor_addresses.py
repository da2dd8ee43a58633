"""Where the vendor's key may be sent: to the vendor's own names, by https, whatever an administrator types."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from apps.core.errors import Invalid
from apps.licenses.ports import Transient
from apps.vendors import services as vendors
from apps.vendors.models import Workspace
from apps.vendors.wire import Wire
from tests.factories.cast import World


@pytest.fixture
def production(settings: Any) -> None:
    settings.DEMO = False
    settings.VENDOR_HOSTS = ["api.openai.com", "api.chatgpt.com"]


def created(world: World, address: str) -> Workspace:
    more: dict[str, Any] = {
        "name": "x",
        "title": "X",
        "adapter": "openai_organization",
        "credential": "env:X",
        "seats": 1,
    }
    return vendors.workspace_create(actor=world.erin, address=address, **more)


@pytest.mark.parametrize(
    "address", ["http://api.openai.com/v1", "https://api.openai.com.evil.example/v1", "https://evil.example/v1",
                "https://user@api.openai.com/v1", "https://127.0.0.1/v1", "https://169.254.169.254/", "https://api.openai.com:8443/v1"]
)  # fmt: skip
def test_the_key_goes_nowhere_else(world: World, production: None, address: str) -> None:
    with pytest.raises(Invalid):
        created(world, address)
    workspace = created(world, "https://api.openai.com/v1")
    with pytest.raises(Invalid):
        vendors.workspace_readdress(actor=world.erin, workspace=workspace, address=address, reason="Moved")
    workspace.refresh_from_db()
    assert workspace.address == "https://api.openai.com/v1"


@pytest.mark.parametrize(
    "address",
    ["https://169.254.169.254/latest", "https://10.0.0.8/log", "https://127.0.0.1/", "https://u:p@files.example/x"],
)
def test_a_signed_address_does_not_lead_into_the_house(address: str) -> None:
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return httpx2.Response(200, content=b"x")

    wire = Wire(base_url="https://api.chatgpt.com/v1", key="k", transport=httpx2.MockTransport(answer))
    with pytest.raises(Transient, match="not called"):
        wire.fetch(address)
    assert asked == []
    assert wire.fetch("https://files.example/log") == b"x"
    wire.close()
