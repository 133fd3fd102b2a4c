"""Where the demonstration is played: the terminal, the gateway's process, other `vigie` commands. *Edge*."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import click
import yaml

from gateway.config.reading import Loader
from gateway.errors import Fault, Message

READY_WITHIN_S = 90.0
SYSTEM = "permis-assistant"
FAR_AWAY = "assistant-ontario"
SUPERVISOR, COLLEAGUE = "s.gagnon", "m.roy"
PAYMENTS = """policy: demonstration
rules:
  - id: payments-need-a-person
    principle: 11
    stage: action
    when: action.tool == "issue_payment" && double(action.arguments.amount) > 1000.0
    effect: hold
    hold: {approvals: 1, expires: 10m}
    code: payment_approval
    reason:
      fr: Un paiement de plus de 1 000 $ exige l'accord d'une personne.
      en: A payment over $1,000 needs a person's approval.
"""


class Stage:
    """The terminal: numbered steps, and who received what."""

    def __init__(self) -> None:
        self.steps = 0

    def step(self, fr: str, en: str) -> None:
        self.steps += 1
        click.echo(f"\n{click.style(f'{self.steps}. {fr}', bold=True)}\n   {click.style(en, dim=True)}")

    def told(self, who: str, text: str, color: str = "cyan") -> None:
        click.echo(f"   {click.style(f'{who:<24}', fg=color)} {text}")

    def sent(self, text: str) -> None:
        self.told("application ▶", text, "blue")

    def provider(self, text: str) -> None:
        self.told("▶ fournisseur (provider)", text, "yellow")

    def answer(self, text: str) -> None:
        self.told("◀ application", text, "green")


def demo_config(source: Path, target: Path, port: int) -> None:
    """The example body's files, its own deployment at the stand-in provider, and one deployment outside Québec."""
    shutil.copytree(source, target)
    (target / "policies" / "demonstration.yaml").write_text(PAYMENTS, encoding="utf8")
    path = target / "catalogue.yaml"
    catalogue = yaml.load(path.read_text(encoding="utf8"), Loader)  # noqa: S506 - a SafeLoader
    ours = next(
        one
        for one in catalogue["deployments"]
        if one["provider"]["protocol"] == "openai" and one["operator"]["public_body"]
    )
    ours["provider"] = {"protocol": "openai", "base_url": f"http://127.0.0.1:{port}/v1", "model": "mistral-small"}
    ours["enabled"] = True
    far = {**ours, "id": "infonuagique-ontario"}
    far["operator"] = {"name": "Exemple Cloud", "home": "CA-ON", "public_body": False, "foreign_reach": []}
    far["processing"] = {**ours["processing"], "subdivision": "CA-ON", "guarantee": "contractual"}
    far["contract"] = {"ref": "C-2026-001", "expires": "2099-12-31"}
    catalogue["deployments"].append(far)
    for model in catalogue["models"]:
        if model["id"] == "assistant":
            model["deployments"] = [ours["id"]]
    catalogue["models"].append({"id": FAR_AWAY, "kind": "chat", "deployments": [far["id"]]})
    path.write_text(yaml.safe_dump(catalogue, allow_unicode=True, sort_keys=False), encoding="utf8")
    path = target / "register.yaml"
    register = yaml.load(path.read_text(encoding="utf8"), Loader)  # noqa: S506 - a SafeLoader
    for system in register["systems"]:
        if system["id"] == SYSTEM:
            system["models"].append(FAR_AWAY)
    path.write_text(yaml.safe_dump(register, allow_unicode=True, sort_keys=False), encoding="utf8")


@contextlib.contextmanager
def gateway(place: Path) -> Iterator[tuple[str, str]]:
    """A gateway process on a free port, and a key of the demonstration's system."""
    vigie(place, "db", "upgrade")
    key = vigie(place, "key", "create", "--system", SYSTEM).strip()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with (place / "gateway.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "gateway.cli", "serve", "--host", "127.0.0.1", "--port", str(port)],
            env=environment(place),
            stdout=log,
            stderr=log,
        )
        try:
            wait_until_ready(process, url, place / "gateway.log")
            yield url, key
        finally:
            process.terminate()
            process.wait(30)


def wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Poll `/readyz`, saying so; raises a `Fault` with the log's last lines when it does not come."""
    click.echo("   démarrage de la passerelle (starting the gateway) ", nl=False)
    started = time.monotonic()
    while time.monotonic() - started < READY_WITHIN_S:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:  # noqa: S310
            if answer.status == 200:
                click.echo(f" prête (ready) : {time.monotonic() - started:.1f} s")
                return
        click.echo(".", nl=False)
        time.sleep(0.25)
    click.echo()
    last = log.read_text(encoding="utf8", errors="replace")[-2000:]
    raise Fault(Message("La passerelle n'a pas démarré.", "The gateway did not start."), Message(last, last))


def vigie(place: Path, *arguments: str, expect: int = 0) -> str:
    """Run another `vigie` command on the demonstration's files."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "gateway.cli", *arguments],
        env=environment(place),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != expect:
        said = done.stdout + done.stderr
        raise Fault(Message(f"vigie {arguments[0]}\u00a0: {said}", f"vigie {arguments[0]}: {said}"))
    return done.stdout + (done.stderr if expect else "")


def environment(place: Path) -> dict[str, str]:
    """The commands' configuration and data directories."""
    return {**os.environ, "VIGIE_CONFIG": str(place / "config"), "VIGIE_DATA": str(place / "data")}
