"""`vigie report NAME`: the registers that fill themselves, and the figures of supervision, from the ledger alone."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import update_wrapper
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import orjson

from gateway.audit import append_now, now_text
from gateway.audit.bundle import Bundle
from gateway.audit.records import instant
from gateway.audit.reports import FromBundle, FromStore, Incidents, Scope, gathered, rendering, report_of
from gateway.audit.reports.incidents import number_of
from gateway.audit.reports.reading import Source
from gateway.audit.scanning import Wrong
from gateway.cli.places import json_option, open_configured_store, places
from gateway.config import Configuration, Settings, load, load_settings
from gateway.errors import Message, Refusal
from gateway.privacy import open_analyser
from gateway.proposals import masked_text
from gateway.storage import Store

WIDTH = 120
LONGEST_TEXT = 2_000


@click.group()
def command() -> None:
    """Rapports et registres, tirés du registre des décisions. Reports and registers, from the ledger."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What every report is asked with."""

    config: Path
    data: Path
    bundle: Path | None
    since: str
    until: str
    system: str
    as_json: bool
    as_csv: bool
    language: str


def narrowed(reporting: Callable[..., None]) -> Callable[..., None]:
    """The options that every report takes, as one argument."""

    def with_asked(**options: Any) -> None:
        own = {name: options.pop(name) for name in Asked.__slots__}
        reporting(Asked(**own), **options)

    options = [
        places,
        json_option,
        click.option("--csv", "as_csv", is_flag=True, help="Pour un tableur (for a spreadsheet)."),
        click.option("--since", default="", help="À partir de (from): AAAA-MM-JJ ou RFC 3339."),
        click.option("--until", default="", help="Avant (before): AAAA-MM-JJ ou RFC 3339."),
        click.option("--system", default="", help="Un seul système (one system)."),
        click.option(
            "--bundle",
            type=click.Path(path_type=Path, exists=True, dir_okay=False),
            help="Un export au lieu du registre vif (an export instead of the live ledger).",
        ),
        click.option("--language", type=click.Choice(["fr", "en"]), default="fr", show_default=True, help="Langue."),
    ]
    shown: Callable[..., None] = update_wrapper(with_asked, reporting)
    for option in reversed(options):
        shown = option(shown)
    return shown


@command.command()
@narrowed
def supervision(asked: Asked) -> None:
    """Délais, décisions trop rapides, expirations, par personne. Times, decisions too fast, expiries, by person.

    \b
    Exemple : vigie report supervision --since 2026-11-01
    """
    show("supervision", asked)


@command.command()
@narrowed
def communications(asked: Asked) -> None:
    """Communications hors Québec (art. 70.1). Communications outside Québec.

    \b
    Exemple : vigie report communications --since 2026-11-01 --until 2026-12-01 --csv
    """
    show("communications", asked)


@command.command()
@narrowed
@click.option("--annotate", "incident", default=None, help="Incident à compléter (incident to complete).")
@click.option("--item", default=None, help="Élément du règlement, 1 à 8 (item of the regulation).")
@click.option("--text", default=None, help="Ce qu'il faut y lire; inscrit, masqué (recorded, masked).")
@click.option("--by", "person", default=None, help="Personne du registre (a person of the register).")
def incidents(asked: Asked, incident: str | None, item: str | None, text: str | None, person: str | None) -> None:
    """Incidents de confidentialité : les huit éléments du règlement. Confidentiality incidents: the eight items.

    \b
    Exemple : vigie report incidents --annotate i-azure.0f3c --item 5 --text "12 personnes" --by p.tremblay
    """
    given = (incident, item, text, person)
    if incident is None or item is None or text is None or person is None:
        if any(one is not None for one in given):
            raise click.UsageError(
                "--annotate, --item, --text et --by vont ensemble. They go together: --annotate, --item, --text, --by."
            )
        show("incidents", asked)
        return
    if asked.bundle is not None:
        raise click.UsageError("Un export ne se complète pas. An export is not completed: --annotate without --bundle.")
    annotate(asked, incident, item, text, person)


@command.command()
@narrowed
def derogations(asked: Asked) -> None:
    """Dérogations : par qui, pourquoi, combien d'appels assouplis. Derogations: by whom, why, how many calls relaxed.

    \b
    Exemple : vigie report derogations --json
    """
    show("derogations", asked)


