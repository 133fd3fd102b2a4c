"""Whatever JSON arrives, from an application or from a provider: a call, an answer, or an error of ours; nothing else.

Values are drawn near the protocols: their own keys, with values of every kind under them.
"""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway.privacy import Opened
from gateway.wire import answers, chat, embeddings
from gateway.wire.calls import Call, Limits, Malformed, ProviderBroke, Settled, TooLarge, rewrite
from gateway.wire.protocols import WIRES
from gateway.wire.stream import Channel, ChatStream

LIMITS = Limits(max_depth=20, max_texts=50)

KEYS = st.sampled_from(
    """model messages role content name type text refusal tool_calls tool_call_id function custom arguments input id index
    functions function_call tools tool_choice response_format json_schema schema properties required stream
    stream_options include_usage n stop metadata prediction user modalities audio data choices message delta
    finish_reason logprobs usage prompt_tokens completion_tokens embedding reasoning reasoning_content dimensions
    web_search_options image_url url nouveau""".split()
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(
        ["", "user", "assistant", "tool", "text", "function", "custom", "image_url", "{}", '{"a": ["b"]}']
    )
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def sometimes(likely: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What the protocol says there, or anything at all."""
    return st.sampled_from(range(24)).flatmap(lambda chance: ANYTHING if chance == 23 else likely)


def record(**likely: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An object of the protocol: each key may be missing or hold anything; others may be there."""
    known = st.fixed_dictionaries({}, optional={name: sometimes(one) for name, one in likely.items()})
    whole = st.fixed_dictionaries({name: sometimes(one) for name, one in likely.items()})
    more = st.just({}) | st.dictionaries(KEYS, ANYTHING, max_size=1)
    return st.builds(lambda own, more: {**more, **own}, whole | known, more)


NAME = st.sampled_from(["f", "ecrire", "lire.tout", "a-b", "un nom"])
PART = record(type=st.sampled_from(["text", "input_text", "image_url", "refusal"]), text=st.text(max_size=8))
TOOL_CALL = record(
    id=NAME,
    index=st.integers(-1, 5),
    type=st.sampled_from(["function", "custom"]),
    function=record(name=NAME, arguments=st.sampled_from(["", "{}", '{"a": "b", "n": 1234567}', '{"a', "[1"])),
    custom=record(name=NAME, input=st.text(max_size=8)),
)
MESSAGE = record(
    role=st.sampled_from(["user", "system", "tool", "assistant"]),
    content=st.text(max_size=8) | st.lists(sometimes(PART), max_size=3),
    name=NAME,
    tool_calls=st.lists(sometimes(TOOL_CALL), max_size=2),
    function_call=record(name=NAME, arguments=st.text(max_size=8)),
)
TOOL = record(
    type=st.sampled_from(["function", "custom", "web_search"]),
    function=record(name=NAME, parameters=ANYTHING),
    custom=record(name=NAME),
)
REQUEST = record(
    model=st.just("m"),
    messages=st.lists(sometimes(MESSAGE), min_size=1, max_size=3),
    stream=st.booleans(),
    tools=st.lists(sometimes(TOOL), max_size=2),
    functions=st.lists(sometimes(record(name=NAME)), max_size=2),
    n=st.none() | st.integers(1, 16),
    metadata=st.dictionaries(KEYS, ANYTHING, max_size=2),
)
EMBEDDINGS = record(
    model=st.just("m"), input=st.text(max_size=8) | st.lists(sometimes(st.text(max_size=8)), max_size=3)
)
USAGE = record(prompt_tokens=st.integers(-1, 2**64 - 1), completion_tokens=st.integers(0, 9))
ANSWER = record(
    choices=st.lists(sometimes(record(message=MESSAGE, index=st.integers(-1, 3), logprobs=ANYTHING)), max_size=3),
    usage=USAGE,
)
CHUNK = record(
    choices=st.lists(
        sometimes(record(index=st.integers(-1, 3), delta=MESSAGE, finish_reason=st.sampled_from([None, "stop"]))),
        max_size=2,
    ),
    usage=USAGE,
)
ASKED = Call("chat", "m", False, (), (), (), (), (), {}, wants_json=True)
LONG = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)


def parsed(parse: Any, value: Any) -> Call | None:
    try:
        call: Call = parse(orjson.dumps(value), LIMITS)
    except (Malformed, TooLarge):
        return None
    return call


def with_every_text_changed(call: Call) -> dict[str, Any]:
    """What would leave if every text had something to replace."""
    opened = Opened([text.value for text in call.texts])
    texts = opened.close([[(0, len(value), f"<{value}>")] if value else [] for value in opened.values])
    return rewrite(call, dict(zip([text.path for text in call.texts], texts, strict=True)), model="theirs")


@LONG
@given(REQUEST | ANYTHING)
@example({"model": "m", "messages": [{"role": "user", "content": None, "tool_calls": None}]})
@example({"model": "m", "messages": [{"role": "user"}], "functions": [1]})
@example({"model": "m", "messages": [{"role": "user", "content": []}], "tools": [{"type": "custom"}]})
@example({"model": "m", "messages": [{"role": "user", "content": ""}], "response_format": {"type": []}})
@example({"model": "m", "messages": [{"role": "user"}], "tools": [{"type": "function", "function": {"name": "été"}}]})
@example({"model": "m", "messages": [{"role": "user"}], "modalities": 3, "stream_options": {}})
def test_any_json_is_a_chat_call_or_is_refused(value: Any) -> None:
    call = parsed(chat.parse, value)
    if call is not None:
        changed = with_every_text_changed(call)
        assert orjson.loads(orjson.dumps(chat.prepared(changed)))["model"] == "theirs"
        assert call.body == value
        assert rewrite(call, {text.path: text.value for text in call.texts}, model=call.model) == call.body


@LONG
@given(EMBEDDINGS | ANYTHING)
@example({"model": "m", "input": []})
@example({"model": "m", "input": [[1, 2]]})
@example({"model": "m", "input": "x", "dimensions": 10**12})
def test_any_json_is_an_embeddings_call_or_is_refused(value: Any) -> None:
    call = parsed(embeddings.parse, value)
    if call is not None:
        assert orjson.dumps(with_every_text_changed(call))
        assert call.body == value


@LONG
@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf{}")
@example(b'{"model": NaN}')
@example(b"{" * 5000)
@example(b"[" * 900 + b"]" * 900)
@example(b'{"model": 1e999}')
def test_any_bytes_are_refused_in_words(body: bytes) -> None:
    for parse in (chat.parse, embeddings.parse):
        with pytest.raises((Malformed, TooLarge)):
            parse(body, LIMITS)


STRINGS = """Marie Tremblay, NAS 046 454 286"""
ONE_WORD = "nom;nas;ville;courriel;telephone;Tremblay;046454286;Quebec;rien;rien"
"""A line of a table without a space: no encoded bytes, wherever it stands."""


@pytest.mark.parametrize(
    "place",
    [
        {"messages": [{"role": "user", "content": STRINGS}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": STRINGS}]}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "x", "note": STRINGS}]}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": STRINGS}}]}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": f"data:{ONE_WORD}"}]}]},
        {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_data": ONE_WORD}}]}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": f"data:{ONE_WORD}"}}]}]},
        {"messages": [{"role": "user", "content": "x", "name": STRINGS}]},
        {"messages": [{"role": "user", "content": "x", "nouveau": {"name": STRINGS, "id": ["a"]}}]},
        {"messages": [{"role": "tool", "content": "x", "tool_call_id": STRINGS}]},
        {"messages": [{"role": "assistant", "reasoning_details": [{"type": "a", "text": STRINGS}]}]},
        {"messages": [{"role": "assistant", "tool_calls": [{"id": STRINGS, "function": {"arguments": "{}"}}]}]},
        {"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": STRINGS, "arguments": "{}"}}]}]},
        {"messages": [{"role": "assistant", "tool_calls": [{"custom": {"name": "f", "input": STRINGS}}]}]},
        {"messages": [{"role": "assistant", "function_call": {"name": "f", "arguments": STRINGS}}]},
        {"tools": [{"type": "function", "function": {"name": "f", "description": STRINGS}}]},
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"enum": [STRINGS]}}}]},
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"default": {"name": STRINGS}}}}]},
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"required": [STRINGS]}}}]},
        {"functions": [{"name": "f", "description": STRINGS}]},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": {"title": STRINGS}}}},
        {"metadata": {"name": STRINGS}},
        {"metadata": {"type": "Tremblay"}},
        {"prediction": {"type": "content", "content": STRINGS}},
        {"stop": [STRINGS]},
        {"user": STRINGS},
        {"user": f"data:{ONE_WORD}"},
        {"nouveau": {"data": ONE_WORD}},
        {"safety_identifier": STRINGS},
        {"prompt_cache_key": STRINGS},
        {"tool_choice": STRINGS},
        {"nouveau": STRINGS},
        {"nouveau": {"a": [{"type": "Tremblay"}]}},
        {"nouveau": {"nas": 46454286}},
    ],
    ids=str,
)
def test_every_string_that_could_leave_is_looked_at_and_can_be_replaced(place: dict[str, Any]) -> None:
    call = parsed(chat.parse, {"model": "m", "messages": [{"role": "user", "content": "x"}], **place})
    assert call is not None
    (found,) = [text for text in call.texts if "Tremblay" in text.value or "46454286" in text.value]
    sent = json.dumps(rewrite(call, {found.path: "parti"}, model="m"), ensure_ascii=False)
    assert "Tremblay" not in sent
    assert "46454286" not in sent


