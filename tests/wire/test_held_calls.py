"""The stock OpenAI client and agent loop, unchanged, while people decide on what the model wants to do."""

from __future__ import annotations

import asyncio
import json
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import openai
import pytest
from aiohttp import web

from tests.desk import POLICY, SIN, Desk
from tests.gateway_process import Gateway, all_records, closed_records, example_config, run_vigie, verify_live
from tests.wire.conftest import StandIn
from tests.wire.test_openai_client import chunk, completion, streamed

TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}
    for name in ("issue_payment", "short", "delete_all", "look_up")
]
PAY = ("issue_payment", {"amount": 1500.5, "to": SIN})


@pytest.fixture(scope="module")
def place(standin: StandIn, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("held")
    config = example_config(root / "config", provider_port=standin.port)
    (config / "policies" / "actions.yaml").write_text(POLICY, encoding="utf8")
    return config, root / "data"


@pytest.fixture(scope="module")
def desk(place: tuple[Path, Path]) -> Iterator[Desk]:
    with Gateway.start(*place) as gateway:
        yield Desk(gateway, place)


def proposing(standin: StandIn, *calls: tuple[str, Any], said: str | None = None) -> None:
    """A provider whose model wants these calls, the arguments in a hundred pieces when streamed."""
    texts = [(name, what if isinstance(what, str) else json.dumps(what)) for name, what in calls]

    async def behave(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        if any(message["role"] == "tool" for message in body["messages"]):
            return completion({"content": "C'est fait."})
        if not body.get("stream"):
            made = [
                {"id": f"call_{at}", "type": "function", "function": {"name": name, "arguments": text}}
                for at, (name, text) in enumerate(texts)
            ]
            return completion({"content": said, "tool_calls": made}, finish="tool_calls")
        frames = [chunk({"role": "assistant", "content": said or ""})]
        for at, (name, text) in enumerate(texts):
            head = {"index": at, "id": f"call_{at}", "type": "function", "function": {"name": name, "arguments": ""}}
            size = max(1, len(text) // 100)
            pieces = [text[start : start + size] for start in range(0, len(text), size)]
            frames.append(chunk({"tool_calls": [head]}))
            frames += [chunk({"tool_calls": [{"index": at, "function": {"arguments": one}}]}) for one in pieces]
        return await streamed(request, b"".join(frames), chunk({}, "tool_calls"), b"data: [DONE]\n\n")

    standin.behaviour = behave


def client_of(desk: Desk, session: str, **more: Any) -> openai.OpenAI:
    settings = {"max_retries": 0, "timeout": 30, **more}
    headers = {"x-vigie-session": session}
    return openai.OpenAI(
        base_url=f"{desk.gateway.url}/v1", api_key=desk.gateway.key, default_headers=headers, **settings
    )


def ask(client: openai.OpenAI, text: str = f"Verse 1500,50 $ à {SIN}.", *, stream: bool = False) -> Any:
    """The message, and why it ended, whether streamed or not."""
    asked: Any = {"model": "assistant", "messages": [{"role": "user", "content": text}], "tools": TOOLS}
    if not stream:
        choice = client.chat.completions.create(**asked).choices[0]
        return choice.message, choice.finish_reason
    with client.chat.completions.stream(**asked) as events:
        choice = events.get_final_completion().choices[0]
    return choice.message, choice.finish_reason


def asking(desk: Desk, session: str, ends: type[Exception]) -> threading.Thread:
    """A client that waits in the background, and ends badly."""

    def run() -> None:
        with suppress(ends):
            ask(client_of(desk, session))

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def arguments(message: Any, index: int = 0) -> Any:
    return json.loads(message.tool_calls[index].function.arguments)


both = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


@both
def test_what_policy_allows_goes_at_once(desk: Desk, standin: StandIn, *, stream: bool) -> None:
    proposing(standin, ("look_up", {"id": 7}), ("issue_payment", {"amount": 3}), said="Je regarde.")
    message, finish = ask(client_of(desk, f"allowed-{stream}"), stream=stream)
    assert (message.content, finish, len(message.tool_calls)) == ("Je regarde.", "tool_calls", 2)
    assert (arguments(message), arguments(message, 1)) == ({"id": 7}, {"amount": 3})


@both
def test_what_a_person_approves_goes_to_the_byte(desk: Desk, standin: StandIn, *, stream: bool) -> None:
    session = f"approved-{stream}"
    proposing(standin, PAY)
    with desk.deciding(session, "approve") as seen:
        message, finish = ask(client_of(desk, session), stream=stream)
    assert (arguments(message), finish) == (PAY[1], "tool_calls")
    assert seen["action"] == {"tool": "issue_payment", "arguments": {"amount": 1500.5, "to": "⟦NAS⟧"}}
    closed = next(one for one in reversed(closed_records(*desk.place)) if one["session"] == session)
    (done,) = closed["actions"]
    assert (done["tool"], done["outcome"], done["sha256"]) == ("issue_payment", "approved", seen["action_sha256"])


@both
def test_what_a_person_edits_is_what_goes(desk: Desk, standin: StandIn, *, stream: bool) -> None:
    session = f"edited-{stream}"
    proposing(standin, PAY)
    with desk.deciding(session, "approve", edited_arguments={"amount": 900, "to": "trésorerie"}):
        message, _ = ask(client_of(desk, session), stream=stream)
    assert arguments(message) == {"amount": 900, "to": "trésorerie"}


@both
def test_a_refusal_reaches_the_model_with_its_reason(desk: Desk, standin: StandIn, *, stream: bool) -> None:
    session = f"refused-{stream}"
    proposing(standin, PAY, said="Je verse le montant.")
    with desk.deciding(session, "deny", reason="Le montant est erroné."):
        message, finish = ask(client_of(desk, session), stream=stream)
    assert (message.tool_calls, finish) == (None, "stop")
    assert message.content.startswith("Je verse le montant.\n\nL'action «\u00a0issue_payment\u00a0» a été refusée")
    assert message.content.endswith("Le montant est erroné.")


@both
def test_nobody_in_time_is_a_refusal(desk: Desk, standin: StandIn, *, stream: bool) -> None:
    proposing(standin, ("short", {}))
    message, finish = ask(client_of(desk, f"expired-{stream}"), stream=stream)
    assert (message.tool_calls, finish) == (None, "stop")
    assert "n'a pas été approuvée à temps" in message.content


@both
def test_of_several_calls_one_goes_one_waits_one_does_not(desk: Desk, standin: StandIn, *, stream: bool) -> None:
    session = f"several-{stream}"
    proposing(standin, ("look_up", {"id": 7}), PAY, ("delete_all", {}))
    with desk.deciding(session, "approve"):
        message, finish = ask(client_of(desk, session), stream=stream)
    assert [one.function.name for one in message.tool_calls] == ["look_up", "issue_payment"]
    assert finish == "tool_calls"
    assert "L'action «\u00a0delete_all\u00a0» est refusée par la politique" in message.content


@both
def test_arguments_that_are_no_json_are_held_as_they_are(desk: Desk, standin: StandIn, *, stream: bool) -> None:
    session = f"no-json-{stream}"
    proposing(standin, ("issue_payment", '{"amount": 15'))
    with desk.deciding(session, "approve"):
        message, _ = ask(client_of(desk, session), stream=stream)
    assert message.tool_calls[0].function.arguments == '{"amount": 15'


@both
def test_a_halt_ends_the_wait(desk: Desk, standin: StandIn, *, stream: bool) -> None:
    session = f"halted-{stream}"
    proposing(standin, PAY, said="Un instant.")
    raised: list[str] = []

    def halt() -> None:
        desk.waiting(session)
        if stream:
            time.sleep(2.3)  # the text has left, and a comment after it
        body = {"scope": f"session:{session}", "reason": "essai"}
        raised.append(desk.send("POST", "/v1/halts", desk.gagnon, body)[1]["id"])

    thread = threading.Thread(target=halt)
    thread.start()
    with pytest.raises(openai.APIError) as error:
        ask(client_of(desk, session), stream=stream)
    thread.join()
    assert error.value.code == "halted"
    states = {"waiting"}
    while "waiting" in states:  # cancelled a moment after whoever waited was told
        listed = desk.send("GET", f"/v1/holds?session={session}", desk.gagnon)[1]
        states = {one["state"] for one in listed["data"]}
    assert states == {"cancelled"}
    lifted = desk.send("POST", f"/v1/halts/{raised[0]}/lift", desk.roy, {"reason": "fin de l'essai"})
    assert lifted[0] == 200


def test_a_client_that_waits_long_is_kept_and_an_answer_that_cannot_end_well_breaks_off(
    desk: Desk, standin: StandIn
) -> None:
    """After the first seconds white space has left: the client's patience is renewed, and its status is spent."""
    session = "long"
    proposing(standin, PAY)

    def wait_then_halt() -> None:
        desk.waiting(session)
        time.sleep(2.5)
        one = desk.send("POST", "/v1/halts", desk.gagnon, {"scope": f"session:{session}", "reason": "essai"})[1]["id"]
        time.sleep(1)
        desk.send("POST", f"/v1/halts/{one}/lift", desk.roy, {"reason": "fin"})

    thread = threading.Thread(target=wait_then_halt)
    thread.start()
    with pytest.raises(openai.APIConnectionError):
        ask(client_of(desk, session))
    thread.join()


@both
def test_a_client_that_comes_back_finds_its_hold_and_the_model_is_asked_once(
    desk: Desk, standin: StandIn, *, stream: bool
) -> None:
    session = f"joined-{stream}"
    proposing(standin, PAY)
    before = len(standin.received)

    def approve_late() -> None:
        one = desk.waiting(session)
        time.sleep(1.5)
        desk.approve(one)

    thread = threading.Thread(target=approve_late)
    thread.start()
    client = client_of(desk, session, timeout=0.8, max_retries=4)
    if stream:  # a stream that had begun is the application's to ask for again
        with pytest.raises(openai.APITimeoutError):
            ask(client, stream=True)
    message, _ = ask(client_of(desk, session, timeout=9) if stream else client, stream=stream)
    thread.join()
    assert arguments(message) == PAY[1]
    assert len(standin.received) == before + 1
    _, listed, _ = desk.send("GET", f"/v1/holds?session={session}", desk.gagnon)
    assert [one["state"] for one in listed["data"]] == ["released"]


def test_a_client_that_leaves_for_good_leaves_nothing_to_approve(desk: Desk, standin: StandIn) -> None:
    proposing(standin, PAY)
    left = []
    for stream in (False, True):
        with pytest.raises(openai.APITimeoutError):
            ask(client_of(desk, f"left-{stream}", timeout=0.5), stream=stream)
        left.append(desk.waiting(f"left-{stream}"))
    deadline = time.monotonic() + 15
    while any(desk.send("GET", f"/v1/holds/{one['id']}", desk.gagnon)[1]["state"] == "waiting" for one in left):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert [desk.approve(one)[0] for one in left] == [409, 409]


def test_a_hold_outlives_the_gateway_that_made_it(standin: StandIn, place: tuple[Path, Path], desk: Desk) -> None:
    """Killed while held, and after the approval: the same request, sent again, is given what was approved, once."""
    proposing(standin, PAY)
    config, data = place[0], place[1].parent / "killed" / "data"
    before = len(standin.received)
    with Gateway.start(config, data) as gateway:
        first = Desk(gateway, (config, data))
        thread = asking(first, "k", openai.APIConnectionError)
        one = first.waiting("k")
        gateway.kill(signal.SIGKILL)
        thread.join()
    with Gateway.start(config, data) as gateway:
        second = Desk(gateway, (config, data))
        assert second.approve(one)[0] == 200
        message, _ = ask(client_of(second, "k"))
        assert arguments(message) == PAY[1]
        again = asking(second, "k", openai.APIError)
        other = second.waiting("k")
        assert other["id"] != one["id"], "an approval is used once"
        run_vigie("halt", "--scope", "all", "--reason", "fin", config=config, data=data)
        again.join()
    assert len(standin.received) == before + 2
    assert verify_live(config, data) == ""


def test_an_agent_loop_of_the_stock_sdk_goes_on(desk: Desk, standin: StandIn) -> None:
    """OpenAI's Agents SDK: the tool runs with what was approved, and a refusal ends the run with its reason."""
    import agents

    agents.set_tracing_disabled(disabled=True)
    ran: list[float] = []

    @agents.function_tool
    def issue_payment(amount: float, to: str) -> str:
        """Issue a payment."""
        ran.append(amount)
        return f"versé à {to}"

    def run(session: str) -> str:
        return asyncio.run(loop(session))

    async def loop(session: str) -> str:
        headers = {"x-vigie-session": session}
        url, key = f"{desk.gateway.url}/v1", desk.gateway.key
        async with openai.AsyncOpenAI(base_url=url, api_key=key, default_headers=headers, max_retries=0) as client:
            model = agents.OpenAIChatCompletionsModel("assistant", client)
            agent = agents.Agent(name="agent", instructions="Verse.", tools=[issue_payment], model=model)
            result = await agents.Runner.run(agent, "Verse 1500,50 $.", max_turns=3)
        return str(result.final_output)

    proposing(standin, ("issue_payment", {"amount": 1500.5, "to": "trésorerie"}))
    with desk.deciding("agent-edited", "approve", edited_arguments={"amount": 12, "to": "trésorerie"}):
        assert run("agent-edited") == "C'est fait."
    assert ran == [12]
    with desk.deciding("agent-refused", "deny", reason="Pas aujourd'hui."):
        assert run("agent-refused").endswith("Pas aujourd'hui.")
    assert ran == [12]


def test_the_ledger_tells_all_of_it_without_a_value(desk: Desk) -> None:
    assert verify_live(*desk.place) == ""
    text = json.dumps(all_records(*desk.place), ensure_ascii=False)
    assert SIN not in text
    assert SIN.replace(" ", "") not in text
    assert {
        "action.asked",
        "action.held",
        "action.decided",
        "action.released",
        "action.expired",
        "action.cancelled",
    } <= {one["kind"] for one in all_records(*desk.place)}
