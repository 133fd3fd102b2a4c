"""Vigie as the bench runs it: the example body, every pillar on, a durable store. *Edge*."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from bench.install import ROOT
from tests.gateway_process import VIGIE, example_config, run_vigie

SYSTEM = "redaction-interne"
MODEL = "assistant"


@dataclass(frozen=True, slots=True)
class Home:
    """A configuration, a store, and a key of the system `SYSTEM`."""

    config: Path
    data: Path
    key: str

    def command(self, port: int) -> list[str]:
        """What an operator would run."""
        where = ["--config", str(self.config), "--data", str(self.data)]
        return [*VIGIE, "serve", *where, "--host", "127.0.0.1", "--port", str(port)]


def make_home(folder: Path, *, upstream: int, ner: bool = True) -> Home:
    """The example body in an empty `folder`, its model served by the stand-in on port `upstream`."""
    folder.mkdir(parents=True)
    config = example_config(folder / "config", provider_port=upstream, ner=ner)
    data = folder / "data"
    run_vigie("db", "upgrade", config=config, data=data)
    key = run_vigie("key", "create", "--system", SYSTEM, config=config, data=data).strip()
    return Home(config, data, key)


def verify(home: Home) -> dict[str, Any]:
    """Records, seconds and what is wrong: the live store verified in a process of its own, its start not counted."""
    command = [sys.executable, "-m", "bench.vigie", str(home.config), str(home.data)]
    found: dict[str, Any] = orjson.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)
    return found


def _verify(config: Path, data: Path) -> dict[str, Any]:
    from gateway.audit import Signer, verify_store
    from gateway.config import load
    from gateway.house import store_url
    from gateway.storage import open_store

    settings = load(config).settings
    store = open_store(store_url(settings, data))
    key = Signer.open(data / "ledger.key", store).verifier_key(settings.ledger.origin)
    before = time.monotonic()
    verdict = verify_store(store, key)
    took = time.monotonic() - before
    store.close()
    return {"records": verdict.records, "seconds": took, "problem": verdict.problem}


if __name__ == "__main__":
    print(orjson.dumps(_verify(Path(sys.argv[1]), Path(sys.argv[2]))).decode())
