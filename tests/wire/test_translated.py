"""The `litellm` provider on Anthropic's, Azure's and Bedrock's own wires, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from gateway.config import Deployment
from gateway.providers import ProviderFault, Providers, Reply, Request
from gateway.providers.egress import Egress
from gateway.providers.quiet import Crossing, Through, crossing, import_litellm
from tests.wire import vendors
from tests.wire.vendors import Asked, Behaviour, Vendor

pytestmark = [  # litellm's own; outside of tests it silences them itself
    pytest.mark.filterwarnings("ignore:Item '.*' on TypedDict class:UserWarning"),
    pytest.mark.filterwarnings("ignore:Accessing the '.*' attribute on the instance is deprecated:DeprecationWarning"),
]
HERE = Path(__file__).resolve().parents[2]
SAID = "Paroles du fournisseur"
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "ecrire",
            "description": "Écrit.",
            "parameters": {"type": "object", "properties": {"texte": {"type": "string"}}},
        },
    }
]
ARGUMENTS = {"texte": "à l'élève"}


@dataclass(frozen=True)
class Wire:
    """How a vendor is called, and how it says things."""

    model: str
    provider: dict[str, Any]
    text: Behaviour
    tool: Behaviour
    error: Callable[[int], Behaviour]
    event_stream: str
    frames: list[bytes]
    mid_stream_error: bytes


def _message(content: list[dict[str, Any]], stop: str) -> dict[str, Any]:
    usage = {"input_tokens": 11, "output_tokens": 7}
    return {"id": "m", "type": "message", "role": "assistant", "model": "c", "content": content, "stop_reason": stop,
            "stop_sequence": None, "usage": usage}  # fmt: skip


BEDROCK_USAGE = {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18}
WIRES = {
    "anthropic": Wire(
        "anthropic/claude-sonnet-4-5",
        {"api_key": "env:CLE_ANTHROPIC"},
        vendors.anthropic_message([{"type": "text", "text": "Bonjour à tous"}]),
        vendors.anthropic_message(
            [{"type": "tool_use", "id": "toolu_1", "name": "ecrire", "input": ARGUMENTS}], "tool_use"
        ),
        lambda status: vendors.anthropic_error(status, "overloaded_error" if status == 529 else "api_error", SAID),
        "text/event-stream",
        vendors.anthropic_events(_message([{"type": "text", "text": "Bonjour à tous"}], "end_turn")),
        f'event: error\ndata: {{"type":"error","error":{{"type":"overloaded_error","message":"{SAID}"}}}}\n\n'.encode(),
    ),
    "azure": Wire(
        "azure/gpt-4o",
        {"api_key": "env:CLE_AZURE", "options": {"api_version": "2024-10-21"}},
        vendors.azure_completion({"content": "Bonjour à tous"}),
        vendors.azure_completion(
            {
                "content": None,
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "ecrire", "arguments": json.dumps(ARGUMENTS)},
                    }
                ],
            },
            "tool_calls",
        ),
        lambda status: vendors.azure_error(status, "content_filter" if status == 400 else str(status), SAID),
        "text/event-stream",
        vendors.azure_events({"id": "c", "created": 1, "model": "m"}, {"content": "Bonjour à tous"}, "stop", {}),
        f'data: {{"error":{{"message":"{SAID}","code":"server_error"}}}}\n\n'.encode(),
    ),
    "bedrock": Wire(
        "bedrock/converse/amazon.nova-lite-v1:0",
        {
            "options": {
                "aws_region_name": vendors.REGION,
                "aws_access_key_id": "env:CLE_AWS",
                "aws_secret_access_key": "env:SECRET_AWS",
            }
        },
        vendors.bedrock_converse([{"text": "Bonjour à tous"}]),
        vendors.bedrock_converse([{"toolUse": {"toolUseId": "t1", "name": "ecrire", "input": ARGUMENTS}}], "tool_use"),
        lambda status: vendors.bedrock_error(status, "ThrottlingException", SAID),
        "application/vnd.amazon.eventstream",
        vendors.bedrock_frames([{"text": "Bonjour à tous"}], "end_turn", BEDROCK_USAGE),
        vendors.frame("modelStreamErrorException", {"message": SAID}, "exception"),
    ),
}


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "CLE_ANTHROPIC": "cle-anthropic",
        "CLE_AZURE": "cle-azure",
        "CLE_AWS": vendors.AWS_KEY,
        "SECRET_AWS": vendors.AWS_SECRET,
        # What an entry does not say, the environment must not add.
        "AWS_ROLE_NAME": "arn:aws:iam::1:role/autre",
        "AWS_PROFILE_NAME": "autre",
        "AWS_BEARER_TOKEN_BEDROCK": "autre",
        "AWS_SESSION_TOKEN_": "autre",
        "ANTHROPIC_API_BASE": "http://127.0.0.1:1",
        "AZURE_API_BASE": "http://127.0.0.1:1",
        "HTTP_PROXY": "http://127.0.0.1:1",
        "ALL_PROXY": "http://127.0.0.1:1",
        "http_proxy": "http://127.0.0.1:1",
        "SSL_VERIFY": "False",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module", params=list(WIRES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def wire(name: str) -> Wire:
    return WIRES[name]


_started: dict[str, Vendor] = {}


@pytest.fixture
def vendor(name: str, wire: Wire) -> Iterator[Vendor]:
    if name not in _started:
        _started[name] = Vendor(wire.text)
        _started[name].start()
    one = _started[name]
    one.behaviour = wire.text
    one.asked.clear()
    one.left.clear()
    yield one
    one.release()


def deployment(wire: Wire, url: str, **more: Any) -> Deployment:
    entry: dict[str, Any] = {
        "id": "d",
        "provider": {"protocol": "litellm", "model": wire.model, "base_url": url, **wire.provider},
        "operator": {"name": "Exemple", "home": "US", "foreign_reach": ["US-CLOUD-Act"]},
        "processing": {"country": "US", "routing": "global", "guarantee": "none"},
        "max_classification": "public",
        **more,
    }
    return Deployment.model_validate(entry)


_opened: list[Providers] = []


@pytest.fixture(autouse=True)
async def _closed() -> AsyncIterator[None]:
    """Every connection that a test opened is closed in its own loop."""
    yield
    while _opened:
        await _opened.pop().aclose()


def opened() -> Providers:
    _opened.append(Providers())
    return _opened[-1]


async def send(one: Deployment, *, stream: bool = False, providers: Providers | None = None, **more: Any) -> Reply:
    body: dict[str, Any] = {
        "model": one.provider.model,
        "messages": [{"role": "user", "content": "Bonjour"}],
        "max_tokens": 50,
        **more,
    }
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return await (providers or opened()).send(one, Request("/chat/completions", body, stream, "d-1"))


def completion(reply: Reply) -> ChatCompletion:
    assert reply.body is not None
    return ChatCompletion.model_validate_json(reply.body, strict=False)


async def streamed(reply: Reply) -> list[ChatCompletionChunk]:
    """The chunks; the stream must end as OpenAI's does."""
    assert reply.stream is not None
    frames = b"".join([part async for part in reply.stream]).decode().split("\n\n")
    assert frames[-2:] == ["data: [DONE]", ""]
    return [ChatCompletionChunk.model_validate_json(frame.removeprefix("data: ")) for frame in frames[:-2]]


