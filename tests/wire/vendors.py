"""Local servers that speak the vendors' own wires: Anthropic's Messages, Azure OpenAI's, Bedrock's Converse.

Each is exact where a client could tell: paths, authentication (Bedrock's signature is verified, not looked at), shapes,
event names, and Bedrock's binary event stream with its checksums. A test says what one answers by setting `behaviour`.
"""

from __future__ import annotations

import asyncio
import binascii
import json
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

Behaviour = Callable[["Asked"], Awaitable[web.StreamResponse]]
USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
AWS_KEY, AWS_SECRET, REGION = "AKIDEXEMPLE", "secret-de-test", "ca-central-1"


@dataclass
class Asked:
    """One request that a vendor received."""

    request: web.Request
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    port: int
    """The client's, which tells its connections apart."""


@dataclass
class Vendor:
    """A vendor on a real socket, in a thread of its own. `left`: a client went away before its answer was whole."""

    behaviour: Behaviour
    asked: list[Asked] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)
    port: int = 0
    _released: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        ready = threading.Event()
        threading.Thread(target=self._run, args=(ready,), daemon=True).start()
        assert ready.wait(10)

    async def wait(self) -> None:
        """For a behaviour: say nothing until the test is over."""
        self._released.clear()
        while not self._released.is_set():  # noqa: ASYNC110 - set by another thread
            await asyncio.sleep(0.02)

    def release(self) -> None:
        """The test is over."""
        self._released.set()

    async def client_left(self) -> None:
        """For a test: until a client has gone away. Raises `TimeoutError`."""
        await _until(self.left.is_set)

    async def was_asked(self) -> None:
        """For a test: until a request has come. Raises `TimeoutError`."""
        await _until(lambda: bool(self.asked))

    def _run(self, ready: threading.Event) -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        app = web.Application(client_max_size=1 << 26)
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
        loop.run_until_complete(runner.setup())
        loop.run_until_complete(web.TCPSite(runner, "127.0.0.1", 0).start())
        self.port = int(runner.addresses[0][1])
        ready.set()
        loop.run_forever()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        content = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = json.loads(content) if content else {}
        assert request.transport is not None
        port = request.transport.get_extra_info("peername")[1]
        asked = Asked(request, request.raw_path, headers, body, port)
        self.asked.append(asked)
        try:
            return await self.behaviour(asked)
        except (asyncio.CancelledError, ConnectionError):
            self.left.set()
            raise


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - made true by another thread
            await asyncio.sleep(0.01)


@asynccontextmanager
async def events(asked: Asked, content_type: str, headers: dict[str, str] | None = None) -> AsyncIterator[Any]:
    """A streamed response; yields an asynchronous `write` of bytes."""
    response = web.StreamResponse(headers={"content-type": content_type, **(headers or {})})
    await response.prepare(asked.request)
    yield response


async def paced(response: web.StreamResponse, frames: Sequence[bytes]) -> web.StreamResponse:
    """Each frame in a write of its own."""
    for frame in frames:
        await response.write(frame)
        await asyncio.sleep(0.002)
    return response


def failing(status: int, body: Any, headers: dict[str, str] | None = None) -> Behaviour:
    """A vendor's error, in words that must go no further."""

    async def behave(_asked: Asked) -> web.StreamResponse:
        return web.json_response(body, status=status, headers=headers)

    return behave


# ── Anthropic's Messages ──────────────────────────────────────────────────────────────────────────────────────────


def anthropic_error(status: int, kind: str, said: str) -> Behaviour:
    return failing(status, {"type": "error", "error": {"type": kind, "message": said}, "request_id": "req_1"})


def anthropic_message(content: Sequence[dict[str, Any]], stop: str = "end_turn", geo: str | None = "us") -> Behaviour:
    """`POST /v1/messages`, whole or streamed as the request asks. `geo`: what `usage.inference_geo` says."""
    usage: dict[str, Any] = {
        "input_tokens": 11,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": 7,
        "service_tier": "standard",
    }
    if geo is not None:
        usage["inference_geo"] = geo

    async def behave(asked: Asked) -> web.StreamResponse:
        if asked.path != "/v1/messages" or asked.headers.get("x-api-key") != "cle-anthropic":
            return web.json_response({"type": "error", "error": {"type": "authentication_error"}}, status=401)
        message = {
            "id": "msg_01",
            "type": "message",
            "role": "assistant",
            "model": asked.body["model"],
            "content": list(content),
            "stop_reason": stop,
            "stop_sequence": None,
            "usage": usage,
        }
        if not asked.body.get("stream"):
            return web.json_response(message, headers={"request-id": "req_1"})
        async with events(asked, "text/event-stream; charset=utf-8") as response:
            return await paced(response, anthropic_events(message))

    return behave


