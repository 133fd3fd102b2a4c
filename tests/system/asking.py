"""A small client for tests of whole gateways: a call, its status, its error's code; and what readiness says."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from tests.gateway_process import Gateway

ORDINARY = {"model": "assistant", "messages": [{"role": "user", "content": "Bonjour"}]}
SOON_S = 40


def ask(gateway: Gateway, body: Any = ORDINARY, **headers: str) -> tuple[int, Any]:
    """Status and answer of a call; a stream's answer is its text."""
    connection = http.client.HTTPConnection(urlsplit(gateway.url).netloc, timeout=60)
    try:
        given = {**gateway.authorization, "content-type": "application/json", **headers}
        connection.request("POST", "/v1/chat/completions", json.dumps(body).encode(), given)
        answer = connection.getresponse()
        said = answer.read()
        return answer.status, said.decode() if answer.headers["content-type"].startswith("text/") else json.loads(said)
    finally:
        connection.close()


def read(gateway: Gateway, path: str) -> tuple[int, bytes]:
    """Status and body of a page."""
    connection = http.client.HTTPConnection(urlsplit(gateway.url).netloc, timeout=60)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def readiness(gateway: Gateway) -> tuple[int, Any]:
    """What `/readyz` says."""
    status, body = read(gateway, "/readyz")
    return status, json.loads(body)


def until(true: Callable[[], Any], within_s: float = SOON_S) -> None:
    """Wait for something to become so."""
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, "it did not become so in time"
        time.sleep(0.05)
