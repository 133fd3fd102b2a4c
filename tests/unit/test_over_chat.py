"""OpenAI's Responses over a deployment that speaks chat: the events and answers that OpenAI's own server would send."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from gateway.providers import BrokeProtocol, ProviderFault, Reply, Request, Untranslatable, as_responses
from gateway.providers.said import chunks, whole
from gateway.providers.ways import Ways
from tests.unit.test_wire_any_json import ANSWER, ANYTHING, CHUNK, LONG, record, sometimes

Json = dict[str, Any]
EVENTS: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
KINDS = ["content", "reasoning_content", "refusal"]
PIECES = st.lists(st.tuples(st.sampled_from(KINDS), st.text(min_size=1, max_size=6)), max_size=6)
CALLS = st.lists(st.sampled_from(["", "{}", '{"à": 1}', "pas du JSON"]), max_size=3)
USAGE = {
    "prompt_tokens": 9,
    "completion_tokens": 4,
    "prompt_tokens_details": {"cached_tokens": 2},
    "completion_tokens_details": {"reasoning_tokens": 1},
}
BODY: Json = {"model": "m", "input": "x", "temperature": 0.5, "tools": [{"type": "function", "name": "f"}]}


def events_of(streamed: as_responses.Streamed, given: list[Json]) -> list[Json]:
    """The events, each written as soon as it is made."""
    made = [orjson.dumps(event) for one in given for event in streamed.feed(one)]
    return [orjson.loads(one) for one in [*made, *map(orjson.dumps, streamed.finish())]]


def as_chunks(pieces: list[tuple[str, str]], calls: list[str], finish: str) -> list[Json]:
    deltas: list[Json] = [{name: text} for name, text in pieces]
    for at, text in enumerate(calls):
        head = {"index": at, "id": f"c{at}", "type": "function", "function": {"name": "f", "arguments": text[:3]}}
        deltas += [{"tool_calls": [head]}, {"tool_calls": [{"index": at, "function": {"arguments": text[3:]}}]}]
    said: list[Json] = [
        {"id": "c", "model": "m", "created": 5, "choices": [{"index": 0, "delta": one}]} for one in deltas
    ]
    end = {"index": 0, "delta": {}, "finish_reason": finish}
    return [*said, {"id": "c", "model": "m", "created": 5, "choices": [end]}, {"choices": [], "usage": USAGE}]


@LONG
@given(PIECES, CALLS, st.sampled_from(["stop", "length", "tool_calls", "content_filter"]))
def test_a_chat_stream_is_the_stream_of_its_response(
    pieces: list[tuple[str, str]], calls: list[str], finish: str
) -> None:
    events = events_of(as_responses.Streamed(BODY), as_chunks(pieces, calls, finish))
    for event in events:
        EVENTS.validate_python(event)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert [event["type"] for event in events][:2] == ["response.created", "response.in_progress"]
    last = events[-1]
    assert last["type"] == ("response.incomplete" if finish in ("length", "content_filter") else "response.completed")
    response = last["response"]
    Response.model_validate(response)
    for at, item in enumerate(response["output"]):
        own = [event for event in events if event.get("output_index") == at]
        assert (own[0]["type"], own[-1]["type"]) == ("response.output_item.added", "response.output_item.done")
        assert own[-1]["item"] == item
        text = item.get("arguments") if item["type"] == "function_call" else next(iter(_words(item)))
        assert "".join(event["delta"] for event in own if event["type"].endswith(".delta")) == text
    texts: dict[str, str] = dict.fromkeys(KINDS, "")
    for kind, text in pieces:
        texts[kind] += text
    message = {**texts, "tool_calls": [
        {"id": f"c{at}", "type": "function", "function": {"name": "f", "arguments": text}} for at, text in enumerate(calls)
    ]}  # fmt: skip
    answer = {
        "id": "c",
        "model": "m",
        "created": 5,
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
    }
    expected = as_responses.answered(whole(orjson.dumps(answer | {"usage": USAGE})), BODY)
    Response.model_validate(expected)
    assert {**expected, "output": None} == {**response, "output": None}
    for name in ("reasoning", "message"):
        said = [
            [word for item in one["output"] if item["type"] == name for word in _words(item)]
            for one in (expected, response)
        ]
        assert sorted("".join(said[0])) == sorted("".join(said[1]))
    made = [[item for item in one["output"] if item["type"] == "function_call"] for one in (expected, response)]
    assert [{**one, "id": None} for one in made[0]] == [{**one, "id": None} for one in made[1]]


def _words(item: Json) -> list[str]:
    return [part.get("text") or part.get("refusal") or "" for part in item.get("content", ())]


@LONG
@given(ANSWER | ANYTHING)
def test_any_chat_answer_is_a_response_or_the_provider_broke_its_protocol(value: Any) -> None:
    try:
        answer = as_responses.answered(whole(orjson.dumps(value)), BODY)
    except ProviderFault:
        return
    Response.model_validate(orjson.loads(orjson.dumps(answer)))


@LONG
@given(st.lists(CHUNK | ANYTHING, max_size=4))
def test_any_chat_chunks_are_events_or_the_provider_broke_its_protocol(given: list[Any]) -> None:
    try:
        for event in events_of(as_responses.Streamed(BODY), [one for one in given if isinstance(one, dict)]):
            EVENTS.validate_python(event)
    except ProviderFault:
        return


ITEM = record(
    type=st.sampled_from(["message", "function_call", "function_call_output", "reasoning", "item_reference"]),
    role=st.sampled_from(["user", "assistant", "developer"]),
    content=st.text(max_size=5)
    | st.lists(sometimes(record(type=st.sampled_from(["input_text", "input_image"]), text=st.text(max_size=5)))),
    call_id=st.just("c1"),
    output=st.text(max_size=5),
)


@LONG
@given(record(input=st.text(max_size=5) | st.lists(sometimes(ITEM), max_size=3), text=record(format=ANYTHING)))
def test_any_request_is_chat_or_cannot_be_translated(value: Any) -> None:
    if not isinstance(value.get("text"), dict):
        value.pop("text", None)
    try:
        chat = as_responses.asked(value)
    except Untranslatable:
        return
    assert orjson.dumps(chat)


def test_a_conversation_in_the_words_of_chat() -> None:
    body = {
        "model": "m",
        "instructions": "sois bref",
        "input": [
            {"role": "developer", "content": "d"},
            {"role": "user", "content": [{"type": "input_text", "text": "q"}]},
            {"type": "reasoning", "id": "rs", "summary": []},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "je cherche"}]},
            {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
            {"type": "function_call", "call_id": "c2", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": "r"},
        ],
        "tools": [{"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": True}],
        "tool_choice": {"type": "function", "name": "f"},
        "text": {"format": {"type": "json_schema", "name": "s", "schema": {}}, "verbosity": "low"},
        "reasoning": {"effort": "low"},
        "max_output_tokens": 9,
        "store": False,
        "stream": True,
    }
    chat = as_responses.asked(body)
    assert [(one["role"], one["content"]) for one in chat["messages"]] == [
        ("system", "sois bref"),
        ("system", "d"),
        ("user", "q"),
        ("assistant", "je cherche"),
        ("tool", "r"),
    ]
    assert [call["id"] for call in chat["messages"][3]["tool_calls"]] == ["c1", "c2"]
    function = {"name": "f", "parameters": {"type": "object"}, "strict": True}
    assert chat["tools"] == [{"type": "function", "function": function}]
    assert chat["tool_choice"] == {"type": "function", "function": {"name": "f"}}
    assert chat["response_format"] == {"type": "json_schema", "json_schema": {"name": "s", "schema": {}}}
    assert (chat["verbosity"], chat["reasoning_effort"], chat["max_tokens"]) == ("low", "low", 9)
    assert "store" not in chat


@pytest.mark.parametrize(
    "more",
    [
        {"previous_response_id": "resp_1"},
        {"background": True},
        {"tools": [{"type": "web_search"}]},
        {"tool_choice": {"type": "allowed_tools"}},
        {"input": [{"type": "item_reference", "id": "x"}]},
        {"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}]},
        {"input": 3},
    ],
    ids=str,
)
def test_what_chat_has_no_word_for_is_not_left_out(more: Json) -> None:
    with pytest.raises(ProviderFault) as fault:
        as_responses.asked(BODY | {"tools": None} | more)
    assert fault.value.code == "provider_untranslatable"


@given(st.integers(1, 9), st.sampled_from(["\n", "\r\n"]))
async def test_a_stream_of_chat_is_read_however_it_is_cut(size: int, end: str) -> None:
    events = [json.dumps({"choices": [], "n": at}) for at in range(3)]
    data = "".join(f": rien{end}data: {one}{end}{end}" for one in events) + f"data: [DONE]{end}{end}data: {{{end}{end}"

    async def cut() -> Any:
        for at in range(0, len(data), size):
            yield data[at : at + size].encode()

    assert [one["n"] async for one in chunks(cut())] == [0, 1, 2]


async def test_a_stream_that_is_no_json_or_never_ends_a_line_is_a_fault() -> None:
    async def never() -> Any:
        while True:
            yield b"x" * 65_536

    async def no_json() -> Any:
        yield b"data: {\n\n"

    for stream in (never(), no_json()):
        with pytest.raises(BrokeProtocol):
            [one async for one in chunks(stream)]


class Chat:
    """A provider that keeps what it is asked, and says yes."""

    def __init__(self) -> None:
        self.asked: list[Request] = []

    async def send(self, request: Request) -> Reply:
        self.asked.append(request)
        message = {"role": "assistant", "content": "oui"}
        answer = {"id": "c", "model": "m", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
        return Reply(200, {"x-region": "qc"}, orjson.dumps(answer))

    async def retire(self) -> None:
        """Nothing is open."""

    async def aclose(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize("bound", ["max_tokens", "max_completion_tokens"])
async def test_what_a_deployment_does_not_speak_goes_over_its_chat(bound: str) -> None:
    chat, native = Chat(), Chat()
    ways = Ways(chat, {"/responses": native}, bound=bound)
    messages = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}
    reply = await ways.send(Request("/messages", messages, False, "d-1"))
    assert orjson.loads(reply.body or b"")["content"] == [{"type": "text", "text": "oui"}]
    assert reply.headers == {"x-region": "qc"}
    await ways.send(Request("/responses", {"model": "m", "input": "x"}, False, "d-1"))
    await ways.send(Request("/embeddings", {"model": "m", "input": "x"}, False, "d-1"))
    assert [one.path for one in chat.asked] == ["/chat/completions", "/embeddings"]
    assert (chat.asked[0].body[bound], chat.asked[0].call_id) == (9, "d-1")
    assert [one.path for one in native.asked] == ["/responses"]