def anthropic_events(message: dict[str, Any]) -> list[bytes]:
    """The events of a streamed message, texts and tool inputs cut into small pieces."""

    def event(kind: str, **more: Any) -> bytes:
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **more})}\n\n".encode()

    start = {**message, "content": [], "stop_reason": None, "usage": {**message["usage"], "output_tokens": 1}}
    frames = [event("message_start", message=start), event("ping")]
    for index, block in enumerate(message["content"]):
        empty, deltas = _anthropic_deltas(block)
        frames.append(event("content_block_start", index=index, content_block=empty))
        frames += [event("content_block_delta", index=index, delta=delta) for delta in deltas]
        frames.append(event("content_block_stop", index=index))
    stop = {"stop_reason": message["stop_reason"], "stop_sequence": message.get("stop_sequence")}
    return [*frames, event("message_delta", delta=stop, usage={"output_tokens": 7}), event("message_stop")]


def _anthropic_deltas(block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """How a block begins, and the pieces that follow; the results of the vendor's own tools come whole."""
    kind = block["type"]
    if kind == "text":
        cited = [{"type": "citations_delta", "citation": one} for one in block.get("citations") or ()]
        texts = [{"type": "text_delta", "text": piece} for piece in _pieces(block["text"])]
        return {"type": "text", "text": ""}, texts + cited
    if kind == "thinking":
        thoughts = [{"type": "thinking_delta", "thinking": piece} for piece in _pieces(block["thinking"])]
        signature = {"type": "signature_delta", "signature": block["signature"]}
        return {"type": "thinking", "thinking": "", "signature": ""}, [*thoughts, signature]
    if "input" not in block:
        return block, []
    pieces = _pieces(json.dumps(block["input"], ensure_ascii=False))
    return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]


# ── Azure OpenAI's ────────────────────────────────────────────────────────────────────────────────────────────────


def azure_error(status: int, code: str, said: str) -> Behaviour:
    return failing(status, {"error": {"code": code, "message": said}}, {"x-ms-region": "Canada East"})


def azure_completion(message: dict[str, Any], finish: str = "stop", region: str = "Canada East") -> Behaviour:
    """`POST /openai/deployments/{name}/chat/completions?api-version=…`, with the header that names a region."""
    head = {"id": "chatcmpl-1", "created": 1, "model": "gpt-5-mini-2025-08-07", "system_fingerprint": "fp_1"}
    headers = {"x-ms-region": region, "apim-request-id": "a-1"}

    async def behave(asked: Asked) -> web.StreamResponse:
        path, _, query = asked.path.partition("?")
        if query != "api-version=2024-10-21" or asked.headers.get("api-key") != "cle-azure":
            return web.json_response({"error": {"code": "401", "message": "Access denied"}}, status=401)
        if path == "/openai/deployments/vecteurs/embeddings":
            data = [{"object": "embedding", "index": 0, "embedding": [0.25, -0.5]}]
            usage = {"prompt_tokens": 3, "total_tokens": 3}
            body = {"object": "list", "data": data, "model": "text-embedding-3-small", "usage": usage}
            return web.json_response(body, headers=headers)
        if path != "/openai/deployments/gpt-4o/chat/completions":
            return web.json_response({"error": {"code": "DeploymentNotFound", "message": "?"}}, status=404)
        if not asked.body.get("stream"):
            whole = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish, "logprobs": None}
            body = {**head, "object": "chat.completion", "choices": [whole], "usage": USAGE}
            return web.json_response(body, headers=headers)
        async with events(asked, "text/event-stream; charset=utf-8", headers) as response:
            return await paced(response, azure_events(head, message, finish, asked.body))

    return behave


def azure_events(head: dict[str, Any], message: dict[str, Any], finish: str, body: dict[str, Any]) -> list[bytes]:
    def chunk(choices: list[dict[str, Any]], **more: Any) -> bytes:
        whole = {**head, "object": "chat.completion.chunk", "choices": choices, **more}
        return b"data: " + json.dumps(whole, ensure_ascii=False).encode() + b"\n\n"

    def delta(value: dict[str, Any], finish_reason: str | None = None) -> bytes:
        return chunk([{"index": 0, "delta": value, "finish_reason": finish_reason, "logprobs": None}])

    # The first chunk has no choice: Azure's content filter speaks of the prompt.
    frames = [chunk([], prompt_filter_results=[{"prompt_index": 0, "content_filter_results": {}}])]
    frames.append(delta({"role": "assistant", "content": ""}))
    frames += [delta({"content": piece}) for piece in _pieces(message.get("content") or "")]
    for index, call in enumerate(message.get("tool_calls") or []):
        function = call["function"]
        opening = {"index": index, "id": call["id"], "type": "function", "function": {**function, "arguments": ""}}
        frames.append(delta({"tool_calls": [opening]}))
        for piece in _pieces(function["arguments"]):
            frames.append(delta({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}))
    frames.append(delta({}, finish))
    if (body.get("stream_options") or {}).get("include_usage"):
        frames.append(chunk([], usage=USAGE))
    return [*frames, b"data: [DONE]\n\n"]


