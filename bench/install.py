"""The peers' own packages, in `.bench/` and nowhere else. *Edge*.

Python peers in a virtual environment from `requirements/bench.txt` (every file checked by its hash, wheels only); npm's
from `package-lock.json` (checked by its integrity, no script run). A stamp named after the lock makes a second run
immediate. nginx is the system's own.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PLACE = ROOT / ".bench"
LOCK = ROOT / "requirements" / "bench.txt"
NODE_FILES = ("package.json", "package-lock.json", ".npmrc")


class Skipped(Exception):
    """A peer cannot be measured here; the message is the reason that the table shows."""


def python_environment() -> Path:
    """The interpreter of `.bench/venv`. Raises `Skipped`."""
    venv = PLACE / "venv"
    stamp = venv / f".ready-{_digest(LOCK)}"
    python = venv / "bin" / "python"
    if stamp.exists():
        return python
    say("Paquets Python des pairs, empreintes vérifiées · The peers' Python packages, hashes checked")
    shutil.rmtree(venv, ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(venv)], "python -m venv")
    pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet", "--no-compile"]
    _run([*pip, "--require-hashes", "--only-binary", ":all:", "--requirement", str(LOCK)], "pip install")
    stamp.touch()
    return python


def node_modules() -> Path:
    """The folder of npm's packages. Raises `Skipped`."""
    folder = PLACE / "node"
    stamp = folder / f".ready-{_digest(HERE / 'package-lock.json')}"
    if stamp.exists():
        return folder / "node_modules"
    if shutil.which("npm") is None or shutil.which("node") is None:
        raise Skipped("Node.js and npm are not installed")
    say("Paquets npm des pairs · The peers' npm packages")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in NODE_FILES:
        shutil.copy(HERE / name, folder / name)
    _run(["npm", "ci", "--ignore-scripts", "--no-progress"], "npm ci", cwd=folder)
    stamp.touch()
    return folder / "node_modules"


def nginx() -> str:
    """The nginx on PATH. Raises `Skipped`."""
    found = shutil.which("nginx", path=f"{_path()}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise Skipped("nginx is not installed (Debian: apt-get install nginx)")
    return found


def say(text: str) -> None:
    """Progress, for whoever waits."""
    print(f"▸ {text}", file=sys.stderr, flush=True)


def _path() -> str:
    return os.environ.get("PATH", "")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _run(command: list[str], what: str, cwd: Path | None = None) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = [line for line in (done.stderr or done.stdout).strip().splitlines() if line.strip()]
        raise Skipped(f"{what}: {said[-1][:200] if said else f'exit {done.returncode}'}")


def versions() -> dict[str, str]:
    """What is installed of each peer, by entry; nothing for what is not there."""
    found: dict[str, str] = {}
    asked = "import importlib.metadata as m; print(m.version('litellm'), m.version('presidio-analyzer'))"
    python = PLACE / "venv" / "bin" / "python"
    if python.exists():
        done = subprocess.run([str(python), "-c", asked], capture_output=True, text=True, check=False)
        litellm, _, presidio = done.stdout.strip().partition(" ")
        found |= {"litellm": litellm, "litellm-presidio": f"{litellm}, {presidio}", "presidio": presidio}
    package = PLACE / "node" / "node_modules" / "@portkey-ai" / "gateway" / "package.json"
    if package.exists():
        found["portkey"] = json.loads(package.read_text("utf-8"))["version"]
    try:
        done = subprocess.run([nginx(), "-v"], capture_output=True, text=True, check=False)
        found["nginx"] = done.stderr.strip().rpartition("/")[2]
    except Skipped:
        pass
    return found