async def fault_of(one: Deployment, **more: Any) -> ProviderFault:
    """The fault that the call ends in; whole or in the middle of its stream."""

    async def whole() -> None:
        reply = await send(one, **more)
        if reply.stream is not None:
            await streamed(reply)

    with pytest.raises(ProviderFault) as caught:
        await whole()
    said = f"{caught.value!r} {caught.value.message} {caught.value.hint} {caught.value.args}"
    assert SAID not in said
    assert "Bonjour" not in said
    return caught.value


# ── answers ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_whole_answer(vendor: Vendor, wire: Wire) -> None:
    answer = completion(await send(deployment(wire, vendor.url)))
    assert answer.choices[0].message.content == "Bonjour à tous"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (11, 7)
    assert len(vendor.asked) == 1
    assert "Bonjour" in json.dumps(vendor.asked[0].body)


async def test_nothing_of_this_machine_is_told(vendor: Vendor, wire: Wire) -> None:
    await send(deployment(wire, vendor.url))
    told = vendor.asked[0].headers
    assert told["user-agent"].startswith("vigie/")
    assert told["accept-encoding"] == "identity"
    assert [name for name in told if name.startswith("x-stainless") or "cookie" in name] == []


async def test_a_tool_call(vendor: Vendor, wire: Wire) -> None:
    vendor.behaviour = wire.tool
    answer = completion(await send(deployment(wire, vendor.url), tools=TOOLS))
    assert answer.choices[0].finish_reason == "tool_calls"
    (call,) = answer.choices[0].message.tool_calls or []
    assert call.type == "function"
    assert call.function.name == "ecrire"
    assert json.loads(call.function.arguments) == ARGUMENTS
    assert "Écrit." in json.dumps(vendor.asked[0].body, ensure_ascii=False)