@pytest.mark.parametrize("start", ["", "data:image/png;base64,", "data:application/pdf;name=a.pdf;base64,"])
def test_encoded_bytes_are_no_text(start: str) -> None:
    """Policy sees that they are there (`call.media`); the analyser would find words in them by chance."""
    data = start + "aGVsbG8gd29ybGQh" * 8
    parts = [
        {"type": "image_url", "image_url": {"url": data if start else f"data:image/png;base64,{data}"}},
        {"type": "file", "file": {"file_data": data}},
        {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}},
    ]
    call = parsed(chat.parse, {"model": "m", "messages": [{"role": "user", "content": parts}]})
    assert call is not None
    assert (call.texts, len(call.media)) == ((), 3)


@pytest.mark.parametrize(
    "place",
    [
        {"Marie Tremblay": 1},
        {"metadata": {"Marie Tremblay": "x"}},
        {"messages": [{"role": "Marie Tremblay", "content": "x"}]},
        {"messages": [{"role": "user", "content": [{"type": "Marie Tremblay"}]}]},
        {"tools": [{"type": "Marie Tremblay"}]},
        {"tools": [{"type": "function", "function": {"name": "Marie Tremblay"}}]},
        {"tools": [{"type": "custom", "custom": {"name": "046454286"}}]},
        {"functions": [{"name": "marie@exemple.quebec"}]},
    ],
    ids=str,
)
def test_what_is_recorded_by_name_must_be_a_name(place: dict[str, Any]) -> None:
    """Names of tools, types and unknown fields are facts, so they end up in the ledger (promise 6)."""
    with pytest.raises(Malformed) as caught:
        chat.parse(orjson.dumps({"model": "m", "messages": [{"role": "user", "content": "x"}], **place}), LIMITS)
    assert "Tremblay" not in caught.value.message.fr + caught.value.message.en