@command.command("automated-decisions")
@narrowed
def automated_decisions(asked: Asked) -> None:
    """Décisions exclusivement automatisées (art. 65.2). Exclusively automated decisions.

    \b
    Exemple : vigie report automated-decisions --since 2026-01-01
    """
    show("automated-decisions", asked)


@command.command()
@narrowed
def principles(asked: Asked) -> None:
    """Preuves pour chacun des douze principes. Evidence for each of the twelve principles.

    \b
    Exemple : vigie report principles --since 2026-11-01 --csv
    """
    show("principles", asked)


# ── what they do ──────────────────────────────────────────────────────────────────────────────────────────────────


def show(name: str, asked: Asked) -> None:
    """Print a report."""
    if asked.as_json and asked.as_csv:
        raise click.UsageError("--json ou --csv, pas les deux. One of --json and --csv.")
    zone = ZoneInfo(settings_of(asked).timezone)
    scope = Scope(instant(asked.since, zone), instant(asked.until, zone), asked.system)
    with reading(asked) as source:
        report = report_of(name, source, scope)
    if asked.as_json:
        click.echo(orjson.dumps(rendering.as_json(report, asked.language)))
    elif asked.as_csv:
        click.echo(rendering.as_csv(report, asked.language), nl=False)
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH
        click.echo(rendering.as_text(report, asked.language, zone, width))


def annotate(asked: Asked, incident: str, item: str, text: str, person: str) -> None:
    """Record what a person says of an item of an incident. Raises a `Refusal`."""
    configuration = load(asked.config)
    name = number_of(item)
    if not any(one.id == person for one in configuration.register.people):
        raise Refusal(
            Message("Le registre ne nomme pas cette personne.", "The register does not name this person."),
            Message("Les personnes sont dans register.yaml.", "People are in register.yaml."),
            code="unknown_person",
        )
    if not text.strip() or len(text) > LONGEST_TEXT:
        raise Refusal(
            Message(
                f"Il faut un texte d'au plus {LONGEST_TEXT} caractères.",
                f"A text of at most {LONGEST_TEXT} characters.",
            ),
            code="text_needed",
            status=400,
        )
    store = opened(asked)
    with store.read() as connection:
        known = Incidents(Scope())
        gathered(known, FromStore(connection), Scope())
        known.find(incident)
    record = {
        "kind": "incident.noted",
        "id": f"{incident}.noted.{secrets.token_hex(8)}",
        "time": now_text(),
        "incident": incident,
        "item": name,
        "text": asyncio.run(masked(text.strip(), configuration)),
        "by": person,
    }
    append_now(store, [record])
    click.echo(f"{incident} : {name}", err=True)


async def masked(text: str, configuration: Configuration) -> str:
    """A person's own words as they may be kept: findings masked."""
    analyser = open_analyser(configuration.settings.privacy, configuration.recognizers)
    await analyser.start()
    try:
        return await masked_text(text, analyser)
    finally:
        await analyser.stop()


@contextmanager
def reading(asked: Asked) -> Iterator[Source]:
    """The live ledger, or an export. Raises a `Refusal` for a file that is none."""
    if asked.bundle is None:
        with opened(asked).read() as connection:
            yield FromStore(connection)
        return
    try:
        with Bundle(asked.bundle) as file:
            yield FromBundle(file)
    except (Wrong, ValueError, KeyError, TypeError, AttributeError, EOFError, tarfile.TarError) as error:
        said = error.message if isinstance(error, Wrong) else Message(type(error).__name__, type(error).__name__)
        raise Refusal(
            Message(f"Cet export n'est pas lisible\u00a0: {said.fr}.", f"This export cannot be read: {said.en}."),
            Message("«\u00a0vigie audit verify FICHIER\u00a0» en dit plus.", "'vigie audit verify FILE' says more."),
            code="unreadable_export",
            status=400,
        ) from None


def opened(asked: Asked) -> Store:
    """The store, of this version's schema."""
    store = open_configured_store(asked.config, asked.data)
    store.require_current()
    return store


def settings_of(asked: Asked) -> Settings:
    """The settings; on an auditor's own machine, which has none, those by default."""
    needed = asked.bundle is None or (asked.config / "vigie.yaml").exists()
    return load_settings(asked.config) if needed else Settings()
