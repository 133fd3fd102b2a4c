"""`vigie serve`: the gateway itself."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.errors import in_words, say_error
from gateway.cli.places import places, prepare
from gateway.config import Listener, load

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

STARTUP_FAILURE = 3
"""uvicorn's exit code for a worker that could not start: its supervisor then stops instead of trying for ever."""


@click.command()
@places
@click.option("--host", default=None, help="Adresse d'écoute (default: listener.host).")
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="Port (default: listener.port).")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processus (processes).")
def command(config: Path, data: Path, host: str | None, port: int | None, workers: int) -> None:
    """Démarrer la passerelle. Start the gateway.

    \b
    Exemple : vigie serve --host 127.0.0.1 --port 8080
    """
    from gateway.cli.listening import bind

    listener = load(config).settings.listener
    os.environ["VIGIE_CONFIG"], os.environ["VIGIE_DATA"] = str(config), str(data)
    sockets = bind(host or listener.host, listener.port if port is None else port)
    try:
        started = run(sockets, workers) if workers == 1 else supervise(config, data, sockets, workers)
    finally:
        for one in sockets:
            one.close()
    if not started:
        raise SystemExit(1)


def run(sockets: list[socket.socket], workers: int) -> bool:
    """Serve in this process until told to stop; False if the gateway could not start, which has then been said."""
    import uvicorn

    server = uvicorn.Server(uvicorn_config(workers))
    try:
        server.run(sockets)
    except KeyboardInterrupt:
        pass
    except SystemExit as end:
        if end.code == STARTUP_FAILURE:
            return False
        raise
    return True


def supervise(config: Path, data: Path, sockets: list[socket.socket], workers: int) -> bool:
    """Serve in `workers` processes; what would stop all of them is found here, once, before any is started."""
    from uvicorn.supervisors import Multiprocess

    from gateway.telemetry import share_between_processes

    prepare(config, data).close()
    share_between_processes(data / "metrics")
    supervisor = Multiprocess(uvicorn_config(workers), sockets)
    supervisor.run()
    return all(one.exitcode != STARTUP_FAILURE for one in supervisor.processes)


def uvicorn_config(workers: int) -> uvicorn.Config:
    """The server's settings. The application is named, not given, so that another process can make its own."""
    import uvicorn

    return uvicorn.Config(
        "gateway.cli.serve:application",
        factory=True,
        workers=workers,
        http="gateway.cli.listening:Bounded",
        lifespan="on",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=20,
    )


def application() -> Starting:
    """The application of one process, from `VIGIE_CONFIG` and `VIGIE_DATA`."""
    from gateway.app import create

    return Starting(create(), Path(os.environ["VIGIE_CONFIG"]))


class Starting:
    """The application, and in words why it could not start: uvicorn would only show a traceback.

    `listener`: the bounds of its connections, as configured when it was made.
    """

    def __init__(self, app: ASGIApp, config: Path) -> None:
        self._app = app
        try:
            self.listener = load(config).settings.listener
        except Exception:  # noqa: BLE001 - starting will say it
            self.listener = Listener()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        started = False

        async def sent(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "lifespan.startup.complete"
            await send({**message, "message": ""} if message["type"].endswith(".failed") else message)

        logger = logging.getLogger("uvicorn.error")
        try:
            await self._app(scope, receive, sent)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            logger.disabled = not started  # it would say once more, without a reason, what is said here
            say_error(in_words(error))
            raise