# ── what a provider may answer ────────────────────────────────────────────────────────────────────────────────────


@LONG
@given(ANSWER | ANYTHING)
@example({"choices": [{"message": {"content": [{"type": ["x"]}]}}]})
@example({"choices": [{"message": {"tool_calls": 3}}]})
@example({"choices": [{"message": {"tool_calls": {"a": 1}}}], "usage": {"prompt_tokens": True}})
@example({"choices": [], "usage": {"prompt_tokens": 2**63}})
async def test_any_answer_is_a_completion_or_the_provider_broke_its_protocol(value: Any) -> None:
    try:
        answer = chat.checked_answer(orjson.dumps(value))
    except ProviderBroke:
        return
    for opening in (None, "Mention."):
        delivered = await answers.guarded(answer, lambda _channel: Shouting(), model="m", opening=opening)
        assert all(isinstance(text, str) for text in answers.delivered(delivered))
        for what in (Settled(as_proposed=True), Settled(arguments="{}"), Settled(said="Non.")):
            settled = {call.place: what for call in answers.proposed(delivered)}
            answers.settled(orjson.loads(orjson.dumps(delivered)), ASKED, settled)
        assert orjson.loads(orjson.dumps(delivered))["model"] == "m"
    assert all(type(count) is int and 0 <= count < 2**53 for count in chat.usage(answer))


@LONG
@given(
    record(data=st.lists(sometimes(record(embedding=st.lists(st.floats(-1, 1)))), max_size=3), usage=USAGE) | ANYTHING
)
@example({"data": ["embedding"]})
def test_any_answer_is_embeddings_or_the_provider_broke_its_protocol(value: Any) -> None:
    try:
        answer = embeddings.checked_answer(orjson.dumps(value))
    except ProviderBroke:
        return
    assert all(isinstance(one, dict) for one in answer["data"])
    assert all(type(count) is int and 0 <= count < 2**53 for count in embeddings.usage(answer))


class Shouting:
    """A guard that changes everything and holds back one character."""

    def __init__(self) -> None:
        self.held = ""

    async def feed(self, text: str) -> str:
        text = self.held + text
        self.held = text[-1:]
        return text[:-1].upper()

    async def finish(self) -> str:
        return self.held.upper()

    async def whole(self, text: str) -> str:
        return text.upper()


def ended(stream: ChatStream) -> list[bytes]:
    stream.settle({call.place: Settled(as_proposed=True) for call in stream.proposed()})
    return stream.finish()


def streamed(on: Any = None) -> ChatStream:
    def guard_for(channel: Channel) -> Shouting:
        if on is not None:
            on(channel)
        return Shouting()

    return ChatStream(guard_for, model="m", envelope={"label": "generated"}, opening="Mention.", hide_usage=False)


