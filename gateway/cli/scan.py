"""`vigie scan`: what the analyser finds, as JSON lines."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import IO

import click
import orjson

from gateway.cli.places import config_option
from gateway.config import load
from gateway.errors import Message, Refusal
from gateway.privacy import open_analyser

BATCH = 64


@click.command()
@config_option
@click.argument("file", type=click.File("rb"), default="-")
def command(config: Path, file: IO[bytes]) -> None:
    """Lire des lignes JSON {id, text}, écrire {id, spans}. Texts in, findings out; values are never printed.

    \b
    Exemple : echo '{"id":"1","text":"Écrire à info@exemple.quebec"}' | vigie scan
    """
    asyncio.run(scan(config, file))


async def scan(config: Path, file: IO[bytes]) -> None:
    """Batches of `BATCH` texts, so that memory does not grow with the file."""
    analyser = open_analyser(load(config).settings.privacy)
    await analyser.start()
    try:
        batch: list[tuple[object, str]] = []
        for number, line in enumerate(file, 1):
            if line.strip():
                batch.append(parse(line, number))
            if len(batch) == BATCH:
                await write(batch, analyser)
                batch = []
        await write(batch, analyser)
    finally:
        await analyser.stop()


async def write(batch: list[tuple[object, str]], analyser: object) -> None:
    """One line of findings for each text, in order."""
    found = await analyser.find([text for _, text in batch])  # type: ignore[attr-defined]
    for (name, _), findings in zip(batch, found, strict=True):
        spans = [
            {"start": one.start, "end": one.end, "type": one.type, "score": round(one.score, 3)} for one in findings
        ]
        click.echo(orjson.dumps({"id": name, "spans": spans}))


def parse(line: bytes, number: int) -> tuple[object, str]:
    """One input line, or a refusal that says which line is wrong."""
    try:
        value = orjson.loads(line)
        return value["id"], str(value["text"])
    except (ValueError, KeyError, TypeError):
        raise Refusal(
            Message(
                f"Ligne {number}\u00a0: il faut un objet JSON {{id, text}}.",
                f"Line {number}: needs a JSON object {{id, text}}.",
            ),
            code="malformed_input",
        ) from None
