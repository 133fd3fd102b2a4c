"""Clients that stall, dribble or leave, on real sockets: nothing waits without bound, and what happened is recorded."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
from aiohttp import web

from tests.gateway_process import Gateway, closed_records, example_config
from tests.wire.conftest import StandIn
from tests.wire.test_openai_client import answering, chunk, streaming

BODY = json.dumps({"model": "assistant", "messages": [{"role": "user", "content": "Bonjour"}]}).encode()
STREAM = json.dumps({"model": "assistant", "messages": [{"role": "user", "content": "Va"}], "stream": True}).encode()
SOON_S = 15


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("impatient")


@pytest.fixture(scope="module")
def impatient(standin: StandIn, place: Path) -> Iterator[Gateway]:
    """A gateway whose bounds on slow clients are a second."""
    bounds = {"request_within_s": 1, "stalled_client_s": 1, "max_body_bytes": 100_000}
    config = example_config(place / "config", provider_port=standin.port, listener=bounds)
    with Gateway.start(config, place / "data") as running:
        yield running


def connected(gateway: Gateway, receive_buffer: int | None = None) -> socket.socket:
    """A bare connection."""
    one = socket.socket()
    if receive_buffer is not None:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    one.settimeout(SOON_S)
    address = urlsplit(gateway.url)
    one.connect((address.hostname, address.port))
    return one


def head(gateway: Gateway, *headers: str, path: str = "/v1/chat/completions") -> bytes:
    lines = [f"POST {path} HTTP/1.1", "host: x", f"authorization: Bearer {gateway.key}", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1")


def everything(one: socket.socket) -> bytes:
    """All that the server says until it closes; the socket's own bound applies."""
    said = b""
    while True:
        try:
            part = one.recv(65536)
        except ConnectionResetError:
            return said
        if not part:
            return said
        said += part


def until(true: Callable[[], Any]) -> None:
    deadline = time.monotonic() + SOON_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def outcomes(place: Path) -> list[str]:
    return [record["outcome"] for record in closed_records(place / "config", place / "data")]


# ── requests that do not arrive ───────────────────────────────────────────────────────────────────────────────────


def test_a_connection_that_says_nothing_is_closed(impatient: Gateway) -> None:
    with connected(impatient) as one:
        assert everything(one) == b""


