"""`vigie content`: what was kept of calls, read on record, destroyed for good, or held, from the host's terminal."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import click
import orjson

from gateway.audit import append_now
from gateway.cli.places import json_option, open_content, places
from gateway.cli.words import masked
from gateway.config import Configuration
from gateway.content.certificates import check
from gateway.desk import may_read
from gateway.desk.content import MAY_DESTROY, opened_json, reading
from gateway.errors import Message, Refusal

STATES = {"kept": "conservé", "destroying": "en destruction", "destroyed": "détruit"}
by_option = click.option("--by", "person", required=True, help="Personne du registre (a person of the register).")
why_option = click.option("--reason", required=True, help="Raison, inscrite au registre (recorded).")


@click.group()
def command() -> None:
    """Contenu conservé des appels. What was kept of calls."""


@command.command("list")
@places
@json_option
@click.option("--system", default=None, help="Un seul système (one system).")
@click.option("--state", type=click.Choice(["kept", "destroyed", "all"]), default="kept", show_default=True)
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True)
def listing(config: Path, data: Path, as_json: bool, system: str | None, state: str, limit: int) -> None:
    """Lister ce qui est conservé, sans en montrer un octet. List what is kept, never a byte of it.

    \b
    Exemple : vigie content list --system permis-assistant
    """
    with open_content(config, data) as (archive, _):
        found = archive.contents.newest(systems=None if system is None else [system], state=state, limit=limit)
    for one in found:
        if as_json:
            click.echo(orjson.dumps(one.as_json()))
        else:
            until = one.destroyed_at or one.due_at
            click.echo(f"{one.decision}  {one.part.value:<6}  {STATES[one.state]:<14}  {until[:10]}  {one.system}")
    if not found:
        click.echo("Aucun contenu. No content.", err=True)


@command.command()
@places
@json_option
@click.argument("decision")
@by_option
@why_option
def read(config: Path, data: Path, as_json: bool, decision: str, person: str, reason: str) -> None:
    """Lire ce qui a été dit; inscrit au registre d'abord. Read what was said; recorded first.

    \b
    Exemple : vigie content read d-0192f1c2a3b4… --by m.roy --reason "Plainte 2026-118"
    """
    with open_content(config, data) as (archive, configuration):
        kept = archive.contents.readable(decision)
        _check_reader(person, kept[0].system, configuration)
        (why,) = masked([reason], configuration)
        append_now(archive.store, [reading(kept, person, why, secrets.token_hex(8))])
        opened = archive.contents.open(decision)
    if as_json:
        click.echo(orjson.dumps(opened_json(opened)))
        return
    for one in opened:
        click.echo(f"── {one.kept.part.value}, {one.kept.kept_at}", err=True)
        click.echo(one.content.decode("utf8", "replace"))


@command.command()
@places
@click.argument("decision")
@by_option
@why_option
def destroy(config: Path, data: Path, decision: str, person: str, reason: str) -> None:
    """Détruire ce qui est conservé d'une décision, pour toujours. Destroy what is kept of a decision, for good.

    Écrit le certificat, en JSON. Writes the certificate, as JSON.

    \b
    Exemple : vigie content destroy d-0192f1c2a3b4… --by p.tremblay --reason "Demande de la personne"
    """
    with open_content(config, data) as (archive, configuration):
        _check_officer(person, configuration)
        (why,) = masked([reason], configuration)
        archive.destruction.destroy(decision, person, why)
        click.echo(orjson.dumps(archive.certificates(decision)[-1]))


@command.command()
@places
@click.option(
    "--check", "checked", type=click.File("rb"), help="Vérifier un certificat (check a certificate; - : stdin)."
)
@click.option("--key", default="", help="Avec --check : la clé que l'organisme publie (the verifier key).")
@click.argument("decision", required=False)
def certificate(config: Path, data: Path, decision: str | None, checked: IO[bytes] | None, key: str) -> None:
    """Donner le certificat d'une destruction, ou en vérifier un. Give a certificate of destruction, or check one.

    \b
    Exemple : vigie content certificate d-0192f1c2a3b4…
    """
    if (decision is None) == (checked is None) or (checked is not None and not key):
        raise click.UsageError("Donner une décision, ou --check et --key. Give a decision, or --check and --key.")
    if checked is not None:
        _check_certificate(checked.read(), Path(key).read_text("utf8").strip() if Path(key).is_file() else key)
    elif decision is not None:
        with open_content(config, data) as (archive, _):
            for one in archive.certificates(decision):
                click.echo(orjson.dumps(one))


@command.command()
@places
@json_option
@click.argument("scope")
@by_option
@why_option
def hold(config: Path, data: Path, as_json: bool, scope: str, person: str, reason: str) -> None:
    """Interdire la destruction (retenue légale). Forbid destruction (a legal hold).

    SCOPE : decision:ID ou system:ID.

    \b
    Exemple : vigie content hold system:permis-assistant --by p.tremblay --reason "Litige 500-17-1"
    """
    with open_content(config, data) as (archive, configuration):
        _check_officer(person, configuration)
        (why,) = masked([reason], configuration)
        placed = archive.holds.place(scope, person, why, [one.id for one in configuration.register.systems])
    click.echo(orjson.dumps(placed.as_json()) if as_json else placed.id)


@command.command()
@places
@json_option
@click.argument("hold")
@by_option
@why_option
def release(config: Path, data: Path, as_json: bool, hold: str, person: str, reason: str) -> None:
    """Lever une retenue légale. Release a legal hold.

    \b
    Exemple : vigie content release l-3f9a2c1d5e07 --by p.tremblay --reason "Litige clos"
    """
    with open_content(config, data) as (archive, configuration):
        _check_officer(person, configuration)
        (why,) = masked([reason], configuration)
        released = archive.holds.release(hold, person, why)
    click.echo(orjson.dumps(released.as_json()) if as_json else f"Retenue levée : {released.scope}. Released.")


@command.command()
@places
@json_option
def holds(config: Path, data: Path, as_json: bool) -> None:
    """Lister les retenues légales. List the legal holds.

    \b
    Exemple : vigie content holds
    """
    with open_content(config, data) as (archive, _):
        found = archive.holds.list()
    for one in found:
        if as_json:
            click.echo(orjson.dumps(one.as_json()))
        else:
            state = "en vigueur" if one.released_at is None else "levée"
            click.echo(f"{one.id}  {state:<10}  {one.scope:<40}  {one.placed_at[:10]}  {one.reason}")


# ── checks ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _check_reader(person: str, system: str, configuration: Configuration) -> None:
    register = configuration.register
    _check(person, [one.id for one in register.people if may_read(one, register.system(system))])


def _check_officer(person: str, configuration: Configuration) -> None:
    _check(person, [one.id for one in configuration.register.people if set(MAY_DESTROY) & set(one.roles)])


def _check(person: str, able: Sequence[str]) -> None:
    """Raises a `Refusal` unless the register lets this person do it."""
    if person not in able:
        who = ", ".join(able) or "—"
        raise Refusal(
            Message(f"Le registre n'en donne pas le droit à {person}.", f"The register does not allow {person} this."),
            Message(f"Peuvent le faire\u00a0: {who}.", f"Those who may: {who}."),
            code="role_missing",
        )


def _check_certificate(content: bytes, key: str) -> None:
    try:
        said = check(orjson.loads(content), key)
    except orjson.JSONDecodeError:
        said = "not JSON"
    if said:
        click.echo(f"ÉCHEC (FAILED) : {said}")
        raise SystemExit(1)
    click.echo("En ordre (all good) : le certificat est signé et dit ce que dit le registre (signed, and true).")
