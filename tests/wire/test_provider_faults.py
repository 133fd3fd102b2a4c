"""A provider at fault, through a whole gateway: the right exception of the stock client, the right record, none of its words."""

from __future__ import annotations

import asyncio
import gzip
import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
import yaml
from aiohttp import web

from gateway.config.reading import Loader
from tests.gateway_process import Gateway, example_config, verify_live
from tests.wire.conftest import Behaviour, StandIn
from tests.wire.test_openai_client import answering, ask, chunk, completion, streamed, streaming

SAID = "Paroles du fournisseur"
BOUNDS = {"connect_s": 1, "first_byte_s": 0.6, "idle_s": 0.6, "total_s": 3}
DONE = b"data: [DONE]\n\n"


def change(config: Path, name: str, **keys: Any) -> None:
    """Change keys of a deployment of `catalogue.yaml`."""
    path = config / "catalogue.yaml"
    catalogue = yaml.load(path.read_text(encoding="utf8"), Loader)
    next(one for one in catalogue["deployments"] if one["id"] == name).update(keys)
    path.write_text(yaml.safe_dump(catalogue, allow_unicode=True), encoding="utf8")


@pytest.fixture(scope="module")
def house(standin: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, Path]]:
    """A gateway whose provider has little time and little room."""
    place = tmp_path_factory.mktemp("faults")
    config = example_config(place / "config", provider_port=standin.port)
    change(config, "cti-mistral", timeouts=BOUNDS, max_answer_bytes=200_000, max_stream_bytes=200_000)
    with Gateway.start(config, place / "data") as running:
        yield running, place


@pytest.fixture
def client(house: tuple[Gateway, Path]) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{house[0].url}/v1", api_key=house[0].key, max_retries=0, timeout=30)


def closed(place: Path, decision: str) -> dict[str, Any]:
    """The record of how a call ended, from the store as it is now."""
    with sqlite3.connect(f"file:{place / 'data' / 'vigie.db'}?mode=ro", uri=True) as store:
        rows = store.execute(
            "select body from records where decision = ? and kind = 'call.closed'", (decision,)
        ).fetchall()
    store.close()
    ((body,),) = rows
    record: dict[str, Any] = json.loads(body)
    return record


