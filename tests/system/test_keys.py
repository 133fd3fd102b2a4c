"""Keys over HTTP while the gateway runs: made by a command in another process they work at once; revoked, they stop at once."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from gateway.identity import Keys
from gateway.storage import open_store
from tests.gateway_process import Gateway, all_records, example_config, run_vigie

SYSTEM = "redaction-interne"
ORDINARY = {"model": "assistant", "messages": [{"role": "user", "content": "Bonjour"}]}
DENIED = {"model": "assistant", "messages": [{"role": "user", "content": "Mon mot de passe : hunter2secret"}]}
MALFORMED = {"model": "assistant", "messages": "x"}
UNKNOWN = {"model": "disparu", "messages": [{"role": "user", "content": "Bonjour"}]}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example body, served by its own simulator."""
    place = tmp_path_factory.mktemp("keys")
    example_config(place / "config", provider_port=None)
    return place


@pytest.fixture(scope="module", params=[1, 2], ids=["one process", "two processes"])
def gateway(place: Path, request: pytest.FixtureRequest) -> Iterator[Gateway]:
    with Gateway.start(place / "config", place / "data", workers=request.param) as running:
        yield running


@pytest.fixture(scope="module")
def keys(place: Path) -> Iterator[Keys]:
    """The keys of the same store, from this process: not the gateway's."""
    run_vigie("db", "upgrade", config=place / "config", data=place / "data")
    store = open_store(f"sqlite:///{place / 'data' / 'vigie.db'}")
    yield Keys(store, (place / "data" / "identity.key").read_bytes())
    store.close()


def ask(gateway: Gateway, key: str, body: dict[str, Any] | None, **headers: str) -> tuple[int, dict[str, Any]]:
    """A call, or without a body the list of models: status and answer."""
    connection = http.client.HTTPConnection(urlsplit(gateway.url).netloc, timeout=20)
    path = "/v1/models" if body is None else "/v1/chat/completions"
    sent = None if body is None else json.dumps(body).encode()
    connection.request(
        "GET" if body is None else "POST",
        path,
        sent,
        {"authorization": f"Bearer {key}", "content-type": "application/json", **headers},
    )
    answer = connection.getresponse()
    said = json.loads(answer.read())
    connection.close()
    return answer.status, said


def test_a_key_works_as_soon_as_it_is_made_even_under_a_rain_of_wrong_ones(gateway: Gateway, keys: Keys) -> None:
    stop = threading.Event()

    def rain() -> None:
        while not stop.is_set():
            ask(gateway, "vigie_aaaaaaaaaaaa_" + "b" * 40, ORDINARY)

    raining = [threading.Thread(target=rain) for _ in range(4)]
    for one in raining:
        one.start()
    try:
        for _ in range(10):
            assert ask(gateway, keys.create(system=SYSTEM).token, ORDINARY)[0] == 200
    finally:
        stop.set()
        for one in raining:
            one.join()


@pytest.mark.parametrize(
    ("body", "headers", "before"),
    [
        (ORDINARY, {}, 200),
        (ORDINARY, {"x-vigie-dry-run": "true"}, 200),
        (DENIED, {}, 403),
        (UNKNOWN, {}, 404),
        (MALFORMED, {}, 400),
        (None, {}, 200),
    ],
    ids=["a call", "a dry run", "a refusal", "an unknown model", "a malformed call", "the models"],
)
def test_the_very_next_request_of_a_revoked_key_is_401_and_says_nothing_else(
    gateway: Gateway, keys: Keys, body: dict[str, Any] | None, headers: dict[str, str], before: int
) -> None:
    made = keys.create(system=SYSTEM)
    for _ in range(4):  # whichever process answers has it in memory
        assert ask(gateway, made.token, body, **headers)[0] == before
    keys.revoke(made.id)
    for _ in range(4):
        status, said = ask(gateway, made.token, body, **headers)
        assert (status, said["error"]["code"]) == (401, "invalid_api_key")
        assert "rules" not in said["error"]
        assert "assistant" not in json.dumps(said)


def test_revocation_under_load_lets_nothing_through_afterwards(gateway: Gateway, place: Path, keys: Keys) -> None:
    key = keys.create(system=SYSTEM).token
    revoked, late, statuses = threading.Event(), [], set()
    stop = threading.Event()

    def load() -> None:
        while not stop.is_set():
            after = revoked.is_set()
            status, _ = ask(gateway, key, ORDINARY)
            statuses.add(status)
            if after and status != 401:
                late.append(status)

    loading = [threading.Thread(target=load) for _ in range(4)]
    for one in loading:
        one.start()
    try:
        run_vigie("key", "revoke", key.split("_")[1], config=place / "config", data=place / "data")
        revoked.set()
        for _ in range(20):
            assert ask(gateway, key, ORDINARY)[0] == 401
    finally:
        stop.set()
        for one in loading:
            one.join()
    assert late == []
    assert statuses == {200, 401}
    records = all_records(place / "config", place / "data")
    name = key.split("_")[1]
    at = next(number for number, one in enumerate(records) if one["kind"] == "key.revoked" and one["key"] == name)
    opened = {one["decision"] for one in records[at:] if one["kind"] == "call.opened" and one["key"] == name}
    for one in records[at:]:
        if one["kind"] == "call.closed" and one["decision"] in opened:
            assert (one["outcome"], one["code"]) == ("refused", "invalid_api_key")


def test_a_key_of_a_person_is_not_an_applications(gateway: Gateway, keys: Keys) -> None:
    key = keys.create(person="p.tremblay").token
    for body in (ORDINARY, None):
        assert ask(gateway, key, body)[0] == 401


def test_headers_that_would_be_recorded_are_plain_names(gateway: Gateway) -> None:
    for header, value in [
        ("x-vigie-session", "Marie Tremblay"),
        ("x-vigie-session", "marie@exemple.quebec"),
        ("x-vigie-session", "a" * 129),
        ("x-vigie-purpose", "046 454 286"),
    ]:
        status, said = ask(gateway, gateway.key, ORDINARY, **{header: value})
        assert (status, said["error"]["code"], said["error"]["param"]) == (400, "invalid_header", header)
        assert value not in json.dumps(said, ensure_ascii=False)
    assert ask(gateway, gateway.key, ORDINARY, **{"x-vigie-session": "run-2026:11.24_a"})[0] == 200