async def test_a_tool_result_of_the_history(vendor: Vendor, wire: Wire) -> None:
    function = {"name": "ecrire", "arguments": json.dumps(ARGUMENTS, ensure_ascii=False)}
    history = [
        {"role": "system", "content": "Rester bref."},
        {"role": "user", "content": "Écris."},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "t1", "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": "t1", "content": "C'est écrit."},
    ]
    answer = completion(await send(deployment(wire, vendor.url), messages=history, tools=TOOLS))
    assert answer.choices[0].message.content == "Bonjour à tous"
    sent = json.dumps(vendor.asked[0].body, ensure_ascii=False)
    assert all(text in sent for text in ("Rester bref.", "C'est écrit.", "à l'élève"))


async def test_a_stream(vendor: Vendor, wire: Wire) -> None:
    chunks = await streamed(await send(deployment(wire, vendor.url), stream=True))
    assert "".join(one.choices[0].delta.content or "" for one in chunks if one.choices) == "Bonjour à tous"
    assert sum(bool(one.choices and one.choices[0].delta.content) for one in chunks) > 1
    assert [one.choices[0].finish_reason for one in chunks if one.choices and one.choices[0].finish_reason] == ["stop"]
    usage = chunks[-1].usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens) == (11, 7)


async def test_a_streamed_tool_call(vendor: Vendor, wire: Wire) -> None:
    vendor.behaviour = wire.tool
    chunks = await streamed(await send(deployment(wire, vendor.url), stream=True, tools=TOOLS))
    calls = [call for one in chunks for choice in one.choices for call in choice.delta.tool_calls or []]
    assert [call.function.name for call in calls if call.function and call.function.name] == ["ecrire"]
    assert json.loads("".join(call.function.arguments or "" for call in calls if call.function)) == ARGUMENTS
    finishes = [choice.finish_reason for one in chunks for choice in one.choices if choice.finish_reason]
    assert finishes == ["tool_calls"]


async def test_many_at_once_share_connections_and_keep_to_their_own(vendor: Vendor, wire: Wire) -> None:
    async def echo(asked: Asked) -> web.StreamResponse:
        await asyncio.sleep(0.01)
        return await wire.text(asked)

    vendor.behaviour = echo
    one, providers = deployment(wire, vendor.url), opened()
    answers = await asyncio.gather(*(send(one, providers=providers) for _ in range(8)))
    assert {completion(answer).choices[0].message.content for answer in answers} == {"Bonjour à tous"}
    ports = {asked.port for asked in vendor.asked}
    for _ in range(5):
        await send(one, providers=providers)
    assert {asked.port for asked in vendor.asked} == ports


