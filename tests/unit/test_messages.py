"""Anthropic's Messages: every text of a request is seen, and of an answer nothing passes that no guard saw, whole or streamed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.providers import ProviderFault
from gateway.providers import as_messages as translation
from gateway.providers.said import whole as said_whole
from gateway.wire import messages
from gateway.wire.calls import Call, Malformed, ProviderBroke, Settled, TooLarge, rewrite
from gateway.wire.messages_stream import MessagesStream
from tests.unit.test_stream import DOCUMENTS, NAS, WORDS, guard_for
from tests.unit.test_wire_any_json import (
    ANSWER,
    ANYTHING,
    CHUNK,
    LIMITS,
    LONG,
    NAME,
    ONE_WORD,
    Shouting,
    parsed,
    record,
    sometimes,
    with_every_text_changed,
)
from tests.wire.vendors import anthropic_events

Json = dict[str, Any]
ASKED: Json = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}
CALL = Call("messages", "ours", False, (), (), (), (), (), {}, wants_json=False)
KINDS = st.sampled_from(
    """text thinking redacted_thinking tool_use tool_result server_tool_use web_search_tool_result image document
    nouveau""".split()
)
INPUT = st.dictionaries(st.text(max_size=5), ANYTHING, max_size=3)
BLOCK = record(
    type=KINDS,
    text=st.text(max_size=8),
    thinking=st.text(max_size=8),
    signature=st.sampled_from(["", "c2lnbmF0dXJlLXNpZ25hdHVyZQ=="]),
    id=NAME,
    name=NAME,
    input=INPUT,
    content=st.text(max_size=5) | st.lists(ANYTHING, max_size=2),
    source=record(type=st.sampled_from(["base64", "text", "url", "content"]), data=st.text(max_size=5)),
    citations=st.lists(ANYTHING, max_size=1),
)
BLOCKS = st.lists(sometimes(BLOCK), max_size=3)
REQUEST = record(
    model=st.just("m"),
    messages=st.lists(
        sometimes(record(role=st.sampled_from(["user", "assistant"]), content=st.text(max_size=8) | BLOCKS)),
        min_size=1,
        max_size=3,
    ),
    system=st.text(max_size=8) | BLOCKS,
    tools=st.lists(sometimes(record(name=NAME, input_schema=ANYTHING)), max_size=2),
    tool_choice=record(type=st.sampled_from(["auto", "any", "tool"]), name=NAME),
    stream=st.booleans(),
    thinking=record(type=st.sampled_from(["enabled", "disabled"]), budget_tokens=st.integers(-1, 2**40)),
    output_config=record(effort=st.sampled_from(["low", "max"]), format=record(type=st.just("json_schema"))),
    metadata=st.fixed_dictionaries({"user_id": st.text(max_size=5)}),
)
MESSAGE = record(content=BLOCKS, stop_reason=st.sampled_from(["end_turn", "tool_use", None]), usage=ANYTHING)
EVENT = record(
    type=st.sampled_from(
        """message_start content_block_start content_block_delta content_block_stop message_delta message_stop
        ping""".split()
    ),
    index=st.integers(0, 1),
    message=MESSAGE,
    content_block=BLOCK,
    delta=record(
        type=st.sampled_from("text_delta thinking_delta signature_delta input_json_delta citations_delta".split()),
        text=st.text(max_size=5),
        thinking=st.text(max_size=5),
        partial_json=st.text(max_size=5),
        citation=ANYTHING,
        stop_reason=st.sampled_from(["end_turn", None]),
    ),
    usage=ANYTHING,
)


# ── requests ──────────────────────────────────────────────────────────────────────────────────────────────────────


@LONG
@given(REQUEST | ANYTHING)
@example(
    ASKED | {"messages": [{"role": "assistant", "content": [{"type": "tool_use", "input": {"a": 1e300, "b": 2**63}}]}]}
)
@example(ASKED | {"mcp_servers": [{"url": "x"}], "tools": [{"type": "web_search_20250305", "name": "web_search"}]})
def test_any_json_is_a_call_or_is_refused(value: Any) -> None:
    call = parsed(messages.parse, value)
    if call is None:
        return
    before = orjson.dumps(call.body)
    changed = messages.prepared(with_every_text_changed(call))
    assert orjson.loads(orjson.dumps(changed))["model"] == "theirs"
    for message in changed["messages"]:
        for block in message["content"] if isinstance(message["content"], list) else ():
            assert block["type"] not in ("tool_use", "server_tool_use") or isinstance(block["input"], dict)
    assert orjson.dumps(call.body) == before
    same = rewrite(call, {text.path: text.value for text in call.texts}, model=call.model)
    assert same == call.body
    try:
        chat = translation.asked(messages.prepared(same))
    except ProviderFault:
        return
    assert orjson.dumps(chat)


STRINGS = """Marie Tremblay, NAS 046 454 286"""


def content(*blocks: Json, role: str = "user") -> Json:
    return {"messages": [{"role": role, "content": list(blocks)}]}


@pytest.mark.parametrize(
    "place",
    [
        {"system": STRINGS},
        {"system": [{"type": "text", "text": STRINGS}]},
        content({"type": "text", "text": STRINGS}),
        content({"type": "text", "text": "x", "citations": [{"type": "a", "cited_text": STRINGS}]}),
        {"messages": [{"role": "user", "content": STRINGS}]},
        {"messages": [{"role": "user", "content": "x", "note": STRINGS}]},
        content({"type": "tool_use", "id": "t", "name": "f", "input": {"a": [{"name": STRINGS}]}}),
        content({"type": "tool_use", "id": "t", "name": "f", "input": {STRINGS: 1}}),
        content({"type": "tool_use", "id": "t", "name": "f", "input": {"nas": 46454286}}),
        content({"type": "tool_use", "id": "t", "name": STRINGS, "input": {}}),
        content({"type": "tool_use", "id": STRINGS, "name": "f", "input": {}}),
        content({"type": "tool_result", "tool_use_id": "t", "content": STRINGS}),
        content({"type": "tool_result", "tool_use_id": STRINGS, "content": "x"}),
        content({"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": STRINGS}]}),
        content(
            {
                "type": "tool_result",
                "tool_use_id": "t",
                "content": [{"type": "tool_use", "input": {"name": "Tremblay"}}],
            }
        ),
        content(
            {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "json", "name": "a", "nas": 46454286}]}
        ),
        content({"type": "thinking", "thinking": STRINGS, "signature": "x"}, role="assistant"),
        content({"type": "thinking", "thinking": "x", "signature": STRINGS}, role="assistant"),
        content({"type": "redacted_thinking", "data": STRINGS}, role="assistant"),
        content({"type": "server_tool_use", "id": "t", "name": "web_search", "input": {"query": STRINGS}}),
        content({"type": "web_search_tool_result", "tool_use_id": "t", "content": [{"type": "a", "title": STRINGS}]}),
        content({"type": "document", "title": STRINGS, "source": {"type": "text", "data": "x"}}),
        content({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": STRINGS}}),
        content({"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": STRINGS}]}}),
        content({"type": "image", "source": {"type": "url", "url": STRINGS}}),
        content({"type": "image", "source": {"type": "base64", "media_type": STRINGS, "data": "aGVsbG8="}}),
        content({"type": "nouveau", "name": "Tremblay"}),
        content({"type": "text", "text": "x", "name": "Tremblay"}),
        content({"type": "text", "text": f"data:{ONE_WORD}"}),
        {"messages": [{"role": "user", "content": f"data:{ONE_WORD}"}]},
        content({"type": "document", "source": {"type": "text", "data": ONE_WORD}}),
        content(
            {"type": "tool_result", "content": [{"type": "document", "source": {"type": "text", "data": ONE_WORD}}]}
        ),
        content({"type": "tool_result", "content": [{"type": "text", "text": f"data:{ONE_WORD}"}]}),
        {"tools": [{"name": "f", "input_examples": [{"name": "Tremblay"}], "input_schema": {}}]},
        {"tools": [{"name": "f", "input_schema": {"properties": {"a": {"default": {"type": "Tremblay"}}}}}]},
        {"tools": [{"name": "f", "input_schema": {"properties": {"a": {"default": 46454286}}}}]},
        content({"type": "text", "text": "x", "cache_control": {"type": STRINGS}}),
        {"tools": [{"name": "f", "description": STRINGS, "input_schema": {}}]},
        {"tools": [{"name": "f", "input_schema": {"properties": {"a": {"default": {"name": STRINGS}}}}}]},
        {"tools": [{"type": "web_search_20250305", "name": "web_search", "user_location": {"city": STRINGS}}]},
        {"tool_choice": {"type": "tool", "name": STRINGS}},
        {"output_config": {"format": {"type": "json_schema", "schema": {"title": STRINGS}}}},
        {"stop_sequences": [STRINGS]},
        {"metadata": {"user_id": STRINGS}},
        {"metadata": {"user_id": 46454286}},
        {"service_tier": STRINGS},
        {"nouveau": {"a": [{"type": "Tremblay"}]}},
    ],
    ids=str,
)
def test_every_string_that_could_leave_is_looked_at_and_can_be_replaced(place: Json) -> None:
    call = parsed(messages.parse, ASKED | place)
    assert call is not None
    (found,) = [text for text in call.texts if "Tremblay" in text.value or "46454286" in text.value]
    instead = "{}" if found.path[-1] == "input" else "parti"
    sent = json.dumps(messages.prepared(rewrite(call, {found.path: instead}, model="m")), ensure_ascii=False)
    assert "Tremblay" not in sent
    assert "46454286" not in sent


@pytest.mark.parametrize(
    "place",
    [
        {"Marie Tremblay": 1},
        {"metadata": {"Marie Tremblay": "x"}},
        {"messages": [{"role": "Marie Tremblay", "content": "x"}]},
        content({"type": "Marie Tremblay"}),
        {"tools": [{"type": "Marie Tremblay"}]},
        {"tools": [{"name": "Marie Tremblay"}]},
        {"tools": [{"type": "bash_20250124", "name": "046454286"}]},
        {"system": [{"text": "x"}]},
        {"messages": [{"role": "user"}]},
        {"stream": "oui"},
        content({"type": "tool_use", "id": "t", "name": "f", "input": "{}"}),
    ],
    ids=str,
)
def test_what_is_recorded_by_name_must_be_a_name(place: Json) -> None:
    with pytest.raises(Malformed) as caught:
        messages.parse(orjson.dumps(ASKED | place), LIMITS)
    assert "Tremblay" not in caught.value.message.fr + caught.value.message.en


def test_what_a_request_asks_for_is_named() -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGVsbG8="}}
    call = messages.parse(
        orjson.dumps(
            ASKED
            | {
                "tools": [
                    {"name": "ecrire", "input_schema": {}},
                    {"type": "bash_20250124", "name": "bash"},
                    {"type": "web_search_20250305", "name": "web_search"},
                    {"type": "nouveau_20270101", "name": "n"},
                ],
                "mcp_servers": [{"type": "url", "url": "https://x.ca"}],
                "output_config": {"format": {"type": "json_schema", "schema": {}}},
                **content(
                    {"type": "document", "source": {"type": "content", "content": [image]}},
                    {
                        "type": "tool_result",
                        "tool_use_id": "t",
                        "content": [{"type": "document", "source": {"type": "url"}}],
                    },
                    {"type": "document", "source": {"type": "text", "data": "x"}},
                ),
            }
        ),
        LIMITS,
    )
    assert call.tools == ("ecrire", "bash")
    assert call.provider_tools == ("web_search_20250305", "nouveau_20270101", "mcp")
    assert call.media == ("image", "document")
    assert call.fields == ("mcp_servers",)
    assert call.wants_json


def test_a_thought_whose_signature_was_dropped_is_not_said_again() -> None:
    thought = {"type": "thinking", "thinking": "x", "signature": ""}
    kept = {"type": "thinking", "thinking": "y", "signature": "c2lnbmF0dXJl"}
    body = ASKED | content(thought, kept, {"type": "text", "text": "z"}, role="assistant")
    call = messages.parse(orjson.dumps(body), LIMITS)
    sent = messages.prepared(rewrite(call, {}, model="m"))
    assert [block["type"] for block in sent["messages"][0]["content"]] == ["thinking", "text"]
    assert len(call.body["messages"][0]["content"]) == 3


# ── answers ───────────────────────────────────────────────────────────────────────────────────────────────────────


@LONG
@given(MESSAGE | ANYTHING)
@example({"content": [{"type": "tool_use", "input": {"a": 1}, "id": 3, "name": ["x"]}]})
@example(
    {"content": [{"type": "text", "text": 3, "citations": {"a": 1}}], "stop_reason": 3, "usage": {"input_tokens": True}}
)
async def test_any_answer_is_a_message_or_the_provider_broke_its_protocol(value: Any) -> None:
    for opening in (None, "Mention."):
        try:
            answer = messages.checked_answer(orjson.dumps(value))
            ready = await messages.guarded(answer, CALL, lambda _channel: Shouting(), opening=opening)
        except ProviderBroke:
            return
        assert all(isinstance(text, str) for text in messages.delivered(ready))
        for what in (Settled(as_proposed=True), Settled(arguments="{}"), Settled(arguments="a"), Settled(said="Non.")):
            settled = {call.place: what for call in messages.proposed(ready)}
            messages.settled(orjson.loads(orjson.dumps(ready)), CALL, settled)
        assert orjson.loads(orjson.dumps(ready))["model"] == "ours"
        assert all(type(count) is int and 0 <= count < 2**53 for count in messages.usage(answer))


def opened(guard: Any = lambda _channel: Shouting(), **options: Any) -> MessagesStream:
    return messages.stream(CALL, guard, **{"envelope": None, "opening": None, "seen": None, **options})


@LONG
@given(st.lists(EVENT | ANYTHING, min_size=1, max_size=6), st.booleans())
async def test_any_event_is_an_event_or_the_provider_broke_its_protocol(events: list[Any], begun: bool) -> None:
    stream = opened(envelope={"label": "generated"}, opening="Mention.")
    try:
        if begun:
            await stream.feed(b'data: {"type": "message_start", "message": {}}\n\n')
        for event in events:
            data = orjson.dumps(event)
            for frame in await stream.feed(b"data: " + data + b"\n\n"):
                assert orjson.loads(frame.split(b"\ndata: ")[1])["type"] in frame.decode()
        stream.settle({call.place: Settled(as_proposed=True) for call in stream.proposed()})
        stream.finish("m")
    except ProviderBroke:
        pass
    assert all(type(count) is int and 0 <= count < 2**53 for count in stream.usage)


def message(*blocks: Json, stop: str = "end_turn", **more: Any) -> Json:
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "theirs", "content": list(blocks)}
    return head | {"stop_reason": stop, "stop_sequence": None, "usage": {"input_tokens": 3, "output_tokens": 7}} | more


KEYS = {"text": "text", "thinking": "thinking", "signature": "signature", "partial_json": "json"}


def events_of(frames: Iterable[bytes]) -> list[Json]:
    return [orjson.loads(one.split(b"data: ", 1)[1]) for one in frames]


def put_together(frames: Iterable[bytes]) -> Json:
    """As any reader of the stream would: blocks in order, each opened, said, and closed before the next."""
    answer: Json = {}
    current: int | None = None
    for event in events_of(frames):
        kind = event["type"]
        if kind == "message_start":
            answer = event["message"]
        elif kind == "content_block_start":
            assert (current, event["index"]) == (None, len(answer["content"]))
            current = event["index"]
            answer["content"].append({**event["content_block"], "json": ""})
        elif kind.startswith("content_block"):
            assert event["index"] == current
            current = None if kind == "content_block_stop" else current
            said(answer["content"][event["index"]], event.get("delta", {}))
        elif kind == "message_delta":
            answer |= event["delta"] | {"usage": event["usage"]}
    assert current is None
    for block in answer["content"]:
        text = block.pop("json")
        if block["type"] in ("tool_use", "server_tool_use"):
            block["input"] = orjson.loads(text)
        elif block["type"] == "text":
            block.setdefault("citations", None)
            assert block["text"]
    return answer


def said(block: Json, delta: Json) -> None:
    for name, key in KEYS.items():
        block[key] = block.get(key, "") + delta[name] if name in delta else block.get(key)
    for name in [name for name in KEYS.values() if block[name] is None]:
        del block[name]
    if "citation" in delta:
        block.setdefault("citations", []).append(delta["citation"])


def texts_in(frames: Iterable[bytes]) -> str:
    return "".join(event.get("delta", {}).get("text", "") for event in events_of(frames))


async def both(
    answer: Json, what: Settled | None = None, **options: Any
) -> tuple[Json, Json, list[bytes], list[bytes]]:
    """An answer as it is received whole, and streamed; and the frames of the stream, early and last."""
    what = what or Settled(as_proposed=True)
    checked = messages.checked_answer(orjson.dumps(answer))
    ready = await messages.guarded(checked, CALL, guard_for, opening=options.get("opening"))
    ready = messages.settled(ready, CALL, {call.place: what for call in messages.proposed(ready)})
    stream = opened(guard_for, **options)
    data = b"".join(anthropic_events(answer))
    early = [frame for at in range(0, len(data), 37) for frame in await stream.feed(data[at : at + 37])]
    stream.settle({call.place: what for call in stream.proposed()})
    last = stream.finish()
    assert stream.usage == messages.usage(answer)
    assert stream.delivered() == messages.delivered(put_together([*early, *last]))
    return ready, put_together([*early, *last]), early, last


SIGNATURE = "c2lnbmF0dXJlIG9wYXF1ZQ=="
SPOKEN = st.one_of(
    st.builds(lambda text: {"type": "text", "text": text}, st.one_of(WORDS, DOCUMENTS)),
    st.builds(lambda text: {"type": "thinking", "thinking": text, "signature": SIGNATURE}, WORDS),
    st.builds(
        lambda given: {"type": "tool_use", "id": "t_1", "name": "f", "input": given},
        st.dictionaries(WORDS, st.one_of(WORDS, st.lists(WORDS, max_size=2), st.integers(0, 99)), max_size=2),
    ),
    st.builds(
        lambda text: {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": text}}, WORDS
    ),
    st.builds(
        lambda text: {"type": "web_search_tool_result", "tool_use_id": "s", "content": [{"type": "r", "title": text}]},
        WORDS,
    ),
    st.just({"type": "redacted_thinking", "data": SIGNATURE}),
)


def of_kind(answer: Json, kind: str) -> list[Json]:
    return [block for block in answer["content"] if block["type"] == kind]


@LONG
@given(st.lists(SPOKEN, max_size=5), st.sampled_from([None, Settled(said="Non."), Settled(arguments='{"a": 1}')]))
async def test_streamed_is_whole(blocks: list[Json], what: Settled | None) -> None:
    """But for the place of tool calls, which come last in a stream, and of what is released at the border of two texts."""
    answer = message(*blocks, stop="tool_use" if any(one["type"] == "tool_use" for one in blocks) else "end_turn")
    ready, streamed, _, _ = await both(answer, what)
    kinds = ("thinking", "tool_use", "server_tool_use", "web_search_tool_result", "redacted_thinking")
    assert [of_kind(streamed, kind) for kind in kinds] == [of_kind(ready, kind) for kind in kinds]
    if what is None:
        assert messages.delivered(streamed) == messages.delivered(ready)
    assert (streamed["stop_reason"], streamed["usage"]) == (ready["stop_reason"], ready["usage"])
    for received in (ready, streamed):
        assert NAS.search(json.dumps(received["content"], ensure_ascii=False)) is None
        assert all(block["text"] for block in of_kind(received, "text"))


async def test_a_value_does_not_pass_by_being_cut_at_the_border_of_two_texts() -> None:
    cited = {"type": "web_search_result_location", "url": "https://x.ca", "title": "046 454 286", "cited_text": "a"}
    answer = message(
        {"type": "text", "text": "Voici 046 4", "citations": [cited | {"encrypted_index": SIGNATURE}]},
        {"type": "text", "text": "54 286 et la suite."},
    )
    ready, streamed, _, _ = await both(answer)
    for received in (ready, streamed):
        assert messages.delivered(received) == ["Voici ⟦NAS⟧ et la suite."]
        (citation,) = [one for block in received["content"] for one in block["citations"] or ()]
        assert (citation["title"], citation["encrypted_index"]) == ("⟦NAS⟧", SIGNATURE)


async def test_a_signature_is_kept_only_with_the_thought_that_was_signed() -> None:
    answer = message(
        {"type": "thinking", "thinking": "Je cherche.", "signature": SIGNATURE},
        {"type": "thinking", "thinking": "C'est 046 454 286.", "signature": SIGNATURE},
        {"type": "thinking", "thinking": "", "signature": SIGNATURE},
        {"type": "text", "text": "Voilà."},
    )
    ready, streamed, _, _ = await both(answer)
    assert streamed["content"] == ready["content"]
    assert [one["signature"] for one in of_kind(ready, "thinking")] == [SIGNATURE, "", SIGNATURE]
    assert of_kind(ready, "thinking")[1]["thinking"] == "C'est ⟦NAS⟧."


async def test_what_does_not_go_is_a_text_in_its_place_and_ends_the_turn() -> None:
    answer = message(
        {"type": "text", "text": "Je paie."},
        {"type": "tool_use", "id": "t_1", "name": "f", "input": {"a": 1}},
        stop="tool_use",
    )
    ready, streamed, early, _ = await both(answer, Settled(said="Refusé."), opening="IA.", envelope={"decision": "d"})
    assert ready["content"] == streamed["content"]
    assert [block["text"] for block in ready["content"]] == ["IA.\n\nJe paie.", "\n\nRefusé."]
    assert (ready["stop_reason"], streamed["stop_reason"]) == ("end_turn", "end_turn")
    assert orjson.loads(early[0].split(b"data: ")[1])["vigie"] == {"decision": "d"}


async def test_the_last_words_and_the_calls_wait_for_the_record() -> None:
    answer = message(
        {"type": "text", "text": "un mot puis un autre"}, {"type": "tool_use", "id": "t", "name": "f", "input": {}}
    )
    _, _, early, last = await both(answer)
    assert texts_in(early).startswith("un mot puis")
    assert texts_in(last).endswith("autre")
    assert b"tool_use" not in b"".join(early)
    assert last[-1] == b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
    stream = opened(guard_for)
    await stream.feed(b"".join(anthropic_events(answer)))
    stream.settle({(0, 0): Settled(as_proposed=True)})
    assert b'"vigie":{"manifest":"signed"}' in stream.finish("signed")[-2]


async def test_no_field_gets_around_the_guard() -> None:
    nas = "046 454 286"
    answer = message(
        {"type": "nouveau", "mot": nas, "id": nas, "dedans": [{"texte": nas}], nas: 1},
        {"type": "tool_use", "id": nas, "name": nas, "input": {nas: nas}, "caller": {"type": "direct", "note": nas}},
        {"type": "redacted_thinking", "data": nas},
        {"type": nas, "a": 1},
        stop=nas,
        stop_sequence=nas,
        container={"id": nas},
        id=nas,
        note=nas,
    )
    ready, streamed, early, last = await both(answer)
    for text in (json.dumps(ready, ensure_ascii=False), b"".join([*early, *last]).decode()):
        assert "046" not in text
    assert of_kind(ready, "tool_use") == of_kind(streamed, "tool_use")
    assert of_kind(ready, "tool_use")[0]["input"] == {"⟦NAS⟧": "⟦NAS⟧"}


@pytest.mark.parametrize(
    "end",
    [
        b"",
        b'data: {"type": "error", "error": {"type": "overloaded_error", "message": "046 454 286"}}\n\n',
        b'data: {"type": "content_block_delta", "index": 7, "delta": {"type": "text_delta", "text": "x"}}\n\n',
        b'data: {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}}\n\n',
        b"data: {\n\n",
    ],
)
def test_a_stream_that_does_not_come_to_its_end_is_a_fault(end: bytes) -> None:
    async def run() -> None:
        stream = opened(guard_for)
        await stream.feed(b"".join(anthropic_events(message({"type": "text", "text": "x"}))[:4]) + end)
        stream.proposed()

    with pytest.raises(ProviderBroke) as error:
        asyncio.run(run())
    assert "046" not in str(error.value)


# ── over chat ─────────────────────────────────────────────────────────────────────────────────────────────────────


@LONG
@given(ANSWER | ANYTHING)
async def test_any_chat_answer_is_a_message_or_the_provider_broke_its_protocol(value: Any) -> None:
    try:
        answer = translation.answered(said_whole(orjson.dumps(value)), {})
    except ProviderFault:
        return
    assert messages.checked_answer(orjson.dumps(answer))


@LONG
@given(st.lists(CHUNK | ANYTHING, max_size=4))
async def test_any_chat_chunks_are_a_stream_or_the_provider_broke_its_protocol(chunks: list[Any]) -> None:
    streamed, stream = translation.Streamed({}), opened()
    try:
        for chunk in chunks:
            if isinstance(chunk, dict):
                for event in streamed.feed(chunk):
                    await stream.feed(b"data: " + orjson.dumps(event) + b"\n\n")
        for event in streamed.finish():
            await stream.feed(b"data: " + orjson.dumps(event) + b"\n\n")
        stream.proposed()
    except (ProviderFault, ProviderBroke):
        return


PIECES = st.lists(
    st.tuples(st.sampled_from(["content", "reasoning_content"]), st.text(min_size=1, max_size=6)), max_size=6
)
CALLS = st.lists(
    st.one_of(
        st.dictionaries(st.text(max_size=4), st.integers() | st.text(max_size=4), max_size=2).map(json.dumps), WORDS
    ),
    max_size=3,
)


@LONG
@given(PIECES, CALLS, st.sampled_from(["stop", "length", "tool_calls", "content_filter"]))
def test_a_chat_stream_becomes_the_message_that_its_whole_answer_becomes(
    pieces: list[tuple[str, str]], calls: list[str], finish: str
) -> None:
    made = [
        {"id": f"c{at}", "type": "function", "function": {"name": "f", "arguments": text}}
        for at, text in enumerate(calls)
    ]
    usage = {"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 2}}
    streamed = translation.Streamed({})
    deltas: list[Json] = [{name: text} for name, text in pieces]
    for at, call in enumerate(made):
        text = call["function"]["arguments"]
        deltas.append({"tool_calls": [{**call, "index": at, "function": {"name": "f", "arguments": text[:2]}}]})
        deltas.append({"tool_calls": [{"index": at, "function": {"arguments": text[2:]}}]})
    chunks = [{"id": "c", "model": "m", "choices": [{"index": 0, "delta": one}]} for one in deltas]
    chunks.append({"id": "c", "model": "m", "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    chunks.append({"id": "c", "choices": [], "usage": usage})
    frames = [b"data: " + orjson.dumps(event) for chunk in chunks for event in streamed.feed(chunk)]
    got = put_together([*frames, *(b"data: " + orjson.dumps(event) for event in streamed.finish())])
    texts = {name: "".join(text for kind, text in pieces if kind == name) for name in ("content", "reasoning_content")}
    whole = {"id": "c", "model": "m", "usage": usage}
    whole["choices"] = [{"index": 0, "message": {**texts, "tool_calls": made}, "finish_reason": finish}]
    expected = translation.answered(said_whole(orjson.dumps(whole)), {})
    assert of_kind(got, "tool_use") == of_kind(expected, "tool_use")
    for kind, key in (("text", "text"), ("thinking", "thinking")):
        assert "".join(one[key] for one in of_kind(got, kind)) == "".join(one[key] for one in of_kind(expected, kind))
    assert (got["stop_reason"], got["usage"]) == (expected["stop_reason"], expected["usage"])
    assert got["usage"]["input_tokens"] == 7


def test_a_conversation_in_the_words_of_chat() -> None:
    png = {"type": "base64", "media_type": "image/png", "data": "aGVsbG8="}
    body = {
        "model": "m",
        "max_tokens": 9,
        "stream": True,
        "system": [
            {"type": "text", "text": "a"},
            {"type": "text", "text": "b", "cache_control": {"type": "ephemeral"}},
        ],
        "messages": [
            {"role": "user", "content": "q"},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "h", "signature": "s"},
                    {"type": "text", "text": "je "},
                    {"type": "text", "text": "cherche"},
                    {"type": "tool_use", "id": "t1", "name": "f", "input": {"é": 1}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "t1",
                        "content": [{"type": "text", "text": "r"}, {"type": "image", "source": png}],
                    },
                    {"type": "text", "text": "et ?"},
                ],
            },
        ],
        "tools": [{"name": "f", "description": "d", "input_schema": {"type": "object"}}],
        "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
        "stop_sequences": ["FIN"],
        "thinking": {"type": "enabled", "budget_tokens": 8000},
        "metadata": {"user_id": "u"},
        "output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}},
    }
    chat = translation.asked(body)
    assert chat["messages"] == [
        {"role": "system", "content": "a\n\nb"},
        {"role": "user", "content": "q"},
        {
            "role": "assistant",
            "content": "je cherche",
            "tool_calls": [{"id": "t1", "type": "function", "function": {"name": "f", "arguments": '{"é":1}'}}],
        },
        {"role": "tool", "tool_call_id": "t1", "content": "r"},
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGVsbG8="}},
                {"type": "text", "text": "et ?"},
            ],
        },
    ]
    function = {"name": "f", "description": "d", "parameters": {"type": "object"}}
    assert chat["tools"] == [{"type": "function", "function": function}]
    assert (chat["tool_choice"], chat["parallel_tool_calls"], chat["stop"]) == ("required", False, ["FIN"])
    assert (chat["reasoning_effort"], chat["user"], chat["max_tokens"]) == ("medium", "u", 9)
    assert chat["response_format"]["json_schema"]["schema"] == {"type": "object"}
    assert chat["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize(
    "more",
    [
        {"top_k": 3},
        {"tools": [{"type": "bash_20250124", "name": "bash"}]},
        {"tool_choice": "any"},
        {"mcp_servers": []},
        content({"type": "server_tool_use", "id": "s", "name": "n", "input": {}}, role="assistant"),
        content({"type": "document", "source": {"type": "file", "file_id": "f"}}),
        {"output_config": {"format": {"type": "grammar"}}},
    ],
    ids=str,
)
def test_what_chat_has_no_word_for_is_not_left_out(more: Json) -> None:
    with pytest.raises(ProviderFault) as fault:
        translation.asked(ASKED | more)
    assert (fault.value.code, fault.value.status) == ("provider_untranslatable", 400)


def test_the_bounds_of_a_request_are_those_of_any() -> None:
    with pytest.raises(TooLarge):
        messages.parse(orjson.dumps(ASKED | {"stop_sequences": ["x"] * 60}), LIMITS)
