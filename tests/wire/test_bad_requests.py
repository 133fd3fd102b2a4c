"""What a client may send wrong, over a real socket: a clear 4xx that says where, and a gateway that goes on."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import pytest

from tests.gateway_process import Gateway
from tests.wire.conftest import StandIn
from tests.wire.test_openai_client import answering


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


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("HEAD", "/healthz", 200),
        ("HEAD", "/v1/models", 200),
        ("HEAD", "/v1/chat/completions", 404),
        ("OPTIONS", "/v1/chat/completions", 404),
        ("OPTIONS", "/healthz", 404),
        ("PUT", "/v1/chat/completions", 404),
        ("DELETE", "/v1/models/assistant", 404),
        ("GET", "/v1/chat/completions", 404),
        ("POST", "/healthz", 404),
        ("BREW", "/healthz", 400),
        ("GET", "/v1/models/../../etc/passwd", 404),
        ("GET", "/v1/models/%00", 404),
        ("GET", "/" + "a" * 5000, 404),
    ],
)
def test_methods_and_paths_that_are_not_served(gateway: Gateway, method: str, path: str, status: int) -> None:
    connection = http.client.HTTPConnection(urlsplit(gateway.url).netloc, timeout=20)
    connection.request(method, path, headers={"authorization": f"Bearer {gateway.key}", "origin": "https://ailleurs"})
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    assert answer.status == status
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
    if method == "HEAD":
        assert said == b""
    elif status == 404:
        assert json.loads(said)["error"]["code"] in ("not_found", "model_not_found")


def test_a_key_given_twice_is_the_last_one_and_the_provider_sees_it_once(gateway: Gateway, standin: StandIn) -> None:
    """Two readers of one JSON must not read two things: what was decided on is what is sent."""
    answering(standin, {"content": "Bonjour !"})
    body = (
        b'{"model": "inconnu", "model": "assistant", "messages": [], "messages": [{"role": "user", "content": "Oui"}]}'
    )
    assert post(gateway, body)[0] == 200
    assert standin.received[-1] == {"model": "stand-in", "messages": [{"role": "user", "content": "Oui"}]}


def test_fields_that_openai_has_pass_through_untouched(gateway: Gateway, standin: StandIn) -> None:
    answering(standin, {"content": "{}"})
    fields = {
        "temperature": 0.25,
        "top_p": 1,
        "max_tokens": 12,
        "max_completion_tokens": 13,
        "seed": 1234567890,
        "stop": ["fin"],
        "n": 2,
        "presence_penalty": -0.5,
        "frequency_penalty": 2,
        "logit_bias": {"50256": -100},
        "logprobs": True,
        "top_logprobs": 2,
        "parallel_tool_calls": False,
        "reasoning_effort": "low",
        "verbosity": "low",
        "service_tier": "auto",
        "store": False,
        "metadata": {"suivi": "abc"},
        "user": "u-1",
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "s", "strict": True, "schema": {"type": "object", "required": ["a"]}},
        },
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "functions": [{"name": "g", "parameters": {"type": "object"}}],
        "function_call": "none",
    }
    messages = [
        {"role": "system", "content": ""},
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": ""}]},
        {"role": "assistant", "content": None, "tool_calls": None},
        {"role": "assistant", "content": None, "function_call": {"name": "g", "arguments": "{}"}},
        {"role": "function", "name": "g", "content": "1"},
        {"role": "user", "content": "b"},
    ]
    sent = {"messages": messages, **fields}
    status, _ = post(gateway, json.dumps({"model": "assistant", **sent}).encode())
    assert status == 200
    assert standin.received[-1] == {"model": "stand-in", **sent}


def test_an_unknown_field_passes_only_where_the_catalogue_allows_it(gateway: Gateway, standin: StandIn) -> None:
    answering(standin, {"content": "Bonjour !"})
    asked = {"model": "assistant", "messages": [{"role": "user", "content": "x"}]}
    status, error = post(gateway, json.dumps({**asked, "nouveau": 1}).encode())
    assert (status, error["code"]) == (403, "sovereignty_denied")
    assert post(gateway, json.dumps({**asked, "top_k": 40}).encode())[0] == 200
    assert standin.received[-1]["top_k"] == 40


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
