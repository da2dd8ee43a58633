"""python -m config.scan: looks for weak code and for secrets, with tools from an environment of their own (.venv/scan).

Four steps, none of which needs the network: our semgrep rules on their own examples (each finds what it must and nothing
else), the same rules on the code, bandit, and detect-secrets against `.secrets.baseline`, whose entries were looked at by
a person. pip-audit is not among them: see docs/security.md, "What is not scanned".
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from config.env import ROOT

TOOLS = ROOT / ".venv" / "scan" / "bin"
RULES = ROOT / ".semgrep" / "beacon.yml"
EXAMPLES = ROOT / ".semgrep" / "tests"
_MARK = re.compile(r"ruleid: ([a-z-]+)")
_CODE = ("apps", "config", "demo", "simulator", "templates", "tests")


def _tool(name: str, *arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": f"{TOOLS}{os.pathsep}{os.environ.get('PATH', '')}", "LANG": "C.UTF-8",
        # Semgrep keeps settings in the home folder of whoever runs it; ours are in the repository.
        "HOME": tempfile.gettempdir(), "SEMGREP_SEND_METRICS": "off", "SEMGREP_ENABLE_VERSION_CHECK": "0",
    }  # fmt: skip
    return subprocess.run(  # noqa: S603 - tools of our own environment, by their path
        [str(TOOLS / name), *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def _semgrep(folder: Path, *targets: str) -> list[tuple[str, int, str]]:
    """(path, line, rule) of every finding of our rules. A rule or a file that cannot be read ends the run."""
    done = _tool("semgrep", "scan", "--metrics=off", "--disable-version-check", "--no-git-ignore", "--disable-nosem",
                 "--jobs=2", f"--config={RULES}", "--json", "--quiet", *targets, folder=folder)  # fmt: skip
    try:
        told: dict[str, Any] = json.loads(done.stdout)
    except json.JSONDecodeError:
        sys.exit(f"semgrep did not answer:\n{done.stderr}")
    if told["errors"] or not told["paths"]["scanned"]:
        sys.exit(f"semgrep could not read everything: {told['errors'] or 'no file was scanned'}")
    return [(one["path"], one["start"]["line"], one["check_id"].rpartition(".")[2]) for one in told["results"]]


def rules_fire() -> list[str]:
    """What differs between the marks in the examples and what the rules find there; every rule has an example."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(EXAMPLES, folder, dirs_exist_ok=True)
        (folder / ".semgrepignore").write_text("")
        found = set(_semgrep(folder, "."))
    marked = {
        (path.relative_to(EXAMPLES).as_posix(), number + 1, mark[1])
        for path in EXAMPLES.rglob("*") if path.is_file()
        for number, line in enumerate(path.read_text().splitlines(), start=1) if (mark := _MARK.search(line))
    }  # fmt: skip
    named = set(re.findall(r"^  - id: (.+)$", RULES.read_text(), re.M))
    return [
        *(f"{path}:{line}: {rule} does not find this line" for path, line, rule in sorted(marked - found)),
        *(f"{path}:{line}: {rule} finds a line that is fine" for path, line, rule in sorted(found - marked)),
        *(f"{rule} has no example" for rule in sorted(named - {rule for *_, rule in marked})),
    ]


def rules_hold() -> list[str]:
    """Findings of our rules in the code."""
    return [f"{path}:{line}: {rule}" for path, line, rule in sorted(_semgrep(ROOT, *_CODE))]


def bandit_is_content() -> list[str]:
    """Findings of bandit, configured in pyproject.toml."""
    targets = ("apps", "config", "demo", "simulator", "manage.py")
    done = _tool("bandit", "--quiet", "--configfile", "pyproject.toml", "--format", "json", "--recursive", *targets)
    told = json.loads(done.stdout)
    return [
        *(f"{one['filename']}: {one['reason']}" for one in told["errors"]),
        *(f"{one['filename']}:{one['line_number']}: {one['test_id']} {one['issue_text']}" for one in told["results"]),
    ]


def no_new_secret() -> list[str]:
    """Lines of committed files that look like a secret and are not in the baseline that a person went through."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607 - git of whoever works here
    baseline = json.loads((ROOT / ".secrets.baseline").read_text())
    unheard = [
        f"{path}:{one['line_number']}: in the baseline, but nobody said whether it is a secret"
        for path, ones in baseline["results"].items() for one in ones if one.get("is_secret") is not False
    ]  # fmt: skip
    files = [name for name in tracked.stdout.splitlines() if (ROOT / name).is_file()]
    done = _tool("detect-secrets-hook", "--baseline", ".secrets.baseline", "--json", *files)
    if done.returncode == 0:
        return unheard
    # Status 3: the hook moved line numbers in the baseline along. That file is committed like any other.
    found = json.loads(done.stdout)["results"] if done.stdout.startswith("{") else {}
    listed = [f"{path}:{one['line_number']}: {one['type']}" for path, ones in found.items() for one in ones]
    if listed:
        listed.append("A false alarm? .venv/scan/bin/detect-secrets scan --baseline .secrets.baseline, then `audit`")
    return [*unheard, *(listed or [f".secrets.baseline: {done.stdout.strip() or done.stderr.strip()}"])]


STEPS = {
    "Our rules find their examples": rules_fire,
    "Our rules in the code": rules_hold,
    "bandit": bandit_is_content,
    "Secrets": no_new_secret,
}


def main() -> int:
    status = 0
    for title, step in STEPS.items():
        problems = step()
        print(f"{title}: {'fine' if not problems else f'{len(problems)} to mend'}", *problems, sep="\n  ")  # noqa: T201 - speaks to people
        status = status or bool(problems)
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
