"""`vigie scan`: what the analyser finds, as JSON lines."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Thread
from typing import IO

import click
import orjson

from gateway.cli.places import config_option
from gateway.config import load
from gateway.errors import Message, Refusal
from gateway.privacy import Analyser, Finding, open_analyser

BATCH, BATCH_CHARACTERS = 64, 400_000
AHEAD = 2  # batches asked for while one is written
Line = tuple[object, str, str | None]
Batch = tuple[list[Line], asyncio.Task[list[tuple[Finding, ...]]]]


@click.command()
@config_option
@click.argument("file", type=click.File("rb"), default="-")
def command(config: Path, file: IO[bytes]) -> None:
    """Lire des lignes JSON {id, text, lang?}, écrire {id, spans}. Texts in, findings out; values are never printed.

    Les positions sont en caractères (points de code). Offsets are in characters (code points), `end` excluded.

    \b
    Exemple : echo '{"id":"1","text":"Écrire à info@exemple.quebec"}' | vigie scan
    """
    asyncio.run(scan(config, file))


async def scan(config: Path, file: IO[bytes]) -> None:
    """Whatever has been read is looked at together, up to a batch, a few batches ahead of what is written: one line in gives
    one line out at once, a large file goes at full speed, and memory does not grow with it."""
    done = 0
    async with _analyser(config) as analyser:
        asked: deque[Batch] = deque()
        wrong: Refusal | None = None
        lines = _Lines(file)
        while wrong is None and (batch := await lines.batch()):
            wrong = batch[-1] if isinstance(batch[-1], Refusal) else None
            good = [one for one in batch if not isinstance(one, Refusal)]
            asked.append((good, asyncio.create_task(_find(analyser, good))))
            while asked and (len(asked) > AHEAD or lines.idle or wrong is not None):
                done += await _write(*asked.popleft())
                _progress(done)
        while asked:
            done += await _write(*asked.popleft())
        _progress(done, last=True)
        if wrong is not None:
            raise wrong


class _Lines:
    """The input, read by a thread of its own (a pipe may be slow), parsed, a bounded number of lines ahead."""

    def __init__(self, file: IO[bytes]) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Line | Refusal | None] = asyncio.Queue(2 * BATCH)
        Thread(target=self._read, args=(file,), daemon=True, name="vigie-scan").start()

    @property
    def idle(self) -> bool:
        """Whether nothing has been read that is not taken yet."""
        return self._queue.empty()

    async def batch(self) -> list[Line | Refusal]:
        """What has been read, up to a batch; waits for one line; empty at the end. A refusal is the last there is."""
        batch: list[Line | Refusal] = []
        size = 0
        while not batch or (not self._queue.empty() and len(batch) < BATCH and size < BATCH_CHARACTERS):
            one = await self._queue.get()
            if one is None:
                self._queue.put_nowait(None)
                break
            batch.append(one)
            if isinstance(one, Refusal):
                break
            size += len(one[1])
        return batch

    def _read(self, file: IO[bytes]) -> None:
        try:
            for number, line in enumerate(file, 1):
                if line.strip():
                    self._put(parse(line, number))
            self._put(None)
        except Refusal as refusal:
            self._put(refusal)
        except RuntimeError:
            return  # the loop is closed: nobody reads any more

    def _put(self, one: Line | Refusal | None) -> None:
        asyncio.run_coroutine_threadsafe(self._queue.put(one), self._loop).result()


def parse(line: bytes, number: int) -> Line:
    """One input line, or a refusal that says which line is wrong, and how."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise _malformed(number, f"JSON illisible, colonne {error.colno}", f"not JSON, column {error.colno}") from None
    if not isinstance(value, dict) or "id" not in value:
        raise _malformed(number, "il faut un objet JSON {id, text}", "needs a JSON object {id, text}")
    if not isinstance(value.get("text"), str):
        raise _malformed(number, "«\u00a0text\u00a0» doit être une chaîne", "`text` must be a string")
    language = value.get("lang")
    if language is not None and not isinstance(language, str):
        raise _malformed(number, "«\u00a0lang\u00a0» doit être une chaîne", "`lang` must be a string")
    return value["id"], value["text"], language


def _malformed(number: int, french: str, english: str) -> Refusal:
    return Refusal(
        Message(f"Ligne {number}\u00a0: {french}.", f"Line {number}: {english}."),
        Message('Une ligne\u00a0: {"id": "1", "text": "…"}', 'A line: {"id": "1", "text": "…"}'),
        code="malformed_input",
    )


@asynccontextmanager
async def _analyser(config: Path) -> AsyncIterator[Analyser]:
    configuration = load(config)
    analyser = open_analyser(configuration.settings.privacy, configuration.recognizers)
    await analyser.start()
    try:
        yield analyser
    finally:
        await analyser.stop()


async def _find(analyser: Analyser, batch: list[Line]) -> list[tuple[Finding, ...]]:
    return await analyser.find([text for _, text, _ in batch], [language for _, _, language in batch])


async def _write(batch: list[Line], finding: asyncio.Task[list[tuple[Finding, ...]]]) -> int:
    """One line of findings for each text, in order."""
    for (name, _, _), findings in zip(batch, await finding, strict=True):
        spans = [
            {"start": one.start, "end": one.end, "type": one.type, "score": round(one.score, 3)} for one in findings
        ]
        sys.stdout.buffer.write(orjson.dumps({"id": name, "spans": spans}, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()
    return len(batch)


def _progress(done: int, *, last: bool = False) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{done} textes · texts", nl=last, err=True)
