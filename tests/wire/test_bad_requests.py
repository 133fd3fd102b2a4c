"""What a client may send wrong, over a real socket: a clear 4xx that says where, and a gateway that goes on."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import pytest

from tests.gateway_process import Gateway


def post(
    gateway: Gateway, body: bytes, path: str = "/v1/chat/completions", **headers: str
) -> tuple[int, dict[str, object]]:
    """Status and the error object."""
    connection = http.client.HTTPConnection(urlsplit(gateway.url).netloc, timeout=20)
    connection.request(
        "POST", path, body, {"authorization": f"Bearer {gateway.key}", "content-type": "application/json", **headers}
    )
    answer = connection.getresponse()
    said = json.loads(answer.read())
    connection.close()
    return answer.status, said.get("error", {})


@pytest.mark.parametrize(
    ("body", "status", "code", "param"),
    [
        (b"", 400, "invalid_json", None),
        (b'{"model": "assistant",', 400, "invalid_json", None),
        (b"[]", 400, "invalid_request", None),
        (b'{"messages": []}', 400, "invalid_request", "model"),
        (b'{"model": 3, "messages": []}', 400, "invalid_request", "model"),
        (b'{"model": "assistant", "messages": "x"}', 400, "invalid_request", "messages"),
        (b'{"model": "assistant", "messages": [3]}', 400, "invalid_request", "messages[0]"),
        (
            b'{"model": "assistant", "messages": [{"role": "user", "content": 3}]}',
            400,
            "invalid_request",
            "messages[0].content",
        ),
        (
            b'{"model": "assistant", "messages": [{"role": "user", "content": [{"type": "text"}]}]}',
            400,
            "invalid_request",
            "messages[0].content[0].text",
        ),
        (
            b'{"model": "assistant", "messages": [{"role": "user", "content": "x"}], "stream": "yes"}',
            400,
            "invalid_request",
            "stream",
        ),
        (b'{"model": "assistant", "messages": [{"role": "user", "content": "\xff"}]}', 400, "invalid_json", None),
        (b'{"model": "assistant", "messages": [{"role": "user", "content": "\\ud800"}]}', 400, "invalid_json", None),
        (b'{"model": "assistant", "messages": ' + b"[" * 100 + b"]" * 100 + b"}", 400, "too_deep", None),
        (b'{"a": ' * 100_000, 400, "invalid_json", None),
    ],
)
def test_a_malformed_body_says_where(gateway: Gateway, body: bytes, status: int, code: str, param: str | None) -> None:
    got, error = post(gateway, body)
    assert (got, error["code"], error["param"]) == (status, code, param)


def test_a_body_over_the_limit_is_refused(gateway: Gateway) -> None:
    connection = http.client.HTTPConnection(urlsplit(gateway.url).netloc, timeout=20)
    connection.putrequest("POST", "/v1/chat/completions")
    connection.putheader("content-length", str(50 << 20))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_an_unknown_path_and_a_wrong_method_are_said_in_json(gateway: Gateway) -> None:
    assert post(gateway, b"{}", "/v1/nulle-part")[0] == 404
    assert post(gateway, b"{}", "/v1/models")[1]["code"] == "not_found"


def test_an_unknown_classification_lists_those_that_exist(gateway: Gateway) -> None:
    body = b'{"model": "assistant", "messages": [{"role": "user", "content": "x"}]}'
    status, error = post(gateway, body, **{"x-vigie-classification": "secret-absolu"})
    assert (status, error["code"]) == (400, "unknown_classification")
    assert "highly-sensitive" in str(error["message"])


def test_the_operational_pages_answer(gateway: Gateway) -> None:
    for path, content_type in [
        ("/healthz", "application/json"),
        ("/readyz", "application/json"),
        ("/metrics", "text/plain"),
        ("/openapi.json", "application/json"),
        ("/ledger/checkpoint", "text/plain"),
        ("/ledger/key", "text/plain"),
    ]:
        connection = http.client.HTTPConnection(urlsplit(gateway.url).netloc, timeout=20)
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == 200, path
        assert str(answer.headers["content-type"]).startswith(content_type), path
        assert answer.read()
        connection.close()
