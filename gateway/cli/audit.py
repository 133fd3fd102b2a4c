"""`vigie audit verify|export|prove|timestamp|cosign|rotate-key`: the ledger, checked, taken elsewhere, and signed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import update_wrapper
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import orjson
from pydantic import ValidationError
from sqlalchemy import select

from gateway.audit import Anchors, Signer, Verdict, export, verify_bundle, verify_store
from gateway.audit.records import instant
from gateway.audit.scanning import Wrong
from gateway.audit.stamping import STAMPS, Stamps, stamps_in
from gateway.audit.stamps import Authority, StampRefused, claimed_time
from gateway.cli.places import json_option, open_configured_store, places
from gateway.config import Settings, Timestamps, load
from gateway.storage import Store
from gateway.storage.tables import checkpoint

EXTENTS = {
    "whole": ("tout le registre", "the whole ledger"),
    "range": ("une suite complète d'enregistrements", "every record of a range"),
    "selection": ("un choix d'enregistrements\u00a0: ce qui est laissé de côté n'est pas montré", "a selection"),
}


@click.group()
def command() -> None:
    """Registre des décisions. The ledger."""


def from_outside(verifying: Callable[..., None]) -> Callable[..., None]:
    """The options that give what is known from outside, as one argument, `anchors`."""

    def with_anchors(
        *arguments: Any, key: str, expect: Path | None, witness: tuple[str, ...], tsa_certificate: Path | None,
        timestamps: Path | None, **options: Any,
    ) -> None:  # fmt: skip
        kept = expect.read_text("utf8", "replace") if expect is not None else ""
        stamps = stamps_in(timestamps) if timestamps is not None else ()
        authority = Authority(tsa_certificate.read_bytes()) if tsa_certificate is not None else None
        anchors = Anchors(_text(key), kept, tuple(map(_text, witness)), stamps, authority)
        verifying(*arguments, anchors=anchors, **options)

    a_file = click.Path(path_type=Path, exists=True, dir_okay=False)
    a_directory = click.Path(path_type=Path, exists=True, file_okay=False)
    options = [
        click.option("--key", default="", help="Clé attendue, ou son fichier (verifier key expected, or its file)."),
        click.option(
            "--expect",
            type=a_file,
            help="Point de contrôle gardé: le registre doit le prolonger "
            "(an earlier checkpoint, which the ledger must extend).",
        ),
        click.option(
            "--witness", multiple=True, help="Clé d'un témoin qui doit avoir cosigné (key of a required witness)."
        ),
        click.option(
            "--tsa-certificate",
            type=a_file,
            help="Certificat (PEM) de l'autorité qui doit avoir fait chaque horodatage "
            "(certificate of the authority that must have made every time stamp).",
        ),
        click.option(
            "--timestamps",
            type=a_directory,
            help="Horodatages gardés ailleurs, en plus de ceux qui sont là (time stamps kept elsewhere, as well).",
        ),
    ]
    with_options: Callable[..., None] = update_wrapper(with_anchors, verifying)
    for option in reversed(options):
        with_options = option(with_options)
    return with_options


@command.command()
@places
@json_option
@from_outside
@click.option("--recompute/--no-recompute", default=True, help="Recalculer chaque décision (recompute every decision).")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=False)
def verify(config: Path, data: Path, file: Path | None, anchors: Anchors, recompute: bool, as_json: bool) -> None:
    """Vérifier le registre, ou un export. Verify the live ledger, or a bundle.

    \b
    Exemple : vigie audit verify registre.tar --key cle.txt --expect point-de-controle.txt
    """
    if file is not None:
        verdict = verify_bundle(file, _progress(), recomputing=recompute, anchors=anchors)
    else:
        store, signer, settings = _open(config, data)
        anchors = replace(anchors, stamps=anchors.stamps + stamps_in(data / STAMPS))
        verdict = verify_store(
            store,
            signer.verifier_key(settings.ledger.origin),
            _progress(),
            recomputing=recompute,
            anchors=anchors,
        )
    click.echo(
        orjson.dumps(verdict.as_json()).decode()
        if as_json
        else _in_words(verdict, pinned=bool(anchors.pinned or anchors.expected))
    )
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
@click.option("--since", default="", help="À partir de (from): AAAA-MM-JJ ou RFC 3339.")
@click.option("--until", default="", help="Avant (before): AAAA-MM-JJ ou RFC 3339.")
@click.option("--system", default="", help="Un seul système (one system).")
@click.option(
    "--against",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Point de contrôle gardé que l'export doit permettre de comparer (an earlier checkpoint to compare with).",
)
def export_bundle(
    config: Path, data: Path, out: Path, since: str, until: str, system: str, against: Path | None
) -> None:
    """Exporter le registre pour une vérification hors ligne. Export the ledger for offline verification.

    \b
    Exemple : vigie audit export --out registre.tar --since 2026-11-01
    """
    from gateway.audit.notes import Note, checkpoint_of
    from gateway.audit.signing import sign_now

    store, signer, settings = _open(config, data)
    zone = ZoneInfo(settings.timezone)
    size = checkpoint_of(Note.parse(against.read_text("utf8")).text).size if against is not None else 0
    with store.write() as connection:  # what a crash left unsigned is signed before it leaves
        sign_now(connection, signer, settings.ledger.origin)
    count = export(
        store,
        signer,
        out,
        since=instant(since, zone),
        until=instant(until, zone),
        system=system,
        against=size,
        stamps=stamps_in(data / STAMPS),
        progress=_progress(),
    )
    click.echo(f"{out} : {count} enregistrements (records)")


@command.command()
@places
@click.argument("decision")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Dossier où écrire (where to write).")
def prove(config: Path, data: Path, decision: str, out: Path | None) -> None:
    """Prouver qu'une décision est au registre. Prove that a decision is in the ledger.

    Écrit chaque enregistrement (.json) et sa preuve (.tlog-proof, C2SP). Writes each record and its proof.

    \b
    Exemple : vigie audit prove d-0192f1c2a3b4… --out preuves
    """
    from gateway.audit.decisions import proofs_of

    store, signer, settings = _open(config, data)
    from gateway.audit.signing import sign_now

    with store.write() as connection:
        sign_now(connection, signer, settings.ledger.origin)
    for proof in proofs_of(store, decision):
        if out is None:
            click.echo(proof.text)
            continue
        out.mkdir(parents=True, exist_ok=True)
        (out / f"{proof.name}.json").write_bytes(proof.body)
        (out / f"{proof.name}.tlog-proof").write_text(proof.text, "utf8")
        click.echo(f"{out / proof.name}.json, .tlog-proof")


@command.command()
@places
@click.option("--tsa", default="", help="Autorité d'horodatage (authority); par défaut ledger.timestamps.url.")
@click.option(
    "--tsa-certificate",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Son certificat, pour vérifier la réponse aussitôt (PEM; checked at once).",
)
def timestamp(config: Path, data: Path, tsa: str, tsa_certificate: Path | None) -> None:
    """Faire horodater le dernier point de contrôle (RFC 3161). Have the newest checkpoint time-stamped.

    Seule son empreinte sort. La réponse est gardée dans DATA/timestamps et part avec les exports.
    Only its hash leaves. The answer is kept in DATA/timestamps, and goes with exports.

    \b
    Exemple : vigie audit timestamp --tsa https://horodatage.exemple.quebec/tsr
    """
    import asyncio

    from gateway.audit.signing import sign_now
    from gateway.audit.stamping import stamp_checkpoint
    from gateway.providers import ask_authority

    store, signer, settings = _open(config, data)
    try:
        wanted = Timestamps(url=tsa) if tsa else settings.ledger.timestamps
    except ValidationError:
        raise click.UsageError("--tsa : une adresse http ou https (an http or https address).") from None
    if wanted is None:
        raise click.UsageError("--tsa URL, ou ledger.timestamps dans vigie.yaml (or ledger.timestamps in vigie.yaml).")
    authority = Authority(tsa_certificate.read_bytes()) if tsa_certificate is not None else None
    with store.write() as connection:
        sign_now(connection, signer, settings.ledger.origin)
        note = str(connection.execute(select(checkpoint.c.note)).scalar_one())
    stamp = asyncio.run(stamp_checkpoint(note, wanted.url, ask_authority))
    try:
        moment = authority.time_of(stamp) if authority is not None else claimed_time(stamp)
    except Wrong as wrong:
        raise StampRefused(wrong.message) from None
    anchors = settings.ledger.anchors
    path = Stamps(data).keep(stamp, Path(anchors) if anchors is not None else None)
    click.echo(f"{path} : {stamp.size} enregistrements, {moment} (records, time)")


@command.command()
@places
@click.option("--witness", required=True, help="Clé du témoin (the witness's verifier key), ou son fichier.")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def cosign(config: Path, data: Path, witness: str, file: Path) -> None:
    """Joindre la cosignature d'un témoin au point de contrôle. Add a witness's cosignature to the checkpoint.

    FILE est le point de contrôle que le témoin a cosigné. S'il n'est plus le dernier, le garder pour --expect.
    FILE is the checkpoint that the witness cosigned. If it is not the newest any more, keep it for --expect.

    \b
    Exemple : vigie audit cosign point-de-controle.txt --witness temoin.exemple+1a2b3c4d+BA…
    """
    from gateway.audit.signing import add_cosignature

    store, _, _ = _open(config, data)
    moment = add_cosignature(store, file.read_text("utf8"), _text(witness))
    click.echo(f"Cosignature du (cosigned at) {datetime.fromtimestamp(moment, UTC).isoformat()}", err=True)


@command.command("rotate-key")
@places
@click.option("--reason", required=True, help="Motif, inscrit au registre (recorded).")
@click.option("--lost", is_flag=True, help="La clé est perdue: nul ne répond de la suivante (the present key is lost).")
def rotate_key(config: Path, data: Path, reason: str, lost: bool) -> None:
    """Changer la clé qui signe le registre. Replace the key that signs the ledger.

    \b
    Exemple : vigie audit rotate-key --reason "rotation annuelle"
    """
    from gateway.audit.signing import rotate

    store = _store(config, data)
    origin = load(config).settings.ledger.origin
    was, becomes = rotate(store, data / "ledger.key", origin, reason=reason, lost=lost)
    click.echo(f"Clé précédente (was): {was or '—'}", err=True)
    click.echo("La nouvelle, à publier et à garder ailleurs. The new one, to publish and keep elsewhere:", err=True)
    click.echo(becomes)


def _store(config: Path, data: Path) -> Store:
    store = open_configured_store(config, data)
    store.require_current()
    return store


def _open(config: Path, data: Path) -> tuple[Store, Signer, Settings]:
    store = _store(config, data)
    return store, Signer.open(data / "ledger.key", store), load(config).settings


def _text(key: str) -> str:
    """A key, or the content of the file that holds it."""
    path = Path(key)
    return path.read_text("utf8", "replace").strip() if key and "+" not in key and path.is_file() else key


def _in_words(verdict: Verdict, *, pinned: bool) -> str:
    if not verdict.ok:
        assert verdict.said is not None
        return f"ÉCHEC (FAILED) : {verdict.said.fr} ({verdict.said.en})"
    how = ("recalculées", "recomputed") if verdict.recomputed else ("comptées", "counted only")
    counts = f"{verdict.records} enregistrements, {verdict.decisions} décisions {how[0]} (records, decisions {how[1]})"
    fr, en = EXTENTS[verdict.extent]
    lines = [f"En ordre (all good) : {counts}", f"  {fr} ({en}), {verdict.records}/{verdict.tree_size}"]
    if verdict.unfinished:
        lines.append(f"  {verdict.unfinished} appels interrompus (calls cut short)")
    if verdict.backwards:
        lines.append(f"  l'horloge a reculé {verdict.backwards} fois (the clock went back)")
    if verdict.unvouched:
        lines.append(f"  {verdict.unvouched} changement de clé sans l'accord de la précédente (key change, unvouched)")
    lines += [f"  cosigné par {name} le {time} (cosigned)" for name, time in verdict.cosigned.items()]
    if verdict.stamped:
        latest = max(verdict.stamped)
        lines.append(
            f"  {len(verdict.stamped)} horodatages vérifiés; {latest} enregistrements étaient là le "
            f"{verdict.stamped[latest]} (time stamps verified; records that were there by then)"
        )
    elif verdict.stamps:
        lines.append(
            f"  {verdict.stamps} horodatages, dont l'autorité n'est pas vérifiée sans --tsa-certificate "
            "(time stamps, whose authority is not verified)"
        )
    if not pinned:
        lines.append(f"  clé (key) : {verdict.key}")
        lines.append("  à comparer à celle que l'organisme publie (compare it with the one that the body publishes)")
    return "\n".join(lines)


def _progress() -> Callable[[int, int], None] | None:
    """A line that is rewritten, for a person who watches."""
    if not sys.stderr.isatty():
        return None
    shown = -1

    def show(done: int, total: int) -> None:
        nonlocal shown
        share = 100 * done // max(1, total)
        if share != shown:
            shown = share
            click.echo(f"\r{share:3d} %  {done}/{total}", nl=done >= total, err=True)

    return show
