"""The provider stand-in: OpenAI's chat wire, answered at once. *Edge*, one process: `python -m bench.upstream PORT`.

As little as possible is done per request, so that what is measured is whoever stands in front: answers are bytes made
once, and a request is only looked at for its length and whether it streams. A streamed answer sends its first token at
once and the others `STREAM_GAP_S` apart, as a model would; all times come from one schedule, so lateness does not add up.
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import orjson
import uvloop

from bench.prompts import ANSWER_TOKENS

STREAM_GAP_S = 0.005
MODEL = "stand-in"
USAGE = {"prompt_tokens": 260, "completion_tokens": len(ANSWER_TOKENS), "total_tokens": 260 + len(ANSWER_TOKENS)}


def whole_answer() -> bytes:
    """The whole HTTP response of a call that does not stream."""
    body = orjson.dumps(
        {
            "id": "chatcmpl-bench",
            "object": "chat.completion",
            "created": 1_780_000_000,
            "model": MODEL,
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": "".join(ANSWER_TOKENS), "refusal": None},
                    "logprobs": None,
                    "finish_reason": "stop",
                }
            ],
            "usage": USAGE,
        }
    )
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def stream_frames() -> list[bytes]:
    """The frames of a streamed answer, in HTTP chunks: one a token, then the end, usage and `[DONE]` in one."""

    def chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return _event({**_STREAMED, "choices": [choice]})

    first = chunk({"role": "assistant", "content": ""}) + chunk({"content": ANSWER_TOKENS[0]})
    ending = chunk({}, "stop") + _event({**_STREAMED, "choices": [], "usage": USAGE}) + b"data: [DONE]\n\n"
    frames = [first, *(chunk({"content": token}) for token in ANSWER_TOKENS[1:]), ending]
    return [f"{len(frame):x}\r\n".encode() + frame + b"\r\n" for frame in frames]


def _event(body: dict[str, object]) -> bytes:
    return b"data: " + orjson.dumps(body) + b"\n\n"


_STREAMED: dict[str, object] = {
    "id": "chatcmpl-bench",
    "object": "chat.completion.chunk",
    "created": 1_780_000_000,
    "model": MODEL,
}
WHOLE = whole_answer()
STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
FRAMES = stream_frames()
LAST_CHUNK = b"0\r\n\r\n"


class Provider(asyncio.Protocol):
    """One connection: requests one after the other, whatever pieces they arrive in."""

    def __init__(self) -> None:
        self._received = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        received = self._received + data if self._received else data
        while True:
            end = received.find(b"\r\n\r\n")
            if end < 0:
                break
            size = _content_length(received[:end].lower())
            if size < 0:  # chunked: complete when its last chunk is here
                last = received.find(LAST_CHUNK, end + 4)
                if last < 0:
                    break
                whole = last + len(LAST_CHUNK)
            else:
                whole = end + 4 + size
                if len(received) < whole:
                    break
            self._answer(received[end:whole])
            received = received[whole:]
        self._received = received

    def _answer(self, body: bytes) -> None:
        if b'"stream":true' in body or b'"stream": true' in body:
            self._transport.write(STREAM_HEAD + FRAMES[0])
            loop = asyncio.get_running_loop()
            loop.call_at(loop.time() + STREAM_GAP_S, self._go_on, 1, loop.time())
        else:
            self._transport.write(WHOLE)

    def _go_on(self, index: int, started: float) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(FRAMES[index])
        if index + 1 < len(FRAMES):
            loop = asyncio.get_running_loop()
            loop.call_at(started + (index + 1) * STREAM_GAP_S, self._go_on, index + 1, started)
        else:
            self._transport.write(LAST_CHUNK)


def _content_length(head: bytes) -> int:
    """The declared length, 0 without one, -1 when the body is chunked."""
    at = head.find(b"content-length:")
    if at < 0:
        return -1 if b"transfer-encoding: chunked" in head else 0
    return int(head[at + 15 : (head + b"\r").find(b"\r", at)])


async def serve(port: int) -> None:
    """Until killed."""
    server = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", port, backlog=1024)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
