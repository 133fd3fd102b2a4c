"""`vigie holds`: what waits for a person, and yes or no, from the host's terminal."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import orjson

from gateway.audit import append_now, now_text
from gateway.cli.places import json_option, open_holds, places
from gateway.cli.words import examined, masked
from gateway.config import Configuration, ToolEntry, load
from gateway.desk import may_decide
from gateway.desk.showing import display, hold_json, lines_of, visible
from gateway.errors import Message, Refusal
from gateway.supervision import Action, Content, Held, Holds, State

STATES: dict[str, str] = {
    "waiting": "en attente",
    "approved": "approuvée",
    "denied": "refusée",
    "expired": "expirée",
    "cancelled": "annulée",
    "released": "exécutée",
}
by_option = click.option("--by", "person", required=True, help="Personne du registre (a person of the register).")


@click.group(invoke_without_command=True)
@places
@json_option
@click.option("--state", type=click.Choice(list(STATES)), default="waiting", show_default=True, help="État (state).")
@click.pass_context
def command(context: click.Context, config: Path, data: Path, as_json: bool, state: str) -> None:
    """Actions retenues : lister, montrer, approuver, refuser. Held actions: list, show, approve, refuse.

    \b
    Exemple : vigie holds
    """
    if context.invoked_subcommand is not None:
        return
    with open_holds(config, data) as (holds, _):
        found = holds.list(state=State(state), limit=500)
        contents = holds.contents([one.id for one in found])
    if as_json:
        for one in found:
            click.echo(orjson.dumps(hold_json(one, contents.get(one.id), "fr")))
        return
    if not found:
        click.echo(f"Aucune action {STATES[state]}. No held action in this state.", err=True)
    for one in found:
        click.echo(_line(one, contents.get(one.id)))
    if found and state == "waiting":
        click.echo(f"\nVoir : vigie holds show {found[0].id}", err=True)


@command.command()
@places
@json_option
@click.argument("hold")
@click.option("--reveal", is_flag=True, help="Montrer les valeurs en clair; inscrit au registre (recorded).")
@click.option("--by", "person", default=None, help="Avec --reveal : qui regarde (who looks).")
@click.option("--why", default="", help="Avec --reveal : pourquoi (why).")
def show(config: Path, data: Path, as_json: bool, hold: str, reveal: bool, person: str | None, why: str) -> None:
    """Montrer une action retenue, valeurs masquées. Show one, values masked.

    \b
    Exemple : vigie holds show a-3f9a2c1d5e07a1b2c3d4e5f6
    """
    if reveal and (not person or not why.strip()):
        raise click.UsageError("--reveal exige --by et --why. --reveal needs --by and --why.")
    configuration = load(config)
    tools = configuration.register.tools
    with open_holds(config, data) as (holds, store):
        held = holds.get(hold)
        if reveal and person:
            _check(person, held, configuration)
            (said,) = masked([why], configuration)
            record = {"kind": "content.read", "id": f"{held.id}.read.{secrets.token_hex(8)}", "time": now_text()}
            append_now(store, [record | {"hold": held.id, "system": held.system, "by": person, "why": said}])
        content = holds.content(held.id)
        before = [one for one in _session(holds, held) if one.id != held.id]
    if as_json:
        shown = hold_json(held, content, "fr", revealed=reveal)
        click.echo(orjson.dumps({**shown, "display": display(held, content, "fr", tools, revealed=reveal)}))
        return
    _tell(held, content, before, tools, revealed=reveal)


@command.command()
@places
@json_option
@click.argument("hold")
@by_option
@click.option("--comment", default="", help="Commentaire, inscrit au registre (recorded).")
@click.option("--edit", "edited", default=None, help="D'autres arguments, en JSON (other arguments, as JSON).")
@click.option("--sha256", default=None, help="L'empreinte montrée, pour un programme (the hash that was shown).")
def approve(
    config: Path,
    data: Path,
    as_json: bool,
    hold: str,
    person: str,
    comment: str,
    edited: str | None,
    sha256: str | None,
) -> None:
    """Approuver exactement cette action, une fois. Approve exactly this action, once.

    \b
    Exemple : vigie holds approve a-3f9a2c1d5e07a1b2c3d4e5f6 --by s.gagnon
    """
    arguments = _json(edited) if edited is not None else None
    configuration = load(config)
    with open_holds(config, data) as (holds, _):
        held = holds.get(hold)
        _check(person, held, configuration)
        if sha256 is None:
            holds.was_shown([held.id], person)
            _tell(held, holds.content(held.id), [], configuration.register.tools, revealed=False)
            if arguments is not None:
                click.echo(f"Remplacés par\u00a0: {visible(orjson.dumps(arguments).decode())}", err=True)
            click.confirm("Approuver cette action? Approve it?", abort=True, err=True)
        arguments_masked = None
        if arguments is not None:
            arguments_masked = examined(Action.of(held.tool, arguments), configuration)
        said = masked([comment], configuration)[0] if comment else ""
        shown = sha256 or held.current_sha256
        decided = holds.approve(held.id, person, shown, comment=said, edited=arguments, edited_masked=arguments_masked)
        _decided(decided, holds.content(held.id), as_json=as_json)


@command.command()
@places
@json_option
@click.argument("hold")
@by_option
@click.option("--reason", required=True, help="Transmise à qui a demandé (told to whoever asked).")
def deny(config: Path, data: Path, as_json: bool, hold: str, person: str, reason: str) -> None:
    """Refuser, avec une raison. Refuse, with a reason.

    \b
    Exemple : vigie holds deny a-3f9a2c1d5e07a1b2c3d4e5f6 --by s.gagnon --reason "Mauvais montant"
    """
    configuration = load(config)
    with open_holds(config, data) as (holds, _):
        held = holds.get(hold)
        _check(person, held, configuration)
        (said,) = masked([reason], configuration)
        decided = holds.deny(held.id, person, said)
        _decided(decided, holds.content(held.id), as_json=as_json)


# ── what is said ──────────────────────────────────────────────────────────────────────────────────────────────────


def _line(held: Held, content: Content | None) -> str:
    shown = "; ".join(lines_of(content.current_masked if content is not None else None))
    left = _left(held) if held.state is State.WAITING else STATES[held.state.value]
    what = f"{visible(held.tool)}({shown[:80]}{'…' if len(shown) > 80 else ''})"
    return f"{held.id}  {left:>10}  {visible(held.system):<20}  {what}"


def _tell(
    held: Held, content: Content | None, before: Sequence[Held], tools: Sequence[ToolEntry], *, revealed: bool
) -> None:
    """The action in plain words, on stderr where nothing reads it by mistake."""
    shown = display(held, content, "fr", tools, revealed=revealed)
    rows = [
        ("Action", visible(held.tool)),
        ("Outil", shown["tool"]),
        ("État", STATES[held.state.value] + (f", encore {_left(held)}" if held.state is State.WAITING else "")),
        ("Système", visible(held.system) + (f", agent {visible(held.subject.agent)}" if held.subject.agent else "")),
        ("Session", visible(held.subject.session) or "—"),
        ("Règle", f"{held.rule}\u00a0: {held.reason.fr}"),
        ("Détections", ", ".join(f"{name} × {count}" for name, count in held.entities.items()) or "aucune"),
        ("Empreinte", held.current_sha256),
    ]
    for name, value in rows:
        click.echo(f"{click.style(f'{name:<11}', bold=True)} {value}")
    click.echo(click.style("Arguments", bold=True) + ("" if content is not None else "   détruits"))
    for line in shown["lines"]:
        click.echo(f"  {line}")
    for one in held.verdicts:
        click.echo(f"{one.at}  {one.person}  {one.verdict}  {visible(one.said)}")
    if before:
        click.echo(click.style("Auparavant dans cette session", bold=True))
        for other in before[:10]:
            click.echo(f"  {other.created_at}  {visible(other.tool)}  {STATES[other.state.value]}")
    if shown["will"]:
        click.echo(f"\n{shown['will']}")


def _decided(held: Held, content: Content | None, *, as_json: bool) -> None:
    if as_json:
        click.echo(orjson.dumps(hold_json(held, content, "fr")))
    missing = held.hold.approvals_needed - len(held.hold.approvers)
    more = f" Encore {missing} accord(s)." if held.state is State.WAITING else ""
    click.echo(f"Action {held.id} {STATES[held.state.value]}.{more}", err=True)


def _left(held: Held) -> str:
    seconds = (datetime.fromisoformat(held.hold.expires_at) - datetime.now(UTC)).total_seconds()
    if seconds <= 0:
        return "échue"
    return f"{int(seconds // 60)} min {int(seconds % 60):02d} s" if seconds < 3600 else f"{seconds / 3600:.0f} h"


# ── checks ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _check(person: str, held: Held, configuration: Configuration) -> None:
    """Raises a `Refusal` unless the register lets this person decide on the system's actions."""
    register = configuration.register
    system = register.system(held.system)
    able = [one.id for one in register.people if may_decide(one, system)]
    if person not in able:
        raise Refusal(
            Message(
                f"«\u00a0{person}\u00a0» ne supervise pas {held.system}.",
                f"'{person}' does not supervise {held.system}.",
            ),
            Message(f"Le font\u00a0: {', '.join(able) or '—'}.", f"Those who do: {', '.join(able) or '—'}."),
            code="not_a_supervisor",
        )


def _session(holds: Holds, held: Held) -> Sequence[Held]:
    return holds.list(systems=[held.system], session=held.subject.session, limit=11) if held.subject.session else ()


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise click.UsageError("--edit : ce n'est pas du JSON. Not JSON.") from None
