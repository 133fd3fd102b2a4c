"""Halts against real gateways: what is open is cut, what is new is refused, in every process and across restarts."""

from __future__ import annotations

import asyncio
import json
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from aiohttp import web

from tests.gateway_process import Gateway, example_config, run_vigie, verify_live

STREAMS = 20


class EndlessProvider:
    """Streams words until whoever asked goes away."""

    def __init__(self) -> None:
        self.port, self.open = 0, 0

    def run(self, ready: threading.Event) -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self.completions)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
        loop.run_until_complete(runner.setup())
        loop.run_until_complete(web.TCPSite(runner, "127.0.0.1", 0).start())
        self.port = int(runner.addresses[0][1])
        ready.set()
        loop.run_forever()

    async def completions(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        self.open += 1
        try:
            while True:
                choice = {"index": 0, "delta": {"content": "encore "}, "finish_reason": None}
                chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
                await response.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
                await asyncio.sleep(0.02)
        finally:
            self.open -= 1


@pytest.fixture(scope="module")
def provider() -> EndlessProvider:
    one, ready = EndlessProvider(), threading.Event()
    threading.Thread(target=one.run, args=(ready,), daemon=True).start()
    assert ready.wait(10)
    return one


@pytest.fixture
def place(provider: EndlessProvider, tmp_path: Path) -> tuple[Path, Path]:
    return example_config(tmp_path / "config", provider_port=provider.port), tmp_path / "data"


@pytest.fixture
def gateway(place: tuple[Path, Path]) -> Iterator[Gateway]:
    with Gateway.start(*place) as running:
        yield running


def person_key(person: str, place: tuple[Path, Path]) -> str:
    return run_vigie("key", "create", "--person", person, config=place[0], data=place[1]).strip()


def post(gateway: Gateway, path: str, body: dict[str, Any], key: str) -> tuple[int, dict[str, Any]]:
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    request = urllib.request.Request(gateway.url + path, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def read_until_cut(gateway: Gateway, ended: list[tuple[float, str]], reading: threading.Barrier) -> None:
    """A stock client in the middle of a stream: when it ended, and with which code."""
    client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0, timeout=30)
    words = 0
    try:
        for _ in client.chat.completions.create(
            model="assistant", messages=[{"role": "user", "content": "Bonjour"}], stream=True
        ):
            words += 1
            if words == 3:
                reading.wait(30)
        ended.append((time.monotonic(), "whole"))
    except openai.APIError as error:
        ended.append((time.monotonic(), str(error.code)))


def open_streams(gateway: Gateway, count: int) -> tuple[list[threading.Thread], list[tuple[float, str]]]:
    ended: list[tuple[float, str]] = []
    reading = threading.Barrier(count + 1)
    threads = [threading.Thread(target=read_until_cut, args=(gateway, ended, reading)) for _ in range(count)]
    for thread in threads:
        thread.start()
    reading.wait(30)
    return threads, ended


def ask(gateway: Gateway) -> str:
    client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0, timeout=10)
    try:
        stream = client.chat.completions.create(
            model="assistant", messages=[{"role": "user", "content": "Bonjour"}], stream=True
        )
        with stream:
            next(iter(stream))
        return "served"
    except openai.APIError as error:
        return str(error.code)


def test_a_halt_by_a_supervisor_cuts_every_open_stream_and_another_person_resumes(
    gateway: Gateway, provider: EndlessProvider, place: tuple[Path, Path]
) -> None:
    gagnon, roy = person_key("s.gagnon", place), person_key("m.roy", place)
    threads, ended = open_streams(gateway, STREAMS)
    status, halt = post(gateway, "/v1/halts", {"scope": "system:redaction-interne", "reason": "Essai"}, gagnon)
    assert status == 201
    for thread in threads:
        thread.join(20)
    assert [code for _, code in ended] == ["halted"] * STREAMS
    deadline = time.monotonic() + 5
    while provider.open and time.monotonic() < deadline:
        time.sleep(0.02)
    assert provider.open == 0, "a halted call goes on at the provider"
    assert ask(gateway) == "halted"
    assert (
        post(gateway, f"/v1/halts/{halt['id']}/lift", {"reason": "Corrigé"}, gagnon)[1]["error"]["code"]
        == "same_person"
    )
    assert post(gateway, f"/v1/halts/{halt['id']}/lift", {"reason": ""}, roy)[0] == 400
    status, lifted = post(gateway, f"/v1/halts/{halt['id']}/lift", {"reason": "Corrigé"}, roy)
    assert (status, lifted["state"], lifted["lifted_by"]) == (200, "lifted", "m.roy")
    assert ask(gateway) == "served"
    assert verify_live(*place) == ""


def test_an_application_may_not_halt_nor_may_a_person_without_the_role(
    gateway: Gateway, place: tuple[Path, Path]
) -> None:
    body = {"scope": "all", "reason": "Essai"}
    assert post(gateway, "/v1/halts", body, gateway.key)[0] == 401
    assert post(gateway, "/v1/halts", body, "vigie_faux_faux")[0] == 401
    key = person_key("s.gagnon", place)
    assert (
        post(gateway, "/v1/halts", {"scope": "everything", "reason": "Essai"}, key)[1]["error"]["code"]
        == "unknown_scope"
    )
    assert ask(gateway) == "served"


def test_a_halt_from_the_host_reaches_a_running_gateway_and_outlives_its_restart(
    gateway: Gateway, place: tuple[Path, Path]
) -> None:
    threads, ended = open_streams(gateway, 3)
    (place[0] / "register.yaml").write_text("ceci n'est pas un registre: [")  # halting works all the same
    halt = run_vigie("halt", "--scope", "all", "--reason", "Essai", config=place[0], data=place[1]).strip()
    for thread in threads:
        thread.join(20)
    assert [code for _, code in ended] == ["halted"] * 3
    example = Path(__file__).parents[2] / "config" / "register.yaml"
    (place[0] / "register.yaml").write_bytes(example.read_bytes())
    gateway.kill(signal.SIGKILL)
    with Gateway.start(*place) as again:
        assert ask(again) == "halted"
        run_vigie("resume", halt, "--by", "s.gagnon", "--reason", "Corrigé", config=place[0], data=place[1])
        deadline = time.monotonic() + 5
        while ask(again) != "served":
            assert time.monotonic() < deadline, "a lifted halt still stops"
            time.sleep(0.05)
