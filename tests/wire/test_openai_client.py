"""The stock OpenAI client, unchanged, against a real gateway: it cannot tell that it is not talking to a provider."""

from __future__ import annotations

import asyncio
import json
import re
import time
import urllib.request
from typing import Any

import openai
import pytest
from aiohttp import web

from tests.gateway_process import Gateway
from tests.wire.conftest import StandIn

USAGE = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}


def completion(message: dict[str, Any], finish: str = "stop", count: int = 1) -> web.Response:
    """A whole answer."""
    choices = [
        {"index": index, "message": {"role": "assistant", **message}, "finish_reason": finish} for index in range(count)
    ]
    return web.json_response(
        {"id": "c1", "object": "chat.completion", "created": 1, "model": "m-1", "choices": choices, "usage": USAGE}
    )


def chunk(delta: dict[str, Any] | None, finish: str | None = None, **more: Any) -> bytes:
    """A chunk of a stream."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    body = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m-1", "choices": choices, **more}
    return b"data: " + json.dumps(body).encode() + b"\n\n"


async def streamed(request: web.Request, *frames: bytes) -> web.StreamResponse:
    """Frames, each in a write of its own."""
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(request)
    for frame in frames:
        await response.write(frame)
        await asyncio.sleep(0.005)
    return response


@pytest.fixture
def client(gateway: Gateway) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0, timeout=20)


def ask(client: openai.OpenAI, text: str = "Bonjour", **more: Any) -> Any:
    return client.chat.completions.create(model="assistant", messages=[{"role": "user", "content": text}], **more)


def answering(standin: StandIn, message: dict[str, Any], **more: Any) -> None:
    async def behave(_request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
        return completion(message, **more)

    standin.behaviour = behave


def streaming(standin: StandIn, *frames: bytes) -> None:
    async def behave(request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
        return await streamed(request, *frames)

    standin.behaviour = behave


@pytest.fixture(autouse=True)
def _closed_circuit(client: openai.OpenAI, standin: StandIn) -> None:
    """One good answer, so that what earlier tests broke on purpose does not count against this one."""
    answering(standin, {"content": "Bonjour !"})
    ask(client)


def test_an_answer_is_whole_labelled_and_names_its_decision(client: openai.OpenAI, standin: StandIn) -> None:
    answering(standin, {"content": "Bonjour !"})
    raw = client.chat.completions.with_raw_response.create(
        model="assistant", messages=[{"role": "user", "content": "Bonjour"}]
    )
    answer = raw.parse()
    assert answer.choices[0].message.content == "Bonjour !"
    assert answer.model == "assistant"
    assert answer.usage is not None
    assert answer.usage.total_tokens == 12
    assert raw.headers["x-vigie-label"] == "generated;v=3;lang=fr"
    assert answer.model_extra is not None
    assert answer.model_extra["vigie"]["decision"] == raw.headers["x-vigie-decision"]
    assert answer.model_extra["vigie"]["source_type"].endswith("/trainedAlgorithmicMedia")
    assert standin.received[-1]["model"] == "stand-in"


def test_values_leave_as_pseudonyms_and_come_back(client: openai.OpenAI, standin: StandIn) -> None:
    async def echo(_request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        return completion({"content": f"Reçu : {body['messages'][-1]['content'][0]['text']}"})

    standin.behaviour = echo
    answer = client.chat.completions.create(
        model="assistant",
        messages=[{"role": "user", "content": [{"type": "text", "text": "Écrire à ana@exemple.quebec."}]}],
    )
    assert standin.received[-1]["messages"][0]["content"][0]["text"] == "Écrire à ⟦COURRIEL_1⟧."
    assert answer.choices[0].message.content == "Reçu : Écrire à ana@exemple.quebec."


def test_several_choices(client: openai.OpenAI, standin: StandIn) -> None:
    answering(standin, {"content": "Oui."}, count=3)
    answer = ask(client, n=3)
    assert standin.received[-1]["n"] == 3
    assert [choice.message.content for choice in answer.choices] == ["Oui."] * 3


def test_a_tool_call_has_its_values_back_in_valid_json(client: openai.OpenAI, standin: StandIn) -> None:
    async def call(_request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        arguments = json.dumps({"texte": body["messages"][-1]["content"]}, ensure_ascii=False)
        made = {"id": "t1", "type": "function", "function": {"name": "ecrire", "arguments": arguments}}
        return completion({"content": None, "tool_calls": [made]}, finish="tool_calls")

    standin.behaviour = call
    tools: Any = [{"type": "function", "function": {"name": "ecrire", "parameters": {"type": "object"}}}]
    answer = ask(client, 'À "ana@exemple.quebec", merci', tools=tools)
    made = answer.choices[0].message.tool_calls[0]
    assert json.loads(made.function.arguments) == {"texte": 'À "ana@exemple.quebec", merci'}
    assert "exemple.quebec" not in json.dumps(standin.received[-1]["messages"])


def test_tool_arguments_and_results_of_the_history_are_looked_at(client: openai.OpenAI, standin: StandIn) -> None:
    answering(standin, {"content": "D'accord."})
    arguments = json.dumps({"note": json.dumps({"courriel": "ana@exemple.quebec"}), "nas": 46454286, "n": 2})
    history: Any = [
        {"role": "user", "content": "Va."},
        {
            "role": "assistant",
            "tool_calls": [{"id": "t1", "type": "function", "function": {"name": "f", "arguments": arguments}}],
        },
        {"role": "tool", "tool_call_id": "t1", "content": "ana@exemple.quebec a répondu."},
    ]
    client.chat.completions.create(model="assistant", messages=history)
    sent = standin.received[-1]["messages"]
    inner = json.loads(json.loads(sent[1]["tool_calls"][0]["function"]["arguments"])["note"])
    assert inner == {"courriel": "⟦COURRIEL_1⟧"}
    assert sent[2]["content"] == "⟦COURRIEL_1⟧ a répondu."


def test_json_mode_stays_json(gateway: Gateway, standin: StandIn, client: openai.OpenAI) -> None:
    answering(standin, {"content": '{"ok": true}'})
    answer = ask(client, response_format={"type": "json_object"})
    assert standin.received[-1]["response_format"] == {"type": "json_object"}
    assert json.loads(answer.choices[0].message.content) == {"ok": True}


def test_a_stream_is_an_ordinary_stream_with_its_label_first(client: openai.OpenAI, standin: StandIn) -> None:
    pieces = [
        chunk({"role": "assistant", "content": ""}),
        *(chunk({"content": text}) for text in ["bon", "jour ", "à vous"]),
    ]
    streaming(standin, *pieces, chunk({}, "stop"), b"data: [DONE]\n\n")
    chunks = list(ask(client, stream=True))
    assert "".join(one.choices[0].delta.content or "" for one in chunks) == "bonjour à vous"
    assert chunks[0].model_extra["vigie"]["label"] == "generated"
    assert all("vigie" not in (one.model_extra or {}) for one in chunks[1:-1])
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert {one.model for one in chunks} == {"assistant"}


def test_the_time_to_the_first_chunk_of_a_stream_is_measured(
    gateway: Gateway, client: openai.OpenAI, standin: StandIn
) -> None:
    streaming(standin, chunk({"content": "bonjour "}), chunk({}, "stop"), b"data: [DONE]\n\n")
    for _ in ask(client, stream=True):
        pass
    with urllib.request.urlopen(f"{gateway.url}/metrics", timeout=10) as answer:
        said = answer.read().decode()
    counts = re.findall(r"^gen_ai_client_operation_time_to_first_chunk_seconds_count\{.*\} (\d+)", said, re.MULTILINE)
    assert counts
    assert int(float(counts[0])) > 0


def test_the_usage_chunk_comes_only_when_asked_for(client: openai.OpenAI, standin: StandIn) -> None:
    streaming(standin, chunk({"content": "oui"}), chunk({}, "stop"), chunk(None, usage=USAGE), b"data: [DONE]\n\n")
    assert all(one.choices for one in ask(client, stream=True))
    assert standin.received[-1]["stream_options"] == {"include_usage": True}
    last = list(ask(client, stream=True, stream_options={"include_usage": True}))[-1]
    assert last.usage.total_tokens == 12
    assert last.choices == []


def test_a_streamed_tool_call_has_its_values_back(client: openai.OpenAI, standin: StandIn) -> None:
    head = {
        "tool_calls": [{"index": 0, "id": "t1", "type": "function", "function": {"name": "ecrire", "arguments": ""}}]
    }
    parts = ['{"a": "⟦COUR', "RIEL_1⟧", '", "b": 1}']
    pieces = [chunk({"tool_calls": [{"index": 0, "function": {"arguments": part}}]}) for part in parts]
    streaming(standin, chunk(head), *pieces, chunk({}, "tool_calls"), b"data: [DONE]\n\n")
    tools: Any = [{"type": "function", "function": {"name": "ecrire"}}]
    with client.chat.completions.stream(
        model="assistant", messages=[{"role": "user", "content": "À ana@exemple.quebec"}], tools=tools
    ) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.tool_calls is not None
    made: Any = final.choices[0].message.tool_calls[0]
    assert json.loads(made.function.arguments) == {"a": "ana@exemple.quebec", "b": 1}


def test_embeddings(client: openai.OpenAI, standin: StandIn) -> None:
    answer = client.embeddings.create(model="vecteurs", input=["un", "deux"], encoding_format="float")
    assert len(answer.data) == 2
    assert answer.model == "vecteurs"


def test_models_are_those_of_the_key(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == [
        "assistant",
        "assistant-infonuagique",
        "assistant-etranger",
        "vecteurs",
    ]
    assert client.models.retrieve("assistant").owned_by == "exemple"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-inconnu")


async def test_the_asynchronous_client(gateway: Gateway, standin: StandIn) -> None:
    answering(standin, {"content": "Bonjour !"})
    async with openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key) as client:
        many = await asyncio.gather(
            *(
                client.chat.completions.create(model="assistant", messages=[{"role": "user", "content": str(n)}])
                for n in range(20)
            )
        )
    assert {one.choices[0].message.content for one in many} == {"Bonjour !"}


@pytest.mark.parametrize(
    ("change", "error", "code"),
    [
        ({"model": "inconnu"}, openai.NotFoundError, "model_not_found"),
        ({"messages": []}, openai.BadRequestError, "invalid_request"),
        ({"n": 99}, openai.BadRequestError, "invalid_request"),
        ({"tools": [{"type": "web_search"}]}, openai.PermissionDeniedError, "provider_tools_denied"),
        ({"extra_body": {"nouveau": 1}}, openai.PermissionDeniedError, "sovereignty_denied"),
        ({"model": "assistant-etranger"}, openai.PermissionDeniedError, "sovereignty_denied"),
        (
            {"messages": [{"role": "user", "content": "Mon mot de passe : hunter2secret"}]},
            openai.PermissionDeniedError,
            "personal_data_denied",
        ),
    ],
)
def test_refusals_are_the_exceptions_that_a_provider_would_raise(
    client: openai.OpenAI, change: dict[str, Any], error: type[openai.APIStatusError], code: str
) -> None:
    given: dict[str, Any] = {"model": "assistant", "messages": [{"role": "user", "content": "Bonjour"}]}
    with pytest.raises(error) as caught:
        client.chat.completions.create(**(given | change))
    assert caught.value.code == code
    assert caught.value.response.headers["x-vigie-decision"].startswith("d-")
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert "hunter2" not in caught.value.response.text


def test_errors_are_in_french_unless_english_is_asked_for(client: openai.OpenAI) -> None:
    said = []
    for language in ("fr-CA,fr;q=0.9", "en"):
        with pytest.raises(openai.PermissionDeniedError) as caught:
            ask(client, tools=[{"type": "web_search"}], extra_headers={"accept-language": language})
        said.append(caught.value.message)
    assert "Les outils exécutés par le fournisseur" in said[0]
    assert "Tools that the provider runs" in said[1]


def test_a_wrong_key_is_an_authentication_error(gateway: Gateway) -> None:
    client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="vigie_abc_def", max_retries=0)
    with pytest.raises(openai.AuthenticationError):
        ask(client)


# ── providers that fail, for real ─────────────────────────────────────────────────────────────────────────────────


async def reset(request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def invalid_json(_request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
    return web.Response(body=b'{"choices": [', content_type="application/json")


async def another_shape(_request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
    return web.json_response({"ok": True})


async def wrong_type(_request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
    return web.Response(text="<html>", content_type="text/html")


async def redirect(_request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
    raise web.HTTPFound("http://127.0.0.1:1/ailleurs")


async def gigabytes(request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": "application/json"})
    await response.prepare(request)
    for _ in range(4096):
        await response.write(b" " * (1 << 20))
    return response


async def unavailable(_request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
    return web.json_response({"error": {"message": "secret du fournisseur"}}, status=500)


@pytest.mark.parametrize(
    ("behaviour", "status", "code"),
    [
        (reset, 502, "provider_unreachable"),
        (invalid_json, 502, "provider_protocol"),
        (another_shape, 502, "provider_protocol"),
        (wrong_type, 502, "provider_protocol"),
        (redirect, 502, "provider_redirected"),
        (gigabytes, 502, "provider_too_large"),
        (unavailable, 502, "provider_refused"),
    ],
)
def test_a_provider_that_fails_is_a_fault_without_its_words(
    client: openai.OpenAI, standin: StandIn, behaviour: Any, status: int, code: str
) -> None:
    answering(standin, {"content": "Le disjoncteur se referme."})
    ask(client)
    standin.behaviour = behaviour
    with pytest.raises(openai.InternalServerError) as caught:
        ask(client)
    assert (caught.value.status_code, caught.value.code) == (status, code)
    assert "secret du fournisseur" not in caught.value.response.text


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([chunk({"content": "oui"})], "provider_ended_early"),
        ([chunk({"content": "oui"}), b"data: {pas du json\n\n"], "provider_protocol"),
        (
            [chunk({"content": "oui"}), b'data: {"error": {"message": "secret du fournisseur"}}\n\n'],
            "provider_protocol",
        ),
        ([chunk({"content": "oui"})[:30]], "provider_ended_early"),
        ([b"data: " + b"x" * (2 << 20)], "provider_protocol"),
    ],
)
def test_a_stream_that_goes_wrong_ends_in_an_exception(
    client: openai.OpenAI, standin: StandIn, frames: list[bytes], code: str
) -> None:
    answering(standin, {"content": "Le disjoncteur se referme."})
    ask(client)
    streaming(standin, *frames)
    with pytest.raises(openai.APIError) as caught:
        list(ask(client, stream=True))
    assert caught.value.code == code
    assert "secret du fournisseur" not in str(caught.value.body)


@pytest.mark.parametrize("size", [1, 2, 7, 64])
def test_events_cut_anywhere_are_put_together(client: openai.OpenAI, standin: StandIn, size: int) -> None:
    whole = chunk({"content": "élan "}) + chunk({"content": "vital"}) + chunk({}, "stop") + b"data: [DONE]\n\n"

    async def behave(request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for at in range(0, len(whole), size):
            await response.write(whole[at : at + size])
        return response

    standin.behaviour = behave
    assert "".join(one.choices[0].delta.content or "" for one in ask(client, stream=True)) == "élan vital"


def test_a_client_that_leaves_ends_the_provider_call(client: openai.OpenAI, standin: StandIn) -> None:
    async def endless(request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        while True:
            await response.write(chunk({"content": "encore "}))
            await asyncio.sleep(0.01)

    standin.behaviour = endless
    standin.left.clear()
    stream = ask(client, stream=True)
    for _, _chunk in zip(range(3), stream, strict=False):
        pass
    stream.close()
    deadline = time.monotonic() + 5
    while not standin.left and time.monotonic() < deadline:
        time.sleep(0.02)
    assert standin.left


def test_a_client_that_leaves_before_the_answer_ends_the_provider_call(gateway: Gateway, standin: StandIn) -> None:
    async def slow(_request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    standin.behaviour = slow
    standin.left.clear()
    client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0, timeout=0.3)
    with pytest.raises(openai.APITimeoutError):
        ask(client)
    deadline = time.monotonic() + 5
    while not standin.left and time.monotonic() < deadline:
        time.sleep(0.02)
    assert standin.left
