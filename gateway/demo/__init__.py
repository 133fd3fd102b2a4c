"""`vigie demo`: the example body, played against the real gateway. *Edge*.

Three processes, as in real life: this one is the application (a stock OpenAI client), a child is the gateway, and a
small server here plays the provider, so that each step can show what the provider received and what the application
received. A supervisor and an auditor use the same commands as in their own terminals. Everything lives in a temporary
directory; nothing leaves this machine.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from pathlib import Path

import click

from gateway.demo.provider import Provider
from gateway.demo.stage import Stage, demo_config, gateway
from gateway.demo.story import act, stop, tell, verify

__all__ = ["play"]


def play(config: Path, *, keep: bool) -> None:
    """Play the story. Raises a `Fault` if the gateway does not start, and exits 1 if a promise does not hold."""
    stage = Stage()
    click.echo(click.style("Vigie — démonstration (everything runs on this machine)", bold=True))
    provider = Provider()
    provider.start()
    with tempfile.TemporaryDirectory(prefix="vigie-demo-") as home:
        place = Path(home)
        demo_config(config, place / "config", provider.port)
        with gateway(place) as (url, key):
            tell(stage, provider, url, key)
            act(stage, provider, place, url, key)
            stop(stage, place, url, key)
            verify(stage, place)
            if keep:
                keep_running(url, key)


def keep_running(url: str, key: str) -> None:
    """Leave the gateway up until interrupted, with what is needed to try it."""
    click.echo("\nLa passerelle reste en marche; Ctrl+C pour arrêter. The gateway stays up; Ctrl+C stops it.")
    click.echo(f"  clé (key) : {key}")
    click.echo(
        f"  curl {url}/v1/chat/completions -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \\"
    )
    click.echo('    -d \'{"model":"assistant","messages":[{"role":"user","content":"Bonjour"}]}\'')
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(3600)
