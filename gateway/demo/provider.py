"""The provider of the demonstration: a real server on this machine that speaks OpenAI's wire. *Edge*."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

PAYMENT = {"amount": 4200, "to": "Fournitures Boréales inc."}


@dataclass(slots=True)
class Provider:
    """The stand-in provider: remembers the last text that reached it and answers in OpenAI's wire."""

    port: int = 0
    received: list[str] = field(default_factory=list)
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def start(self) -> None:
        """Serve on a free loopback port from a thread of its own."""
        ready = threading.Event()
        threading.Thread(target=self._serve, args=(ready,), daemon=True, name="demo-provider").start()
        ready.wait(10)

    def _serve(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self.loop)
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._completions)
        runner = web.AppRunner(app, access_log=None)
        self.loop.run_until_complete(runner.setup())
        self.loop.run_until_complete(web.TCPSite(runner, "127.0.0.1", 0).start())
        self.port = int(runner.addresses[0][1])
        ready.set()
        self.loop.run_forever()

    async def _completions(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        text = str(body["messages"][-1]["content"])
        self.received.append(text)
        if body.get("tools") and body["messages"][-1]["role"] == "user":
            return web.json_response(_payment())
        answer = (
            f"J'ai bien lu votre message («\u00a0{text}\u00a0»). Le permis est prêt\u00a0; on vous écrira sous peu."
        )
        if not body.get("stream"):
            return web.json_response(_completion(answer))
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        pieces = [answer[start : start + 7] for start in range(0, len(answer), 7)]
        with contextlib.suppress(ConnectionResetError):  # an emergency stop ends the call here as well
            for piece in pieces * 100 if "sans fin" in text else pieces:
                await response.write(_chunk({"content": piece}, None))
                await asyncio.sleep(0.03)
            await response.write(_chunk({}, "stop") + b"data: [DONE]\n\n")
        return response


def _payment() -> dict[str, Any]:
    """What an agent's model answers: it wants to pay."""
    function = {"name": "issue_payment", "arguments": orjson.dumps(PAYMENT).decode()}
    return _completion(None, {"tool_calls": [{"id": "call_1", "type": "function", "function": function}]}, "tool_calls")


def _completion(text: str | None, more: dict[str, Any] | None = None, finish: str = "stop") -> dict[str, Any]:
    message = {"role": "assistant", "content": text, **(more or {})}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    usage = {"prompt_tokens": 20, "completion_tokens": 20, "total_tokens": 40}
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "mistral-small",
        "choices": [choice],
        "usage": usage,
    }


def _chunk(delta: dict[str, str], finish: str | None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    body = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "mistral-small", "choices": [choice]}
    return b"data: " + orjson.dumps(body) + b"\n\n"
