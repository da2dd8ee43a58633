"""The file of identity providers: everything that is wrong with it is said at once."""

from __future__ import annotations

from pathlib import Path

from config.identity import read_providers

ENTRA = """
[state]
kind = "oidc"
name = "State sign-in"
issuer = "https://login.example/tenant/v2.0"
client_id = "beacon"
client_secret_file = "secret"
tenant = "11111111-2222-3333-4444-555555555555"
trusts_email = true
confirm_context = "c1"
"""


def read(tmp_path: Path, text: str, *, https_only: bool = True) -> tuple[list[str], list[str]]:
    (tmp_path / "secret").write_text("of the tests\n")
    (tmp_path / "identity.toml").write_text(text)
    found, problems = read_providers(tmp_path / "identity.toml", https_only=https_only)
    return [one.id for one in found], problems


def test_the_example_of_the_runbook_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, ENTRA) == (["state"], [])


def test_every_mistake_is_named(tmp_path: Path) -> None:
    _, problems = read(
        tmp_path, ENTRA.replace("https", "http").replace('"secret"', '"nowhere"').replace("tenant =", "tennant =")
    )
    text = " ".join(problems)
    assert "tennant is not known" in text
    assert "client_secret_file cannot be read" in text
    assert "must begin with https://" in text
    assert read(tmp_path, "")[1] == ["IDENTITY_PROVIDERS_FILE names no provider."]
    assert "kind is one of" in read(tmp_path, "[x]\nkind = 'ldap'")[1][-1]
    assert "cannot be read" in read(tmp_path, "[x")[1][0]


def test_several_providers_say_whose_addresses_are_theirs(tmp_path: Path) -> None:
    both = ENTRA + ENTRA.replace("[state]", "[courts]")
    assert len([one for one in read(tmp_path, both)[1] if "email_domains is missing" in one]) == 2
    named = (
        ENTRA
        + 'email_domains = ["mass.example"]\n'
        + ENTRA.replace("[state]", "[courts]")
        + 'email_domains = ["courts.example"]\n'
    )
    assert read(tmp_path, named) == (["state", "courts"], [])


def test_a_value_of_the_wrong_kind_is_refused(tmp_path: Path) -> None:
    """`trusts_email = "no"` must not be taken for a yes, and a domain without brackets not for its letters."""
    text = ENTRA.replace("trusts_email = true", 'trusts_email = "no"').replace('"c1"', "1")
    _, problems = read(tmp_path, text + 'email_domains = "mass.example"\n')
    assert "IDENTITY_PROVIDERS_FILE, [state]: trusts_email is true or false, without quotation marks." in problems
    assert "IDENTITY_PROVIDERS_FILE, [state]: confirm_context is a text in quotation marks." in problems
    assert any("email_domains is a list of domains" in one for one in problems)
    for domain in ("@mass.example", "mass", ""):
        assert "email_domains is a list" in read(tmp_path, ENTRA + f'email_domains = ["{domain}"]\n')[1][0]


def test_a_domain_belongs_to_one_provider(tmp_path: Path) -> None:
    domains = 'email_domains = ["Mass.example"]\n'
    _, problems = read(tmp_path, ENTRA + domains + ENTRA.replace("[state]", "[courts]") + domains)
    assert problems == [
        "IDENTITY_PROVIDERS_FILE: mass.example stands under [state] and [courts]; one may vouch for it."
    ]


def test_an_issuer_that_no_token_names_is_refused(tmp_path: Path) -> None:
    for shared in ("common", "organizations", "consumers"):
        text = ENTRA.replace("https://login.example/tenant/", f"https://login.microsoftonline.com/{shared}/")
        assert f"issuer ends in your tenant's id, not in {shared}" in read(tmp_path, text)[1][0]


def test_what_is_wrong_is_said_once(tmp_path: Path) -> None:
    _, problems = read(tmp_path, ENTRA.replace('"secret"', '"nowhere"').replace('"oidc"', '"openid"'))
    assert problems == [
        "IDENTITY_PROVIDERS_FILE, [state]: client_secret_file cannot be read "
        f"(No such file or directory: {tmp_path / 'nowhere'}).",
        "IDENTITY_PROVIDERS_FILE, [state]: kind is one of oidc, saml.",
    ]
    _, problems = read(tmp_path, ENTRA.replace('"secret"', '"nowhere"'))
    assert len(problems) == 1


def test_a_line_outside_of_a_table_is_explained(tmp_path: Path) -> None:
    assert "[state] stands above" in read(tmp_path, ENTRA.replace("[state]", ""))[1][0]