async def test_embeddings_by_azure(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = WIRES["azure"]
    vendor = Vendor(wire.text)
    vendor.start()
    one = deployment(wire, vendor.url).model_copy(
        update={"provider": deployment(wire, vendor.url).provider.model_copy(update={"model": "azure/vecteurs"})}
    )
    request = Request("/embeddings", {"model": "x", "input": ["un"]}, False, "d-1")
    reply = await opened().send(one, request)
    assert reply.body is not None
    assert json.loads(reply.body)["data"][0]["embedding"] == [0.25, -0.5]


# ── what the wire says of where it ran ────────────────────────────────────────────────────────────────────────────


async def test_the_place_is_the_wires_own(vendor: Vendor, wire: Wire, name: str) -> None:
    reply = await send(deployment(wire, vendor.url))
    chunks = await streamed(await send(deployment(wire, vendor.url), stream=True))
    if name == "azure":
        assert reply.headers["x-ms-region"] == "Canada East"
    if name == "anthropic":
        assert reply.body is not None
        assert json.loads(reply.body)["usage"]["inference_geo"] == "us"
        assert (chunks[-1].usage.model_extra or {})["inference_geo"] == "us"  # type: ignore[union-attr]


# ── errors ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("upstream", "status", "retryable", "counts"),
    [
        (400, 400, False, False),
        (401, 502, True, False),
        (403, 502, True, False),
        (404, 502, True, False),
        (429, 429, True, False),
        (500, 502, True, True),
        (503, 502, True, True),
        (529, 502, True, True),
    ],
)
async def test_an_error_is_told_apart_without_its_words(
    vendor: Vendor, wire: Wire, upstream: int, status: int, retryable: bool, counts: bool, stream: bool
) -> None:
    vendor.behaviour = wire.error(upstream)
    fault = await fault_of(deployment(wire, vendor.url), stream=stream)
    assert (fault.code, fault.status) == ("provider_refused", status)
    assert (fault.retryable, fault.counts_against) == (retryable, counts)
    assert len(vendor.asked) == 1  # litellm and the SDKs under it never try again


BOUNDS = {"connect_s": 2, "first_byte_s": 0.3, "idle_s": 0.3, "total_s": 20}


@pytest.mark.parametrize("stream", [False, True])
async def test_a_vendor_that_says_nothing(vendor: Vendor, wire: Wire, stream: bool) -> None:
    async def silent(_asked: Asked) -> web.StreamResponse:
        await vendor.wait()
        return web.Response()

    vendor.behaviour = silent
    fault = await fault_of(deployment(wire, vendor.url, timeouts=BOUNDS), stream=stream)
    assert fault.code == "provider_timeout"
    await vendor.client_left()


@pytest.mark.parametrize("stream", [False, True])
async def test_a_vendor_that_stops_in_the_middle(vendor: Vendor, wire: Wire, stream: bool) -> None:
    async def stalls(asked: Asked) -> web.StreamResponse:
        kind = wire.event_stream if stream else "application/json"
        async with vendors.events(asked, kind) as response:
            await response.write(b"".join(wire.frames[:4]) if stream else b'{"id": ')
            await vendor.wait()
        return response

    vendor.behaviour = stalls
    fault = await fault_of(deployment(wire, vendor.url, timeouts=BOUNDS), stream=stream)
    assert fault.code == "provider_timeout"
    await vendor.client_left()


async def test_a_vendor_that_never_ends(vendor: Vendor, wire: Wire) -> None:
    async def endless(asked: Asked) -> web.StreamResponse:
        async with vendors.events(asked, wire.event_stream) as response:
            await response.write(b"".join(wire.frames[:3]))
            while True:
                await response.write(wire.frames[3] * 100)

    vendor.behaviour = endless
    fault = await fault_of(deployment(wire, vendor.url, max_stream_bytes=100_000), stream=True)
    assert fault.code == "provider_too_large"


async def test_a_vendor_that_trickles_is_cut_in_the_end(vendor: Vendor, wire: Wire) -> None:
    async def trickle(asked: Asked) -> web.StreamResponse:
        async with vendors.events(asked, wire.event_stream) as response:
            await response.write(b"".join(wire.frames[:3]))
            while True:
                await response.write(wire.frames[3])
                await asyncio.sleep(0.05)

    vendor.behaviour = trickle
    fault = await fault_of(deployment(wire, vendor.url, timeouts={**BOUNDS, "total_s": 0.6}), stream=True)
    assert fault.code == "provider_timeout"


async def test_a_whole_answer_is_bounded(vendor: Vendor, wire: Wire) -> None:
    async def gigabytes(asked: Asked) -> web.StreamResponse:
        async with vendors.events(asked, "application/json") as response:
            while True:
                await response.write(b" " * 65536)

    vendor.behaviour = gigabytes
    fault = await fault_of(deployment(wire, vendor.url, max_answer_bytes=1_000_000))
    assert fault.code == "provider_too_large"


