"""Anthropic, Azure and Bedrock through a whole gateway, with the stock OpenAI client, which cannot tell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
import yaml
from aiohttp import web

from gateway.config.reading import Loader
from tests.gateway_process import Gateway, closed_records, example_config, run_vigie, verify_live
from tests.wire import vendors
from tests.wire.test_provider_faults import closed
from tests.wire.vendors import Asked, Vendor

SAID = "Paroles du fournisseur"
SECRETS = {
    "ANTHROPIC_API_KEY": "cle-anthropic",
    "AZURE_API_KEY": "cle-azure",
    "AWS_ACCESS_KEY_ID": vendors.AWS_KEY,
    "AWS_SECRET_ACCESS_KEY": vendors.AWS_SECRET,
}
MODELS = {"assistant-etranger": "anthropic-direct", "assistant-infonuagique": "azure-canadaeast"}
MODELS["assistant"] = "bedrock-montreal"
PLACES = {"anthropic": "assistant-etranger", "azure": "assistant-infonuagique", "bedrock": "assistant"}
RESIDENCY = {"anthropic": "confirmed", "azure": "confirmed", "bedrock": "unattested"}
TOOL = {"name": "ecrire", "arguments": '{"a": "⟦COURRIEL_1⟧"}'}
USE = {"a": "⟦COURRIEL_1⟧"}
ANSWERS = {
    "anthropic": vendors.anthropic_message([{"type": "text", "text": "Bonjour à tous"}]),
    "azure": vendors.azure_completion({"content": "Bonjour à ⟦COURRIEL_1⟧"}),
    "bedrock": vendors.bedrock_converse([{"text": "Bonjour à ⟦COURRIEL_1⟧"}]),
}
TOOLS = {
    "azure": vendors.azure_completion(
        {"content": None, "tool_calls": [{"id": "t1", "type": "function", "function": TOOL}]}, "tool_calls"
    ),
    "bedrock": vendors.bedrock_converse([{"toolUse": {"toolUseId": "t1", "name": "ecrire", "input": USE}}], "tool_use"),
}
ERRORS = {"anthropic": vendors.anthropic_error, "azure": vendors.azure_error, "bedrock": vendors.bedrock_error}


@dataclass
class House:
    gateway: Gateway
    vendors: dict[str, Vendor]
    place: Path


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The example body, its vendors' entries verified and pointed at local servers that speak their wires."""
    place = tmp_path_factory.mktemp("vendors")
    servers = {name: Vendor(answer) for name, answer in ANSWERS.items()}
    for one in servers.values():
        one.start()
    config = example_config(place / "config", provider_port=1)
    _verify_vendors(config, servers)
    patch = pytest.MonkeyPatch()
    for name, value in SECRETS.items():
        patch.setenv(name, value)
    assert run_vigie("check", config=config, data=place / "data")
    try:
        running = Gateway.start(config, place / "data")
    finally:
        patch.undo()
    with running:
        yield House(running, servers, place)
    assert verify_live(config, place / "data") == ""


def _verify_vendors(config: Path, servers: dict[str, Vendor]) -> None:
    path = config / "catalogue.yaml"
    catalogue = yaml.load(path.read_text(encoding="utf8"), Loader)
    entries = {one["id"]: one for one in catalogue["deployments"]}
    for name, model in PLACES.items():
        entry = entries[MODELS[model]]
        entry["provider"]["base_url"] = servers[name].url
        entry["verified"] = entries["simulateur"]["verified"]
        entry["contract"] = {"ref": "C-1", "expires": "2099-01-01"}
        entry["max_classification"] = "internal"
    entries["azure-canadaeast"]["provider"]["model"] = "azure/gpt-4o"
    entries["bedrock-montreal"]["provider"]["model"] = "bedrock/converse/amazon.nova-lite-v1:0"
    for one in catalogue["models"]:
        if one["id"] in MODELS:
            one["deployments"] = [MODELS[one["id"]]]
    path.write_text(yaml.safe_dump(catalogue, allow_unicode=True), encoding="utf8")