@pytest.mark.parametrize(
    "sent",
    [b"POST /v1/chat", b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-a: b"],
    ids=["half a request line", "half a head"],
)
def test_a_head_that_never_ends_is_answered_and_closed(impatient: Gateway, sent: bytes) -> None:
    with connected(impatient) as one:
        one.sendall(sent)
        said = everything(one)
    assert said.startswith(b"HTTP/1.1 408 ")
    assert orjson.loads(said.split(b"\r\n\r\n", 1)[1])["error"]["code"] == "request_timeout"


def test_a_body_that_never_comes_is_answered_and_closed(impatient: Gateway, standin: StandIn) -> None:
    before = len(standin.received)
    with connected(impatient) as one:
        one.sendall(head(impatient, "content-type: application/json", "content-length: 500"))
        assert everything(one).startswith(b"HTTP/1.1 408 ")
    assert len(standin.received) == before


def test_a_body_sent_byte_by_byte_is_bounded_in_all(impatient: Gateway) -> None:
    """Each byte comes in time; the whole does not."""
    with connected(impatient) as one:
        one.sendall(head(impatient, "content-type: application/json", "content-length: 5000"))
        started = time.monotonic()
        try:
            while time.monotonic() - started < SOON_S:
                one.sendall(b" ")
                time.sleep(0.05)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert time.monotonic() - started < SOON_S


def test_a_slow_request_that_is_whole_in_time_is_answered(impatient: Gateway, standin: StandIn) -> None:
    answering(standin, {"content": "Bonjour !"})
    with connected(impatient) as one:
        whole = (
            head(impatient, "content-type: application/json", f"content-length: {len(BODY)}", "connection: close")
            + BODY
        )
        for at in range(0, len(whole), 40):
            one.sendall(whole[at : at + 40])
            time.sleep(0.01)
        assert everything(one).startswith(b"HTTP/1.1 200 ")


def test_two_requests_in_one_packet_are_both_answered(impatient: Gateway, standin: StandIn) -> None:
    answering(standin, {"content": "Bonjour !"})
    first = head(impatient, "content-type: application/json", f"content-length: {len(BODY)}") + BODY
    last = first.replace(b"host: x", b"host: x\r\nconnection: close")
    with connected(impatient) as one:
        one.sendall(first + last)
        assert everything(one).count(b"HTTP/1.1 200 ") == 2


def test_a_head_over_the_bound_is_refused(impatient: Gateway) -> None:
    for sent in (
        head(impatient, "x-long: " + "a" * 100_000),
        head(impatient, *(f"x-{number}: {'b' * 100}" for number in range(1000))),
        b"POST /" + b"c" * 500_000,
    ):
        with connected(impatient) as one:
            try:
                one.sendall(sent)
            except (BrokenPipeError, ConnectionResetError):
                continue  # refused before all of it was sent
            said = everything(one)
        assert not said or said.startswith(b"HTTP/1.1 431 ")


def test_a_chunked_body_over_the_limit_is_refused_while_it_comes(impatient: Gateway, standin: StandIn) -> None:
    before = len(standin.received)
    with connected(impatient) as one:
        one.sendall(head(impatient, "content-type: application/json", "transfer-encoding: chunked"))
        for _ in range(3):
            one.sendall(b"c350\r\n" + b" " * 50_000 + b"\r\n")
        said = b""
        while not said.endswith(b"}}"):
            said += one.recv(65536)
    assert said.startswith(b"HTTP/1.1 413 ")
    assert orjson.loads(said.split(b"\r\n\r\n", 1)[1])["error"]["code"] == "too_large"
    assert len(standin.received) == before


def test_a_client_that_goes_on_sending_after_a_refusal_is_cut(impatient: Gateway) -> None:
    with connected(impatient) as one:
        one.sendall(head(impatient, "content-type: application/json", "content-length: 1000000000"))
        started = time.monotonic()
        try:
            while time.monotonic() - started < SOON_S:
                one.sendall(b" " * 1000)
                time.sleep(0.02)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert time.monotonic() - started < SOON_S


# ── answers that are not taken ────────────────────────────────────────────────────────────────────────────────────


async def endless(request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(request)
    piece = chunk({"content": "encore " * 2000})
    while True:
        await response.write(piece)
        await asyncio.sleep(0)


def test_a_client_that_reads_nothing_of_a_long_stream_is_cut_and_so_is_the_provider(
    impatient: Gateway, standin: StandIn, place: Path
) -> None:
    standin.behaviour = endless
    standin.left.clear()
    left = outcomes(place).count("client_left")
    with connected(impatient, receive_buffer=4096) as one:
        one.sendall(head(impatient, "content-type: application/json", f"content-length: {len(STREAM)}") + STREAM)
        until(lambda: standin.left)
    until(lambda: outcomes(place).count("client_left") == left + 1)


def test_a_client_that_reads_nothing_of_a_large_answer_is_cut(impatient: Gateway, standin: StandIn) -> None:
    answering(standin, {"content": "encore " * 1_000_000})
    with connected(impatient, receive_buffer=4096) as one:
        one.sendall(head(impatient, "content-type: application/json", f"content-length: {len(BODY)}") + BODY)
        assert one.recv(1, socket.MSG_PEEK)  # it has begun to arrive
        time.sleep(3)
        said = everything(one)
    assert len(said) < 7_000_000


def test_a_slow_reader_receives_all_of_its_stream(impatient: Gateway, standin: StandIn) -> None:
    pieces = [chunk({"content": "encore " * 500}) for _ in range(60)]
    streaming(standin, *pieces, chunk({}, "stop"), b"data: [DONE]\n\n")
    sent = head(impatient, "content-type: application/json", f"content-length: {len(STREAM)}", "connection: close")
    with connected(impatient, receive_buffer=4096) as one:
        one.sendall(sent + STREAM)
        said = b""
        while part := one.recv(16_384):
            said += part
            time.sleep(0.005)
    assert said.count(b"encore ") == 30_000
    assert b"data: [DONE]" in said


@pytest.mark.parametrize("reads", [0, 1, 3])
def test_a_client_that_leaves_a_stream_ends_the_provider_call_and_the_record_says_so(
    impatient: Gateway, standin: StandIn, place: Path, reads: int
) -> None:
    async def slow(request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        while True:
            await response.write(chunk({"content": "encore "}))
            await asyncio.sleep(0.02)

    standin.behaviour = slow
    standin.left.clear()
    received, left = len(standin.received), outcomes(place).count("client_left")
    one = connected(impatient)
    one.sendall(head(impatient, "content-type: application/json", f"content-length: {len(STREAM)}") + STREAM)
    for _ in range(reads):
        assert one.recv(4096)
    until(lambda: len(standin.received) > received)
    one.close()
    until(lambda: standin.left)
    until(lambda: outcomes(place).count("client_left") == left + 1)


def test_a_client_that_leaves_before_the_provider_answers_is_recorded(
    impatient: Gateway, standin: StandIn, place: Path
) -> None:
    async def silent(_request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    standin.behaviour = silent
    standin.left.clear()
    received, left = len(standin.received), outcomes(place).count("client_left")
    one = connected(impatient)
    one.sendall(head(impatient, "content-type: application/json", f"content-length: {len(BODY)}") + BODY)
    until(lambda: len(standin.received) > received)
    one.close()
    until(lambda: standin.left)
    until(lambda: outcomes(place).count("client_left") == left + 1)


def test_a_client_that_leaves_before_its_body_is_whole_leaves_nothing(
    impatient: Gateway, standin: StandIn, place: Path
) -> None:
    received, records = len(standin.received), len(outcomes(place))
    one = connected(impatient)
    one.sendall(head(impatient, "content-type: application/json", "content-length: 500") + b'{"model": ')
    one.close()
    answering(standin, {"content": "Bonjour !"})
    with connected(impatient) as other:
        sent = head(impatient, "content-type: application/json", f"content-length: {len(BODY)}", "connection: close")
        other.sendall(sent + BODY)
        assert everything(other).startswith(b"HTTP/1.1 200 ")
    assert len(standin.received) == received + 1
    assert len(outcomes(place)) == records + 1


# ── what a request may be ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        (["content-type: text/plain"], "unsupported_content_type"),
        (["content-type: application/x-www-form-urlencoded"], "unsupported_content_type"),
        (["content-type: multipart/form-data; boundary=x"], "unsupported_content_type"),
        (["content-type: application/json; charset=iso-8859-1"], "unsupported_content_type"),
        (["content-type: application/json", "content-encoding: gzip"], "unsupported_content_encoding"),
        (["content-type: application/json", "content-encoding: br"], "unsupported_content_encoding"),
    ],
)
def test_a_body_that_is_not_json_as_it_stands_is_refused_before_it_is_read(
    impatient: Gateway, headers: list[str], code: str
) -> None:
    with connected(impatient) as one:
        one.sendall(head(impatient, *headers, f"content-length: {len(BODY)}", "connection: close") + BODY)
        said = everything(one)
    assert said.startswith(b"HTTP/1.1 415 ")
    assert orjson.loads(said.split(b"\r\n\r\n", 1)[1])["error"]["code"] == code


@pytest.mark.parametrize(
    "headers",
    [
        ["content-type: application/json"],
        ["Content-Type: Application/JSON; Charset=UTF-8"],
        ["content-type: application/json", "content-encoding: identity"],
        [],
    ],
)
def test_a_body_that_is_json_is_taken(impatient: Gateway, standin: StandIn, headers: list[str]) -> None:
    answering(standin, {"content": "Bonjour !"})
    with connected(impatient) as one:
        one.sendall(head(impatient, *headers, f"content-length: {len(BODY)}", "connection: close") + BODY)
        assert everything(one).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "authorization:",
        "authorization: Bearer",
        "authorization: Bearer ",
        "authorization: Basic dXNlcjpwYXNz",
        "authorization: vigie_abc_def",
        "authorization: Bearer vigie_abc",
        "authorization: Bearer vigie__",
        "authorization: Bearer \u00e9\u00e8\u00ff",
        "authorization: Bearer " + "x" * 50_000,
        "authorization: Bearer vigie_" + "a" * 20_000 + "_" + "b" * 20_000,
        "authorization: Bearer a b c",
    ],
    ids=lambda value: value[:40],
)
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/embeddings", "/v1/models"])
def test_whatever_is_not_a_key_is_401(impatient: Gateway, authorization: str, path: str) -> None:
    method = "GET" if path == "/v1/models" else "POST"
    lines = [f"{method} {path} HTTP/1.1", "host: x", "connection: close", "content-type: application/json"]
    lines += [line for line in (authorization, f"content-length: {len(BODY)}") if line]
    with connected(impatient) as one:
        one.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + BODY)
        said = everything(one)
    assert said.startswith(b"HTTP/1.1 401 "), said[:200]
    assert orjson.loads(said.split(b"\r\n\r\n", 1)[1])["error"]["code"] == "invalid_api_key"
