"""python -m config.sbom [--check]: the bill of materials, CycloneDX 1.6, from the pins alone.

Two files under docs/sbom: what runs (requirements/base.txt) and what the style sheets and scripts are built from
(package-lock.json). Written from the lock files and from nothing else, so that the same pins give the same bytes on every
machine: no date, no serial number, no address of an index. `make check` compares, so that they are never stale; where
the scanners' environment is there, `make sbom` has them validated against CycloneDX's own schema too.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from config.env import ROOT

FOLDER = ROOT / "docs" / "sbom"
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(\[[^]]*])?==(?P<version>[^ ;\\]+)(?: *; *(?P<marker>[^\\]+?))? *\\?$")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_VALIDATE = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
for path in sys.argv[1:]:
    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(path, encoding="utf-8").read())
    if problem is not None:
        sys.exit(f"{path}: {problem}")
"""


def _component(kind: str, name: str, version: str, **more: Any) -> dict[str, Any]:
    purl = f"pkg:{kind}/{quote(name, safe='/')}@{quote(version, safe='')}"
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl, **more}


def python_components() -> Iterator[dict[str, Any]]:
    """One component a pin, with the hashes that an installation is checked against, and the marker where it has one."""
    for block in re.split(r"\n(?=\S)", (ROOT / "requirements" / "base.txt").read_text()):
        if pin := _PIN.match(block.splitlines()[0]):
            yield _component(
                "pypi", pin["name"].lower(), pin["version"],
                hashes=[{"alg": "SHA-256", "content": digest} for digest in sorted(_HASH.findall(block))],
                properties=[{"name": "beacon:marker", "value": pin["marker"]}] if pin["marker"] else [],
            )  # fmt: skip


def front_end_components() -> Iterator[dict[str, Any]]:
    """One component a package of the lock file. None of them runs in a browser but what the build takes out of them."""
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    for path, told in packages.items():
        if not path:
            continue
        algorithm, _, digest = told["integrity"].partition("-")
        hashes = [{"alg": f"SHA-{algorithm.removeprefix('sha')}", "content": base64.b64decode(digest).hex()}]
        name = path.rpartition("node_modules/")[2]
        licenses = [{"license": {"name": told["license"]}}] if "license" in told else []
        yield _component("npm", name, told["version"], hashes=hashes, licenses=licenses)


def bill(name: str, components: Iterator[dict[str, Any]]) -> str:
    """The file's text; components in the order of their names."""
    unique = {one["bom-ref"]: {key: value for key, value in one.items() if value} for one in components}
    whole = {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": name, "name": name}},
        "components": [unique[ref] for ref in sorted(unique)],
    }  # fmt: skip
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    made = {
        FOLDER / "python.cdx.json": bill("beacon", python_components()),
        FOLDER / "front-end.cdx.json": bill("beacon-console", front_end_components()),
    }
    if "--check" in arguments:
        stale = [path.name for path, text in made.items() if not path.exists() or path.read_text("utf-8") != text]
        if stale:
            sys.exit(f"docs/sbom is not what the pins say ({', '.join(stale)}). Write it anew with: make sbom")
        return 0
    FOLDER.mkdir(exist_ok=True)
    for path, text in made.items():
        path.write_text(text, "utf-8")
    scanner = ROOT / ".venv" / "scan" / "bin" / "python"
    if not scanner.exists():
        return 0
    return subprocess.run([scanner, "-c", _VALIDATE, *made], check=False).returncode  # noqa: S603 - our own interpreter


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
