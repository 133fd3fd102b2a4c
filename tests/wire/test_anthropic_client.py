"""The stock Anthropic client, unchanged, against a real gateway: before a provider that speaks its protocol, and before one
that speaks chat alone. It cannot tell; and people decide on what the model wants to do.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import pytest
import yaml
from aiohttp import web
from anthropic.types import Message

from gateway.config.reading import Loader
from tests.desk import POLICY, SIN, Desk
from tests.gateway_process import Gateway, all_records, closed_records, example_config, verify_live
from tests.wire import vendors
from tests.wire.conftest import StandIn
from tests.wire.test_openai_client import chunk, completion, streamed
from tests.wire.vendors import Asked, Vendor

Json = dict[str, Any]
MODELS = {"native": "assistant", "chat": "assistant-infonuagique"}
TOOLS = [
    {"name": name, "description": "Agit.", "input_schema": {"type": "object", "properties": {}}}
    for name in ("issue_payment", "short", "delete_all", "look_up")
]
PAY = ("issue_payment", {"amount": 1500.5, "to": SIN})
SIGNATURE = "c2lnbmF0dXJlIG9wYXF1ZQ=="


@dataclass
class House:
    """A gateway, the two providers behind it, and the desk where people decide."""

    desk: Desk
    vendor: Vendor
    standin: StandIn

    def client(self, session: str = "", **more: Any) -> anthropic.Anthropic:
        headers = {"x-vigie-session": session} if session else {}
        settings: Json = {"api_key": self.desk.gateway.key, "max_retries": 0, "timeout": 30, **more}
        return anthropic.Anthropic(base_url=self.desk.gateway.url, default_headers=headers, **settings)

    def asked(self, way: str) -> list[Json]:
        """The bodies that reached a provider."""
        return [one.body for one in self.vendor.asked] if way == "native" else self.standin.received

    def answers(self, way: str, *blocks: Json, stop: str = "end_turn") -> None:
        """What the model says from now on."""
        if way == "native":
            self.vendor.behaviour = vendors.anthropic_message(blocks, stop, geo=None)
            return

        async def behave(request: web.Request, body: Json) -> web.StreamResponse:
            if not body.get("stream"):
                return completion(chat_message(blocks), FINISHES[stop])
            message = chat_message(blocks)
            frames = [
                chunk({name: piece}) for name in ("reasoning_content", "content") for piece in pieces(message[name])
            ]
            for at, call in enumerate(message.get("tool_calls", ())):
                own = call["function"]
                frames.append(chunk({"tool_calls": [{**call, "index": at, "function": {**own, "arguments": ""}}]}))
                frames += [
                    chunk({"tool_calls": [{"index": at, "function": {"arguments": one}}]})
                    for one in pieces(own["arguments"])
                ]
            usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
            end = chunk({}, FINISHES[stop]) + chunk(None, usage=usage) + b"data: [DONE]\n\n"
            return await streamed(request, b"".join(frames), end)

        self.standin.behaviour = behave


FINISHES = {"end_turn": "stop", "tool_use": "tool_calls", "max_tokens": "length"}


def pieces(text: str) -> list[str]:
    return [text[at : at + 5] for at in range(0, len(text), 5)]


def chat_message(blocks: Sequence[Json]) -> Json:
    """The same answer of a provider that speaks chat."""
    said = {"reasoning_content": "thinking", "content": "text"}
    message: Json = {
        name: "".join(block[key] for block in blocks if block["type"] == key) for name, key in said.items()
    }
    calls = [
        {"id": one["id"], "type": "function", "function": {"name": one["name"], "arguments": json.dumps(one["input"])}}
        for one in blocks
        if one["type"] == "tool_use"
    ]
    return message | ({"tool_calls": calls} if calls else {})


def text(said: str) -> Json:
    return {"type": "text", "text": said}


def use(name: str, given: Json, at: int = 0) -> Json:
    return {"type": "tool_use", "id": f"toolu_{at}", "name": name, "input": given}


@pytest.fixture(scope="module")
def house(standin: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    root = tmp_path_factory.mktemp("anthropic")
    vendor = Vendor(vendors.anthropic_message([text("Bonjour")]))
    vendor.start()
    config = example_config(root / "config", provider_port=standin.port)
    (config / "policies" / "actions.yaml").write_text(POLICY, encoding="utf8")
    _add_deployments(config, vendor)
    patch = pytest.MonkeyPatch()
    patch.setenv("CLE_VENDEUR", "cle-anthropic")
    try:
        running = Gateway.start(config, root / "data")
    finally:
        patch.undo()
    with running:
        yield House(Desk(running, (config, root / "data")), vendor, standin)
    assert verify_live(config, root / "data") == ""


def _add_deployments(config: Path, vendor: Vendor) -> None:
    """`assistant` at a server that speaks Messages, `assistant-infonuagique` at one that does not."""
    path = config / "catalogue.yaml"
    catalogue = yaml.load(path.read_text(encoding="utf8"), Loader)
    entries = {one["id"]: one for one in catalogue["deployments"]}
    models = {one["id"]: one for one in catalogue["models"]}
    local = entries[models["assistant"]["deployments"][0]]
    speaks = {
        "protocol": "openai",
        "base_url": f"{vendor.url}/v1",
        "model": "claude-local",
        "api_key": "env:CLE_VENDEUR",
    }
    native = {**local, "id": "cti-messages", "provider": {**speaks, "apis": ["chat", "messages"]}}
    catalogue["deployments"].append(native)
    models["assistant"]["deployments"] = ["cti-messages"]
    models["assistant-infonuagique"]["deployments"] = [local["id"]]
    path.write_text(yaml.safe_dump(catalogue, allow_unicode=True), encoding="utf8")


@pytest.fixture(params=list(MODELS))
def way(request: pytest.FixtureRequest, house: House) -> str:
    name = str(request.param)
    house.answers(name, text("Bonjour"))
    return name


def ask(
    house: House,
    way: str,
    said: Any = "Bonjour",
    *,
    stream: bool = False,
    session: str = "",
    timeout: float = 30,
    **more: Any,
) -> Message:
    """The message, whether streamed or not."""
    given: Json = {
        "model": MODELS.get(way, way),
        "max_tokens": 99,
        "messages": [{"role": "user", "content": said}],
        **more,
    }
    client = house.client(session, timeout=timeout)
    if not stream:
        return client.messages.create(**given)
    with client.messages.stream(**given) as events:
        return events.get_final_message()


def words(message: Message) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def calls(message: Message) -> list[tuple[str, Any]]:
    return [(block.name, block.input) for block in message.content if block.type == "tool_use"]


both = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


# ── answers ───────────────────────────────────────────────────────────────────────────────────────────────────────


@both
def test_an_answer_is_whole_labelled_and_has_its_values_back(house: House, way: str, *, stream: bool) -> None:
    house.answers(way, text("C'est écrit à ⟦COURRIEL_1⟧, merci."))
    answer = ask(house, way, "Écrire à ana@exemple.quebec.", stream=stream, system="Sois bref, ana@exemple.quebec.")
    assert words(answer) == "C'est écrit à ana@exemple.quebec, merci."
    assert (answer.model, answer.role, answer.type, answer.stop_reason) == (
        MODELS[way],
        "assistant",
        "message",
        "end_turn",
    )
    assert (answer.usage.input_tokens, answer.usage.output_tokens) in ((11, 7), (7, 5))
    sent = json.dumps(house.asked(way)[-1], ensure_ascii=False)
    assert "exemple.quebec" not in sent
    assert "⟦COURRIEL_1⟧" in sent
    assert ("system" in house.asked(way)[-1]) == (way == "native")
    record = closed_records(*house.desk.place)[-1]
    assert (record["outcome"], record["usage"]["output_tokens"]) == ("served", answer.usage.output_tokens)
    if not stream:
        vigie = (answer.model_extra or {})["vigie"]
        assert (vigie["decision"], bool(vigie["manifest"])) == (record["decision"], True)


def test_the_events_of_a_stream_are_the_protocols_with_the_label_on_the_first(house: House, way: str) -> None:
    house.answers(way, text("Bonjour à tous et à toutes."))
    given: Json = {"model": MODELS[way], "max_tokens": 9, "messages": [{"role": "user", "content": "Bonjour"}]}
    stream = house.client().messages.create(**given, stream=True)
    events = [event for event in stream if event.type != "ping"]
    kinds = [event.type for event in events]
    assert kinds[:2] == ["message_start", "content_block_start"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert events[0].model_extra["vigie"]["label"] == "generated"  # type: ignore[index]
    assert events[-2].model_extra["vigie"]["manifest"]  # type: ignore[index]
    assert stream.response.headers["x-vigie-label"].startswith("generated")
    assert stream.response.headers["x-vigie-decision"] == events[0].model_extra["vigie"]["decision"]  # type: ignore[index]


@both
def test_a_thought_comes_with_its_signature(house: House, way: str, *, stream: bool) -> None:
    thought = {"type": "thinking", "thinking": "Je pense à ⟦COURRIEL_1⟧.", "signature": SIGNATURE}
    house.answers(way, {**thought, "thinking": "Je pense."}, text("Voilà."))
    more: Json = {"thinking": {"type": "enabled", "budget_tokens": 2048}, "stream": stream}
    first, second = ask(house, way, **more).content
    assert first.type == "thinking"
    assert second.type == "text"
    assert (first.thinking, second.text) == ("Je pense.", "Voilà.")
    assert first.signature == (SIGNATURE if way == "native" else "")
    sent = house.asked(way)[-1]
    assert sent.get("reasoning_effort", sent.get("thinking")) in ("low", {"type": "enabled", "budget_tokens": 2048})
    house.answers(way, thought, text("Voilà."))
    changed = ask(house, way, "Écrire à ana@exemple.quebec.", **more).content[0]
    assert changed.type == "thinking"
    assert (changed.thinking, changed.signature) == ("Je pense à ana@exemple.quebec.", "")


@both
def test_a_tool_is_called_and_its_result_goes_on(house: House, way: str, *, stream: bool) -> None:
    house.answers(
        way, text("Je cherche."), use("look_up", {"courriel": "⟦COURRIEL_1⟧", "é": [1, 2.5]}), stop="tool_use"
    )
    question = "Trouver ana@exemple.quebec."
    answer = ask(house, way, question, stream=stream, tools=TOOLS, tool_choice={"type": "any"})
    assert calls(answer) == [("look_up", {"courriel": "ana@exemple.quebec", "é": [1, 2.5]})]
    assert (words(answer), answer.stop_reason) == ("Je cherche.", "tool_use")
    block = answer.content[-1]
    assert block.type == "tool_use"
    result = {"type": "tool_result", "tool_use_id": block.id, "content": [text("ana@exemple.quebec a 3 dossiers.")]}
    house.answers(way, text("⟦COURRIEL_1⟧ a trois dossiers."))
    turns = [
        {"role": "user", "content": question},
        {"role": "assistant", "content": answer.content},
        {"role": "user", "content": [result]},
    ]
    assert words(ask(house, way, tools=TOOLS, stream=stream, messages=turns)) == "ana@exemple.quebec a trois dossiers."
    sent = house.asked(way)[-1]["messages"]
    assert "exemple.quebec" not in json.dumps(sent)
    if way == "native":
        assert sent[1]["content"][1]["input"] == {"courriel": "⟦COURRIEL_1⟧", "é": [1, 2.5]}
        assert sent[2]["content"][0]["tool_use_id"] == block.id
    else:
        assert json.loads(sent[1]["tool_calls"][0]["function"]["arguments"])["courriel"] == "⟦COURRIEL_1⟧"
        assert (sent[2]["role"], sent[2]["tool_call_id"]) == ("tool", block.id)


async def test_many_at_once_with_the_asynchronous_client(house: House, way: str) -> None:
    settings: Json = {"base_url": house.desk.gateway.url, "auth_token": house.desk.gateway.key, "max_retries": 0}
    given: Json = {"model": MODELS[way], "max_tokens": 9, "messages": [{"role": "user", "content": "Bonjour"}]}
    async with anthropic.AsyncAnthropic(api_key=None, **settings) as client:

        async def one() -> str:
            async with client.messages.stream(**given) as stream:
                return "".join([piece async for piece in stream.text_stream])

        assert set(await asyncio.gather(*(one() for _ in range(8)))) == {"Bonjour"}


def test_the_models_of_a_key_are_listed_for_this_client_too(house: House) -> None:
    listed = house.client().models.list()
    assert {"assistant", "vecteurs"} < {one.id for one in listed}
    one = house.client().models.retrieve("assistant")
    assert (one.type, one.display_name) == ("model", "assistant")
    with pytest.raises(anthropic.NotFoundError) as missing:
        house.client().models.retrieve("inconnu")
    assert missing.value.body["type"] == "error"  # type: ignore[index]


# ── refusals and faults ───────────────────────────────────────────────────────────────────────────────────────────

IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGVsbG8="}}


@pytest.mark.parametrize(
    ("more", "error", "kind", "code"),
    [
        ({"model": "inconnu"}, anthropic.NotFoundError, "not_found_error", "model_not_found"),
        (
            {"messages": [{"role": "user", "content": 3}]},
            anthropic.BadRequestError,
            "invalid_request_error",
            "invalid_request",
        ),
        (
            {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
            anthropic.PermissionDeniedError,
            "permission_error",
            "provider_tools_denied",
        ),
        (
            {"messages": [{"role": "user", "content": [IMAGE]}]},
            anthropic.PermissionDeniedError,
            "permission_error",
            "media_denied",
        ),
        (
            {"extra_body": {"container": "c"}},
            anthropic.PermissionDeniedError,
            "permission_error",
            "sovereignty_denied",
        ),
    ],
    ids=str,
)
@both
def test_a_refusal_has_the_protocols_shape(
    house: House, more: Json, error: type[anthropic.APIStatusError], kind: str, code: str, *, stream: bool
) -> None:
    before = len(house.vendor.asked)
    with pytest.raises(error) as caught:
        ask(house, "native", stream=stream, **more)
    body: Any = caught.value.body
    assert (body["type"], body["error"]["type"], body["error"]["code"]) == ("error", kind, code)
    assert caught.value.response.headers["x-vigie-decision"] == body["error"]["decision"]
    assert len(house.vendor.asked) == before


def test_no_key_is_an_authentication_error(house: House) -> None:
    with pytest.raises(anthropic.AuthenticationError):
        house.client(api_key="inconnue").messages.create(
            model="assistant", max_tokens=9, messages=[{"role": "user", "content": "Bonjour"}]
        )


def test_what_chat_has_no_word_for_is_said(house: House) -> None:
    with pytest.raises(anthropic.BadRequestError) as caught:
        ask(house, "chat", extra_body={"top_k": 3})
    error: Any = caught.value.body
    assert (error["error"]["code"], error["error"]["param"]) == ("provider_untranslatable", "top_k")


@both
@pytest.mark.parametrize(
    ("status", "error"),
    [(400, anthropic.BadRequestError), (429, anthropic.RateLimitError), (529, anthropic.InternalServerError)],
)
def test_a_providers_error_without_its_words(
    house: House, status: int, error: type[anthropic.APIStatusError], *, stream: bool
) -> None:
    house.answers("native", text("Bonjour"))
    ask(house, "native")
    house.vendor.behaviour = vendors.anthropic_error(status, "api_error", "Paroles du fournisseur")
    with pytest.raises(error) as caught:
        ask(house, "native", stream=stream)
    assert "Paroles" not in caught.value.response.text
    house.answers("native", text("Bonjour"))
    ask(house, "native")


def test_an_error_in_mid_stream_is_raised_and_so_is_a_stream_that_is_cut(house: House, way: str) -> None:
    said = 'event: error\ndata: {"type": "error", "error": {"type": "overloaded_error", "message": "Paroles"}}\n\n'
    for end in (said.encode(), b""):

        async def breaks(asked: Asked, end: bytes = end) -> web.StreamResponse:
            message = {
                "id": "m",
                "model": "c",
                "content": [text("Bonjour à tous et à")],
                "stop_reason": "x",
                "usage": {},
            }
            async with vendors.events(asked, "text/event-stream") as response:
                return await vendors.paced(response, [*vendors.anthropic_events(message)[:-3], end])

        async def breaks_chat(request: web.Request, _body: Json, end: bytes = end) -> web.StreamResponse:
            return await streamed(request, chunk({"content": "Bonjour à tous et à"}), end)

        house.vendor.behaviour, house.standin.behaviour = breaks, breaks_chat
        with pytest.raises(anthropic.APIStatusError) as caught:
            ask(house, way, stream=True)
        body: Any = caught.value.body
        assert body["error"]["code"] in ("provider_ended_early", "provider_protocol")
        assert "Paroles" not in str(body)
    house.answers(way, text("Bonjour"))
    ask(house, way)


async def test_a_client_that_leaves_ends_the_providers_call(house: House) -> None:
    async def endless(asked: Asked) -> web.StreamResponse:
        message = {
            "id": "m",
            "model": "c",
            "content": [text("encore et encore, " * 9)],
            "stop_reason": "x",
            "usage": {},
        }
        frames = vendors.anthropic_events(message)[:-3]
        async with vendors.events(asked, "text/event-stream") as response:
            await vendors.paced(response, frames[:3])
            while True:
                await vendors.paced(response, frames[3:])

    house.vendor.behaviour = endless
    house.vendor.left.clear()
    given: Json = {"model": "assistant", "max_tokens": 9, "messages": [{"role": "user", "content": "Bonjour"}]}
    with house.client().messages.stream(**given) as stream:
        for _, _event in zip(range(4), stream, strict=False):
            pass
    await house.vendor.client_left()
    house.answers("native", text("Bonjour"))


# ── a person decides ──────────────────────────────────────────────────────────────────────────────────────────────


def act(house: House, way: str, session: str, *, stream: bool, timeout: float = 30) -> Message:
    said = f"Verse 1500,50 $ à {SIN}."
    return ask(house, way, said, stream=stream, session=session, timeout=timeout, tools=TOOLS)


@both
def test_what_policy_allows_or_a_person_approves_goes_as_it_is(house: House, way: str, *, stream: bool) -> None:
    session = f"a-approved-{way}-{stream}"
    house.answers(way, text("Je paie."), use("look_up", {"id": 7}), use(*PAY, at=1), stop="tool_use")
    with house.desk.deciding(session, "approve") as seen:
        answer = act(house, way, session, stream=stream)
    assert (words(answer), calls(answer), answer.stop_reason) == ("Je paie.", [("look_up", {"id": 7}), PAY], "tool_use")
    assert seen["action"] == {"tool": "issue_payment", "arguments": {"amount": 1500.5, "to": "⟦NAS⟧"}}
    closed = next(one for one in reversed(closed_records(*house.desk.place)) if one["session"] == session)
    assert [one["outcome"] for one in closed["actions"]] == ["allowed", "approved"]


@both
def test_what_a_person_edits_is_what_goes(house: House, way: str, *, stream: bool) -> None:
    session = f"a-edited-{way}-{stream}"
    house.answers(way, use(*PAY), stop="tool_use")
    with house.desk.deciding(session, "approve", edited_arguments={"amount": 900, "to": "trésorerie"}):
        answer = act(house, way, session, stream=stream)
    assert calls(answer) == [("issue_payment", {"amount": 900, "to": "trésorerie"})]


@both
def test_a_refusal_is_a_text_that_ends_the_turn(house: House, way: str, *, stream: bool) -> None:
    session = f"a-refused-{way}-{stream}"
    house.answers(way, text("Je paie."), use(*PAY), stop="tool_use")
    with house.desk.deciding(session, "deny", reason="Le montant est erroné."):
        answer = act(house, way, session, stream=stream)
    assert (calls(answer), answer.stop_reason) == ([], "end_turn")
    assert words(answer).startswith("Je paie.\n\nL'action «\u00a0issue_payment\u00a0» a été refusée")
    assert words(answer).endswith("Le montant est erroné.")


def test_of_several_calls_one_goes_and_two_do_not(house: House) -> None:
    """One is denied by policy, and nobody decides in time on the other."""
    house.answers("native", use("look_up", {"id": 7}), use("delete_all", {}, 1), use("short", {}, 2), stop="tool_use")
    answer = act(house, "native", "a-several", stream=True)
    assert (calls(answer), answer.stop_reason) == ([("look_up", {"id": 7})], "tool_use")
    assert "L'action «\u00a0delete_all\u00a0» est refusée par la politique" in words(answer)
    assert "n'a pas été approuvée à temps" in words(answer)


@both
def test_a_halt_ends_the_wait(house: House, *, stream: bool) -> None:
    session = f"a-halted-{stream}"
    house.answers("native", text("Un instant."), use(*PAY), stop="tool_use")
    desk = house.desk
    raised: list[str] = []

    def halt() -> None:
        desk.waiting(session)
        if stream:
            time.sleep(2.3)  # the text has left, and a ping after it
        body = {"scope": f"session:{session}", "reason": "essai"}
        raised.append(desk.send("POST", "/v1/halts", desk.gagnon, body)[1]["id"])

    thread = threading.Thread(target=halt)
    thread.start()
    with pytest.raises(anthropic.APIStatusError) as caught:
        act(house, "native", session, stream=stream)
    thread.join()
    body: Any = caught.value.body
    assert (body["error"]["type"], body["error"]["code"]) == ("permission_error", "halted")
    assert desk.send("POST", f"/v1/halts/{raised[0]}/lift", desk.roy, {"reason": "fin de l'essai"})[0] == 200


@both
def test_a_client_that_comes_back_finds_its_hold_and_the_model_is_asked_once(house: House, *, stream: bool) -> None:
    session = f"a-joined-{stream}"
    house.answers("native", use(*PAY), stop="tool_use")
    before = len(house.vendor.asked)
    with suppress(anthropic.APITimeoutError, httpx2.ReadTimeout):
        act(house, "native", session, stream=stream, timeout=0.8)
    with house.desk.deciding(session, "approve"):
        answer = act(house, "native", session, stream=stream)
    assert calls(answer) == [PAY]
    assert len(house.vendor.asked) == before + 1


def test_the_ledger_tells_all_of_it_without_a_value(house: House) -> None:
    written = json.dumps(all_records(*house.desk.place), ensure_ascii=False)
    for never in (SIN, SIN.replace(" ", ""), "ana@exemple", "Paroles"):
        assert never not in written
    assert '"messages"' in written