async def test_a_redirect_is_never_followed(vendor: Vendor, wire: Wire) -> None:
    elsewhere = Vendor(wire.text)
    elsewhere.start()

    async def redirects(asked: Asked) -> web.StreamResponse:
        return web.Response(status=307, headers={"location": elsewhere.url + asked.path})

    vendor.behaviour = redirects
    for stream in (False, True):
        assert (await fault_of(deployment(wire, vendor.url), stream=stream)).code == "provider_redirected"
    assert elsewhere.asked == []


async def bomb(_asked: Asked) -> web.StreamResponse:
    body = gzip.compress(b" " * 10_000_000)
    return web.Response(body=body, headers={"content-encoding": "gzip", "content-type": "application/json"})


async def html(_asked: Asked) -> web.StreamResponse:
    return web.Response(text=f"<html>{SAID}", content_type="text/html")


async def not_json(_asked: Asked) -> web.StreamResponse:
    return web.Response(text=f"{{{SAID}", content_type="application/json")


async def not_utf8(_asked: Asked) -> web.StreamResponse:
    return web.Response(body=b'{"content": "\xff\xfe"}', content_type="application/json")


async def another_shape(_asked: Asked) -> web.StreamResponse:
    return web.json_response([SAID])


async def an_error_as_a_success(_asked: Asked) -> web.StreamResponse:
    return web.json_response({"type": "error", "error": {"type": "api_error", "message": SAID}})


async def reset(asked: Asked) -> web.StreamResponse:
    assert asked.request.transport is not None
    asked.request.transport.abort()
    return web.Response()


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (bomb, "provider_protocol"),
        (html, "provider_protocol"),
        (not_json, "provider_protocol"),
        (not_utf8, "provider_protocol"),
        (another_shape, "provider_protocol"),
        (an_error_as_a_success, "provider_protocol"),
        (reset, "provider_unreachable"),
    ],
)
async def test_an_answer_that_is_not_of_the_protocol(
    vendor: Vendor, wire: Wire, behaviour: Behaviour, code: str
) -> None:
    vendor.behaviour = behaviour
    assert (await fault_of(deployment(wire, vendor.url))).code == code
    assert len(vendor.asked) == 1


