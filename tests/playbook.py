"""A call as a transcript: what is seen (`>>`) and what is done (`<<`), without sockets, in milliseconds.

    >> client asks: Je suis Marie Tremblay.
    << record opened
    << provider cti-mistral receives: Je suis ⟦PERSONNE_1⟧.
    >> provider answers: Bonjour ⟦PERSONNE_1⟧.
    << record closed: served
    << client receives 200: Bonjour Marie Tremblay.

`play` runs the real `gateway.call.govern` on the example body's real configuration, with a scripted provider, ledger and
analyser, and compares the whole transcript. Lines that may be scripted:

    >> client asks [stream] [dry-run] [x=y ...]: TEXT      x: model, purpose, classification, language, token, tools
                                                           (stream together: the chunks' text as one line at the end)
    >> client leaves after N frames
    >> provider answers: TEXT                              one per attempt
    >> provider streams: TEXT|TEXT|...                     then a finish chunk and [DONE]
    >> provider breaks after: TEXT|TEXT                    a stream that ends without [DONE]
    >> provider fails: unreachable | timed_out | status 500 | status 400
    >> provider says it ran in: REGION                     the header x-ms-region of the next answer
    >> ledger is out [from closed]
    >> analyser is out
    >> key is revoked meanwhile
    >> halt of SCOPE [meanwhile | after N frames]          in force, or raised after the call was read, or in mid-stream

`<<` lines say what the call did, in the order in which it was done.
"""

from __future__ import annotations

import asyncio
import difflib
import re
import textwrap
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest

from gateway.audit import LedgerUnavailable, Receipt, canonical
from gateway.call import govern
from gateway.config import Configuration, Deployment
from gateway.errors import Message, Refusal
from gateway.identity import Principal
from gateway.parts import Parts
from gateway.policies import Remembered
from gateway.privacy import AnalyserUnavailable, Finding
from gateway.providers import ProviderRefused, Reply, Request, TimedOut, Unreachable
from gateway.situation import Asked
from gateway.sovereignty import Breaker, Places
from gateway.supervision import Halt, Running, Scope, Subject
from gateway.telemetry import silent
from gateway.trace import Fragments
from gateway.transparency import Provenance

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
KNOWN = {
    "Marie Tremblay": "PERSON",
    "Jean Roy": "PERSON",
    "046 454 286": "CA_SIN",
    "marie@exemple.quebec": "EMAIL_ADDRESS",
    "sk-abcdefghijklmnop": "CREDENTIAL",
}


@dataclass
class Script:
    """The inputs of a transcript, and the transcript that the run writes."""

    said: list[str] = field(default_factory=list)
    replies: list[tuple[str, str]] = field(default_factory=list)
    region: str = ""
    ledger_out: str = ""
    analyser_out: bool = False
    revoked: bool = False
    halt: Halt | None = None
    halted_when: str = ""
    running: Running = field(default_factory=Running)
    leaves_after: int | None = None
    records: list[dict[str, Any]] = field(default_factory=list)

    def note(self, line: str) -> None:
        self.said.append(f"<< {line}")


class ScriptedLedger:
    """Durable at once, or out."""

    def __init__(self, script: Script) -> None:
        self.script = script

    async def append(self, record: Mapping[str, Any]) -> Receipt:
        kind = str(record["kind"]).removeprefix("call.")
        if self.script.ledger_out in ("opened", kind):
            self.script.note(f"ledger refuses {kind}")
            raise LedgerUnavailable(Message("Le registre est indisponible.", "The ledger is unavailable."))
        self.script.records.append(orjson.loads(canonical(record)))
        code = f" {record['code']}" if record.get("code") else ""
        outcome = f": {record['outcome']}{code}" if kind == "closed" else ""
        self.script.note(f"record {kind}{outcome}")
        changed = self.script.revoked or self.script.halted_when == "meanwhile"
        return Receipt(len(self.script.records), 2 if changed else 1)


class ScriptedKeys:
    """One key, perhaps revoked between its reading and the record."""

    def __init__(self, script: Script) -> None:
        self.script, self.epoch = script, 1

    def authenticate(self, token: str) -> Principal | None:
        gone = self.script.revoked and self.epoch > 1
        if gone or not token.startswith("key-of-"):
            return None
        return Principal(key="k1", system=token.removeprefix("key-of-"), person=None, epoch=1)

    async def look_again(self, token: str) -> Principal | None:
        return self.authenticate(token)

    async def refresh(self, epoch: int) -> None:
        self.epoch = epoch


class ScriptedHalts:
    """One halt at most: known from the start, or once a newer epoch is read."""

    def __init__(self, script: Script) -> None:
        self.script, self.known = script, script.halted_when == ""

    def stops(self, subject: Subject) -> Halt | None:
        halt = self.script.halt
        return halt if halt is not None and self.known and halt.scope.covers(subject) else None

    async def refresh(self, epoch: int) -> None:
        self.known = self.known or (epoch > 1 and self.script.halted_when == "meanwhile")


