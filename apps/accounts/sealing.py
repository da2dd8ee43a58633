"""Small secrets that must lie in the database (seeds of second factors, secrets of webhooks), sealed by a key that does not.

The key is derived from SECRET_KEY; SECRET_KEY_FALLBACKS open what was sealed before a rotation.
"""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def seal(text: str) -> str:
    """The text, readable only with the key (AES-128-CBC and HMAC-SHA256, as Fernet has it)."""
    return _keys().encrypt(text.encode()).decode()


def opened(sealed: str) -> str:
    """The text again. Raises `cryptography.fernet.InvalidToken` for what was not sealed here or was altered."""
    return _keys().decrypt(sealed.encode()).decode()


def _keys() -> MultiFernet:
    return MultiFernet([_key(str(secret)) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _key(secret: str) -> Fernet:
    derived = HKDF(hashes.SHA256(), length=32, salt=None, info=b"beacon sealed fields").derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
