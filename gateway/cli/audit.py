"""`vigie audit verify|export`: the ledger, checked and taken elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import orjson

from gateway.audit import Signer, Verdict, export, verify_bundle, verify_store
from gateway.cli.places import json_option, open_configured_store, places
from gateway.config import load


@click.group()
def command() -> None:
    """Registre des décisions. The ledger."""


@command.command()
@places
@json_option
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=False)
def verify(config: Path, data: Path, file: Path | None, as_json: bool) -> None:
    """Vérifier le registre, ou un export. Verify the live ledger, or a bundle.

    \b
    Exemple : vigie audit verify registre.tar
    """
    if file is not None:
        verdict = verify_bundle(file, _progress)
    else:
        store = open_configured_store(config, data)
        store.require_current()
        signer = Signer.open(data / "ledger.key", store)
        verdict = verify_store(store, signer.verifier_key(load(config).settings.ledger.origin), _progress)
    click.echo(orjson.dumps(verdict.as_json()).decode() if as_json else _in_words(verdict))
    if not verdict.ok:
        raise SystemExit(1)


@command.command("export")
@places
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="Fichier .tar à écrire (file to write).",
)
@click.option("--since", default="", help="À partir de (from), RFC 3339.")
@click.option("--until", default="", help="Avant (before), RFC 3339.")
@click.option("--system", default="", help="Un seul système (one system).")
def export_bundle(config: Path, data: Path, out: Path, since: str, until: str, system: str) -> None:
    """Exporter le registre pour une vérification hors ligne. Export the ledger for offline verification.

    \b
    Exemple : vigie audit export --out registre.tar --since 2026-11-01
    """
    store = open_configured_store(config, data)
    store.require_current()
    signer = Signer.open(data / "ledger.key", store)
    count = export(store, signer, out, since=since, until=until, system=system)
    click.echo(f"{out} : {count} enregistrements (records)")


def _in_words(verdict: Verdict) -> str:
    if not verdict.ok:
        return f"ÉCHEC (FAILED) : {verdict.problem}"
    counts = (
        f"{verdict.records} enregistrements, {verdict.decisions} décisions recalculées (records, decisions recomputed)"
    )
    unfinished = f"; {verdict.unfinished} appels interrompus (calls cut short)" if verdict.unfinished else ""
    return f"En ordre (all good) : {counts}{unfinished}"


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{done}/{total}", nl=done >= total, err=True)
