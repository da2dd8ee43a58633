"""Secrets come from variables or files, old keys stay valid for as long as they are named, and nothing says them aloud."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.check_deploy import environment
from config.env import BadEnvironment, read


def test_old_keys_stand_on_lines_of_their_own(tmp_path: Path) -> None:
    file = tmp_path / "old"
    file.write_text("one-old-key\nanother-old-key\n")
    told = read({**environment(), "SECRET_KEY_FALLBACKS_FILE": str(file)}, production=True)
    assert told.secret_key_fallbacks == ["one-old-key", "another-old-key"]
    assert read(environment(), production=True).secret_key_fallbacks == []


def test_the_vendors_key_goes_to_the_vendor_unless_an_operator_says_otherwise() -> None:
    assert read(environment(), production=True).vendor_hosts == ["api.openai.com", "api.chatgpt.com"]
    assert read({**environment(), "VENDOR_HOSTS": "vendor.example, other.example"}, production=True).vendor_hosts == [
        "vendor.example",
        "other.example",
    ]
    assert read({}, production=False).vendor_hosts == []


def test_every_secret_may_be_a_file_and_a_bad_one_is_not_repeated(tmp_path: Path) -> None:
    told = environment()
    for name in ("SECRET_KEY", "DATABASE_URL", "OIDC_CLIENT_SECRET"):
        file = tmp_path / name
        file.write_text(told.pop(name) + "\n")
        told[f"{name}_FILE"] = str(file)
    assert [one.id for one in read(told, production=True).identity] == ["state"]
    (tmp_path / "DATABASE_URL").write_text("mysql://beacon:only-here@db/beacon")
    with pytest.raises(BadEnvironment) as refused:
        read(told, production=True)
    assert "DATABASE_URL" in str(refused.value)
    assert "only-here" not in str(refused.value)