# ── Bedrock's Converse ────────────────────────────────────────────────────────────────────────────────────────────


def bedrock_error(status: int, kind: str, said: str) -> Behaviour:
    return failing(status, {"message": said}, {"x-amzn-errortype": f"{kind}:http://internal.amazon.com/coral/"})


def bedrock_converse(content: Sequence[dict[str, Any]], stop: str = "end_turn") -> Behaviour:
    """`POST /model/{id}/converse` and `…/converse-stream`, for requests whose signature is right."""

    async def behave(asked: Asked) -> web.StreamResponse:
        refused = await bad_signature(asked)
        if refused:
            return web.json_response({"message": refused}, status=403)
        model, _, action = unquote(asked.path).removeprefix("/model/").rpartition("/")
        assert model == "amazon.nova-lite-v1:0"
        usage = {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18}
        if action == "converse":
            message = {"role": "assistant", "content": list(content)}
            body = {
                "output": {"message": message},
                "stopReason": stop,
                "usage": usage,
                "metrics": {"latencyMs": 5},
            }
            return web.json_response(body, headers={"x-amzn-requestid": "r-1"})
        assert action == "converse-stream"
        async with events(asked, "application/vnd.amazon.eventstream") as response:
            return await paced(response, bedrock_frames(content, stop, usage))

    return behave


def bedrock_frames(content: Sequence[dict[str, Any]], stop: str, usage: dict[str, int]) -> list[bytes]:
    """The binary events of a streamed answer."""
    frames = [frame("messageStart", {"role": "assistant"})]
    for index, block in enumerate(content):
        if "text" in block:
            deltas = [{"text": piece} for piece in _pieces(block["text"])]
        else:
            use = block["toolUse"]
            start = {"toolUse": {"toolUseId": use["toolUseId"], "name": use["name"]}}
            frames.append(frame("contentBlockStart", {"contentBlockIndex": index, "start": start}))
            pieces = _pieces(json.dumps(use["input"], ensure_ascii=False))
            deltas = [{"toolUse": {"input": piece}} for piece in pieces]
        frames += [frame("contentBlockDelta", {"contentBlockIndex": index, "delta": delta}) for delta in deltas]
        frames.append(frame("contentBlockStop", {"contentBlockIndex": index}))
    frames.append(frame("messageStop", {"stopReason": stop}))
    return [*frames, frame("metadata", {"usage": usage, "metrics": {"latencyMs": 5}})]


def frame(event: str, payload: dict[str, Any], kind: str = "event") -> bytes:
    """One message of `application/vnd.amazon.eventstream`: prelude, its CRC-32, headers, payload, CRC-32 of the whole."""
    name = ":exception-type" if kind == "exception" else ":event-type"
    given = {name: event, ":content-type": "application/json", ":message-type": kind}
    headers = b"".join(
        bytes([len(key)]) + key.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
        for key, value in given.items()
    )
    body = json.dumps(payload, ensure_ascii=False).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(body), len(headers))
    start = prelude + struct.pack(">I", binascii.crc32(prelude)) + headers + body
    return start + struct.pack(">I", binascii.crc32(start))


async def bad_signature(asked: Asked) -> str:
    """Sign the request again with the same key, and compare."""
    said = asked.headers.get("authorization", "")
    if f"Credential={AWS_KEY}/" not in said or f"/{REGION}/bedrock/aws4_request" not in said:
        return "UnrecognizedClientException"
    signed = said.split("SignedHeaders=")[1].split(",")[0].split(";")
    again = AWSRequest(
        "POST",
        f"http://{asked.headers['host']}{asked.path}",
        {name: asked.headers[name] for name in signed if name not in ("host", "x-amz-date")},
        await asked.request.read(),
    )
    again.context["timestamp"] = asked.headers["x-amz-date"]
    auth = SigV4Auth(Credentials(AWS_KEY, AWS_SECRET), "bedrock", REGION)
    again.headers["X-Amz-Date"] = asked.headers["x-amz-date"]
    signature = auth.signature(auth.string_to_sign(again, auth.canonical_request(again)), again)
    return "" if said.endswith(f"Signature={signature}") else "InvalidSignatureException"


def _pieces(text: str) -> list[str]:
    return [text[at : at + 5] for at in range(0, len(text), 5)]
