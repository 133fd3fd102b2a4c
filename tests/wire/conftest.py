"""A real gateway, once for all wire tests, before a provider that each test tells what to do."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.gateway_process import Gateway, example_config

Behaviour = Callable[[web.Request, dict[str, Any]], Awaitable[web.StreamResponse]]


@dataclass
class StandIn:
    """A provider on a real socket. `behaviour` answers; `received` are the bodies that reached it."""

    port: int = 0
    behaviour: Behaviour | None = None
    received: list[dict[str, Any]] = field(default_factory=list)
    left: list[bool] = field(default_factory=list)

    def run(self, ready: threading.Event) -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        app = web.Application(client_max_size=1 << 26)
        app.router.add_post("/v1/{path:.*}", self._handle)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
        loop.run_until_complete(runner.setup())
        loop.run_until_complete(web.TCPSite(runner, "127.0.0.1", 0).start())
        self.port = int(runner.addresses[0][1])
        ready.set()
        loop.run_forever()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.received.append(body)
        assert self.behaviour is not None
        try:
            return await self.behaviour(request, body)
        except asyncio.CancelledError:
            self.left.append(True)
            raise


@pytest.fixture(scope="session")
def standin() -> StandIn:
    one, ready = StandIn(), threading.Event()
    threading.Thread(target=one.run, args=(ready,), daemon=True).start()
    assert ready.wait(10)
    return one


@pytest.fixture(scope="session")
def gateway(standin: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """The example body, patterns only (no language model), its provider the stand-in, its embeddings simulated."""
    place: Path = tmp_path_factory.mktemp("gateway")
    config = example_config(place / "config", provider_port=standin.port)
    text = (config / "catalogue.yaml").read_text(encoding="utf8")
    assert "stand-in" in text
    with Gateway.start(config, place / "data") as running:
        yield running
