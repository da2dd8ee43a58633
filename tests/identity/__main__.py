"""python -m tests.identity PORT CALLBACK...: run the provider on loopback until it is ended."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server


def _key(folder: Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(pem)


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def main(port: int, callbacks: list[str]) -> None:
    folder = Path(os.environ["IDENTITY_HOME"])
    folder.mkdir(parents=True, exist_ok=True)
    _key(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.identity.settings"
    import django

    django.setup()
    from allauth.idp.oidc.models import Client
    from django.core.handlers.wsgi import WSGIHandler
    from django.core.management import call_command

    from tests.identity.provider import Liar

    call_command("migrate", verbosity=0)
    client = Client(id="beacon", name="Beacon", skip_consent=True, scopes="openid\nprofile\nemail")
    client.set_secret("secret-of-the-tests")
    client.redirect_uris = "\n".join(callbacks)
    client.save()
    server = make_server("127.0.0.1", port, Liar(WSGIHandler()), handler_class=_Quiet)
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
