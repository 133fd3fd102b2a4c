"""`vigie demo`: see it happen."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.places import config_option
from gateway.demo import play


@click.command()
@config_option
@click.option("--keep", is_flag=True, help="Laisser la passerelle en marche (leave the gateway running).")
def command(config: Path, keep: bool) -> None:
    """Jouer une histoire contre la vraie passerelle. Play a story against the real gateway.

    \b
    Exemple : vigie demo --keep
    """
    play(config, keep=keep)
