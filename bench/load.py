"""The load generator: closed loops on raw sockets, in a process of its own. *Edge*: a `Job` in on stdin, a result out.

Each connection sends a request, waits for the whole answer, and sends the next. Requests are bytes made beforehand (or
a new prompt each time), and a whole answer is recognised by its length, so that the generator costs a few microseconds a
request. An answer that is not a 200, or is not the stand-in's, counts as an error and never as a request served.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from time import perf_counter
from typing import Any, cast

import orjson
import uvloop

from bench import prompts
from bench.prompts import ANSWER_TOKENS
from bench.upstream import STREAM_GAP_S

PATIENCE_S = 30.0
LAST_CHUNK = b"0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Job:
    """One run against one peer.

    `prompts`: "same" or "fresh"; `wire`: "chat", or Presidio's own "analyzer" and "anonymizer"; `turn`: when not 0, each
    request is that turn of one conversation, whose history stays and whose last message is new.
    """

    port: int
    path: str
    headers: dict[str, str]
    model: str
    connections: int
    seconds: float
    warmup_s: float = 0.5
    prompts: str = "same"
    seed: int = 0
    stream: bool = False
    wire: str = "chat"
    turn: int = 0


@dataclass(slots=True)
class Tally:
    """What the connections of a run saw, while `counting`."""

    counting: bool = False
    served: int = 0
    latencies: list[float] = field(default_factory=list)
    first_tokens: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    lateness: list[float] = field(default_factory=list)
    errors: int = 0
    example: str = ""


def requests_of(job: Job) -> Iterator[bytes]:
    """The bytes of each request, head and body."""
    if job.prompts == "same" and not job.turn:
        return itertools.repeat(request_bytes(job, [("user", prompts.same())]))
    history = prompts.history(job.turn - 1) if job.turn else []
    fresh = prompts.fresh(job.seed, size=300 if job.turn else prompts.SIZE)
    ready = [next(fresh) for _ in range(500)]  # the first ones made beforehand, the others as they are needed
    return (request_bytes(job, [*history, ("user", text)]) for text in itertools.chain(ready, fresh))


def request_bytes(job: Job, messages: Sequence[tuple[str, str]]) -> bytes:
    """One request, whole."""
    body: dict[str, Any] = {
        "model": job.model,
        "messages": [{"role": role, "content": content} for role, content in messages],
    }
    if job.stream:
        body |= {"stream": True}
    if job.wire == "analyzer":
        body = {"text": messages[-1][1], "language": "fr"}
    if job.wire == "anonymizer":
        body = {"text": messages[-1][1], "analyzer_results": []}
    content = orjson.dumps(body)
    headers = {"host": f"127.0.0.1:{job.port}", "content-type": "application/json", **job.headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {job.path} HTTP/1.1\r\n{head}content-length: {len(content)}\r\n\r\n".encode() + content


class Connection(asyncio.Protocol):
    """One closed loop. Whole answers; streams are `StreamConnection`."""

    expected = b"sum"  # of "le résumé demandé"

    def __init__(self, requests: Iterator[bytes], tally: Tally, lost: Callable[[], None]) -> None:
        self._requests, self._tally, self._lost = requests, tally, lost
        self._transport: asyncio.Transport
        self._received = b""
        self._whole = 0
        self._sent_at = 0.0
        self._closing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._next()

    def connection_lost(self, _: Exception | None) -> None:
        if not self._closing:
            self._lost()

    def close(self) -> None:
        self._closing = True
        self._transport.abort()

    def _next(self) -> None:
        self._received, self._whole = b"", 0
        request = next(self._requests)
        self._sent_at = perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        received = self._received = self._received + data if self._received else data
        if not self._whole:
            end = received.find(b"\r\n\r\n")
            if end < 0:
                return
            head = received[:end].lower()
            at = head.find(b"content-length:")
            if at >= 0:
                self._whole = end + 4 + int(head[at + 15 : (head + b"\r").find(b"\r", at)])
            elif b"transfer-encoding: chunked" in head:
                self._whole = -1
        if self._whole > 0:
            if len(received) < self._whole:
                return
        elif not received.endswith(LAST_CHUNK):
            return
        now = perf_counter()
        tally = self._tally
        if received.startswith(b"HTTP/1.1 200") and self.expected in received:
            tally.served += 1
            if tally.counting:
                tally.latencies.append(now - self._sent_at)
        else:
            _failed(tally, received)
        if not self._closing:
            self._next()


class AnalyzerConnection(Connection):
    expected = b"entity_type"


class StreamConnection(Connection):
    """One closed loop of streamed answers, each token's arrival looked at: its lateness is counted from the head of the
    answer, since what comes before that is the latency of the call.
    """

    def _next(self) -> None:
        super()._next()
        self._events, self._chars, self._tokens, self._last, self._began = b"", 0, 0, 0.0, 0.0

    def data_received(self, data: bytes) -> None:
        now = perf_counter()
        self._received += data
        if b"\r\n\r\n" not in self._received:
            return
        self._began = self._began or now
        if not self._received.startswith(b"HTTP/1.1 200"):
            _failed(self._tally, self._received)
            self._transport.abort()
            return
        # Frames are read straight out of the chunked body: chunk sizes never look like a `data:` line.
        lines = (self._events + data).split(b"\n")
        self._events = lines.pop()
        for line in lines:
            if line.startswith(b"data: {"):
                self._event(orjson.loads(line[6:].rstrip()), now)
        if self._received.endswith(LAST_CHUNK):
            self._ended(now)

    def _event(self, event: dict[str, Any], now: float) -> None:
        choices = event.get("choices") or [{}]
        content = (choices[0].get("delta") or {}).get("content") or ""
        if not content:
            return
        if self._tally.counting:
            if not self._chars:
                self._tally.first_tokens.append(now - self._sent_at)
            elif now > self._last:
                self._tally.gaps.append(now - self._last)
        self._last = now
        self._chars += len(content)
        while self._tokens < len(TOKEN_ENDS) and TOKEN_ENDS[self._tokens] <= self._chars:
            if self._tally.counting:
                self._tally.lateness.append(now - self._began - self._tokens * STREAM_GAP_S)
            self._tokens += 1

    def _ended(self, now: float) -> None:
        if b"data: [DONE]" not in self._received or self._tokens < len(TOKEN_ENDS):
            _failed(self._tally, self._received)
        else:
            self._tally.served += 1
            if self._tally.counting:
                self._tally.latencies.append(now - self._sent_at)
        if not self._closing:
            self._next()


def _ends() -> tuple[int, ...]:
    total, ends = 0, []
    for token in ANSWER_TOKENS:
        total += len(token)
        ends.append(total)
    return tuple(ends)


TOKEN_ENDS = _ends()


def _failed(tally: Tally, received: bytes) -> None:
    tally.errors += 1
    tally.example = tally.example or received[:600].decode("utf-8", "replace")


async def run(job: Job) -> dict[str, Any]:
    """Warm up, until something was answered, count for `seconds`, sum up."""
    loop = asyncio.get_running_loop()
    tally, requests = Tally(), requests_of(job)
    lost: asyncio.Event = asyncio.Event()
    kind = StreamConnection if job.stream else AnalyzerConnection if job.wire == "analyzer" else Connection
    connections = []
    for _ in range(job.connections):
        _, connection = await loop.create_connection(lambda: kind(requests, tally, lost.set), "127.0.0.1", job.port)
        connections.append(connection)
    await _unless(lost, job.warmup_s)
    patience = loop.time() + PATIENCE_S
    while not tally.served and not tally.errors and not lost.is_set() and loop.time() < patience:
        await _unless(lost, 0.05)
    tally.counting, started = True, perf_counter()
    await _unless(lost, job.seconds)
    tally.counting, took = False, perf_counter() - started
    for connection in connections:
        connection.close()
    await asyncio.sleep(0)
    return {
        "requests": len(tally.latencies),
        "served": tally.served,
        "seconds": took,
        "errors": tally.errors + lost.is_set(),
        "example": tally.example or ("a connection was lost" if lost.is_set() else ""),
        "latency_ms": spread(tally.latencies),
        "first_token_ms": spread(tally.first_tokens),
        "gap_ms": spread(tally.gaps),
        "lateness_ms": spread(tally.lateness),
    }


async def _unless(lost: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await lost.wait()


def spread(seconds: list[float]) -> dict[str, float]:
    """Percentiles, in milliseconds; nothing of nothing."""
    if not seconds:
        return {}
    ordered = sorted(seconds)
    at = {"p50": 0.50, "p90": 0.90, "p99": 0.99}
    found = {name: ordered[min(len(ordered) - 1, int(share * len(ordered)))] for name, share in at.items()}
    return {name: round(value * 1000, 4) for name, value in {**found, "max": ordered[-1]}.items()}


def encode(job: Job) -> bytes:
    return orjson.dumps(asdict(job))


if __name__ == "__main__":
    print(orjson.dumps(uvloop.run(run(Job(**orjson.loads(sys.stdin.buffer.read()))))).decode())
