"""A long run of varied calls through a whole gateway: then every decision is decided again, and every place where something
could have stayed is searched for what was said in those calls.

Calls are whole and streamed, with and without personal information, refused and admitted, to providers that answer, echo,
break off and lie, by clients that stay and that leave. All of them carry values that stand nowhere else.

    python -m tests.chaos.mixed --calls 10000 --seed 1
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from aiohttp import web
from sqlalchemy import select

from gateway.policies import Policy, decide, recompute
from gateway.policies.decide import restored
from gateway.policies.effects import Stage
from gateway.storage import open_store
from gateway.storage.tables import policies
from tests.gateway_process import Gateway, all_records, example_config, verify_live

CLIENTS = 8
PROMPT = "Zébulon-Quartz-7719"
MAIL = "zoe.plantee@exemple.quebec"
NUMBERS = ("046 454 286", "046454286", "046-454-286")
SECRET = "ZQX-hunter2-plante"
SAID_BY_PROVIDER = "PAROLE-DU-FOURNISSEUR-4242"
USER = "Utilisatrice Plantée"
PLANTED = (PROMPT, "zoe.plantee", *NUMBERS, SECRET, SAID_BY_PROVIDER, USER)

TEXTS = (
    f"Bonjour {PROMPT}.",
    f"Écrire à {MAIL} au sujet de {PROMPT}.",
    f"Le NAS {NUMBERS[0]} est au dossier {PROMPT}.",
    f"NAS {NUMBERS[1]}, NAS {NUMBERS[2]}, {MAIL}.",
    f"mot de passe : {SECRET}",
    f"{PROMPT} " * 60,
)


@dataclass
class Seen:
    """What the clients saw. `bodies`: what they were told that was not an answer to keep."""

    statuses: Counter[str] = field(default_factory=Counter)
    bodies: list[bytes] = field(default_factory=list)


@dataclass(frozen=True)
class Report:
    """The counts of a run; `wrong` lists what should not be, and is empty when all is well."""

    calls: int
    records: int
    decisions: int
    outcomes: dict[str, int]
    statuses: dict[str, int]
    wrong: tuple[str, ...]


# ── both ends ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + orjson.dumps({"id": "c", "object": "chat.completion.chunk", "choices": [choice]}) + b"\n\n"


async def provider(chance: random.Random, collected: list[bytes]) -> tuple[web.AppRunner, int]:
    """Answers, repeats, adds values of its own, breaks off, refuses. Collects telemetry beside."""

    async def collector(request: web.Request) -> web.Response:
        collected.append(await request.read())
        return web.Response()

    async def completions(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        how = chance.choices(["good", "echo", "adds", "breaks", "refuses", "lies"], [50, 20, 10, 3, 2, 2])[0]
        said = {
            "echo": str(body["messages"][-1].get("content")),
            "adds": f"{SAID_BY_PROVIDER} NAS {NUMBERS[0]} à {MAIL}.",
        }.get(how, f"{SAID_BY_PROVIDER} d'accord.")
        if how == "refuses":
            return web.json_response(
                {"error": {"message": SAID_BY_PROVIDER}}, status=chance.choice([400, 429, 500, 503])
            )
        if how == "lies":
            return web.Response(body=f"{SAID_BY_PROVIDER} {{".encode(), content_type="application/json")
        if not body.get("stream"):
            message: dict[str, Any] = {"role": "assistant", "content": said}
            if body.get("tools"):
                arguments = orjson.dumps({"texte": said}).decode()
                call = {"id": "t", "type": "function", "function": {"name": "ecrire", "arguments": arguments}}
                message = {"role": "assistant", "content": None, "tool_calls": [call]}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            usage = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
            return web.json_response({"id": "c", "object": "chat.completion", "choices": [choice], "usage": usage})
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        with contextlib.suppress(ConnectionResetError):
            for at in range(0, len(said), 9):
                await response.write(_chunk({"content": said[at : at + 9]}))
                if how == "breaks" and at > 9:
                    return response
            await response.write(_chunk({}, "stop") + b"data: [DONE]\n\n")
        return response

    app = web.Application(client_max_size=1 << 24)
    app.router.add_post("/v1/chat/completions", completions)
    app.router.add_post("/collector/v1/{signal}", collector)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, int(runner.addresses[0][1])


def drawn(chance: random.Random, key: str) -> tuple[str, bytes, dict[str, str], bool]:
    """(path, body, headers, whether the client leaves before the end) of one call."""
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    text = chance.choice(TEXTS)
    if chance.random() < 0.08:
        body = {"model": "vecteurs", "input": [text, "deux"]}
        return "/v1/embeddings", orjson.dumps(body), headers, False
    body = {"model": "assistant", "messages": [{"role": "user", "content": text}]}
    changes: list[tuple[float, dict[str, Any]]] = [
        (0.4, {"stream": True}),
        (0.1, {"tools": [{"type": "function", "function": {"name": "ecrire", "description": text}}]}),
        (0.03, {"tools": [{"type": "web_search"}]}),
        (0.05, {"model": chance.choice(["assistant-infonuagique", "assistant-etranger", "inconnu", "vecteurs"])}),
        (0.03, {"nouveau": {"texte": text}}),
        (0.03, {"messages": [{"role": "user", "content": [{"type": "text", "text": text}, {"type": "image_url"}]}]}),
        (0.02, {"messages": text}),
        (0.02, {text: 1}),
        (0.02, {"response_format": {"type": "json_object"}}),
        (0.02, {"metadata": {"note": text}, "user": text}),
    ]
    for probability, change in changes:
        if chance.random() < probability:
            body |= change
    for probability, name, values in [
        (0.1, "x-vigie-classification", ["public", "sensitive", "highly-sensitive", text]),
        (0.1, "x-vigie-purpose", ["internal-writing", "translation", "profilage", text]),
        (0.1, "x-vigie-session", ["run-1", "run-2", MAIL]),
        (0.3, "x-vigie-user", [USER]),
        (0.05, "x-vigie-dry-run", ["true"]),
        (0.2, "accept-language", ["en"]),
        (0.02, "authorization", [f"Bearer vigie_abc_{SECRET}"]),
    ]:
        if chance.random() < probability:
            headers[name] = chance.choice(values).encode().decode("latin-1")
    content = orjson.dumps(body)
    if chance.random() < 0.02:
        content = content[: len(content) // 2]
    return "/v1/chat/completions", content, headers, chance.random() < 0.03


async def client(session: aiohttp.ClientSession, gateway: Gateway, seen: Seen, calls: Any, seed: int) -> None:
    """Takes numbers of calls until there are none; each call depends on its number and the seed alone."""
    for number in calls:
        path, body, headers, leaves = drawn(random.Random(f"{seed}-{number}"), gateway.key)
        try:
            async with session.post(gateway.url + path, data=body, headers=headers) as answer:
                if leaves:
                    seen.statuses["left"] += 1
                    continue
                said = await answer.read()
        except aiohttp.ClientError as error:
            seen.statuses[type(error).__name__] += 1
            continue
        whole = answer.status == 200 and (b'"error"' not in said)
        seen.statuses[str(answer.status) if whole or answer.status != 200 else "cut"] += 1
        if answer.status != 200:
            seen.bodies.append(said)


# ── afterwards ────────────────────────────────────────────────────────────────────────────────────────────────────


def decided_again(config: Path, data: Path) -> tuple[int, int, Counter[str], list[str]]:
    """(records, decisions, outcomes, differences): each decision of each record, decided again from the ledger alone."""
    store = open_store(f"sqlite:///{data / 'vigie.db'}")
    with store.read() as connection:
        versions = {row.version: Policy.from_source(row.source) for row in connection.execute(select(policies))}
    store.close()
    records = all_records(config, data)
    decisions, outcomes, wrong = 0, Counter[str](), []
    for one in records:
        if one["kind"] == "call.closed":
            outcomes[f"{one['outcome']} {one['code']}".strip()] += 1
        difference = recompute(one, versions)
        if difference is not None:
            wrong.append(f"{one['id']}: {difference}")
        for stage in one.get("stages", ()):
            decisions += 1
            facts = {**restored(one["facts"]), **restored(stage["facts"])}
            if decide(versions[one["policy"]], Stage(stage["stage"]), facts).as_json() != stage["decision"]:
                wrong.append(f"{one['id']}: {stage['stage']} is decided otherwise")
    return len(records), decisions, outcomes, wrong


def forms(value: str) -> list[bytes]:
    """The ways in which a value could stand in a file."""
    plain = value.encode()
    escaped = orjson.dumps(value)[1:-1]
    ascii_ = value.encode("ascii", "backslashreplace")
    return [plain, escaped, ascii_, value.encode("latin-1"), value.encode("utf-16-le"), base64.b64encode(plain)[:-4]]


def left_behind(places: dict[str, bytes], values: tuple[str, ...]) -> list[str]:
    """Which value stands in which place."""
    return [
        f"{value!r} stands in {name}"
        for name, content in places.items()
        for value in values
        if any(form in content for form in forms(value))
    ]


async def run(calls: int, seed: int, directory: Path) -> Report:
    """The whole of it."""
    chance, seen, collected = random.Random(seed), Seen(), list[bytes]()
    runner, port = await provider(chance, collected)
    telemetry = {"otlp_endpoint": f"http://127.0.0.1:{port}/collector", "log_level": "debug"}
    config = example_config(directory / "config", provider_port=port, telemetry=telemetry)
    data = directory / "data"
    gateway = await asyncio.to_thread(Gateway.start, config, data)
    try:
        numbers = iter(range(calls))
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
            await asyncio.gather(*(client(session, gateway, seen, numbers, seed) for _ in range(CLIENTS)))
            pages = {
                path: await (await session.get(gateway.url + path)).read()
                for path in ("/metrics", "/readyz", "/ledger/checkpoint", "/v1/models")
            }
    finally:
        await asyncio.to_thread(gateway.kill)
        await runner.cleanup()
    records, decisions, outcomes, wrong = await asyncio.to_thread(decided_again, config, data)
    if problem := await asyncio.to_thread(verify_live, config, data):
        wrong.append(problem)
    places = {path.name: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    places |= {"gateway.log": (directory / "gateway.log").read_bytes(), **pages}
    places["what clients were refused with"] = b"\n".join(seen.bodies)
    places["what the collector received"] = b"\n".join(collected)
    wrong += left_behind(places, (*PLANTED, gateway.key.rsplit("_", 1)[1]))
    if b"vigie.decision" not in places["what the collector received"]:
        wrong.append("the collector received no span")
    if b"Traceback" in places["gateway.log"]:
        wrong.append("a traceback stands in gateway.log")
    return Report(calls, records, decisions, dict(outcomes), dict(seen.statuses), tuple(wrong))


def said(report: Report) -> str:
    """The counts, for a person."""
    return (
        f"{report.calls} calls, {report.records} records: {report.decisions} decisions decided again, "
        f"{len(report.wrong)} wrong\n  outcomes: {dict(sorted(report.outcomes.items()))}\n"
        f"  statuses: {dict(sorted(report.statuses.items()))}"
    )


def main() -> int:
    """Prints the counts; exit 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="vigie-mixed-") as directory:
        report = asyncio.run(run(options.calls, options.seed, Path(directory)))
    print(f"{said(report)}\n  {time.monotonic() - started:.0f} s")
    for line in report.wrong[:20]:
        print(f"  {line}")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
