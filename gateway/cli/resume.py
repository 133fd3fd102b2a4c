"""`vigie resume`: lift a halt, by another person and for a reason."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.places import open_halts, places
from gateway.config import load
from gateway.desk import MAY_HALT
from gateway.errors import Message, Refusal


@click.command()
@places
@click.argument("halt")
@click.option("--by", "person", required=True, help="Personne du registre (a person of the register).")
@click.option("--reason", required=True, help="Mesure prise (what was done about it).")
def command(config: Path, data: Path, halt: str, person: str, reason: str) -> None:
    """Lever un arrêt d'urgence. Lift an emergency stop.

    \b
    Exemple : vigie resume h-3f9a2c1d5e07 --by s.gagnon --reason "Consigne corrigée"
    """
    register = load(config).register
    who = next((one for one in register.people if one.id == person), None)
    if who is None or not set(who.roles) & set(MAY_HALT):
        able = [one.id for one in register.people if set(one.roles) & set(MAY_HALT)]
        raise Refusal(
            Message(f"«\u00a0{person}\u00a0» ne peut pas lever un arrêt.", f"'{person}' may not lift a halt."),
            Message(f"Le peuvent\u00a0: {', '.join(able)}.", f"Those who may: {', '.join(able)}."),
            code="role_missing",
        )
    with open_halts(config, data) as halts:
        halts.lift_now(halt, person, reason)
    click.echo(f"Arrêt {halt} levé. Halt lifted.", err=True)
