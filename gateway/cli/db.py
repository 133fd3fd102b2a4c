"""`vigie db upgrade`: bring the store to this version's schema."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.audit import Signer
from gateway.cli.places import open_configured_store, places
from gateway.config import load, secret
from gateway.content.keys import make_table
from gateway.house import key_file
from gateway.storage import open_store


@click.group()
def command() -> None:
    """Base de données. The store."""


@command.command()
@places
def upgrade(config: Path, data: Path) -> None:
    """Créer ou mettre à jour la base. Create or upgrade the store.

    \b
    Exemple : vigie db upgrade --data data
    """
    store = open_configured_store(config, data)
    store.upgrade()
    keys = load(config).settings.storage.content_keys
    if keys is not None:
        apart = open_store(secret(keys))
        make_table(apart)
        apart.close()
    Signer.open(data / "ledger.key", store)
    key_file(data / "identity.key")
    click.echo("Base à jour. Store up to date.")
