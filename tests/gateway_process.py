"""A real gateway process on the example body, for tests that need sockets, restarts and deaths."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml

from gateway.config.reading import Loader

ROOT = Path(__file__).resolve().parent.parent
VIGIE = [sys.executable, "-m", "gateway.cli"]


def example_config(
    directory: Path, *, provider_port: int | None, ner: bool = False, **sections: dict[str, Any]
) -> Path:
    """The example body's configuration, its chat model served by a provider on `provider_port` of this machine, or
    by the gateway's own simulator.

    `sections`: keys to add to those of vigie.yaml, e.g. `listener={"request_within_s": 1}`.
    """
    shutil.copytree(ROOT / "config", directory)
    catalogue = yaml.load((directory / "catalogue.yaml").read_text(encoding="utf8"), Loader)
    local = next(
        one
        for one in catalogue["deployments"]
        if one["provider"]["protocol"] == "openai" and one["operator"]["public_body"]
    )
    local["provider"] = {"protocol": "simulated", "model": "stand-in"}
    if provider_port is not None:
        local["provider"] = {
            "protocol": "openai", "base_url": f"http://127.0.0.1:{provider_port}/v1", "model": "stand-in",
            "apis": ["chat", "embeddings", "responses"],
        }  # fmt: skip
    local["enabled"], local["allowed_fields"] = True, ["top_k"]
    for model in catalogue["models"]:
        if model["id"] == "assistant":
            model["deployments"] = [local["id"]]
    (directory / "catalogue.yaml").write_text(yaml.safe_dump(catalogue, allow_unicode=True), encoding="utf8")
    settings = yaml.load((directory / "vigie.yaml").read_text(encoding="utf8"), Loader)
    settings.setdefault("privacy", {})["ner"] = ner
    for section, keys in sections.items():
        settings[section] = {**settings.get(section, {}), **keys}
    (directory / "vigie.yaml").write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf8")
    return directory


@dataclass
class Gateway:
    """A running `vigie serve` and a key of the system `redaction-interne`."""

    process: subprocess.Popen[bytes]
    url: str
    key: str

    @property
    def authorization(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key}"}

    @classmethod
    def start(
        cls, config: Path, data: Path, *, system: str = "redaction-interne", workers: int = 1, timeout_s: float = 60
    ) -> Gateway:
        """Start and wait until it is ready; the key is made once per store and kept beside it."""
        kept = data.parent / f"{data.name}-{system}.key"
        if not kept.exists():
            kept.write_text(create_key(config, data, system))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        log = (data.parent / "gateway.log").open("ab")
        process = subprocess.Popen(
            [
                *VIGIE, "serve", "--config", str(config), "--data", str(data),
                "--host", "127.0.0.1", "--port", str(port), "--workers", str(workers),
            ],
            stdout=log,
            stderr=log,
            cwd=ROOT,
        )  # fmt: skip
        log.close()
        gateway = cls(process, f"http://127.0.0.1:{port}", kept.read_text())
        gateway.wait_until_ready(timeout_s, data.parent / "gateway.log")
        return gateway

    def wait_until_ready(self, timeout_s: float, log: Path) -> None:
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"the gateway ended at start:\n{log.read_text(encoding='utf8')[-3000:]}")
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                pass
            time.sleep(0.03)
        raise RuntimeError("the gateway is not ready in time")

    def kill(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal and wait for the end."""
        self.process.send_signal(how)
        self.process.wait(30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()


def create_key(config: Path, data: Path, system: str) -> str:
    """A key of a system, in an upgraded store; as `vigie key create` makes it, without a process for it."""
    from gateway.cli.places import open_keys

    with open_keys(config, data) as keys:
        token: str = keys.create(system=system).token
    return token


def run_vigie(*arguments: str, config: Path, data: Path, check: bool = True) -> str:
    """Run a `vigie` command and return what it printed on stdout."""
    environment = {**os.environ, "VIGIE_CONFIG": str(config), "VIGIE_DATA": str(data)}
    done = subprocess.run([*VIGIE, *arguments], capture_output=True, text=True, cwd=ROOT, env=environment, timeout=120)
    if check and done.returncode != 0:
        raise RuntimeError(f"vigie {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def ledger_records(config: Path, data: Path) -> tuple[set[str], set[str]]:
    """The decisions with a `call.opened`, and those with a `call.closed`, read from the store as it was left."""
    from sqlalchemy import select

    from gateway.config import load
    from gateway.house import store_url
    from gateway.storage import open_store
    from gateway.storage.tables import records

    store = open_store(store_url(load(config).settings, data))
    with store.read() as connection:
        rows = connection.execute(select(records.c.kind, records.c.decision)).all()
    store.close()
    return {r.decision for r in rows if r.kind == "call.opened"}, {r.decision for r in rows if r.kind == "call.closed"}


def verify_live(config: Path, data: Path) -> str:
    """What `vigie audit verify` finds wrong with the store, or nothing."""
    from gateway.audit import Signer, verify_store
    from gateway.config import load
    from gateway.house import store_url
    from gateway.storage import open_store

    settings = load(config).settings
    store = open_store(store_url(settings, data))
    verdict = verify_store(store, Signer.open(data / "ledger.key", store).verifier_key(settings.ledger.origin))
    store.close()
    return verdict.problem


def closed_records(config: Path, data: Path) -> list[dict[str, Any]]:
    """The `call.closed` records of the store, oldest first."""
    return [record for record in all_records(config, data) if record["kind"] == "call.closed"]


def all_records(config: Path, data: Path) -> list[dict[str, Any]]:
    """Every record of the store, oldest first."""
    import orjson
    from sqlalchemy import select

    from gateway.config import load
    from gateway.house import store_url
    from gateway.storage import open_store
    from gateway.storage.tables import records

    store = open_store(store_url(load(config).settings, data))
    with store.read() as connection:
        bodies = connection.execute(select(records.c.body).order_by(records.c.seq)).scalars().all()
    store.close()
    return [orjson.loads(body) for body in bodies]
