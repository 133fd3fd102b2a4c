"""`vigie policy explain`: why a decision was made, and what would have changed it; from the store, a bundle, or facts."""

from __future__ import annotations

import difflib
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from gateway.cli.places import config_option, data_option, json_option, open_configured_store
from gateway.config import Configuration, ConfigurationError, load
from gateway.errors import Message, Refusal
from gateway.policies import Stage

if TYPE_CHECKING:
    from gateway.explanations import Explanation

READERS = ("person", "supervisor", "auditor")
WIDTH = 110


@click.command()
@config_option
@data_option
@json_option
@click.argument("decision", required=False)
@click.option(
    "--reader", type=click.Choice(READERS), default="auditor", show_default=True, help="Pour qui (whom it is for)."
)
@click.option("--lang", type=click.Choice(["fr", "en"]), default="fr", show_default=True, help="Langue (language).")
@click.option("--answer", "as_answer", is_flag=True, help="Projet de réponse, art. 65.2 (a draft answer, s. 65.2).")
@click.option(
    "--bundle",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Lire la décision dans un export (read the decision in a bundle).",
)
@click.option(
    "--facts",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Au lieu d'une décision, des faits, YAML ou JSON (facts instead of a decision).",
)
@click.option("--stage", type=click.Choice([one.value for one in Stage]), help="Avec --facts : l'étape (the stage).")
def explain(  # noqa: PLR0913, PLR0917 - click gives an argument for each option
    config: Path,
    data: Path,
    decision: str | None,
    reader: str,
    lang: str,
    as_answer: bool,
    bundle: Path | None,
    facts: Path | None,
    stage: str | None,
    as_json: bool,
) -> None:
    """Expliquer une décision, et ce qui l'aurait changée. Explain a decision, and what would have changed it.

    Les faits que --facts ne donne pas sont anodins, comme dans les cas d'essai. Facts that --facts leaves out are
    harmless, as in test cases.

    \b
    Exemple : vigie policy explain d-0192f1c2a3b4… --reader person
    """
    from gateway.explanations import Named, Reader, Telling, answer, prose, told

    if (decision is None) == (facts is None) or (facts is None) != (stage is None) or (facts and (bundle or as_answer)):
        raise click.UsageError("Donner une décision, ou --facts et --stage. Give a decision, or --facts and --stage.")
    configuration = _configuration(config, needed=bundle is None)
    found = (
        _of_facts(configuration, facts, Stage(stage))
        if facts is not None and stage is not None and configuration is not None
        else _of_decision(configuration, config, data, decision or "", bundle)
    )
    named = Named.of(configuration.register, found.system, lang) if configuration is not None else Named()
    telling = Telling(found, Reader(reader), lang, named)
    if as_json:
        click.echo(orjson.dumps(told(telling)))
    elif as_answer:
        click.echo(answer(telling), nl=False)
    else:
        click.echo("\n".join(_wrapped(line) for line in prose(telling).splitlines()))


def _configuration(config: Path, *, needed: bool) -> Configuration | None:
    """The configuration; on an auditor's machine, where only a bundle is read, there may be none."""
    try:
        return load(config)
    except (ConfigurationError, OSError):
        if needed:
            raise
        return None


def _of_decision(
    configuration: Configuration | None, config: Path, data: Path, decision: str, bundle: Path | None
) -> Explanation:
    from gateway.explanations import explanation_of, explanation_of_bundle

    levels = configuration.register.classifications if configuration is not None else ()
    if bundle is not None:
        return explanation_of_bundle(bundle, decision, levels)
    store = open_configured_store(config, data)
    try:
        store.require_current()
        return explanation_of(store, decision, classifications=levels)
    finally:
        store.close()


def _of_facts(configuration: Configuration, file: Path, stage: Stage) -> Explanation:
    from gateway.config.cases import facts_of
    from gateway.explanations import explain_facts

    given = _read_facts(file, stage)
    return explain_facts(configuration.policy, stage, facts_of(stage, given), configuration.register.classifications)


def _read_facts(file: Path, stage: Stage) -> dict[str, Any]:
    """Facts of a stage, each of its type. Raises a `Refusal`."""
    import yaml

    from gateway.config.cases import has_type
    from gateway.config.reading import Loader
    from gateway.policies.facts import seen_by

    try:
        given = yaml.load(file.read_text("utf8"), Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError, ValueError):
        given = None
    if not isinstance(given, dict):
        raise _not_facts(file, Message("il faut un objet «\u00a0fait: valeur\u00a0»", "must be a map of fact: value"))
    seen = {fact.name: fact.type for fact in seen_by(stage)}
    for name, value in given.items():
        if name not in seen:
            near = ", ".join(difflib.get_close_matches(str(name), list(seen), n=1)) or "docs/reference/facts.md"
            raise _not_facts(
                file, Message(f"fait inconnu à cette étape\u00a0: {name}", f"unknown fact at this stage: {name}"), near
            )
        if not has_type(value, seen[name]):
            raise _not_facts(file, Message(f"{name}\u00a0: ce n'est pas son type", f"{name}: not its type"), seen[name])
    return given


def _not_facts(file: Path, said: Message, near: str = "docs/reference/facts.md") -> Refusal:
    return Refusal(
        Message(f"{file}\u00a0: {said.fr}.", f"{file}: {said.en}."),
        Message(f"Voir\u00a0: {near}.", f"See: {near}."),
        code="facts_unusable",
    )


def _wrapped(line: str) -> str:
    """A line no longer than a terminal is wide; what follows is indented below it."""
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.fill(line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