@pytest.mark.parametrize("how", ["cut", "cut in a frame", "reset", "error", "rubbish"])
async def test_a_stream_that_goes_wrong_never_looks_complete(vendor: Vendor, wire: Wire, how: str) -> None:
    async def wrong(asked: Asked) -> web.StreamResponse:
        async with vendors.events(asked, wire.event_stream) as response:
            await vendors.paced(response, wire.frames[:4])
            if how == "cut in a frame":
                await response.write(wire.frames[4][: len(wire.frames[4]) // 2])
            if how == "error":
                await response.write(wire.mid_stream_error)
            if how == "rubbish":
                await response.write(b"data: {rien de valable\n\n")
            if how == "reset":
                assert asked.request.transport is not None
                asked.request.transport.abort()
        return response

    vendor.behaviour = wrong
    assert (await fault_of(deployment(wire, vendor.url), stream=True)).code == "provider_ended_early"


@pytest.mark.parametrize("size", [1, 7, 50])
async def test_frames_cut_anywhere_are_put_together(vendor: Vendor, wire: Wire, size: int) -> None:
    whole = b"".join(wire.frames)

    async def slices(asked: Asked) -> web.StreamResponse:
        async with vendors.events(asked, wire.event_stream) as response:
            for at in range(0, len(whole), size):
                await response.write(whole[at : at + size])
        return response

    vendor.behaviour = slices
    chunks = await streamed(await send(deployment(wire, vendor.url), stream=True))
    assert "".join(one.choices[0].delta.content or "" for one in chunks if one.choices) == "Bonjour à tous"


async def test_an_answer_that_repeats_itself_is_still_an_answer(vendor: Vendor, wire: Wire) -> None:
    """litellm would break it off: a table of dots, a long column of zeros."""

    async def repeats(asked: Asked) -> web.StreamResponse:
        async with vendors.events(asked, wire.event_stream) as response:
            await response.write(b"".join([*wire.frames[:4], *[wire.frames[3]] * 300, *wire.frames[4:]]))
        return response

    vendor.behaviour = repeats
    chunks = await streamed(await send(deployment(wire, vendor.url), stream=True))
    assert "".join(one.choices[0].delta.content or "" for one in chunks if one.choices).count("Bonjo") >= 1
    assert sum(bool(one.choices and one.choices[0].delta.content) for one in chunks) > 300


async def test_leaving_ends_the_vendors_call(vendor: Vendor, wire: Wire) -> None:
    async def endless(asked: Asked) -> web.StreamResponse:
        async with vendors.events(asked, wire.event_stream) as response:
            await response.write(b"".join(wire.frames[:3]))
            while True:
                await response.write(wire.frames[3])
                await asyncio.sleep(0.01)

    vendor.behaviour = endless
    reply = await send(deployment(wire, vendor.url), stream=True)
    assert reply.stream is not None
    async for _ in reply.stream:
        break
    await reply.aclose()
    await vendor.client_left()


async def test_leaving_before_the_answer_ends_the_vendors_call(vendor: Vendor, wire: Wire) -> None:
    async def silent(_asked: Asked) -> web.StreamResponse:
        await vendor.wait()
        return web.Response()

    vendor.behaviour = silent
    calling = asyncio.create_task(send(deployment(wire, vendor.url)))
    await vendor.was_asked()
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    await vendor.client_left()


# ── what an application cannot make litellm do ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "order",
    [
        {"api_base": "http://127.0.0.1:1"},
        {"base_url": "http://127.0.0.1:1"},
        {"api_key": "autre"},
        {"custom_llm_provider": "openai"},
        {"extra_headers": {"x": "y"}},
        {"extra_body": {"x": "y"}},
        {"mock_response": "inventé"},
        {"fallbacks": [{"model": "openai/gpt-4o"}]},
        {"timeout": 9999},
        {"ssl_verify": False},
        {"aws_bedrock_runtime_endpoint": "http://127.0.0.1:1"},
        {"model_id": "us.amazon.nova-lite-v1:0"},
        {"thinking": {"type": "enabled"}},
    ],
    ids=lambda order: next(iter(order)),
)
async def test_a_field_of_the_request_is_never_an_order_to_litellm(
    vendor: Vendor, wire: Wire, order: dict[str, Any]
) -> None:
    fault = await fault_of(deployment(wire, vendor.url, allowed_fields=["api_base", "mock_response"]), **order)
    assert (fault.code, fault.param) == ("provider_untranslatable", next(iter(order)))
    assert vendor.asked == []


@pytest.mark.parametrize(
    "address", ["{elsewhere}/image.png", " HTTPS://ailleurs.exemple/i", "s3://seau/i", "file:///i"]
)
@pytest.mark.parametrize("kind", ["image_url", "video_url", "file"])
async def test_what_is_given_by_its_address_is_not_fetched(vendor: Vendor, wire: Wire, kind: str, address: str) -> None:
    """litellm would download it to put it into the request, or at least look its host up: from wherever a prompt says."""
    elsewhere = Vendor(wire.text)
    elsewhere.start()
    part = {"type": kind, kind: {"url": address.format(elsewhere=elsewhere.url)}}
    text = {"type": "text", "text": "Voir https://exemple.quebec"}
    fault = await fault_of(deployment(wire, vendor.url), messages=[{"role": "user", "content": [text, part]}])
    assert fault.code == "provider_untranslatable"
    assert vendor.asked == elsewhere.asked == []


async def test_an_image_in_the_request_itself_goes_through(vendor: Vendor, wire: Wire) -> None:
    pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{pixel}"}}
    text = {"type": "text", "text": "Voir https://exemple.quebec"}
    await send(deployment(wire, vendor.url), messages=[{"role": "user", "content": [text, image]}])
    assert pixel in json.dumps(vendor.asked[0].body)


async def test_whatever_litellm_would_fetch_is_refused(vendor: Vendor, wire: Wire, monkeypatch: Any) -> None:
    """The same without our own look at the request: the transport is what holds."""
    monkeypatch.setattr("gateway.providers.translated._address_in", lambda _: False)
    elsewhere = Vendor(wire.text)
    elsewhere.start()
    image = {"type": "image_url", "image_url": {"url": f"{elsewhere.url}/image.png"}}
    with contextlib.suppress(ProviderFault):
        await send(deployment(wire, vendor.url), messages=[{"role": "user", "content": [image]}])
    assert elsewhere.asked == []


async def test_no_client_that_litellm_makes_reaches_anything_outside_a_call(vendor: Vendor, wire: Wire) -> None:
    import httpx

    litellm: Any = await import_litellm()
    from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler, HTTPHandler

    with pytest.raises(httpx.ReadError):
        await AsyncHTTPHandler(timeout=2).get(vendor.url)
    with pytest.raises(httpx.ReadError):
        await AsyncHTTPHandler(timeout=2, ssl_verify=False).post(vendor.url, json={})
    with pytest.raises(httpx.ReadError):
        HTTPHandler(timeout=2).post(vendor.url, json={})
    with pytest.raises(httpx.ReadError):
        litellm.client_session.get(vendor.url)
    with pytest.raises(httpx.ReadError):
        await litellm.aclient_session.post(vendor.url)
    assert vendor.asked == []


async def test_a_call_is_one_request_to_its_deployments_own_host(vendor: Vendor, wire: Wire) -> None:
    import httpx

    elsewhere = Vendor(wire.text)
    elsewhere.start()
    for first in (elsewhere.url, vendor.url.replace("127.0.0.1", "localhost"), vendor.url.replace("http:", "https:")):
        egress = Egress(deployment(wire, vendor.url))
        call = Crossing(egress, stream=False)
        token = crossing.set(call)
        async with httpx.AsyncClient(transport=Through(), follow_redirects=True) as client:
            with pytest.raises(httpx.ReadError):
                await client.post(first, json={})
            assert call.fault is not None
            assert call.fault.code == "provider_outside_catalogue"
            with pytest.raises(httpx.ReadError):  # and nothing more, even to the right one
                await client.post(vendor.url, json={})
        crossing.reset(token)
        await egress.aclose()
    assert elsewhere.asked == vendor.asked == []


async def test_a_missing_secret_is_a_deployment_that_is_not_ready(
    vendor: Vendor, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("CLE_ANTHROPIC", "CLE_AZURE", "SECRET_AWS"):
        monkeypatch.delenv(variable)
    fault = await fault_of(deployment(wire, vendor.url))
    assert (fault.code, fault.retryable, fault.counts_against) == ("provider_not_ready", True, False)
    assert vendor.asked == []


QUIET = """
    import asyncio, os, sys
    from tests.wire import test_translated as t, vendors

    async def main():
        os.environ.update(CLE_ANTHROPIC="cle-anthropic", CLE_AZURE="cle-azure")
        os.environ.update(CLE_AWS=vendors.AWS_KEY, SECRET_AWS=vendors.AWS_SECRET)
        for name, wire in t.WIRES.items():
            vendor = vendors.Vendor(wire.text)
            vendor.start()
            for behaviour in (wire.text, wire.tool, wire.error(400), wire.error(500), t.not_json, t.reset):
                for stream in (False, True):
                    vendor.behaviour = behaviour
                    try:
                        reply = await t.send(t.deployment(wire, vendor.url), stream=stream, tools=t.TOOLS)
                        if reply.stream is not None:
                            async for _ in reply.stream:
                                pass
                    except t.ProviderFault:
                        pass
        assert "litellm" in sys.modules and "DANS_LE_FICHIER" not in os.environ
        await asyncio.gather(*(one.aclose() for one in t._opened))
        await asyncio.sleep(0.5)

    asyncio.run(main())
"""


def test_litellm_prints_nothing_logs_nothing_and_reads_no_file_of_the_working_directory(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DANS_LE_FICHIER=1\nLITELLM_LOG=DEBUG\n")
    program = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(QUIET)]
    environment = {"PYTHONPATH": str(HERE), "PATH": "/usr/bin:/bin", "LITELLM_LOG": "DEBUG"}
    done = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, env=environment, timeout=110)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