class FullHolds:
    """Nobody decides in a playbook: what policy would hold is refused, as when too many actions wait already. Actions that
    people do decide on are in tests/wire and tests/system, for real.
    """

    def joinable(self, _join_key: str) -> tuple[()]:
        return ()

    def hold(self, *_proposals: Any, records: Any = ()) -> Any:
        raise Refusal(Message("Trop d'actions attendent.", "Too many actions wait."), code="too_many_holds", status=429)


class ScriptedAnalyser:
    """Finds the values of `KNOWN` and nothing else."""

    ready = True

    def __init__(self, script: Script) -> None:
        self.script = script

    async def find(self, texts: Sequence[str]) -> list[tuple[Finding, ...]]:
        if self.script.analyser_out:
            raise AnalyserUnavailable(Message("L'analyseur est indisponible.", "The analyser is unavailable."))
        return [
            tuple(
                Finding(match.start(), match.end(), kind, 1.0)
                for value, kind in KNOWN.items()
                for match in re.finditer(re.escape(value), text)
            )
            for text in texts
        ]


class ScriptedProviders:
    """Answers as the script says, one reply an attempt."""

    def __init__(self, script: Script) -> None:
        self.script = script

    async def send(self, deployment: Deployment, request: Request) -> Reply:
        self.script.note(f"provider {deployment.id} receives: {_last_text(request.body)}")
        how, what = self.script.replies.pop(0)
        self.script.said.append(f">> provider {how}: {what}" if what else f">> provider {how}")
        headers = {"x-ms-region": self.script.region} if self.script.region else {}
        if how == "fails":
            raise _fault(what)
        if how == "answers":
            body = orjson.dumps(_completion(what))
            return Reply(200, {"content-type": "application/json", **headers}, body, None)
        stream = _stream(what.split("|"), ended=how == "streams")
        return Reply(200, {"content-type": "text/event-stream", **headers}, None, stream)


async def play(transcript: str, configuration: Configuration) -> list[dict[str, Any]]:
    """Run a transcript and compare; returns the records that the call wrote."""
    expected = [line.strip() for line in textwrap.dedent(transcript).strip().splitlines() if line.strip()]
    script = Script()
    asking = ""
    for line in expected:
        if line.startswith(">> client asks"):
            asking = line
        elif line.startswith(">>"):
            _prepare(line.removeprefix(">> "), script)
    pending: list[asyncio.Task[Any]] = []
    parts = parts_of(configuration, script, ScriptedProviders(script), pending)
    script.said += [line for line in expected if line.startswith(">>") and _is_circumstance(line)]
    script.said.append(asking)
    await _run(_asked(asking), parts, script)
    await asyncio.gather(*pending)
    circumstances = [line for line in expected if line.startswith(">>") and _is_circumstance(line)]
    rest = [line for line in expected if line not in circumstances]
    wanted, said = circumstances + rest, [line.strip() for line in script.said]
    if said != wanted:
        pytest.fail("\n".join(difflib.unified_diff(wanted, said, "playbook", "what happened", lineterm="", n=99)))
    return script.records


def parts_of(configuration: Configuration, script: Script, providers: Any, pending: list[asyncio.Task[Any]]) -> Parts:
    """What a call needs from outside, scripted but for `configuration` and `providers`; `pending`: tasks to await."""
    return Parts(
        configuration=lambda: configuration,
        keys=ScriptedKeys(script),
        halts=ScriptedHalts(script),
        holds=FullHolds(),  # type: ignore[arg-type]
        watch=None,  # type: ignore[arg-type]
        running=script.running,
        analyser=ScriptedAnalyser(script),  # type: ignore[arg-type]
        decisions=Remembered(),
        fragments=Fragments(),
        places=Places(),
        ledger=ScriptedLedger(script),
        providers=providers,
        breaker=Breaker(),
        telemetry=silent(),
        tokens_used=lambda _system, _day: 0,
        provenance=Provenance.unkept(b"a seed of a playbook, 32 bytes. "),
        keyed_hash=lambda text: f"{len(text):064x}",
        join_key=lambda system, session, _request: f"{system} {session}",
        clock=lambda: NOW,
        new_id=lambda: "d-1",
        zone=ZoneInfo("America/Toronto"),
        finish_later=pending.append,
    )


