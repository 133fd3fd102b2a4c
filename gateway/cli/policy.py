"""`vigie policy test`: the cases that stand beside the policies, run like unit tests."""

from __future__ import annotations

from pathlib import Path

import click
import orjson

from gateway.cli.places import config_option, json_option
from gateway.config import load, run_cases


@click.group()
def command() -> None:
    """Politiques. Policies."""


@command.command()
@config_option
@json_option
def test(config: Path, as_json: bool) -> None:
    """Exécuter les cas d'essai des politiques. Run the policies' test cases.

    \b
    Exemple : vigie policy test --config config
    """
    results = run_cases(load(config), config)
    for result in results:
        if as_json:
            click.echo(orjson.dumps(result.as_json()))
        elif not result.passed:
            click.echo(result.render(), err=True)
    failed = sum(not result.passed for result in results)
    if not as_json:
        click.echo(
            f"{len(results) - failed} réussis, {failed} échoués ({len(results) - failed} passed, {failed} failed)"
        )
    if failed or not results:
        raise SystemExit(1)