def whole(text: str | bytes, status: int = 200, kind: str = "application/json", **headers: str) -> Behaviour:
    async def behave(_request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
        body = text.encode() if isinstance(text, str) else text
        return web.Response(body=body, status=status, headers={"content-type": kind, **headers})

    return behave


async def silent(_request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
    await asyncio.sleep(60)
    return web.Response()


async def half(request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": "application/json", "content-length": "1000"})
    await response.prepare(request)
    await response.write(b'{"choices": [')
    assert request.transport is not None
    request.transport.close()
    return response


async def stops_in_the_middle(request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"choices": [')
    await asyncio.sleep(60)
    return response


BOMB = gzip.compress(b" " * 30_000_000)


@pytest.mark.parametrize(
    ("behaviour", "error", "code"),
    [
        (silent, openai.InternalServerError, "provider_timeout"),
        (stops_in_the_middle, openai.InternalServerError, "provider_timeout"),
        (half, openai.InternalServerError, "provider_ended_early"),
        (whole(json.dumps({"error": {"message": SAID}})), openai.InternalServerError, "provider_protocol"),
        (whole(f'{{"choices": [{{"message": "{SAID}"}}]}}'), openai.InternalServerError, "provider_protocol"),
        (whole(b'{"choices": "\xff\xfe"}'), openai.InternalServerError, "provider_protocol"),
        (whole("null"), openai.InternalServerError, "provider_protocol"),
        (whole("[" * 100_000), openai.InternalServerError, "provider_protocol"),
        (whole(f"<html>{SAID}", 502, "text/html"), openai.InternalServerError, "provider_refused"),
        (whole(f"<html>{SAID}", 200, "text/html"), openai.InternalServerError, "provider_protocol"),
        (whole(BOMB, **{"content-encoding": "gzip"}), openai.InternalServerError, "provider_protocol"),
        (whole(" " * 300_000), openai.InternalServerError, "provider_too_large"),
        (whole(f'"{SAID}"', 400), openai.BadRequestError, "provider_refused"),
        (whole(f'"{SAID}"', 401), openai.InternalServerError, "provider_refused"),
        (whole(f'"{SAID}"', 429), openai.RateLimitError, "provider_refused"),
    ],
)
def test_a_whole_answer(
    house: tuple[Gateway, Path],
    client: openai.OpenAI,
    standin: StandIn,
    behaviour: Behaviour,
    error: type[openai.APIStatusError],
    code: str,
) -> None:
    answering(standin, {"content": "Le disjoncteur se referme."})
    ask(client)
    standin.behaviour = behaviour
    with pytest.raises(error) as caught:
        ask(client)
    assert caught.value.code == code
    assert SAID not in caught.value.response.text
    record = closed(house[1], caught.value.response.headers["x-vigie-decision"])
    assert (record["outcome"], record["code"]) == ("failed", code)
    assert SAID not in json.dumps(record)


FIRST = chunk({"role": "assistant", "content": "oui "})


async def stalls_in_a_stream(request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
    response = await streamed(request, FIRST)
    await asyncio.sleep(60)
    return response


async def endless(request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
    response = await streamed(request, FIRST)
    while True:
        await response.write(chunk({"content": "encore "}) * 20)


async def endless_and_slow(request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
    response = await streamed(request, FIRST)
    while True:
        await response.write(b": \n\n")
        await asyncio.sleep(0.05)


async def one_endless_event(request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
    response = await streamed(request, FIRST, b"data: ")
    while True:
        await response.write(b"x" * 10_000)


async def reset_in_a_stream(request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
    response = await streamed(request, FIRST)
    assert request.transport is not None
    request.transport.abort()
    return response


def sent(*frames: bytes) -> Behaviour:
    async def behave(request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
        return await streamed(request, *frames)

    return behave


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (stalls_in_a_stream, "provider_timeout"),
        (endless, "provider_too_large"),
        (endless_and_slow, "provider_timeout"),
        (one_endless_event, "provider_too_large"),
        (reset_in_a_stream, "provider_ended_early"),
        (sent(FIRST), "provider_ended_early"),
        (sent(FIRST, DONE), "provider_ended_early"),
        (sent(FIRST, FIRST[:20]), "provider_ended_early"),
        (sent(FIRST, b'data: {"choices": [{"index": 0, "delta": {"content": "\xff"}}]}\n\n'), "provider_protocol"),
        (sent(FIRST, f'data: {{"error": {{"message": "{SAID}"}}}}\n\n'.encode()), "provider_protocol"),
        (sent(FIRST, f"event: error\ndata: {SAID}\n\n".encode()), "provider_protocol"),
        (sent(FIRST, b"data: []\n\n"), "provider_protocol"),
    ],
)
def test_a_stream(
    house: tuple[Gateway, Path], client: openai.OpenAI, standin: StandIn, behaviour: Behaviour, code: str
) -> None:
    answering(standin, {"content": "Le disjoncteur se referme."})
    ask(client)
    standin.behaviour = behaviour
    stream = ask(client, stream=True)
    received: list[Any] = []
    with pytest.raises(openai.APIError) as caught:
        received.extend(stream)  # what came before the error is kept
    assert caught.value.code == code
    assert all(choice.finish_reason is None for one in received for choice in one.choices)  # never as if complete
    assert SAID not in str(caught.value.body)
    record = closed(house[1], stream.response.headers["x-vigie-decision"])
    assert (record["outcome"], record["code"]) == ("failed", code)
    assert SAID not in json.dumps(record)


@pytest.mark.parametrize("status", [400, 500])
def test_an_error_status_in_answer_to_a_stream(client: openai.OpenAI, standin: StandIn, status: int) -> None:
    standin.behaviour = whole(f"<html>{SAID}", status, "text/html")
    with pytest.raises(openai.APIStatusError) as caught:
        ask(client, stream=True)
    assert caught.value.code == "provider_refused"
    assert SAID not in caught.value.response.text


def test_a_provider_that_holds_its_connection_after_the_end_keeps_nobody_waiting(
    client: openai.OpenAI, standin: StandIn
) -> None:
    async def holds(request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
        response = await streamed(request, FIRST, chunk({}, "stop"), DONE)
        await asyncio.sleep(60)
        return response

    standin.behaviour = holds
    assert [one.choices[0].finish_reason for one in ask(client, stream=True)][-1] == "stop"


def test_the_circuit_opens(client: openai.OpenAI, standin: StandIn) -> None:
    """The last to call this gateway's provider, which stays out for a while."""
    answering(standin, {"content": "Le disjoncteur se referme."})
    ask(client)
    standin.behaviour = whole(b"{", 200)
    codes = []
    for _ in range(6):
        with pytest.raises(openai.InternalServerError) as caught:
            ask(client)
        codes.append(caught.value.code)
    assert codes == ["provider_protocol"] * 5 + ["no_healthy_deployment"]
    assert caught.value.response.headers["retry-after"]


def test_nothing_that_a_provider_said_is_in_a_log(house: tuple[Gateway, Path]) -> None:
    """After all of the above."""
    log = (house[1] / "gateway.log").read_text(encoding="utf8")
    assert "provider_protocol" in log
    assert SAID not in log


def test_a_contradicted_place_is_remembered_until_a_person_verifies_the_entry_anew(
    standin: StandIn, tmp_path: Path
) -> None:
    """Across a restart, and lifted by an edit of the catalogue alone."""
    config = example_config(tmp_path / "config", provider_port=standin.port)
    change(config, "cti-mistral", residency={"header": "x-region", "expected": ["cti-est"]})

    async def elsewhere(_request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
        response = completion({"content": "Bonjour"})
        response.headers["x-region"] = "us-east-1"
        return response

    def client_of(gateway: Gateway) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0, timeout=30)

    standin.behaviour = elsewhere
    with Gateway.start(config, tmp_path / "data") as gateway:
        answer = ask(client_of(gateway))
        assert closed(tmp_path, answer.model_extra["vigie"]["decision"])["residency"] == "contradicted"
    streaming(standin, FIRST, chunk({}, "stop"), DONE)
    with Gateway.start(config, tmp_path / "data") as gateway:
        with pytest.raises(openai.PermissionDeniedError) as caught:
            ask(client_of(gateway))
        assert caught.value.body["candidates"][0]["rules"] == ["residency-contradicted"]  # type: ignore[index]
        anew = {"on": "2026-11-25", "by": "p.tremblay", "source": "Réponse du fournisseur", "expires": "2027-05-01"}
        change(config, "cti-mistral", verified=anew)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                assert list(ask(client_of(gateway), stream=True))
                break
            except openai.PermissionDeniedError:
                time.sleep(0.2)
        else:
            pytest.fail("the new verification was not taken up")
    assert verify_live(config, tmp_path / "data") == ""
