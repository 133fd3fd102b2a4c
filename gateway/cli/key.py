"""`vigie key create|list|revoke`: keys of applications and of people; `rotate-manifest`, of signed manifests."""

from __future__ import annotations

from pathlib import Path

import click
import orjson

from gateway.cli.places import json_option, open_configured_store, open_keys, places
from gateway.config import load
from gateway.errors import Message, Refusal


@click.group()
def command() -> None:
    """Clés d'applications et de personnes. Keys of applications and of people."""


@command.command()
@places
@click.option("--system", default=None, help="Système du registre (a system of the register).")
@click.option("--person", default=None, help="Personne du registre (a person of the register).")
def create(config: Path, data: Path, system: str | None, person: str | None) -> None:
    """Créer une clé; elle n'est montrée qu'une fois. Create a key; it is shown once.

    \b
    Exemple : vigie key create --system permis-assistant
    """
    if (system is None) == (person is None):
        raise click.UsageError("Donner --system ou --person. Give --system or --person.")
    register = load(config).register
    known = [one.id for one in (register.systems if system is not None else register.people)]
    name = system or person or ""
    if name not in known:
        raise Refusal(
            Message(f"« {name} » n'est pas au registre.", f"'{name}' is not in the register."),
            Message(f"Au registre\u00a0: {', '.join(known)}.", f"In the register: {', '.join(known)}."),
            code="not_in_register",
        )
    with open_keys(config, data) as keys:
        created = keys.create(system=system, person=person)
    click.echo(f"Clé {created.id} créée pour {name}; elle ne sera plus montrée. Shown once.", err=True)
    click.echo(created.token)


@command.command("list")
@places
@json_option
def list_keys(config: Path, data: Path, as_json: bool) -> None:
    """Lister les clés, jamais leur secret. List keys, never their secret.

    \b
    Exemple : vigie key list
    """
    with open_keys(config, data) as keys:
        for one in keys.list():
            if as_json:
                click.echo(orjson.dumps(one.as_json()))
            else:
                state = f"révoquée {one.revoked_at}" if one.revoked_at else "active"
                click.echo(f"{one.id}  {one.system or one.person:<24}  {one.created_at}  {state}")


@command.command()
@places
@click.argument("key")
def revoke(config: Path, data: Path, key: str) -> None:
    """Révoquer une clé, aussitôt et partout. Revoke a key, at once and everywhere.

    \b
    Exemple : vigie key revoke k3f9a2c1
    """
    with open_keys(config, data) as keys:
        keys.revoke(key)
    click.echo(f"Clé {key} révoquée. Key revoked.", err=True)


@command.command("hash-user")
@places
@click.argument("user")
def hash_one_user(config: Path, data: Path, user: str) -> None:
    """Hacher un utilisateur final, pour register.yaml (trained_users). Hash an end user, for register.yaml.

    \b
    Exemple : vigie key hash-user p.tremblay@exemple.quebec
    """
    from gateway.house import key_file, make_private
    from gateway.identity import hash_user

    load(config)
    make_private(data)
    click.echo(hash_user(key_file(data / "identity.key"), user))


@command.command("rotate-manifest")
@places
@click.option("--reason", required=True, help="Motif, inscrit au registre (recorded).")
@click.option(
    "--compromised", is_flag=True, help="Ne plus croire ce que la clé d'avant a signé (distrust the one before)."
)
def rotate_manifest(config: Path, data: Path, reason: str, compromised: bool) -> None:
    """Changer la clé qui signe les manifestes; redémarrer ensuite. Replace the key of manifests; restart afterwards.

    \b
    Exemple : vigie key rotate-manifest --reason "rotation annuelle"
    """
    from gateway.house import key_file, make_private
    from gateway.transparency import rotate

    make_private(data)
    store = open_configured_store(config, data)
    if store.embedded:
        store.upgrade()
    store.require_current()
    path, following = data / "manifest.key", data / "manifest.key.next"
    following.unlink(missing_ok=True)
    before, seed = key_file(path) if path.exists() else None, key_file(following)
    was, becomes = rotate(store, before, seed, reason=reason, compromised=compromised)
    following.replace(path)
    store.close()
    click.echo(f"Clé précédente (was): {was or '—'}", err=True)
    click.echo("Redémarrer les passerelles. Restart the gateways.", err=True)
    click.echo(becomes)
