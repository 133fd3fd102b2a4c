"""`vigie halt`: stop, from the host, whatever else is down."""

from __future__ import annotations

import getpass
from pathlib import Path

import click
import orjson

from gateway.cli.places import json_option, open_halts, places
from gateway.supervision import Scope


@click.command()
@places
@json_option
@click.option(
    "--scope",
    default=None,
    help="all, system:ID, agent:ID, session:ID, model:ID, deployment:ID, operator:NAME, tool:NAME.",
)
@click.option("--reason", default=None, help="Raison (reason).")
@click.option("--drill", is_flag=True, help="Exercice; l'arrêt est réel (an exercise; the stop is real).")
@click.option("--list", "listing", is_flag=True, help="Montrer les arrêts (show the halts).")
def command(
    config: Path, data: Path, as_json: bool, scope: str | None, reason: str | None, drill: bool, listing: bool
) -> None:
    """Arrêter d'urgence. Emergency stop; needs no gateway, no console and no identity provider.

    \b
    Exemple : vigie halt --scope system:permis-assistant --reason "Réponses fautives"
    """
    if listing == (scope is not None) or (scope is not None and not reason):
        raise click.UsageError("Donner --scope et --reason, ou --list. Give --scope and --reason, or --list.")
    with open_halts(config, data) as halts:
        if scope is None:
            for one in halts.list():
                said = one.as_json()
                click.echo(
                    orjson.dumps(said)
                    if as_json
                    else f"{said['id']}  {said['state']:<9}  {said['scope']:<30}  {said['raised_at']}  {said['reason']}"
                )
            return
        halt = halts.raise_now(Scope.parse(scope), reason or "", f"host:{getpass.getuser()}", drill=drill)
    click.echo(f"Arrêt en vigueur : {scope}. Halted.", err=True)
    click.echo(orjson.dumps({"id": halt.id, "scope": scope, "drill": drill}) if as_json else halt.id)
