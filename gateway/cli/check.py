"""`vigie check`: every problem of config/, where it is and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import orjson

from gateway.cli.places import config_option, json_option
from gateway.config import Configuration, ConfigurationError, Problem, check_cases, load
from gateway.config.reading import Document
from gateway.errors import Message
from gateway.sovereignty import TRAPS


@click.command()
@config_option
@json_option
def command(config: Path, as_json: bool) -> None:
    """Vérifier la configuration et les politiques. Check the configuration and the policies.

    \b
    Exemple : vigie check --config config
    """
    try:
        loaded = load(config)
    except ConfigurationError as error:
        say(error.problems, as_json)
        raise SystemExit(1) from None
    cases = check_cases(loaded, config)
    say((*loaded.warnings, *trapped(loaded, config), *cases), as_json)
    if cases:
        raise SystemExit(1)
    if not as_json:
        rules = len(loaded.policy.rules)
        click.echo(f"{config} : en ordre ({rules} règles, version {loaded.version[:12]}). All good.")


def trapped(loaded: Configuration, config: Path) -> Iterator[Problem]:
    """Entries that contradict what is known of their provider: valid, and never called under the example's policy."""
    document = Document("catalogue.yaml", (config / "catalogue.yaml").read_text(encoding="utf8"))
    for index, deployment in enumerate(loaded.catalogue.deployments):
        for trap in TRAPS:
            if trap.caught(deployment):
                said = Message(f"{trap.text.fr} [{trap.code}]", f"{trap.text.en} [{trap.code}]")
                hint = Message("Corriger la fiche, ou la retirer.", "Correct the entry, or remove it.")
                yield document.problem(("deployments", index, "id"), said, hint, severity="warning")


def say(problems: tuple[Problem, ...], as_json: bool) -> None:
    """Problems on stderr for people, on stdout as JSON lines for programs."""
    for problem in problems:
        if as_json:
            click.echo(orjson.dumps(problem.as_json()))
        else:
            click.echo(problem.render(), err=True)
