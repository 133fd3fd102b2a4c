"""The asynchronous side of the analyser: remembers, batches, waits within bounds, replaces workers that die. *Edge*.

What is remembered is offsets and types, by keyed hash of each text and of each unit of it (`units`), in bounded memory:
never a value. So the hundredth turn of a conversation asks only about what it adds. A batch whose worker dies is tried once
more, text by text, so that one bad text takes no other with it; what then fails is `AnalyserUnavailable`, and the call is
refused: there is no way around the analyser. When more waits than could be looked at in time, calls are refused at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

from gateway.config import Privacy
from gateway.errors import Fault, Message
from gateway.privacy.findings import Finding
from gateway.privacy.gazetteer import everyday
from gateway.privacy.processes import Failed, Template, Worker
from gateway.privacy.units import Span, joined, units

BATCH, BATCH_CHARACTERS = 32, 16_000
WAITING_CHARACTERS = 4_000_000  # a worker: about what it can look at while a caller waits
MANY = 2_000  # findings of one text; one with more is looked at again rather than remembered
TRIES = 2
Spans = tuple[Span, ...]
T = TypeVar("T")


class AnalyserUnavailable(Fault):
    """Personal data could not be looked for; nothing leaves."""

    code = "analyser_unavailable"


@dataclass(slots=True)
class Piece:
    """A unit of a text, on its way to a worker."""

    text: str
    language: str | None
    key: bytes
    done: asyncio.Future[Spans]
    tries: int = field(default=0)


class Analyser:
    """Owned by the composition root. `ready` is True while a worker answers."""

    def __init__(self, settings: Privacy, own: Path | None) -> None:
        self._settings = settings
        self._key = secrets.token_bytes(32)
        self._texts: OrderedDict[bytes, tuple[Finding, ...]] = OrderedDict()
        self._units: OrderedDict[bytes, Spans] = OrderedDict()
        self._asked: dict[bytes, Piece] = {}
        self._queue: asyncio.Queue[Piece | None] = asyncio.Queue()
        self._again: deque[Piece] = deque()
        self._waiting = 0
        self._template = Template(settings, own)
        self._serving: list[asyncio.Task[None]] = []
        self._workers: set[Worker] = set()

    @property
    def ready(self) -> bool:
        """Whether a text would be analysed now."""
        return bool(self._workers)

    @property
    def processes(self) -> tuple[int, ...]:
        """The process ids of the template and of the workers, those that run."""
        template = self._template.process_id
        workers = tuple(one.process_id for one in self._workers)
        return workers if template is None else (template, *workers)

    async def start(self) -> None:
        """Start the processes and wait until each answers. Raises `AnalyserUnavailable`."""
        try:
            first, _ = await asyncio.gather(self._template.worker(), asyncio.to_thread(everyday))  # guards will read it
            started = [first, *[await self._template.worker() for _ in range(self._settings.workers - 1)]]
        except Failed:
            await self._template.stop()
            raise _unavailable() from None
        except asyncio.CancelledError:
            await self._template.stop()
            raise
        self._workers.update(started)
        self._serving = [asyncio.create_task(self._serve(one), name="vigie-analyser") for one in started]

    async def stop(self) -> None:
        """End the processes; refuse what still waits."""
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        self._serving = []
        for worker in list(self._workers):  # a task that was cancelled before it began ended none
            worker.end()
        self._workers.clear()
        await self._template.stop()
        for piece in list(self._asked.values()):
            self._fail(piece)

    async def find(
        self, texts: Sequence[str], languages: Sequence[str | None] | None = None
    ) -> list[tuple[Finding, ...]]:
        """The findings of each text, sorted. `languages`: a hint for each. Raises `AnalyserUnavailable`."""
        results: list[tuple[Finding, ...] | None] = []
        missing: dict[bytes, tuple[list[int], list[tuple[int, Piece | Spans]]]] = {}
        fresh: dict[bytes, Piece] = {}
        for index, text in enumerate(texts):
            language = languages[index] if languages is not None else None
            key = self._hash(text, language)
            known = _recall(self._texts, key)
            results.append(known)
            if known is None:
                if key in missing:
                    missing[key][0].append(index)
                else:
                    missing[key] = ([index], self._pieces(text, language, fresh))
        if missing:
            self._enqueue(fresh.values())
            await self._wait([one for _, parts in missing.values() for _, one in parts if isinstance(one, Piece)])
            for key, (indexes, parts) in missing.items():
                spans = joined((at, one.done.result() if isinstance(one, Piece) else one) for at, one in parts)
                findings = tuple(Finding(*one) for one in spans)
                self._remember(self._texts, key, findings)
                for index in indexes:
                    results[index] = findings
        return [findings or () for findings in results]

    def _pieces(self, text: str, language: str | None, fresh: dict[bytes, Piece]) -> list[tuple[int, Piece | Spans]]:
        """The units of a text: what is remembered of each, or the piece that will say; new ones go into `fresh`."""
        parts: list[tuple[int, Piece | Spans]] = []
        for at, unit in units(text):
            name = self._hash(unit, language)
            known = _recall(self._units, name)
            if known is not None:
                parts.append((at, known))
                continue
            piece = self._asked.get(name) or fresh.get(name)
            if piece is None:
                done: asyncio.Future[Spans] = asyncio.get_running_loop().create_future()
                piece = fresh[name] = Piece(unit, language, name, done)
            parts.append((at, piece))
        return parts

    def _enqueue(self, fresh: Iterable[Piece]) -> None:
        """All of a call's pieces, or none and a refusal."""
        if not self._serving:
            raise _unavailable()
        pieces = list(fresh)
        size = sum(len(piece.text) for piece in pieces)
        if self._waiting and self._waiting + size > WAITING_CHARACTERS * self._settings.workers:
            raise AnalyserUnavailable(
                Message(
                    "L'analyse des renseignements personnels ne suit plus la cadence.", "The analyser cannot keep up."
                ),
                Message("Réessayer dans quelques instants.", "Retry in a moment."),
                code="analyser_behind",
            )
        self._waiting += size
        for piece in pieces:
            self._asked[piece.key] = piece
            self._queue.put_nowait(piece)

    async def _wait(self, pieces: list[Piece]) -> None:
        """Until each is answered. A piece may be another call's as well, so that giving up cancels none."""
        futures = {piece.done for piece in pieces}
        if futures:
            _, late = await asyncio.wait(futures, timeout=self._settings.timeout_s)
            if late or any(one.exception() is not None for one in futures):
                raise _unavailable()

    # ── workers ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _serve(self, worker: Worker) -> None:
        """Give one worker its batches; replace it when it dies."""
        try:
            while True:
                batch = await self._batch()
                if batch and not await self._answer(worker, batch):
                    self._workers.discard(worker)
                    worker.end()
                    worker = await self._replaced()
                    self._workers.add(worker)
        finally:
            self._workers.discard(worker)
            worker.end()

    async def _batch(self) -> list[Piece]:
        """What waits, up to a batch; one that failed before comes alone."""
        first = self._again.popleft() if self._again else await self._queue.get()
        if first is None:
            return []
        batch, size = [first], len(first.text)
        while not first.tries and not self._queue.empty() and len(batch) < BATCH and size < BATCH_CHARACTERS:
            piece = self._queue.get_nowait()
            if piece is not None:
                batch.append(piece)
                size += len(piece.text)
        return batch

    async def _answer(self, worker: Worker, batch: list[Piece]) -> bool:
        """Have a batch analysed; False when the worker is to be replaced."""
        try:
            # A caller waits longer than this, so that a text that hangs a worker does not refuse its neighbours.
            found = await worker.ask([(one.text, one.language) for one in batch], self._settings.timeout_s / 4)
        except Failed:
            for piece in batch:
                self._try_again(piece)
            return False
        except asyncio.CancelledError:
            for piece in batch:
                self._fail(piece)
            raise
        for piece, spans in zip(batch, found, strict=True):
            if spans is None:
                self._try_again(piece)
            else:
                self._settle(piece, tuple((start, end, kind, score) for start, end, kind, score in spans))
        return True

    def _settle(self, piece: Piece, spans: Spans) -> None:
        self._waiting -= len(piece.text)
        self._asked.pop(piece.key, None)
        self._remember(self._units, piece.key, spans)
        if not piece.done.done():
            piece.done.set_result(spans)

    def _try_again(self, piece: Piece) -> None:
        """Once more, alone, then a refusal."""
        piece.tries += 1
        if piece.tries >= TRIES:
            self._fail(piece)
        else:
            self._again.append(piece)
            self._queue.put_nowait(None)

    def _fail(self, piece: Piece) -> None:
        self._waiting -= len(piece.text)
        self._asked.pop(piece.key, None)
        if not piece.done.done():
            piece.done.set_exception(_unavailable())
            piece.done.exception()  # seen: nobody may be waiting any more

    async def _replaced(self) -> Worker:
        """A new worker; tries until there is one, so that the gateway heals by itself."""
        pause = 0.1
        while True:
            with contextlib.suppress(Failed):
                return await self._template.worker()
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)

    # ── memory ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _hash(self, text: str, language: str | None) -> bytes:
        salt = language.encode()[:16] if language else b""
        return blake2b(text.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16, salt=salt).digest()

    def _remember(self, memory: OrderedDict[bytes, tuple[T, ...]], key: bytes, found: tuple[T, ...]) -> None:
        if len(found) <= MANY:
            memory[key] = found
            while len(memory) > self._settings.memory_entries:
                memory.popitem(last=False)


def _recall(memory: OrderedDict[bytes, tuple[T, ...]], key: bytes) -> tuple[T, ...] | None:
    known = memory.get(key)
    if known is not None:
        memory.move_to_end(key)
    return known


def open_analyser(settings: Privacy, own: Path | None = None) -> Analyser:
    """An analyser, not yet started. `own`: the body's recognizers, `Configuration.recognizers`."""
    return Analyser(settings, own)


def _unavailable() -> AnalyserUnavailable:
    return AnalyserUnavailable(
        Message(
            "L'analyse des renseignements personnels est indisponible.", "The personal-data analyser is unavailable."
        ),
        Message("Rien n'a été transmis; réessayer dans quelques instants.", "Nothing was sent; retry in a moment."),
    )