async def _run(asked: Asked, parts: Parts, script: Script) -> None:
    answer = await govern(asked, parts)
    if answer.frames is None:
        script.note(f"client receives {answer.status}: {_answer_text(orjson.loads(answer.body))}")
        return
    taken, text = 0, ""
    together = any(line.startswith(">> client asks stream together") for line in script.said)
    if script.leaves_after == 0:
        await answer.frames.aclose()  # type: ignore[attr-defined]
        return
    async for frame in answer.frames:
        for line in frame.decode().split("\n"):
            if not line.startswith("data: "):
                continue
            if together:
                text += _chunk_text(line.removeprefix("data: "))
            else:
                script.note(f"client receives {_frame_text(line.removeprefix('data: '))}")
        taken += 1
        if script.halt is not None and script.halted_when == f"after {taken} frames":
            script.running.cut([script.halt])
        if script.leaves_after is not None and taken >= script.leaves_after:
            break
    if together:
        script.note(f"client receives together: {text}")
    await answer.frames.aclose()  # type: ignore[attr-defined]


def _is_circumstance(line: str) -> bool:
    return not line.startswith(
        (">> client asks", ">> provider answers", ">> provider streams", ">> provider breaks", ">> provider fails")
    )


def _prepare(line: str, script: Script) -> None:
    if match := re.fullmatch(r"provider (answers|streams|breaks after|fails): (.*)", line):
        script.replies.append((match[1], match[2]))
    elif match := re.fullmatch(r"provider says it ran in: (.*)", line):
        script.region = match[1]
    elif line.startswith("ledger is out"):
        script.ledger_out = "closed" if "closed" in line else "opened"
    elif line == "analyser is out":
        script.analyser_out = True
    elif line == "key is revoked meanwhile":
        script.revoked = True
    elif match := re.fullmatch(r"halt of (\S+)(?: (meanwhile|after \d+ frames))?", line):
        script.halt = Halt("h-1", Scope.parse(match[1]), "essai", "s.gagnon", "2026-11-24T15:00:00.000Z")
        script.halted_when = match[2] or ""
    elif match := re.fullmatch(r"client leaves after (\d+) frames?", line):
        script.leaves_after = int(match[1])
    else:
        raise ValueError(f"no such line in the playbook language: {line}")


def _asked(line: str) -> Asked:
    match = re.fullmatch(r">> client asks([^:]*): (.*)", line)
    if match is None:
        raise ValueError(f"a playbook needs one '>> client asks: …': {line!r}")
    words, text = match[1].split(), match[2]
    options = dict(word.split("=", 1) for word in words if "=" in word)
    body: dict[str, Any] = {
        "model": options.get("model", "assistant"),
        "messages": [{"role": "user", "content": text}],
    }
    if "stream" in words:
        body["stream"] = True
    if "json" in words:
        body["response_format"] = {"type": "json_object"}
    if "web-search" in words:
        body["tools"] = [{"type": "web_search"}]
    asked = Asked(
        "chat", orjson.dumps(body), f"key-of-{options.get('system', 'redaction-interne')}", dry_run="dry-run" in words
    )
    if "token" in options:
        asked = replace(asked, token=options["token"])
    return replace(
        asked,
        purpose=options.get("purpose", ""),
        classification=options.get("classification", ""),
        language=options.get("language", "fr"),
    )


def _last_text(body: dict[str, Any]) -> str:
    return str(body["messages"][-1]["content"])


def _answer_text(body: dict[str, Any]) -> str:
    if "error" in body:
        return str(body["error"]["code"])
    if body.get("object") == "vigie.decision":
        return f"would go to {', '.join(body['deployments'])}"
    return str(body["choices"][0]["message"]["content"])


def _frame_text(data: str) -> str:
    if data == "[DONE]":
        return "[DONE]"
    chunk = orjson.loads(data)
    if "error" in chunk:
        return f"error: {chunk['error']['code']}"
    if not chunk["choices"]:
        return "usage"
    choice = chunk["choices"][0]
    if choice.get("finish_reason"):
        return f"finish: {choice['finish_reason']}"
    return f"chunk: {choice['delta'].get('content') or ''}"


def _chunk_text(data: str) -> str:
    chunk = orjson.loads(data) if data != "[DONE]" else {"choices": []}
    return "".join(choice["delta"].get("content") or "" for choice in chunk["choices"])


def _completion(text: str) -> dict[str, Any]:
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "provider-model",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
    }


async def _stream(pieces: Sequence[str], *, ended: bool) -> AsyncIterator[bytes]:
    def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
        body = {
            "id": "c1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "provider-model",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        }
        return b"data: " + orjson.dumps(body) + b"\n\n"

    for piece in pieces:
        yield chunk({"content": piece})
    if ended:
        yield chunk({}, "stop")
        yield b"data: [DONE]\n\n"


def _fault(what: str) -> Exception:
    if what == "unreachable":
        return Unreachable()
    if what == "timed_out":
        return TimedOut()
    return ProviderRefused(int(what.removeprefix("status ")))