@pytest.fixture(params=list(PLACES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def vendor(house: House, name: str) -> Vendor:
    one = house.vendors[name]
    one.behaviour = ANSWERS[name]
    one.asked.clear()
    one.left.clear()
    return one


@pytest.fixture
def client(house: House) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{house.gateway.url}/v1", api_key=house.gateway.key, max_retries=0, timeout=60)


def ask(client: openai.OpenAI, name: str, **more: Any) -> Any:
    # Anthropic is outside Québec: policy lets no personal information go there.
    text = "Bonjour." if name == "anthropic" else "Écrire à ana@exemple.quebec."
    given: dict[str, Any] = {"messages": [{"role": "user", "content": text}], "max_tokens": 50, **more}
    return client.chat.completions.create(model=PLACES[name], **given)


def expected(name: str) -> str:
    return "Bonjour à tous" if name == "anthropic" else "Bonjour à ana@exemple.quebec"


def test_a_whole_answer(house: House, client: openai.OpenAI, vendor: Vendor, name: str) -> None:
    answer = ask(client, name)
    assert answer.choices[0].message.content == expected(name)
    assert answer.model == PLACES[name]
    assert answer.model_extra["vigie"]["label"] == "generated"
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (11, 7)
    sent = json.dumps(vendor.asked[-1].body, ensure_ascii=False)
    assert "exemple.quebec" not in sent
    assert ("⟦COURRIEL_1⟧" in sent) == (name != "anthropic")
    record = closed(house.place, answer.model_extra["vigie"]["decision"])
    assert (record["outcome"], record["deployment"]) == ("served", MODELS[PLACES[name]])
    assert record["residency"] == RESIDENCY[name]
    assert (record["usage"]["input_tokens"], record["usage"]["output_tokens"]) == (11, 7)


def test_a_stream(house: House, client: openai.OpenAI, vendor: Vendor, name: str) -> None:
    stream = ask(client, name, stream=True, stream_options={"include_usage": True})
    chunks = list(stream)
    assert "".join(one.choices[0].delta.content or "" for one in chunks if one.choices) == expected(name)
    assert [one.choices[0].finish_reason for one in chunks if one.choices][-1] == "stop"
    assert chunks[-1].usage.completion_tokens == 7
    record = closed(house.place, stream.response.headers["x-vigie-decision"])
    assert (record["outcome"], record["residency"]) == ("served", RESIDENCY[name])


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_call_has_its_values_back(house: House, client: openai.OpenAI, stream: bool) -> None:
    for name, behaviour in TOOLS.items():
        house.vendors[name].behaviour = behaviour
        tools = [{"type": "function", "function": {"name": "ecrire", "parameters": {"type": "object"}}}]
        answer = ask(client, name, tools=tools, stream=stream)
        if stream:
            calls = [call for one in answer for choice in one.choices for call in choice.delta.tool_calls or []]
            arguments = "".join(call.function.arguments or "" for call in calls)
        else:
            arguments = answer.choices[0].message.tool_calls[0].function.arguments
        assert json.loads(arguments) == {"a": "ana@exemple.quebec"}


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, openai.BadRequestError),
        (401, openai.InternalServerError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
        (529, openai.InternalServerError),
    ],
)
def test_an_error(
    house: House, client: openai.OpenAI, vendor: Vendor, name: str, status: int, error: type[openai.APIStatusError]
) -> None:
    ask(client, name)
    vendor.behaviour = ERRORS[name](status, "x", SAID)
    with pytest.raises(error) as caught:
        ask(client, name, stream=status % 2 == 1)
    assert caught.value.code == "provider_refused"
    assert SAID not in caught.value.response.text
    record = closed(house.place, caught.value.response.headers["x-vigie-decision"])
    assert (record["outcome"], record["code"]) == ("failed", "provider_refused")


# ── the same vendors, for the stock Anthropic client ──────────────────────────────────────────────────────────────


@pytest.fixture
def stock(house: House) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=house.gateway.url, api_key=house.gateway.key, max_retries=0, timeout=60)


def message(client: anthropic.Anthropic, name: str, *, stream: bool, **more: Any) -> Any:
    said = "Bonjour." if name == "anthropic" else "Écrire à ana@exemple.quebec."
    given: dict[str, Any] = {"max_tokens": 50, "messages": [{"role": "user", "content": said}], **more}
    if not stream:
        return client.messages.create(model=PLACES[name], **given)
    with client.messages.stream(model=PLACES[name], **given) as events:
        return events.get_final_message()