@LONG
@given(st.lists(CHUNK | ANYTHING, min_size=1, max_size=4))
@example([{"choices": [{"index": 0, "delta": ["a"]}]}])
@example([{"choices": [{"index": 0, "delta": {"tool_calls": [3]}}]}])
@example([{"choices": [{"index": 0, "delta": {"tool_calls": [{"index": [], "function": {"arguments": "a"}}]}}]}])
@example([{"choices": [{"index": 10**9, "delta": {"content": "a"}}]}])
@example([{"choices": [{"index": 0, "delta": {"function_call": {"arguments": "a"}}, "finish_reason": "stop"}]}])
async def test_any_chunk_is_a_chunk_or_the_provider_broke_its_protocol(chunks: list[Any]) -> None:
    stream = streamed()
    try:
        for chunk in chunks:
            for frame in await stream.feed(b"data: " + orjson.dumps(chunk) + b"\n\n"):
                assert isinstance(orjson.loads(frame.removeprefix(b"data: "))["choices"], list)
        await stream.feed(b"data: [DONE]\n\n")
        ended(stream)
    except ProviderBroke:
        pass
    assert all(type(count) is int and 0 <= count < 2**53 for count in stream.usage)


@LONG
@given(st.lists(st.binary(max_size=60), max_size=6))
async def test_any_bytes_are_a_stream_or_the_provider_broke_its_protocol(parts: list[bytes]) -> None:
    stream = streamed()
    try:
        for part in parts:
            await stream.feed(part)
        last = ended(stream)
    except ProviderBroke:
        return
    assert last[-1] == b"data: [DONE]\n\n"


async def test_every_text_of_a_delta_passes_a_guard() -> None:
    guarded: set[str] = set()
    stream = streamed(lambda channel: guarded.add(f"{channel.kind} {channel.index}"))
    delta = {
        "content": "secret",
        "refusal": "secret",
        "reasoning": "secret",
        "reasoning_content": "secret",
        "function_call": {"name": "f", "arguments": "secret"},
        "tool_calls": [
            {"index": 0, "id": "a", "function": {"name": "f", "arguments": "secret"}},
            {"index": 1, "id": "b", "custom": {"name": "f", "input": "secret"}},
        ],
    }
    frames = await stream.feed(
        b"data: " + orjson.dumps({"choices": [{"index": 0, "delta": delta, "finish_reason": "stop"}]}) + b"\n\n"
    )
    frames += [frame for frame in ended(stream) if b"[DONE]" not in frame]
    assert b"secret" not in b"".join(frames)
    assert len(guarded) == 7
    said: dict[str, str] = {}
    for frame in frames:
        for choice in orjson.loads(frame.removeprefix(b"data: "))["choices"]:
            one = choice["delta"]
            for key in ("content", "refusal", "reasoning", "reasoning_content"):
                said[key] = said.get(key, "") + one.get(key, "").replace("Mention.\n\n", "")
            said["legacy"] = said.get("legacy", "") + one.get("function_call", {}).get("arguments", "")
            for call in one.get("tool_calls", []):
                own = call.get("function") or call["custom"]
                key = f"tool {call['index']}"
                said[key] = said.get(key, "") + own.get("arguments", own.get("input", ""))
    assert set(said.values()) == {"SECRET"}


def test_an_answer_nested_beyond_what_can_be_written_is_the_providers_fault() -> None:
    from gateway.wire.calls import answered_object, written

    answer = answered_object(b'{"choices": ' + b"[" * 500 + b"]" * 500 + b"}")
    with pytest.raises(ProviderBroke):
        written(answer)


@pytest.mark.parametrize("protocol", ["chat", "messages", "responses"])
def test_what_a_tool_s_schema_gives_as_an_example_is_a_text(protocol: str) -> None:
    """`name` is a word of the protocol's where it names a tool, and somebody's where it is an example."""
    schema = {"type": "object", "properties": {"of": {"default": {"name": "Tremblay", "type": "citoyen"}}}}
    asked: dict[str, Any] = {
        "chat": {"tools": [{"type": "function", "function": {"name": "f", "parameters": schema}}]},
        "messages": {"max_tokens": 9, "tools": [{"name": "f", "input_schema": schema}]},
        "responses": {"input": "Bonjour", "tools": [{"type": "function", "name": "f", "parameters": schema}]},
    }[protocol]
    if protocol != "responses":
        asked["messages"] = [{"role": "user", "content": "Bonjour"}]
    call = WIRES[protocol].parse(orjson.dumps({"model": "m", **asked}), Limits())
    assert sorted(text.value for text in call.texts) == ["Bonjour", "Tremblay", "citoyen"]
