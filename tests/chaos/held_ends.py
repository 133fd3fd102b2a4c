"""The two ends around a gateway that dies: a provider whose model wants to act, clients that come back, people who decide."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
from aiohttp import web

from tests.chaos.held_book import Acknowledged, Received, Seen, sha256_of

SUPERVISORS = ("s.gagnon", "m.roy")
POLICY = """
policy: actions
rules:
  - id: payments
    principle: 11
    stage: action
    when: action.tool == "verser"
    effect: hold
    hold: {approvals: 1, expires: 10m}
    code: payment_approval
    reason: {fr: Un paiement exige l'accord d'une personne., en: A payment needs a person.}
  - id: signatures
    principle: 11
    stage: action
    when: action.tool == "signer"
    effect: hold
    hold: {approvals: 2, expires: 10m}
    code: signature_approval
    reason: {fr: Une signature exige l'accord de deux personnes., en: A signature needs two people.}
  - id: reservations
    principle: 11
    stage: action
    when: action.tool == "reserver"
    effect: hold
    hold: {approvals: 1, expires: 2s}
    code: reservation_approval
    reason: {fr: Une réservation exige un accord prompt., en: A reservation needs a prompt approval.}
"""
TOOLS = ("verser", "verser", "signer", "reserver", "reserver")
DOORS = ("whole", "whole", "streamed", "streamed", "actions")
AGAIN_S = 0.1
HANGS_S = 90.0
"""How long no answer is still not a hang: in all that time the gateway was killed, or people took their time."""
Away = (aiohttp.ClientError, ConnectionError, json.JSONDecodeError)
"""How a death looks from here: refused, reset, or an answer that stops in the middle."""


@dataclass
class World:
    """Everything outside the gateway. `ends`: how each request of a client ended; `stopping`: no new ones."""

    seed: int
    url: str = ""
    keys: dict[str, str] = field(default_factory=dict)
    seen: Seen = field(default_factory=Seen)
    ends: Counter[str] = field(default_factory=Counter)
    proposed: int = 0
    stopping: bool = False
    _waiting: dict[str, list[asyncio.Future[None]]] = field(default_factory=dict)

    def happened(self, moment: str) -> None:
        """Something that death may follow."""
        for one in self._waiting.pop(moment, ()):
            if not one.done():
                one.set_result(None)

    async def next(self, moment: str, within_s: float) -> bool:
        """Whether it happens again within that time."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(moment, []).append(future)
        done, _ = await asyncio.wait([future], timeout=within_s)
        return bool(done)


# ── the provider ──────────────────────────────────────────────────────────────────────────────────────────────────


async def provider(world: World) -> tuple[web.AppRunner, int]:
    """A provider whose model wants to use each tool that it is offered, with arguments that it never gives twice."""

    async def completions(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        made = []
        for at, tool in enumerate(body["tools"]):
            world.proposed += 1
            function = {"name": tool["function"]["name"], "arguments": json.dumps(arguments_of(world.proposed))}
            made.append({"index": at, "id": f"call_{at}", "type": "function", "function": function})
        world.happened("proposed")
        if not body.get("stream"):
            message = {"role": "assistant", "content": "Je demande.", "tool_calls": made}
            return web.json_response(frame("chat.completion", message=message, finish="tool_calls"))
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        with contextlib.suppress(ConnectionError):  # the gateway was killed
            await response.prepare(request)
            for delta in ({"role": "assistant", "content": "Je "}, {"content": "demande."}, {"tool_calls": made}):
                await response.write(event(frame("chat.completion.chunk", delta=delta)))
                await asyncio.sleep(0.002)
            await response.write(event(frame("chat.completion.chunk", delta={}, finish="tool_calls")))
            await response.write(b"data: [DONE]\n\n")
        return response

    app = web.Application()
    app.router.add_post("/v1/chat/completions", completions)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, int(runner.addresses[0][1])


def arguments_of(number: int) -> dict[str, Any]:
    """Unlike any other's, and nobody's personal data."""
    return {"montant": 10 + number % 90, "objet": "lot " + "".join(chr(ord("a") + int(one)) for one in str(number))}


def frame(kind: str, *, finish: str | None = None, **said: Any) -> dict[str, Any]:
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    choice = {"index": 0, "finish_reason": finish, **said}
    whole = {"id": "c", "object": kind, "created": 1, "model": "m", "choices": [choice]}
    return {**whole, "usage": usage} if "message" in said else whole


def event(value: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(value)}\n\n".encode()


# ── clients ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def client(session: aiohttp.ClientSession, world: World, key: str, number: int) -> None:
    """One request after the other, each until it has ended."""
    chance, count = random.Random(f"{world.seed}-{number}"), 0
    while not world.stopping:
        count += 1
        errand = Errand(session, world, f"c{number}-{count}", key, chance)
        try:
            async with asyncio.timeout(HANGS_S):
                world.ends[await errand.run()] += 1
        except TimeoutError:
            world.ends["hung"] += 1


class Errand:
    """One request, sent again whenever the gateway dies, until there is an answer."""

    def __init__(
        self, session: aiohttp.ClientSession, world: World, name: str, key: str, chance: random.Random
    ) -> None:
        self._session, self._world, self._name = session, world, name
        self._door = chance.choice(DOORS)
        self._tools = [chance.choice(TOOLS) for _ in range(chance.choice((1, 1, 1, 2)))]
        self._patience = chance.uniform(0.2, 0.8) if chance.random() < 0.25 else None
        self._leaves = chance.random() < 0.5
        self._headers = {"authorization": f"Bearer {key}", "x-vigie-session": name}
        if chance.random() < 0.3 and "signer" not in self._tools:  # who asks may not approve, and two must
            self._headers["x-vigie-user"] = chance.choice(SUPERVISORS)

    async def run(self) -> str:
        """How it ended: acted, refused, used up, left, or an unexpected status."""
        ask = self._actions if self._door == "actions" else self._chat
        while True:
            try:
                async with asyncio.timeout(self._patience):
                    ended = await ask()
            except Away:
                await asyncio.sleep(AGAIN_S)
                continue
            except TimeoutError:
                if self._leaves:
                    return "left"
                self._patience = None
                continue
            self._world.happened("answered")
            return ended

    async def _chat(self) -> str:
        stream = self._door == "streamed"
        body = {
            "model": "assistant",
            "messages": [{"role": "user", "content": "Faites le nécessaire."}],
            "tools": [{"type": "function", "function": {"name": name}} for name in self._tools],
            "stream": stream,
        }
        url = f"{self._world.url}/v1/chat/completions"
        async with self._session.post(url, json=body, headers=self._headers) as answer:
            decision = answer.headers.get("x-vigie-decision", "")
            if answer.status != 200:
                return f"{answer.status} {code_of(await answer.json())}"
            if not stream:
                message = (await answer.json())["choices"][0]["message"]
                self._world.seen.whole.append(decision)
                return self._acted(message.get("tool_calls") or [], decision)
            return await self._streamed(answer, decision)

    async def _streamed(self, answer: aiohttp.ClientResponse, decision: str) -> str:
        """Tool calls count from the moment they are here, whether or not the stream ends well."""
        made: list[Any] = []
        async for line in answer.content:
            said = line.decode().strip().removeprefix("data: ")
            if said == "[DONE]":
                self._world.seen.whole.append(decision)
                return self._acted(made, decision, count=False)
            if not said.startswith("{"):
                continue
            value = json.loads(said)
            if "error" in value:
                return f"stream {code_of(value)}"
            calls = [one for choice in value["choices"] for one in choice["delta"].get("tool_calls") or []]
            self._acted(calls, decision)
            made += calls
        raise aiohttp.ClientPayloadError("the stream stops")

    def _acted(self, calls: list[Any], decision: str, *, count: bool = True) -> str:
        for one in calls if count else ():
            function = one["function"]
            sha256 = sha256_of(function["name"], json.loads(function["arguments"]))
            self._world.seen.received.append(Received(self._name, sha256, decision=decision))
        return "acted" if calls else "refused"

    async def _actions(self) -> str:
        """Ask, then look until it is over."""
        url, objet = f"{self._world.url}/v1/actions", f"demande {self._name}"
        body = {"tool": self._tools[0], "arguments": {"montant": 5, "objet": objet}}
        async with self._session.post(url, json=body, headers=self._headers) as answer:
            said, status = await answer.json(), answer.status
        while status == 202:
            self._world.seen.queued.add(said["id"])
            try:
                async with self._session.get(f"{url}/{said['id']}?wait=20", headers=self._headers) as answer:
                    said, status = await answer.json(), answer.status
            except Away:
                await asyncio.sleep(AGAIN_S)
        if status != 200:
            return f"{status} {code_of(said)}"
        if said["state"] != "approved":
            return "used up" if said["state"] == "released" else said["state"]
        action = said["action"]
        sha256 = sha256_of(action["tool"], action["arguments"])
        self._world.seen.received.append(Received(self._name, sha256, hold=said["id"]))
        return "acted"


def code_of(said: Any) -> str:
    return str(said["error"]["code"])


# ── people ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def supervisor(session: aiohttp.ClientSession, world: World, person: str) -> None:
    """Look at the queue now and then; decide on each action after a while, or not at all. Until cancelled."""
    chance, plans = random.Random(f"{world.seed}-{person}"), dict[str, tuple[float, str]]()
    loop, headers = asyncio.get_running_loop(), {"authorization": f"Bearer {world.keys[person]}"}
    while True:
        await asyncio.sleep(chance.uniform(0.02, 0.15))
        with contextlib.suppress(*Away):
            async with session.get(f"{world.url}/v1/holds?state=waiting&limit=500", headers=headers) as answer:
                listed = (await answer.json())["data"]
            if listed:
                world.happened("queued")
            world.seen.queued.update(one["id"] for one in listed)
            for one in listed:
                if one["id"] not in plans:
                    plans[one["id"]] = loop.time() + chance.uniform(0, 0.6), plan(one, chance)
                    later = (datetime.fromisoformat(one["expires_at"]) - datetime.now(UTC)).total_seconds()
                    if later < 5:
                        loop.call_later(max(0.0, later - 0.1), world.happened, "expiring")
                due, verdict = plans[one["id"]]
                if verdict == "nothing" or loop.time() < due or person in one["approvals"]["given"]:
                    continue
                plans[one["id"]] = due, await decide(session, world, person, one, verdict)


def plan(one: dict[str, Any], chance: random.Random) -> str:
    """What a person will do of an action. Only what expires soon is left alone."""
    if one["action"]["tool"] == "reserver" and chance.random() < 0.5:
        return "nothing"
    return chance.choices(["approve", "edit", "deny"], [70, 15, 15])[0]


async def decide(session: aiohttp.ClientSession, world: World, person: str, one: dict[str, Any], verdict: str) -> str:
    """Say it; what to say if the action still waits. What is cut off in the middle may have been taken or not."""
    name, sha256, word = one["id"], one["action_sha256"], "approved"
    body: dict[str, Any] = {"action_sha256": sha256}
    if verdict == "deny":
        word, body = "denied", {"reason": "Pas ainsi."}
    elif verdict == "edit":
        arguments = {"montant": 1, "objet": f"{name} revu par {person}"}
        body["edited_arguments"] = arguments
        sha256 = sha256_of(one["action"]["tool"], arguments)
    world.happened("refusing" if verdict == "deny" else "approving")
    url = f"{world.url}/v1/holds/{name}/{'deny' if verdict == 'deny' else 'approve'}"
    headers = {"authorization": f"Bearer {world.keys[person]}"}
    async with session.post(url, json=body, headers=headers) as answer:
        content, status = await answer.json(), answer.status
    if status == 200:
        sha256 = content["action_sha256"] if verdict == "deny" else sha256  # a refusal is of whatever it is by then
        world.seen.acknowledged.append(Acknowledged(name, person, word, sha256))
        world.happened(word)
        return "approve"  # again, if another person's edit undid it
    world.ends[f"verdict: {status} {code_of(content)}"] += 1
    return "nothing" if status == 403 else verdict
