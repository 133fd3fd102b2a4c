"""`vigie serve`: the gateway itself."""

from __future__ import annotations

import os
from pathlib import Path

import click

from gateway.cli.places import places
from gateway.config import load


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
    import uvicorn

    listener = load(config).settings.listener
    os.environ["VIGIE_CONFIG"], os.environ["VIGIE_DATA"] = str(config), str(data)
    if workers > 1:
        from gateway.app import make_private
        from gateway.telemetry import share_between_processes

        make_private(data)
        share_between_processes(data / "metrics")
    uvicorn.run(
        "gateway.app:create",
        factory=True,
        host=host or listener.host,
        port=listener.port if port is None else port,
        workers=workers,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=20,
    )