@pytest.mark.parametrize("stream", [False, True])
def test_a_message_of_anthropics(
    house: House, stock: anthropic.Anthropic, vendor: Vendor, name: str, *, stream: bool
) -> None:
    answer = message(stock, name, stream=stream, **({"extra_body": {"top_k": 3}} if name == "anthropic" else {}))
    assert answer.content[0].text == expected(name)
    assert (answer.model, answer.stop_reason) == (PLACES[name], "end_turn")
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (11, 7)
    asked = vendor.asked[-1]
    if name == "anthropic":  # its own protocol: nothing is translated
        assert (asked.path, asked.body["model"], asked.body["top_k"]) == ("/v1/messages", "claude-sonnet-4-5", 3)
        assert asked.headers["anthropic-version"] == "2023-06-01"
    record = closed_records(house.place / "config", house.place / "data")[-1]
    assert (record["outcome"], record["residency"]) == ("served", RESIDENCY[name])


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_of_a_message_has_its_values_back(house: House, stock: anthropic.Anthropic, stream: bool) -> None:
    tools = [{"name": "ecrire", "description": "Écrit.", "input_schema": {"type": "object", "properties": {}}}]
    for name, behaviour in TOOLS.items():
        house.vendors[name].behaviour = behaviour
        answer = message(stock, name, stream=stream, tools=tools)
        (use,) = [block for block in answer.content if block.type == "tool_use"]
        assert (use.name, use.input, answer.stop_reason) == ("ecrire", {"a": "ana@exemple.quebec"}, "tool_use")


def test_tokens_are_counted_here(house: House, stock: anthropic.Anthropic) -> None:
    before = [len(one.asked) for one in house.vendors.values()]
    turn: Any = {"role": "user", "content": "Écrire à ana@exemple.quebec. " * 20}
    tools: Any = [{"name": "ecrire", "description": "Écrit.", "input_schema": {"type": "object"}}]
    few = stock.messages.count_tokens(model="assistant", messages=[turn], system="Bref.").input_tokens
    more = stock.messages.count_tokens(model="assistant", messages=[turn] * 3, tools=tools).input_tokens
    assert 150 < few < 450
    assert 3 * few < more
    assert [len(one.asked) for one in house.vendors.values()] == before
    with pytest.raises(anthropic.NotFoundError) as missing:
        stock.messages.count_tokens(model="inconnu", messages=[turn])
    assert missing.value.body["error"]["code"] == "model_not_found"  # type: ignore[index]
    with pytest.raises(anthropic.AuthenticationError) as stranger:
        stock.with_options(api_key="inconnue").messages.count_tokens(model="assistant", messages=[turn])
    assert stranger.value.body["type"] == "error"  # type: ignore[index]


def test_personal_information_does_not_go_to_anthropic(house: House, client: openai.OpenAI) -> None:
    house.vendors["anthropic"].asked.clear()
    with pytest.raises(openai.PermissionDeniedError) as caught:
        ask(client, "anthropic", messages=[{"role": "user", "content": "Écrire à ana@exemple.quebec."}])
    assert caught.value.code == "sovereignty_denied"
    assert house.vendors["anthropic"].asked == []


async def test_a_client_that_leaves_ends_the_vendors_call(client: openai.OpenAI, vendor: Vendor, name: str) -> None:
    async def endless(asked: Asked) -> web.StreamResponse:
        kinds = {"bedrock": "application/vnd.amazon.eventstream"}
        async with vendors.events(asked, kinds.get(name, "text/event-stream")) as response:
            while True:
                await vendors.paced(response, PIECES[name])

    vendor.behaviour = endless
    stream = ask(client, name, stream=True)
    for _, _chunk in zip(range(2), stream, strict=False):
        pass
    stream.close()
    await vendor.client_left()


_HEAD = {"id": "c", "created": 1, "model": "m"}
_TEXT = {"type": "text", "text": "encore et encore et encore, "}
PIECES = {
    "anthropic": vendors.anthropic_events(
        {"id": "m", "type": "message", "role": "assistant", "model": "c", "content": [_TEXT], "stop_reason": "x",
         "usage": {"input_tokens": 1}}
    )[:-2],
    "azure": vendors.azure_events(_HEAD, {"content": _TEXT["text"]}, "stop", {})[:-2],
    "bedrock": vendors.bedrock_frames([{"text": _TEXT["text"]}], "end_turn", {})[:-2],
}  # fmt: skip


def test_nothing_of_a_call_or_of_litellm_is_in_the_log(house: House) -> None:
    """After all of the above."""
    log = (house.place / "gateway.log").read_text(encoding="utf8")
    lines = [line for line in log.splitlines() if line]
    assert lines
    assert all(line.startswith("{") for line in lines)
    for never in (SAID, "Bonjour", "ana@", "litellm", "cle-a", vendors.AWS_SECRET, "boto"):
        assert never not in log, never
