"""`vigie check`: every problem of config/, where it is and what to do about it."""

from __future__ import annotations

from pathlib import Path

import click
import orjson

from gateway.cli.places import config_option, json_option
from gateway.config import ConfigurationError, Problem, check_cases, load


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
    say((*loaded.warnings, *cases), as_json)
    if cases:
        raise SystemExit(1)
    if not as_json:
        rules = len(loaded.policy.rules)
        click.echo(f"{config} : en ordre ({rules} règles, version {loaded.version[:12]}). All good.")


def say(problems: tuple[Problem, ...], as_json: bool) -> None:
    """Problems on stderr for people, on stdout as JSON lines for programs."""
    for problem in problems:
        if as_json:
            click.echo(orjson.dumps(problem.as_json()))
        else:
            click.echo(problem.render(), err=True)
