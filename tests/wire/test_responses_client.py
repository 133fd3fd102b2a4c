"""The stock OpenAI client and agent loop over the Responses protocol, unchanged, while policy and people decide."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import openai
import pydantic
import pytest
from aiohttp import web

from gateway.transparency.manifests import read_manifest
from tests import responses_server as server
from tests.desk import POLICY, SIN, Desk
from tests.gateway_process import Gateway, all_records, closed_records, example_config, verify_live
from tests.wire.conftest import StandIn
from tests.wire.test_openai_client import streamed

Output = Sequence[dict[str, Any]]
TOOLS: Any = [
    {"type": "function", "name": name, "parameters": {"type": "object", "properties": {}}, "strict": False}
    for name in ("issue_payment", "short", "delete_all", "look_up", "write")
]
PAY = ("issue_payment", {"amount": 1500.5, "to": SIN})
MAIL = "ana@exemple.quebec"

both = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


@pytest.fixture(scope="module")
def desk(standin: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    root: Path = tmp_path_factory.mktemp("responses")
    config = example_config(root / "config", provider_port=standin.port)
    (config / "policies" / "actions.yaml").write_text(POLICY, encoding="utf8")
    with Gateway.start(config, root / "data") as gateway:
        yield Desk(gateway, (config, root / "data"))


def answering(standin: StandIn, output: Output | Callable[[dict[str, Any]], Output], status: str = "completed") -> None:
    """A provider that says this, whole or in pieces, as OpenAI's server does."""

    async def behave(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        assert request.path == "/v1/responses"
        whole = server.response(output(body) if callable(output) else output, status, error=None)
        if not body.get("stream"):
            return web.json_response(whole)
        frames = [server.frame(one) for one in server.events(whole)]
        return await streamed(request, b"".join(frames[:5]), b"".join(frames[5:-1]), frames[-1])

    standin.behaviour = behave


def proposing(standin: StandIn, *calls: tuple[str, Any], text: str = "") -> None:
    """A provider whose model wants these calls, until it is told what came of one."""
    made = [server.function_call(name, what, str(at)) for at, (name, what) in enumerate(calls)]
    before = [server.reasoning(), *([server.message(text)] if text else [])]

    def output(body: dict[str, Any]) -> Output:
        told = isinstance(body["input"], list) and body["input"][-1].get("type") == "function_call_output"
        return [server.message("C'est fait.")] if told else [*before, *made]

    answering(standin, output)


def client_of(desk: Desk, session: str = "s", **more: Any) -> openai.OpenAI:
    settings = {"max_retries": 0, "timeout": 30, **more}
    headers = {"x-vigie-session": session}
    OPEN.append(
        openai.OpenAI(base_url=f"{desk.gateway.url}/v1", api_key=desk.gateway.key, default_headers=headers, **settings)
    )
    return OPEN[-1]


OPEN: list[openai.OpenAI] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """Every client of a test is closed after it: a socket left open is somebody else's warning."""
    yield
    while OPEN:
        OPEN.pop().close()


def ask(client: openai.OpenAI, text: Any = "Bonjour", *, stream: bool = False, **more: Any) -> Any:
    """The response, whether streamed or not."""
    if not stream:
        return client.responses.create(model="assistant", input=text, **more)
    with client.responses.stream(model="assistant", input=text, **more) as events:
        return events.get_final_response()


def keys_of(desk: Desk) -> list[bytes]:
    with urllib.request.urlopen(f"{desk.gateway.url}/.well-known/jwks.json", timeout=20) as answer:
        return [base64.urlsafe_b64decode(one["x"] + "==") for one in json.loads(answer.read())["keys"]]


def read(client: openai.OpenAI, into: list[Any], **asked: Any) -> None:
    """Every event of a stream, as far as it goes."""
    with (
        client,
        client.responses.create(**{"model": "assistant", "input": "Bonjour", "stream": True, **asked}) as events,
    ):
        for event in events:
            into.append(event)


def made(response: Any) -> list[tuple[str, Any]]:
    return [(one.name, json.loads(one.arguments)) for one in response.output if one.type == "function_call"]


# ── answers ───────────────────────────────────────────────────────────────────────────────────────────────────────


@both
def test_an_answer_is_whole_labelled_and_kept_by_nobody(desk: Desk, standin: StandIn, *, stream: bool) -> None:
    answering(standin, [server.reasoning("Voyons."), server.message("Bonjour ", "à tous.")])
    answer = ask(client_of(desk), stream=stream, instructions="Sois bref.", store=True, metadata={"dossier": "17"})
    assert (answer.output_text, answer.status, answer.model) == ("Bonjour à tous.", "completed", "assistant")
    assert (answer.instructions, answer.metadata, answer.store) == ("Sois bref.", {"dossier": "17"}, False)
    assert [one.type for one in answer.output] == ["reasoning", "message"]
    assert (answer.output[0].summary[0].text, len(answer.output[0].encrypted_content)) == ("Voyons.", 68)
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (11, 7)
    vigie = answer.model_extra["vigie"]
    assert vigie["source_type"].endswith("/trainedAlgorithmicMedia")
    assert vigie["decision"] == closed_records(*desk.place)[-1]["decision"]
    signed = read_manifest(vigie["manifest"], keys_of(desk))
    assert signed["content"] == [hashlib.sha256(answer.output_text.encode()).hexdigest()]
    sent = standin.received[-1]
    assert (sent["model"], sent["store"], sent["instructions"]) == ("stand-in", False, "Sois bref.")


def test_a_stream_is_an_ordinary_stream(desk: Desk, standin: StandIn) -> None:
    answering(standin, [server.message("Bonjour à tous et à toutes.")])
    events: list[Any] = []
    read(client_of(desk), events)
    assert [one.sequence_number for one in events] == list(range(len(events)))
    kinds = [one.type for one in events if not one.type.endswith(".delta")]
    assert kinds == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert "vigie" in (events[0].response.model_extra or {})
    text = "".join(one.delta for one in events if one.type == "response.output_text.delta")
    assert text == events[-1].response.output_text == "Bonjour à tous et à toutes."


def test_an_answer_that_was_cut_short_says_so(desk: Desk, standin: StandIn) -> None:
    answering(standin, [server.message("Bonjour à")], "incomplete")
    events: list[Any] = []
    read(client_of(desk), events)
    last = events[-1]
    assert (last.type, last.response.output_text) == ("response.incomplete", "Bonjour à")
    assert ask(client_of(desk)).status == "incomplete"


async def test_the_asynchronous_client(desk: Desk, standin: StandIn) -> None:
    answering(standin, [server.message("Bonjour.")])
    async with openai.AsyncOpenAI(base_url=f"{desk.gateway.url}/v1", api_key=desk.gateway.key) as client:
        assert (await client.responses.create(model="assistant", input="Bonjour")).output_text == "Bonjour."
        async with client.responses.stream(model="assistant", input="Bonjour") as events:
            assert (await events.get_final_response()).output_text == "Bonjour."


@both
def test_values_leave_as_pseudonyms_and_come_back(desk: Desk, standin: StandIn, *, stream: bool) -> None:
    def echo(body: dict[str, Any]) -> Output:
        text = body["input"][-1]["output"]
        return [server.message(f"Reçu : {text}"), server.function_call("write", {"à": text})]

    answering(standin, echo)
    history: Any = [
        {"role": "user", "content": [{"type": "input_text", "text": f"Écrire à {MAIL}."}]},
        {"type": "function_call", "call_id": "c", "name": "look_up", "arguments": json.dumps({"courriel": MAIL})},
        {"type": "function_call_output", "call_id": "c", "output": MAIL},
    ]
    answer = ask(client_of(desk), history, stream=stream, tools=TOOLS)
    assert "exemple.quebec" not in json.dumps(standin.received[-1])
    assert standin.received[-1]["input"][2]["output"] == "⟦COURRIEL_1⟧"
    assert (answer.output_text, made(answer)) == (f"Reçu : {MAIL}", [("write", {"à": MAIL})])


class Verdict(pydantic.BaseModel):
    recevable: bool
    courriel: str


@both
def test_what_was_asked_for_as_json_is_parsed(desk: Desk, standin: StandIn, *, stream: bool) -> None:
    answering(standin, lambda _: [server.message('{"recevable": true, "courriel": "⟦COURRIEL_1⟧"}')])
    client = client_of(desk)
    if stream:
        with client.responses.stream(model="assistant", input=MAIL, text_format=Verdict) as events:
            answer = events.get_final_response()
    else:
        answer = client.responses.parse(model="assistant", input=MAIL, text_format=Verdict)
    assert answer.output_parsed == Verdict(recevable=True, courriel=MAIL)


# ── errors ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("asked", "kind", "code"),
    [
        ({"previous_response_id": "resp_1"}, openai.BadRequestError, "provider_state"),
        ({"conversation": "conv_1"}, openai.BadRequestError, "provider_state"),
        ({"background": True}, openai.BadRequestError, "provider_state"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, openai.BadRequestError, "provider_state"),
        ({"input": []}, openai.BadRequestError, "invalid_request"),
        ({"tools": [{"type": "web_search"}]}, openai.PermissionDeniedError, "provider_tools_denied"),
        ({"model": "inconnu"}, openai.APIStatusError, "model_not_found"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_refusals_are_the_exceptions_that_a_provider_would_raise(
    desk: Desk, standin: StandIn, asked: dict[str, Any], kind: type[openai.APIStatusError], code: str
) -> None:
    before = len(standin.received)
    for stream in (False, True):
        with pytest.raises(kind) as error:
            client_of(desk).responses.create(**{"model": "assistant", "input": "Bonjour", "stream": stream, **asked})
        assert error.value.code == code
    assert len(standin.received) == before


def test_no_response_is_kept_here(desk: Desk) -> None:
    for ask_again in (client_of(desk).responses.retrieve, client_of(desk).responses.delete):
        with pytest.raises(openai.NotFoundError) as error:
            ask_again("resp_1")
        assert (error.value.code, error.value.type) == ("not_found", "invalid_request_error")


@both
def test_a_provider_that_fails_is_a_fault_without_its_words(desk: Desk, standin: StandIn, *, stream: bool) -> None:
    failing = server.response([], "failed", error={"code": "server_error", "message": f"{SIN} ?"})

    async def behave(request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
        if not stream:
            return web.json_response(failing)
        begun = server.events(server.response([server.message("Bonjour")]))[:6]
        return await streamed(request, *map(server.frame, [*begun, {"type": "response.failed", "response": failing}]))

    standin.behaviour = behave
    with pytest.raises(openai.APIError) as error:
        read(client_of(desk), []) if stream else ask(client_of(desk))
    assert error.value.code == "provider_failed"
    assert SIN not in str(error.value.body)


def test_a_stream_that_stops_before_its_end_is_an_exception(desk: Desk, standin: StandIn) -> None:
    async def behave(request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
        return await streamed(request, *map(server.frame, server.events(server.response([server.message("a b")]))[:-1]))

    standin.behaviour = behave
    with pytest.raises(openai.APIError) as error:
        ask(client_of(desk), stream=True)
    assert error.value.code == "provider_ended_early"
    answering(standin, [server.message("Bonjour.")])
    assert ask(client_of(desk)).output_text == "Bonjour."


# ── actions ───────────────────────────────────────────────────────────────────────────────────────────────────────


@both
def test_what_policy_allows_goes_at_once(desk: Desk, standin: StandIn, *, stream: bool) -> None:
    proposing(standin, ("look_up", {"id": 7}), ("issue_payment", {"amount": 3}), text="Je regarde.")
    answer = ask(client_of(desk), stream=stream, tools=TOOLS)
    assert (answer.output_text, made(answer)) == (
        "Je regarde.",
        [("look_up", {"id": 7}), ("issue_payment", {"amount": 3})],
    )


@both
def test_what_a_person_approves_goes_to_the_byte(desk: Desk, standin: StandIn, *, stream: bool) -> None:
    session = f"approved-{stream}"
    proposing(standin, PAY)
    with desk.deciding(session, "approve") as seen:
        answer = ask(client_of(desk, session), f"Verse 1500,50 $ à {SIN}.", stream=stream, tools=TOOLS)
    assert made(answer) == [PAY]
    assert seen["action"] == {"tool": "issue_payment", "arguments": {"amount": 1500.5, "to": "⟦NAS⟧"}}
    closed = next(one for one in reversed(closed_records(*desk.place)) if one["session"] == session)
    (done,) = closed["actions"]
    assert (done["tool"], done["outcome"], done["sha256"]) == ("issue_payment", "approved", seen["action_sha256"])


@both
def test_what_a_person_edits_is_what_goes(desk: Desk, standin: StandIn, *, stream: bool) -> None:
    session = f"edited-{stream}"
    proposing(standin, PAY)
    with desk.deciding(session, "approve", edited_arguments={"amount": 900, "to": "trésorerie"}):
        answer = ask(client_of(desk, session), f"Verse à {SIN}.", stream=stream, tools=TOOLS)
    assert made(answer) == [("issue_payment", {"amount": 900, "to": "trésorerie"})]


@both
def test_a_refusal_is_a_message_in_place_of_the_call(desk: Desk, standin: StandIn, *, stream: bool) -> None:
    session = f"refused-{stream}"
    proposing(standin, ("look_up", {"id": 7}), PAY, text="Je verse.")
    with desk.deciding(session, "deny", reason="Le montant est erroné."):
        answer = ask(client_of(desk, session), f"Verse à {SIN}.", stream=stream, tools=TOOLS)
    assert [one.type for one in answer.output] == ["reasoning", "message", "function_call", "message"]
    assert answer.output_text.startswith("Je verse.\n\nL'action «\u00a0issue_payment\u00a0» a été refusée")
    assert answer.output_text.endswith("Le montant est erroné.")


@both
def test_nobody_in_time_and_what_policy_denies_are_refusals(desk: Desk, standin: StandIn, *, stream: bool) -> None:
    proposing(standin, ("short", {}), ("delete_all", {}))
    answer = ask(client_of(desk, f"expired-{stream}"), stream=stream, tools=TOOLS)
    assert made(answer) == []
    assert "n'a pas été approuvée à temps" in answer.output_text
    assert "L'action «\u00a0delete_all\u00a0» est refusée par la politique" in answer.output_text


@both
def test_a_halt_ends_the_wait(desk: Desk, standin: StandIn, *, stream: bool) -> None:
    session = f"halted-{stream}"
    proposing(standin, PAY, text="Un instant.")
    raised: list[str] = []

    def halt() -> None:
        desk.waiting(session)
        if stream:
            time.sleep(2.2)  # the text has left, and a comment after it
        body = {"scope": f"session:{session}", "reason": "essai"}
        raised.append(desk.send("POST", "/v1/halts", desk.gagnon, body)[1]["id"])

    seen: list[Any] = []
    client, asked = client_of(desk, session), {"input": f"Verse à {SIN}.", "tools": TOOLS}
    thread = threading.Thread(target=halt)
    thread.start()
    with pytest.raises(openai.APIError) as error:
        read(client, seen, **asked) if stream else client.responses.create(model="assistant", **asked)
    thread.join()
    assert error.value.code == "halted"
    assert "".join(one.delta for one in seen if one.type == "response.output_text.delta") == "Un instant." * stream
    assert not seen or seen[-1].type == "response.output_item.done"
    lifted = desk.send("POST", f"/v1/halts/{raised[0]}/lift", desk.roy, {"reason": "fin de l'essai"})
    assert lifted[0] == 200


def test_a_client_that_comes_back_to_a_stream_finds_its_hold_and_the_model_is_asked_once(
    desk: Desk, standin: StandIn
) -> None:
    proposing(standin, PAY, text="Un instant.")
    before, asked = len(standin.received), {"text": f"Verse à {SIN}.", "stream": True, "tools": TOOLS}
    with pytest.raises(openai.APITimeoutError):
        ask(client_of(desk, "joined", timeout=0.5), **asked)
    with desk.deciding("joined", "approve"):
        answer = ask(client_of(desk, "joined"), **asked)
    assert (answer.output_text, made(answer)) == ("Un instant.", [PAY])
    assert len(standin.received) == before + 1


def test_an_agent_loop_of_the_stock_sdk_goes_on(desk: Desk, standin: StandIn) -> None:
    """OpenAI's Agents SDK with its default model: the tool runs with what was approved; a refusal ends the run."""
    import agents

    agents.set_tracing_disabled(disabled=True)
    ran: list[float] = []

    @agents.function_tool
    def issue_payment(amount: float, to: str) -> str:
        """Issue a payment."""
        ran.append(amount)
        return f"versé à {to}"

    async def loop(session: str, *, stream: bool = False) -> str:
        headers = {"x-vigie-session": session}
        url, key = f"{desk.gateway.url}/v1", desk.gateway.key
        async with openai.AsyncOpenAI(base_url=url, api_key=key, default_headers=headers, max_retries=0) as client:
            agents.set_default_openai_client(client, use_for_tracing=False)
            agent = agents.Agent(name="agent", instructions="Verse.", tools=[issue_payment], model="assistant")
            if stream:
                running = agents.Runner.run_streamed(agent, "Verse 1500,50 $.", max_turns=3)
                async for _ in running.stream_events():
                    pass
                return str(running.final_output)
            return str((await agents.Runner.run(agent, "Verse 1500,50 $.", max_turns=3)).final_output)

    proposing(standin, ("issue_payment", {"amount": 1500.5, "to": "trésorerie"}))
    for stream in (False, True):
        session = f"agent-edited-{stream}"
        with desk.deciding(session, "approve", edited_arguments={"amount": 12, "to": "trésorerie"}):
            assert asyncio.run(loop(session, stream=stream)) == "C'est fait."
        history = standin.received[-1]["input"]
        assert [one.get("type", "message") for one in history][-2:] == ["function_call", "function_call_output"]
    assert ran == [12, 12]
    with desk.deciding("agent-refused", "deny", reason="Pas aujourd'hui."):
        assert asyncio.run(loop("agent-refused")).endswith("Pas aujourd'hui.")
    assert ran == [12, 12]


def test_the_ledger_tells_all_of_it_without_a_value(desk: Desk) -> None:
    assert verify_live(*desk.place) == ""
    records = all_records(*desk.place)
    text = json.dumps(records, ensure_ascii=False)
    assert SIN not in text
    assert MAIL not in text
    assert {"action.held", "action.decided", "action.released", "action.expired"} <= {one["kind"] for one in records}
    assert {one["facts"]["call.protocol"] for one in records if one["kind"] == "call.opened"} == {"responses"}
