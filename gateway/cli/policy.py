"""`vigie policy test|replay|explain`: the cases beside the policies, recorded calls under another policy, and why."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click
import orjson

from gateway.audit.records import instant
from gateway.cli.explain import explain
from gateway.cli.places import config_option, data_option, json_option, open_configured_store
from gateway.config import ConfigurationError, load, load_policy, run_cases

if TYPE_CHECKING:
    from gateway.audit.replaying import Comparison


@click.group()
def command() -> None:
    """Politiques. Policies."""


command.add_command(explain)


@command.command()
@config_option
@json_option
def test(config: Path, as_json: bool) -> None:
    """Exécuter les cas d'essai des politiques et des détecteurs. Run the test cases of policies and recognizers.

    \b
    Exemple : vigie policy test --config config
    """
    configuration = load(config)
    results = run_cases(configuration, config)
    if configuration.recognizers is not None:
        from gateway.privacy.recognizers.trying import run_recognizer_cases

        results += run_recognizer_cases(configuration.recognizers, configuration.settings.privacy.threshold)
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


@command.command()
@config_option
@data_option
@json_option
@click.option(
    "--policy",
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Dossier de la politique candidate (directory of the candidate policy).",
)
@click.option("--since", required=True, help="À partir de (from): AAAA-MM-JJ ou RFC 3339.")
@click.option("--until", default="", help="Avant (before): AAAA-MM-JJ ou RFC 3339.")
@click.option("--system", default="", help="Un seul système (one system).")
def replay(config: Path, data: Path, policy: Path, since: str, until: str, system: str, as_json: bool) -> None:
    """Rejouer les appels inscrits sous une autre politique. Replay recorded calls under another policy.

    DIR est un dossier de configuration, ou de politiques seules: les dérogations sont alors celles du registre actuel.
    Code 1 si une décision changerait, ou ne peut être déterminée. Exit 1 if a decision would change, or cannot be told.

    \b
    Exemple : vigie policy replay --policy candidate --since 2026-11-01
    """
    from gateway.audit.replaying import replay_store
    from gateway.cli.check import say

    configuration = load(config)
    zone = ZoneInfo(configuration.settings.timezone)
    try:
        candidate = load_policy(policy, configuration.register)
    except ConfigurationError as error:
        say(error.problems, as_json)
        raise SystemExit(2) from None
    store = open_configured_store(config, data)
    store.require_current()
    comparison = replay_store(
        store,
        candidate,
        since=instant(since, zone),
        until=instant(until, zone),
        system=system,
        progress=_progress if sys.stderr.isatty() else None,
    )
    if as_json:
        click.echo(orjson.dumps(comparison.as_json()))
    else:
        click.echo("\n".join(_report(comparison)))
    if comparison.changed or comparison.changes["unknown"]:
        raise SystemExit(1)


def _report(comparison: Comparison) -> Iterable[str]:
    from gateway.audit.replaying import CHANGES

    unknown = comparison.changes["unknown"]
    yield f"Politique candidate (candidate policy) : {comparison.candidate[:12]}"
    yield (
        f"{comparison.calls} appels rejoués (calls replayed) : {comparison.changed} changeraient (would change), "
        f"{unknown} indéterminés (cannot be told)"
    )
    if comparison.partial:
        yield f"{comparison.partial} commencés avant la période, non comptés (begun before the period, not counted)"
    if not comparison.changes:
        return
    named = [(CHANGES[name], name, count) for name, count in comparison.changes.most_common()]
    yield ""
    yield from _table(
        ("appels", "ce qui changerait (what would change)", "exemple"),
        [(count, f"{said.fr} ({said.en})", comparison.examples[name][0]) for said, name, count in named],
    )
    if comparison.further:
        yield (
            f"  dont {comparison.further} iraient plus loin que ce qui a été inscrit "
            "(would go further than what was recorded)"
        )
    rules = comparison.as_json()["rules"]
    if rules:
        yield ""
        yield from _table(
            ("s'appliquerait", "plus", "règle (rule: would apply, would not)"),
            [(one["new"], one["gone"], one["rule"]) for one in rules],
        )
    for title, counts in (("système (system)", comparison.systems), ("modèle (model)", comparison.models)):
        yield ""
        yield from _table(
            ("changent", "indéterminés", "appels", title),
            [
                (one.total() - one["calls"] - one["unknown"], one["unknown"], one["calls"], name)
                for name, one in sorted(counts.items())
            ],
        )
    if comparison.missing:
        yield ""
        yield from _table(
            ("appels", "fait non inscrit (fact not recorded)"),
            [(count, name) for name, count in comparison.missing.most_common()],
        )


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterable[str]:
    """Columns of numbers to the right, of words to the left."""
    cells = [head, *(tuple(map(str, row)) for row in rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(head))]
    numeric = [bool(rows) and isinstance(rows[0][at], int) for at in range(len(head))]
    for row in cells:
        shown = [
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(row, widths, numeric, strict=True)
        ]
        yield f"  {'  '.join(shown)}".rstrip()


def _progress(done: int) -> None:
    click.echo(f"\r{done}", nl=False, err=True)
