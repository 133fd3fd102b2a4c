"""Vigie as the bench runs it: the example body, every pillar on, a durable store. *Edge*."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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
