"""A small SAML identity provider: it reads the request that Beacon sends and signs an answer, or a forged one."""

from __future__ import annotations

import base64
import uuid
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from defusedxml import ElementTree
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from config.identity import IdentityProvider

ENTITY = "https://idp.courts.example/metadata"
ACS = "http://beacon.example/accounts/saml/courts/acs/"
AUDIENCE = "http://beacon.example/accounts/saml/courts/metadata/"


class SamlProvider:
    """Its key, its certificate, and the answers that it signs."""

    def __init__(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.courts.example")])
        now = datetime.now(UTC)
        made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        made = made.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        certificate = made.not_valid_after(now + timedelta(days=30)).sign(key, hashes.SHA256())
        self.key = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        ).decode()
        self.certificate = certificate.public_bytes(serialization.Encoding.PEM).decode()

    def config(self) -> IdentityProvider:
        return IdentityProvider(
            id="courts", kind="saml", name="Courts sign-in", entity_id=ENTITY, sso_url="https://idp.courts.example/sso",
            certificate=self.certificate, email_attribute="mail", name_attribute="displayName", groups_attribute="groups",
            trusts_email=True,
        )  # fmt: skip

    def answer(self, location: str, email: str, **lie: Any) -> str:
        """The signed answer to the request in `location`, as the browser posts it. `lie` alters facts before signing."""
        packed = parse_qs(urlsplit(location).query)["SAMLRequest"][0]
        request = ElementTree.fromstring(zlib.decompress(base64.b64decode(packed), -15))
        now = datetime.now(UTC)

        def at(seconds: int) -> str:
            return (now + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")

        facts: dict[str, Any] = {
            "id": f"_{uuid.uuid4().hex}", "assertion": f"_{uuid.uuid4().hex}", "to": request.get("ID"), "now": at(0),
            "issuer": ENTITY, "audience": AUDIENCE, "acs": ACS, "ends": at(300), "begins": at(-60), "authn": at(0),
            "email": email, "uid": f"uid-{email}", "groups": "",
        } | {key: at(value) if isinstance(value, int) else value for key, value in lie.items() if key != "key"}  # fmt: skip
        assertion = _ASSERTION.format(**facts)
        signed = OneLogin_Saml2_Utils.add_sign(assertion, lie.get("key", self.key), self.certificate)
        text = signed.decode() if isinstance(signed, bytes) else signed
        text = text.removeprefix("<?xml version='1.0' encoding='UTF-8'?>\n").removeprefix('<?xml version="1.0"?>\n')
        if "after" in lie:
            text = text.replace(email, str(lie["after"]))
        return base64.b64encode(_RESPONSE.format(**facts, inside=text).encode()).decode()


_ASSERTION = """<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" Version="2.0" ID="{assertion}" IssueInstant="{now}"><saml:Issuer>{issuer}</saml:Issuer><saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{uid}</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="{ends}" Recipient="{acs}" InResponseTo="{to}"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="{begins}" NotOnOrAfter="{ends}"><saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="{authn}" SessionIndex="_s"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement><saml:Attribute Name="mail"><saml:AttributeValue>{email}</saml:AttributeValue></saml:Attribute><saml:Attribute Name="groups"><saml:AttributeValue>{groups}</saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion>"""
_RESPONSE = """<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{id}" Version="2.0" IssueInstant="{now}" Destination="{acs}" InResponseTo="{to}"><saml:Issuer>{issuer}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>{inside}</samlp:Response>"""
