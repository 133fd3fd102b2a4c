"""`kill -9` the gateway under load, again and again, and hold its two promises against what both ends saw.

For each round: start the gateway on the same store, load it with whole and streamed calls, kill it at a random instant,
then read the store as it was left. Every answer that a client received whole has its `call.closed`; every request that
the provider received has its `call.opened`; the ledger verifies after each restart.

    python -m tests.chaos.kill --kills 200 --seed 1
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

from tests.gateway_process import Gateway, example_config, ledger_records, verify_live

CLIENTS = 8
WORDS = ["Bonjour", " je", " suis", " un", " modèle", " de", " langue", "."]


@dataclass
class Seen:
    """What each end saw: decisions whose request reached the provider, and whose answer a client received whole."""

    received: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    calls: int = 0
    first: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True)
class Report:
    """The counts of a run. `missing` lists promises broken, and is empty when none was."""

    kills: int
    received: int
    answered: int
    calls: int
    missing: tuple[str, ...]


async def provider(seen: Seen) -> tuple[web.AppRunner, int]:
    """A provider that notes which decisions reached it, and answers in OpenAI's wire."""

    async def completions(request: web.Request) -> web.StreamResponse:
        seen.received.add(request.headers["x-client-request-id"])
        body = await request.json()
        if not body.get("stream"):
            message = {"role": "assistant", "content": "".join(WORDS)}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            usage = {"prompt_tokens": 5, "completion_tokens": 8, "total_tokens": 13}
            return web.json_response(
                {
                    "id": "c",
                    "object": "chat.completion",
                    "created": 1,
                    "model": "m",
                    "choices": [choice],
                    "usage": usage,
                }
            )
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        with contextlib.suppress(ConnectionResetError):  # the gateway was killed
            await response.prepare(request)
            for word in WORDS:
                await response.write(_chunk('{"content":"' + word + '"}', "null"))
                await asyncio.sleep(0.002)
            await response.write(_chunk("{}", '"stop"') + b"data: [DONE]\n\n")
        return response

    app = web.Application()
    app.router.add_post("/v1/chat/completions", completions)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, int(runner.addresses[0][1])


def _chunk(delta: str, finish: str) -> bytes:
    return (
        'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m",'
        f'"choices":[{{"index":0,"delta":{delta},"finish_reason":{finish}}}]}}\n\n'
    ).encode()


async def client(session: aiohttp.ClientSession, gateway: Gateway, seen: Seen, chance: random.Random) -> None:
    """Call after call until the gateway dies."""
    while True:
        body = {
            "model": "assistant",
            "messages": [{"role": "user", "content": f"Question {chance.randrange(1000)} sur le stationnement."}],
            "stream": chance.random() < 0.5,
        }
        seen.calls += 1
        async with session.post(
            f"{gateway.url}/v1/chat/completions", json=body, headers=gateway.authorization
        ) as answer:
            if answer.status != 200:
                raise RuntimeError(f"unexpected status {answer.status}: {await answer.text()}")
            text = await answer.text()
            if not body["stream"] or "data: [DONE]" in text:
                seen.answered.add(answer.headers["x-vigie-decision"])
                seen.first.set()


async def one_round(gateway: Gateway, seen: Seen, chance: random.Random) -> None:
    """Load, then death at a random instant."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        loading = [asyncio.create_task(client(session, gateway, seen, chance)) for _ in range(CLIENTS)]
        seen.first.clear()
        async with asyncio.timeout(30):
            await seen.first.wait()
        await asyncio.sleep(chance.uniform(0, 0.5))
        gateway.kill(signal.SIGKILL)
        for task in loading:
            with contextlib.suppress(aiohttp.ClientError, asyncio.TimeoutError, ConnectionError):
                await task


async def run(kills: int, seed: int, directory: Path, *, say: bool = True) -> Report:
    """`kills` rounds on one store. Deterministic in what it asks for; when death strikes is up to the machine."""
    seen, chance, missing = Seen(), random.Random(seed), []
    runner, port = await provider(seen)
    config = example_config(directory / "config", provider_port=port)
    data = directory / "data"
    started = time.monotonic()
    try:
        for number in range(1, kills + 1):
            gateway = await asyncio.to_thread(Gateway.start, config, data)
            await one_round(gateway, seen, chance)
            opened, closed = await asyncio.to_thread(ledger_records, config, data)
            missing += [f"round {number}: received without call.opened: {d}" for d in sorted(seen.received - opened)]
            missing += [f"round {number}: answered without call.closed: {d}" for d in sorted(seen.answered - closed)]
            problem = await asyncio.to_thread(verify_live, config, data)
            if problem:
                missing.append(f"round {number}: {problem}")
            if say and (number % 10 == 0 or number == kills):
                elapsed = time.monotonic() - started
                print(
                    f"{number}/{kills} kills, {len(seen.answered)} whole answers, {len(missing)} broken, {elapsed:.0f} s",
                    flush=True,
                )
    finally:
        await runner.cleanup()
    return Report(kills, len(seen.received), len(seen.answered), seen.calls, tuple(missing))


def main() -> int:
    """Prints the counts; exit 1 if a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vigie-chaos-") as directory:
        report = asyncio.run(run(options.kills, options.seed, Path(directory)))
    print(
        f"{report.kills} kills: {report.calls} calls sent, {report.received} requests received by the provider, "
        f"{report.answered} answers received whole; {len(report.missing)} promises broken"
    )
    for line in report.missing[:20]:
        print(f"  {line}")
    return 1 if report.missing else 0


if __name__ == "__main__":
    sys.exit(main())
