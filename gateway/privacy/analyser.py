"""The asynchronous side of the analyser: remembers, batches, waits within bounds, replaces processes that die. *Edge*.

What is remembered is offsets and types, by keyed hash of each line of a text, in bounded memory: never a value. So the
hundredth turn of a conversation asks only about what it adds. A process that dies is replaced and its batch tried once
more; whatever then fails is `AnalyserUnavailable`, and the call is refused: there is no way around the analyser.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sys
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import orjson

from gateway.config import Privacy
from gateway.errors import Fault, Message
from gateway.privacy.findings import Finding

QUEUE = 4_096
BATCH = 32
LONGEST = 20_000
Spans = tuple[tuple[int, int, str, float], ...]


class AnalyserUnavailable(Fault):
    """Personal data could not be looked for; nothing leaves."""

    code = "analyser_unavailable"


@dataclass(slots=True)
class Piece:
    """A line of a text, on its way to a process."""

    text: str
    key: bytes
    done: asyncio.Future[Spans]
    tries: int = field(default=0)


class Analyser:
    """Owned by the composition root. `ready` is True while every process answers."""

    def __init__(self, settings: Privacy) -> None:
        self._settings = settings
        self._key = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, Spans] = OrderedDict()
        self._queue: asyncio.Queue[Piece] = asyncio.Queue(QUEUE)
        self._serving: list[asyncio.Task[None]] = []
        self._up = 0

    @property
    def ready(self) -> bool:
        """Whether a text would be analysed now."""
        return self._up > 0

    async def start(self) -> None:
        """Start the processes and wait until each has its models. Raises `AnalyserUnavailable`."""
        processes = await asyncio.gather(*(self._spawn() for _ in range(self._settings.workers)))
        self._serving = [asyncio.create_task(self._serve(one), name="vigie-analyser") for one in processes]

    async def stop(self) -> None:
        """End the processes."""
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        self._serving = []

    async def find(self, texts: Sequence[str]) -> list[tuple[Finding, ...]]:
        """The findings of each text, sorted. Raises `AnalyserUnavailable`."""
        results: list[list[Finding]] = [[] for _ in texts]
        waiting: list[tuple[int, int, asyncio.Future[Spans]]] = []
        asked: dict[bytes, asyncio.Future[Spans]] = {}
        for index, text in enumerate(texts):
            for offset, line in _lines(text):
                key = blake2b(line.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()
                known = self._known.get(key)
                if known is None:
                    if key not in asked:
                        asked[key] = self._ask(line, key)
                    waiting.append((index, offset, asked[key]))
                else:
                    self._known.move_to_end(key)
                    results[index] += [
                        Finding(start + offset, end + offset, kind, score) for start, end, kind, score in known
                    ]
        if waiting:
            await self._wait(list(asked.values()))
            for index, offset, done in waiting:
                results[index] += [
                    Finding(start + offset, end + offset, kind, score) for start, end, kind, score in done.result()
                ]
        return [tuple(sorted(found, key=lambda one: (one.start, one.end))) for found in results]

    def _ask(self, line: str, key: bytes) -> asyncio.Future[Spans]:
        done: asyncio.Future[Spans] = asyncio.get_running_loop().create_future()
        try:
            self._queue.put_nowait(Piece(line, key, done))
        except asyncio.QueueFull:
            raise AnalyserUnavailable(
                Message(
                    "L'analyse des renseignements personnels ne suit plus la cadence.", "The analyser cannot keep up."
                ),
                Message("Réessayer dans quelques instants.", "Retry in a moment."),
                code="analyser_behind",
            ) from None
        return done

    async def _wait(self, asked: list[asyncio.Future[Spans]]) -> None:
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                await asyncio.gather(*asked)
        except TimeoutError:
            raise _unavailable() from None

    # ── processes ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _spawn(self) -> asyncio.subprocess.Process:
        """A process with its models loaded."""
        arguments = ["-m", "gateway.privacy.worker", orjson.dumps(self._settings.model_dump(mode="json")).decode()]
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 26
        )
        try:
            async with asyncio.timeout(120):
                await _receive(process)
        except (TimeoutError, OSError, asyncio.IncompleteReadError, ValueError):
            _end(process)
            raise _unavailable() from None
        except asyncio.CancelledError:
            _end(process)
            raise
        self._up += 1
        return process

    async def _serve(self, process: asyncio.subprocess.Process) -> None:
        """Give one process its batches; replace it when it dies."""
        try:
            while True:
                batch = [await self._queue.get()]
                while len(batch) < BATCH and not self._queue.empty():
                    batch.append(self._queue.get_nowait())
                batch = [piece for piece in batch if not piece.done.done()]
                if batch and not await self._answer(process, batch):
                    _end(process)
                    self._up -= 1
                    process = await self._replaced()
        finally:
            _end(process)
            with contextlib.suppress(ProcessLookupError):
                await process.wait()

    async def _answer(self, process: asyncio.subprocess.Process, batch: list[Piece]) -> bool:
        """Have a batch analysed; False when the process is to be replaced."""
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                await _send(process, [piece.text for piece in batch])
                found = await _receive(process)
            if len(found) != len(batch):
                raise ValueError("not one answer for each text")
        except (TimeoutError, OSError, asyncio.IncompleteReadError, ValueError):
            self._again(batch)
            return False
        for piece, spans in zip(batch, found, strict=True):
            kept: Spans = tuple((start, end, kind, score) for start, end, kind, score in spans)
            self._remember(piece.key, kept)
            if not piece.done.done():
                piece.done.set_result(kept)
        return True

    def _again(self, batch: list[Piece]) -> None:
        """Once more for each piece, then a refusal."""
        for piece in batch:
            piece.tries += 1
            try:
                if piece.tries > 1:
                    raise asyncio.QueueFull
                self._queue.put_nowait(piece)
            except asyncio.QueueFull:
                if not piece.done.done():
                    piece.done.set_exception(_unavailable())

    async def _replaced(self) -> asyncio.subprocess.Process:
        """A new process; tries until there is one, so that the gateway heals by itself."""
        pause = 0.1
        while True:
            try:
                return await self._spawn()
            except AnalyserUnavailable:
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    def _remember(self, key: bytes, spans: Spans) -> None:
        self._known[key] = spans
        while len(self._known) > self._settings.memory_entries:
            self._known.popitem(last=False)


def open_analyser(settings: Privacy) -> Analyser:
    """An analyser, not yet started."""
    return Analyser(settings)


def _lines(text: str) -> list[tuple[int, str]]:
    """The lines of a text that could hold anything, with their offsets; a PEM block stays whole, a long line is cut."""
    if "-----BEGIN" in text:
        return [(0, text)]
    lines, at = [], 0
    for line in text.splitlines(keepends=True):
        start, end = at, at + len(line)
        while end - start > LONGEST:
            cut = text.rfind(" ", start + LONGEST // 2, start + LONGEST)
            cut = cut if cut > 0 else start + LONGEST
            lines.append((start, text[start:cut]))
            start = cut
        if len(line.strip()) > 1:
            lines.append((start, text[start:end]))
        at = end
    return lines


async def _send(process: asyncio.subprocess.Process, texts: list[str]) -> None:
    assert process.stdin is not None
    message = orjson.dumps([text.encode("utf-8", "replace").decode() for text in texts])
    process.stdin.write(len(message).to_bytes(4, "big") + message)
    await process.stdin.drain()


async def _receive(process: asyncio.subprocess.Process) -> list[list[tuple[int, int, str, float]]]:
    assert process.stdout is not None
    size = int.from_bytes(await process.stdout.readexactly(4), "big")
    found: list[list[tuple[int, int, str, float]]] = orjson.loads(await process.stdout.readexactly(size))
    return found


def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()


def _unavailable() -> AnalyserUnavailable:
    return AnalyserUnavailable(
        Message(
            "L'analyse des renseignements personnels est indisponible.", "The personal-data analyser is unavailable."
        ),
        Message("Rien n'a été transmis; réessayer dans quelques instants.", "Nothing was sent; retry in a moment."),
    )
