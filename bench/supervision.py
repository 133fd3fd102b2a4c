"""Halts and holds, as clients see them: `python -m bench.supervision`. *Edge*.

* `halts`: open streams are cut by one `POST /v1/halts`; for each client, the time from that request to its last byte.
* `holds`: many calls wait for a person; what they cost in memory, and how much slower other calls are meanwhile, measured
  before and during in the same run.

Clients are a process of their own, with plain sockets; the provider is another.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import uvloop

from bench.install import ROOT, say
from bench.load import spread
from bench.processes import Running, free_port, start, wait_for_port
from bench.vigie import SYSTEM
from tests.gateway_process import VIGIE, create_key, example_config, run_vigie

GAP_S = 0.1
HOLD = """
policy: bench-actions
rules:
  - id: payments-need-a-person
    principle: 11
    stage: action
    when: action.tool == "issue_payment"
    effect: hold
    hold: {approvals: 1, expires: 1h}
    code: payment_approval
    reason: {fr: Un paiement exige l'accord d'une personne., en: A payment needs a person.}
"""
TOOL = {"type": "function", "function": {"name": "issue_payment", "parameters": {"type": "object"}}}
TEXT = "Résumer en une phrase les conditions d'admissibilité du programme d'aide. " * 12


# ── the provider ──────────────────────────────────────────────────────────────────────────────────────────────────


async def provide(port: int) -> None:
    """A stream that never ends, a tool call where tools are offered, else a short answer."""
    server = await asyncio.start_server(_provide, "127.0.0.1", port, limit=1 << 20, backlog=1024)
    async with server:
        await server.serve_forever()


async def _provide(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            size = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            body = orjson.loads(await reader.readexactly(size))
            if body.get("stream"):
                await _endless(writer)
            elif body.get("tools"):
                call = {"id": "c1", "type": "function", "function": {"name": "issue_payment", "arguments": '{"n":1}'}}
                _answer(writer, {"content": None, "tool_calls": [call]}, "tool_calls")
            else:
                _answer(writer, {"content": "C'est noté."}, "stop")
    except (ConnectionError, asyncio.IncompleteReadError):
        writer.close()


def _answer(writer: asyncio.StreamWriter, message: dict[str, Any], finish: str) -> None:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    body = orjson.dumps(
        {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": {}}
    )
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)


async def _endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
    choice = {"index": 0, "delta": {"content": "mot "}, "finish_reason": None}
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    frame = b"data: " + orjson.dumps(chunk) + b"\n\n"
    while True:
        writer.write(f"{len(frame):x}\r\n".encode() + frame + b"\r\n")
        await writer.drain()
        await asyncio.sleep(GAP_S)


# ── the gateway and its clients ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class House:
    """A running gateway of `workers` processes, an application's key and a supervisor's."""

    gateway: Running
    provider: Running
    port: int
    key: str
    person: str

    def request(self, path: str, body: Any, key: str, connection: str = "close", **headers: str) -> bytes:
        data = orjson.dumps(body)
        lines = [
            f"POST {path} HTTP/1.1", "host: 127.0.0.1", f"authorization: Bearer {key}",
            "content-type: application/json", f"content-length: {len(data)}", f"connection: {connection}",
            *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
        ]  # fmt: skip
        return "\r\n".join([*lines, "", ""]).encode() + data

    async def open(self, request: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        return reader, writer

    def stop(self) -> None:
        self.gateway.stop()
        self.provider.stop()


def house(folder: Path, workers: int) -> House:
    """Start it on an empty folder."""
    upstream, port = free_port(), free_port()
    folder.mkdir(parents=True)
    config = example_config(folder / "config", provider_port=upstream)
    (config / "policies" / "bench-actions.yaml").write_text(HOLD, "utf-8")
    data = folder / "data"
    key = create_key(config, data, SYSTEM)
    person = run_vigie("key", "create", "--person", "s.gagnon", config=config, data=data).strip()
    provider = start(
        [sys.executable, "-m", "bench.supervision", "--provider", str(upstream)], folder / "p.log", cwd=ROOT
    )
    wait_for_port(provider, upstream, 20)
    where = ["--config", str(config), "--data", str(data)]
    command = [*VIGIE, "serve", *where, "--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
    gateway = start(command, folder / "g.log", cwd=ROOT)
    wait_for_port(gateway, port, 60)
    time.sleep(2)  # the other worker too
    return House(gateway, provider, port, key, person)


def message(**more: Any) -> dict[str, Any]:
    return {"model": "assistant", "messages": [{"role": "user", "content": TEXT}], **more}


async def halts(one: House, streams: int) -> dict[str, float]:
    """Open `streams`, halt, and see when each client had its last byte."""
    request = one.request("/v1/chat/completions", message(stream=True), one.key)
    opened = [await one.open(request) for _ in range(streams)]
    for reader, _ in opened:
        await reader.readuntil(b"mot ")
    ends: list[float] = []

    async def until_cut(reader: asyncio.StreamReader) -> None:
        last = b""
        while data := await reader.read(65536):
            last = (last + data)[-2000:]
        ends.append(time.perf_counter())
        assert b'"code":"halted"' in last, last[-300:]

    reading = [asyncio.create_task(until_cut(reader)) for reader, _ in opened]
    await asyncio.sleep(1)
    started = time.perf_counter()
    reader, writer = await one.open(one.request("/v1/halts", {"scope": "all", "reason": "mesure"}, one.person))
    assert b" 201 " in await reader.readuntil(b"\r\n\r\n")
    await asyncio.gather(*reading)
    for _, each in [*opened, (reader, writer)]:
        each.close()
    return spread([end - started for end in ends])


async def others(one: House, seconds: float) -> float:
    """Calls a second of one client that holds nothing."""
    request = one.request("/v1/chat/completions", message(), one.key, "keep-alive")
    reader, writer = await one.open(b"")
    count, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head[:20], head
        await reader.readexactly(int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]))
        count += 1
    writer.close()
    return count / (time.perf_counter() - started)


async def holds(one: House, count: int, seconds: float) -> dict[str, float]:
    """What `count` waiting calls cost."""
    await others(one, 2)
    before_mb, before = one.gateway.pss_mb(), await others(one, seconds)
    opened = []
    for at in range(count):
        body = message(tools=[TOOL])
        opened.append(await one.open(one.request("/v1/chat/completions", body, one.key, x_vigie_session=f"s{at}")))
        if at % 64 == 63:
            await asyncio.sleep(0.15)  # as they would come: the queue of what is not yet held stays short
    for reader, _ in opened:
        assert b" 200 " in (await reader.readuntil(b"\r\n\r\n"))[:20]
    await asyncio.sleep(20)
    held_mb, during = one.gateway.pss_mb(), await others(one, seconds)
    for _, writer in opened:
        writer.close()
    return {
        "holds": count,
        "memory_mb": round(held_mb - before_mb, 1),
        "calls_per_s_before": round(before, 1),
        "calls_per_s_during": round(during, 1),
        "slower": round(1 - during / before, 3),
    }


def main() -> int:
    """Prints what it measures; `--json` for programs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--provider", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--holds", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--only", choices=["halts", "holds"])
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if asked.provider:
        uvloop.run(provide(asked.provider))
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="vigie-bench-supervision-") as folder:
        if asked.only != "holds":
            for workers in (1, 2):
                rounds = []
                for at in range(asked.rounds):
                    one = house(Path(folder) / f"h{workers}-{at}", workers)
                    try:
                        rounds.append(uvloop.run(halts(one, asked.streams)))
                    finally:
                        one.stop()
                    say(f"{asked.streams} streams, {workers} process(es): {rounds[-1]}")
                found[f"halt_{workers}"] = {name: max(each[name] for each in rounds) for name in rounds[0]}
        if asked.only != "halts":
            one = house(Path(folder) / "holds", 1)
            try:
                found["holds"] = uvloop.run(holds(one, asked.holds, asked.seconds))
            finally:
                one.stop()
            say(f"holds: {found['holds']}")
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
