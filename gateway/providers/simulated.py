"""A provider without a model: believable, deterministic answers, for the demonstration and for tests. *Edge* in name only.

It repeats what it was sent, so that one can see what left the gateway; calls the first tool when the text says « outil »;
answers JSON when JSON is asked for; and embeds by hash.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import orjson

from gateway.config import Deployment
from gateway.providers.reply import Reply, Request

DIMENSIONS = 64
PACE_S = 0.01


class Simulated:
    """A deployment that answers by itself."""

    def __init__(self, deployment: Deployment) -> None:
        self._model = deployment.provider.model

    async def send(self, request: Request) -> Reply:
        """Never fails."""
        if request.path == "/embeddings":
            return Reply(200, {"content-type": "application/json"}, orjson.dumps(self._embeddings(request.body)))
        if request.stream:
            return Reply(200, {"content-type": "text/event-stream"}, None, self._stream(request.body))
        return Reply(200, {"content-type": "application/json"}, orjson.dumps(self._completion(request.body)))

    async def retire(self) -> None:
        """Nothing is open."""

    async def aclose(self) -> None:
        """Nothing is open."""

    def _completion(self, body: dict[str, Any]) -> dict[str, Any]:
        message = _message(body)
        finish = "tool_calls" if "tool_calls" in message else "stop"
        choices = [{"index": index, "message": message, "finish_reason": finish} for index in range(body.get("n") or 1)]
        return {
            "id": "chatcmpl-simule",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": self._model,
            "choices": choices,
            "usage": _usage(body, message),
        }

    async def _stream(self, body: dict[str, Any]) -> AsyncIterator[bytes]:
        message = _message(body)
        for index in range(body.get("n") or 1):
            for delta in _deltas(message):
                yield self._chunk([{"index": index, "delta": delta, "finish_reason": None}])
                await asyncio.sleep(PACE_S)
            finish = "tool_calls" if "tool_calls" in message else "stop"
            yield self._chunk([{"index": index, "delta": {}, "finish_reason": finish}])
        if (body.get("stream_options") or {}).get("include_usage"):
            yield self._chunk([], usage=_usage(body, message))
        yield b"data: [DONE]\n\n"

    def _chunk(self, choices: list[dict[str, Any]], **more: Any) -> bytes:
        chunk = {
            "id": "chatcmpl-simule",
            "object": "chat.completion.chunk",
            "created": 1_700_000_000,
            "model": self._model,
            "choices": choices,
            **more,
        }
        return b"data: " + orjson.dumps(chunk) + b"\n\n"

    def _embeddings(self, body: dict[str, Any]) -> dict[str, Any]:
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        size = body.get("dimensions") or DIMENSIONS
        data = [
            {"object": "embedding", "index": index, "embedding": _vector(text, size)}
            for index, text in enumerate(texts)
        ]
        tokens = sum(map(_tokens, texts))
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return {"object": "list", "data": data, "model": self._model, "usage": usage}


def _message(body: dict[str, Any]) -> dict[str, Any]:
    said = _last_text(body)
    functions = [tool["function"] for tool in body.get("tools") or [] if tool.get("type") == "function"]
    if functions and "outil" in said.casefold():
        call = {"name": functions[0]["name"], "arguments": orjson.dumps({"texte": said}).decode()}
        return {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "call_1", "type": "function", "function": call}],
        }
    if (body.get("response_format") or {}).get("type") in ("json_object", "json_schema"):
        return {"role": "assistant", "content": orjson.dumps({"recu": said}).decode()}
    return {
        "role": "assistant",
        "content": f"J'ai bien reçu votre message\u00a0: «\u00a0{said}\u00a0». Voici une réponse simulée.",
    }


def _deltas(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The message in small pieces, cut without regard for words, as providers do."""
    if "tool_calls" in message:
        call = message["tool_calls"][0]
        arguments = call["function"]["arguments"]
        head = {
            "index": 0,
            "id": call["id"],
            "type": "function",
            "function": {"name": call["function"]["name"], "arguments": ""},
        }
        rest = [{"index": 0, "function": {"arguments": arguments[at : at + 7]}} for at in range(0, len(arguments), 7)]
        return [{"role": "assistant", "content": None, "tool_calls": [head]}, *({"tool_calls": [one]} for one in rest)]
    text = message["content"]
    return [{"role": "assistant", "content": ""}, *({"content": text[at : at + 7]} for at in range(0, len(text), 7))]


def _last_text(body: dict[str, Any]) -> str:
    content = body["messages"][-1].get("content") or ""
    if isinstance(content, str):
        return content
    return " ".join(part.get("text", "") for part in content)


def _usage(body: dict[str, Any], message: dict[str, Any]) -> dict[str, int]:
    asked, answered = _tokens(str(body["messages"])), _tokens(str(message))
    return {"prompt_tokens": asked, "completion_tokens": answered, "total_tokens": asked + answered}


def _tokens(text: str) -> int:
    return max(1, len(text) // 4)


def _vector(text: str, size: int) -> list[float]:
    stream = hashlib.shake_256(text.encode()).digest(size * 2)
    raw = [int.from_bytes(stream[at : at + 2], "big") / 32767.5 - 1 for at in range(0, size * 2, 2)]
    length = sum(value * value for value in raw) ** 0.5 or 1.0
    return [round(value / length, 6) for value in raw]
