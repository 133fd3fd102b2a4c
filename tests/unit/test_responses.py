"""OpenAI's Responses: any JSON is a call or an error of ours; streamed is whole; nothing gets around a guard."""

from __future__ import annotations

import json
import random
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openai import omit
from openai._models import construct_type
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.responses import ResponseStreamEvent

from gateway.wire import responses
from gateway.wire.answers import Channel
from gateway.wire.calls import Call, Limits, Malformed, ProviderBroke, Settled, TooLarge, rewrite
from gateway.wire.responses_items import CALLS
from gateway.wire.responses_request import KeptElsewhere
from gateway.wire.responses_stream import ResponsesStream
from gateway.wire.sse import Parser
from tests import responses_server as server
from tests.unit.test_stream import DOCUMENTS, NAS, WORDS, guard_for
from tests.unit.test_wire_any_json import ANYTHING, LONG, NAME, STRINGS, Shouting, record, sometimes
from tests.unit.test_wire_any_json import with_every_text_changed as changed

Item = dict[str, Any]
LIMITS = Limits(max_depth=20, max_texts=50)
GOES, NO = Settled(as_proposed=True), Settled(said="L'action est refusée.")


def call_of(**more: Any) -> Call:
    body = {"model": "ours", "input": "x", "instructions": "Ce que l'application a envoyé.", **more}
    return responses.parse(orjson.dumps(body), LIMITS)


# ── any JSON ──────────────────────────────────────────────────────────────────────────────────────────────────────

PART = record(
    type=st.sampled_from(["input_text", "output_text", "refusal", "summary_text", "reasoning_text", "input_image"]),
    text=st.text(max_size=8),
    refusal=st.text(max_size=8),
    annotations=st.lists(ANYTHING, max_size=2),
    logprobs=st.lists(ANYTHING, max_size=2),
)
KINDS = st.sampled_from(
    """message function_call function_call_output reasoning custom_tool_call computer_call local_shell_call shell_call
    mcp_approval_request web_search_call image_generation_call compaction""".split()
)
ITEM = record(
    type=KINDS,
    id=NAME,
    call_id=NAME,
    role=st.sampled_from(["user", "assistant", "developer"]),
    status=st.sampled_from(["completed", "in_progress"]),
    content=st.lists(sometimes(PART), max_size=2) | st.text(max_size=8),
    summary=st.lists(sometimes(PART), max_size=2),
    name=NAME,
    arguments=st.sampled_from(["", "{}", '{"a": "b"}', '{"a']),
    input=st.text(max_size=8),
    output=st.text(max_size=8) | st.lists(sometimes(PART), max_size=2),
    action=ANYTHING,
    environment=st.sampled_from([{"type": "local"}, {"type": "container_reference"}]),
)
REQUEST = record(
    model=st.just("m"),
    input=st.text(max_size=8) | st.lists(sometimes(ITEM), max_size=3),
    instructions=st.text(max_size=8),
    stream=st.booleans(),
    tools=st.lists(sometimes(record(type=st.sampled_from(["function", "custom", "mcp", "namespace"]), name=NAME))),
    text=record(format=record(type=st.sampled_from(["text", "json_object", "json_schema"]))),
    metadata=st.dictionaries(NAME, ANYTHING, max_size=2),
    reasoning=record(effort=st.just("low")),
    include=st.lists(NAME, max_size=2),
)
ANSWER = record(
    id=NAME,
    status=st.sampled_from(["completed", "incomplete"]),
    output=st.lists(sometimes(ITEM), max_size=3),
    usage=record(input_tokens=st.integers(-1, 2**64 - 1), output_tokens=st.integers(0, 9)),
)
EVENT = record(
    type=st.sampled_from(
        [one["type"] for one in server.events(server.response([server.message("a b"), server.reasoning("c")]))]
        + ["response.function_call_arguments.delta", "response.refusal.delta", "response.reasoning_text.done"]
        + ["response.output_text.annotation.added", "response.web_search_call.searching", "error", "nouveau"]
    ),
    output_index=st.integers(-1, 3),
    content_index=st.integers(0, 2),
    summary_index=st.integers(0, 2),
    item_id=NAME,
    item=ITEM,
    part=PART,
    delta=st.text(max_size=8),
    text=st.text(max_size=8),
    arguments=st.text(max_size=8),
    annotation=ANYTHING,
    logprobs=st.lists(ANYTHING, max_size=2),
    response=ANSWER,
)


@LONG
@given(REQUEST | ANYTHING)
@example({"model": "m", "input": [{"type": "reasoning", "id": "rs_1", "summary": []}], "reasoning": {}})
@example({"model": "m", "input": [{"type": [], "role": "user"}]})
@example({"model": "m", "input": [{"type": "tool_search_output", "tools": [{"type": "namespace", "tools": 3}]}]})
@example({"model": "m", "input": [{"role": "user", "content": [{"type": "input_text"}]}]})
@example({"model": "m", "input": "x", "text": {"format": {"type": []}}})
@example({"model": "m", "input": [{"type": "shell_call_output", "output": [{"stdout": "x", "outcome": 3}]}]})
def test_any_json_is_a_call_or_is_refused(value: Any) -> None:
    try:
        call = responses.parse(orjson.dumps(value), LIMITS)
    except (Malformed, TooLarge, KeptElsewhere):
        return
    body = responses.prepared(changed(call))
    assert body["store"] is False
    assert orjson.loads(orjson.dumps(body))["model"] == "theirs"
    assert call.body == value


@pytest.mark.parametrize(
    "place",
    [
        {"input": STRINGS},
        {"instructions": STRINGS},
        {"input": [{"role": "user", "content": STRINGS}]},
        {"input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": STRINGS}]}]},
        {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": STRINGS}]}]},
        {"input": [{"role": "user", "content": [{"type": "input_file", "filename": STRINGS}]}]},
        {"input": [{"type": "function_call", "name": "f", "call_id": "c", "arguments": STRINGS}]},
        {"input": [{"type": "function_call", "name": "f", "call_id": "c", "arguments": {"type": STRINGS}}]},
        {"input": [{"type": "function_call", "name": "f", "call_id": "c", "arguments": {"nas": 46454286}}]},
        {"input": [{"type": "function_call", "name": STRINGS, "arguments": "{}"}]},
        {"input": [{"type": "function_call_output", "call_id": "c", "output": STRINGS}]},
        {
            "input": [
                {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": STRINGS}]}
            ]
        },
        {"input": [{"type": "function_call_output", "call_id": STRINGS, "output": ""}]},
        {"input": [{"type": "custom_tool_call", "name": "f", "input": STRINGS}]},
        {"input": [{"type": "reasoning", "summary": [{"type": "summary_text", "text": STRINGS}]}]},
        {"input": [{"type": "reasoning", "summary": [], "encrypted_content": STRINGS}]},
        {"input": [{"type": "computer_call", "action": {"type": "type", "text": STRINGS}}]},
        {"input": [{"type": "local_shell_call", "action": {"type": "exec", "command": ["echo", STRINGS]}}]},
        {"input": [{"type": "mcp_call", "name": "f", "server_label": "s", "arguments": "{}", "output": STRINGS}]},
        {"input": [{"type": "mcp_approval_response", "approval_request_id": "a", "reason": STRINGS}]},
        {"input": [{"type": "file_search_call", "queries": [STRINGS]}]},
        {"input": [{"type": "image_generation_call", "result": STRINGS}]},
        {"input": [{"type": "nouveau", "name": "Tremblay"}]},
        {"input": [{"type": "nouveau_call", "name": "Tremblay"}]},
        {"input": [{"type": "message", "role": "user", "content": "x", "nouveau": {"name": "Tremblay"}}]},
        {"tools": [{"type": "function", "name": "f", "description": STRINGS}]},
        {"tools": [{"type": "function", "name": "f", "parameters": {"enum": [STRINGS]}}]},
        {"tools": [{"type": "function", "name": "f", "parameters": {"default": {"name": "Tremblay"}}}]},
        {"tools": [{"type": "mcp", "server_label": "s", "server_url": STRINGS}]},
        {"input": [{"role": "user", "content": [{"type": "input_text", "text": "x", "more": {"type": "Tremblay"}}]}]},
        {"input": [{"type": "computer_call", "action": {"type": "x", "more": {"type": "Tremblay"}}}]},
        {"input": [{"type": "computer_call", "actions": [{"type": "x", "keys": ["Tremblay"]}]}]},
        {"input": [{"type": "file_search_call", "results": [{"attributes": {"file_id": "Tremblay", "n": 1}}]}]},
        {"input": [{"type": "message", "role": "user", "content": "x", "tools": [{"name": "Tremblay"}]}]},
        {"input": [{"type": "mcp_list_tools", "tools": [{"name": "f", "input_schema": {"enum": ["Tremblay"]}}]}]},
        {"text": {"format": {"type": "json_schema", "name": "s", "schema": {"title": STRINGS}}}},
        {"metadata": {"name": "Tremblay"}},
        {"user": STRINGS},
        {"prompt_cache_key": STRINGS},
        {"nouveau": {"nas": 46454286}},
    ],
    ids=str,
)
def test_every_string_that_could_leave_is_looked_at_and_can_be_replaced(place: Item) -> None:
    call = responses.parse(orjson.dumps({"model": "m", "input": "x", **place}), LIMITS)
    (found,) = [text for text in call.texts if "Tremblay" in text.value or "46454286" in text.value]
    sent = json.dumps(responses.prepared(rewrite(call, {found.path: "parti"}, model="m")), ensure_ascii=False)
    assert "parti" in sent
    assert "Tremblay" not in sent
    assert "46454286" not in sent


@pytest.mark.parametrize(
    "place",
    [
        {"Marie Tremblay": 1},
        {"metadata": {"Marie Tremblay": "x"}},
        {"input": [{"role": "Marie Tremblay", "content": "x"}]},
        {"input": [{"type": "Marie Tremblay"}]},
        {"input": [{"role": "user", "content": [{"type": "Marie Tremblay"}]}]},
        {"tools": [{"type": "Marie Tremblay"}]},
        {"tools": [{"type": "function", "name": "Marie Tremblay"}]},
        {"tools": [{"type": "namespace", "name": "n", "tools": [{"type": "custom", "name": "046454286"}]}]},
    ],
    ids=str,
)
def test_what_is_recorded_by_name_must_be_a_name(place: Item) -> None:
    with pytest.raises(Malformed) as caught:
        responses.parse(orjson.dumps({"model": "m", "input": "x", **place}), LIMITS)
    assert "Tremblay" not in caught.value.message.fr + caught.value.message.en


@pytest.mark.parametrize(
    "place",
    [
        {"previous_response_id": "resp_1"},
        {"conversation": "conv_1"},
        {"background": True},
        {"prompt": {"id": "pmpt_1", "variables": {"nom": "Marie"}}},
        {"input": [{"type": "item_reference", "id": "msg_1"}]},
        {"input": [{"id": "msg_1"}]},
    ],
    ids=str,
)
def test_a_history_that_nobody_here_can_look_at_is_refused_with_what_to_do(place: Item) -> None:
    with pytest.raises(KeptElsewhere) as caught:
        responses.parse(orjson.dumps({"model": "m", "input": "x", **place}), LIMITS)
    assert (caught.value.status, caught.value.param) == (400, next(iter(place)) + "[0]" * ("input" in place))
    assert caught.value.hint is not None
    assert "input" in caught.value.hint.en


def test_what_a_request_offers_is_known_by_name() -> None:
    own: list[Item] = [{"type": "function", "name": "payer"}, {"type": "custom", "name": "dire"}]
    given: Item = {
        "tools": [
            *own,
            {"type": "web_search"},
            {"type": "namespace", "name": "n", "tools": [{"type": "function", "name": "lire"}]},
        ],
        "input": [
            {"role": "user", "content": [{"type": "input_image", "image_url": "https://exemple.ca/a"}]},
            {"type": "additional_tools", "role": "developer", "tools": [{"type": "mcp", "server_label": "s"}]},
            {"type": "computer_call_output", "call_id": "c", "output": {"type": "computer_screenshot"}},
            {"type": "compaction", "encrypted_content": "x" * 80},
        ],
        "text": {"format": {"type": "json_object"}},
        "moderation": {},
    }
    call = call_of(**given)
    assert (call.tools, call.provider_tools) == (("payer", "dire", "lire"), ("web_search", "mcp"))
    assert call.media == ("input_image", "computer_screenshot", "compaction")
    assert (call.fields, call.wants_json) == (("moderation",), True)


def test_the_provider_is_to_keep_nothing_and_is_sent_no_thought_that_it_would_have_kept() -> None:
    kept = {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": "x" * 80}
    call = call_of(input=[{"type": "reasoning", "id": "rs_1", "summary": []}, kept], reasoning={}, store=True)
    body = responses.prepared(changed(call))
    assert (body["store"], body["include"]) == (False, ["reasoning.encrypted_content"])
    assert [item["id"][:-1].strip("<>") for item in body["input"]] == ["rs_"]
    assert len(call.body["input"]) == 2


def test_the_tokens_of_an_earlier_answer_do_not_leave_again() -> None:
    tokens = [{"token": STRINGS, "logprob": -0.123456, "top_logprobs": []}] * 100
    call = call_of(
        input=[server.message(server.text_part("Bonjour.", logprobs=tokens)), {"role": "user", "content": "x"}]
    )
    assert [text.value for text in call.texts if text.path[0] == "input"] == ["Bonjour.", "x"]
    (part,) = responses.prepared(rewrite(call, {}, model="m"))["input"][0]["content"]
    assert part == {"type": "output_text", "text": "Bonjour.", "annotations": []}
    assert call.body["input"][0]["content"][0]["logprobs"] == tokens


@LONG
@given(ANSWER | ANYTHING)
@example({"output": [{"type": "function_call", "arguments": {"a": 1}}]})
@example({"output": [{"type": "message", "content": [{"type": "output_text", "text": 3, "logprobs": 3}]}]})
@example({"output": [], "status": "failed", "error": {"message": "046 454 286"}})
async def test_any_answer_is_a_response_or_the_provider_broke_its_protocol(value: Any) -> None:
    for opening in (None, "Mention."):
        try:
            answer = responses.checked_answer(orjson.dumps(value))
            whole = await responses.guarded(answer, call_of(), lambda _: Shouting(), opening=opening)
        except ProviderBroke:
            return
        for what in (GOES, Settled(arguments="{}"), Settled(arguments="{"), NO):
            settled = {one.place: what for one in responses.proposed(whole)}
            ready = responses.settled(orjson.loads(orjson.dumps(whole)), call_of(), settled)
            assert all(isinstance(text, str) for text in responses.delivered(ready))
            assert what.goes or not responses.proposed(ready)
        assert all(type(count) is int and 0 <= count < 2**53 for count in responses.usage(answer))


def streaming(guards: Any = None, **options: Any) -> ResponsesStream:
    settled = {"envelope": None, "opening": None, **options}
    return ResponsesStream(settled.pop("call", None) or call_of(), guards or (lambda _: Shouting()), **settled)


@settings(LONG, max_examples=60)
@given(st.lists(EVENT | ANYTHING, min_size=1, max_size=6))
@example([{"type": "response.output_item.added", "output_index": 0, "item": None}])
@example(
    [{"type": "response.completed", "response": {"output": [{"type": "shell_call", "environment": {"type": "x"}}]}}]
)
@example(
    [
        {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "a"},
        {"type": "response.output_item.done", "output_index": 0, "item": {"type": "message", "content": [3, {}]}},
        {"type": "response.incomplete", "response": {}},
    ]
)
async def test_any_event_is_an_event_or_the_provider_broke_its_protocol(told: list[Any]) -> None:
    stream = streaming(opening="Mention.", envelope={"label": "x"})
    try:
        frames = [frame for one in told for frame in await stream.feed(b"data: " + orjson.dumps(one) + b"\n\n")]
        stream.settle({one.place: NO for one in stream.proposed()})
        frames += stream.finish("m")
    except ProviderBroke:
        return
    seen = parsed(frames)
    assert [one["sequence_number"] for one in seen] == list(range(len(seen)))
    assert seen[-1]["response"]["vigie"] == {"label": "x", "manifest": "m"}
    assert all(type(count) is int and 0 <= count < 2**53 for count in stream.usage)


@LONG
@given(st.lists(st.binary(max_size=60), max_size=6))
async def test_any_bytes_are_a_stream_or_the_provider_broke_its_protocol(parts: list[bytes]) -> None:
    stream = streaming()
    try:
        for part in parts:
            await stream.feed(part)
        stream.proposed()
    except ProviderBroke:
        return
    raise AssertionError("an answer of random bytes")


# ── streamed is whole ─────────────────────────────────────────────────────────────────────────────────────────────


def parsed(frames: list[bytes]) -> list[Item]:
    events = Parser(1 << 25).feed(b"".join(frames))
    values = [orjson.loads(one.data) for one in events]
    assert [one.event for one in events] == [one["type"] for one in values]
    return values


TEXT = WORDS | DOCUMENTS
PARTS = st.lists(TEXT.map(server.text_part) | TEXT.map(lambda text: {"type": "refusal", "refusal": text}), max_size=3)
SEARCH = st.builds(
    lambda text: {"type": "web_search_call", "status": "completed", "action": {"type": "search", "query": text}}, TEXT
)
TYPING = st.builds(
    lambda text: {
        "type": "computer_call",
        "call_id": "c",
        "status": "completed",
        "action": {"type": "type", "text": text},
    },
    TEXT,
)
OUTPUT = st.lists(
    st.builds(lambda parts: server.message(*parts), PARTS)
    | st.builds(lambda texts: server.reasoning(*texts), st.lists(WORDS, max_size=2))
    | st.builds(lambda text: server.reasoning(content=[{"type": "reasoning_text", "text": text}]), WORDS)
    | st.builds(lambda text: server.function_call("f", text), TEXT)
    | st.builds(lambda text: {"type": "custom_tool_call", "call_id": "k", "name": "g", "input": text}, TEXT)
    | SEARCH
    | TYPING,
    max_size=5,
).map(
    lambda items: [
        {**one, "id": f"{one['type'][:2]}_{at}", **({"call_id": f"call_{at}"} if "call_id" in one else {})}
        for at, one in enumerate(items)
    ]
)
OUTCOMES = st.sampled_from([GOES, NO, Settled(arguments='{"montant": 12}')])


def outcome_of(place: tuple[int, int], outcomes: list[Settled]) -> Settled:
    return outcomes[place[1] % len(outcomes)]


async def whole(answer: Item, outcomes: list[Settled], call: Call, opening: str | None = None) -> Item:
    checked = responses.checked_answer(orjson.dumps(answer))
    result = await responses.guarded(checked, call, guard_for, opening=opening)
    settled = {one.place: outcome_of(one.place, outcomes) for one in responses.proposed(result)}
    return responses.settled(result, call, settled)


async def through(
    told: list[Item],
    outcomes: list[Settled],
    call: Call,
    seed: int = 0,
    opening: str | None = None,
    size: int = 400,
) -> tuple[list[Item], list[Item], list[str]]:
    """The events that left at once, those that were kept, and what was delivered."""
    chance, stream = random.Random(seed), streaming(guard_for, call=call, opening=opening)
    data, frames = b"".join(map(server.frame, told)), []
    while data:
        cut = chance.randint(1, size)
        frames += await stream.feed(data[:cut])
        data = data[cut:]
    stream.settle({one.place: outcome_of(one.place, outcomes) for one in stream.proposed()})
    return parsed(frames), parsed(frames + stream.finish())[len(frames) :], stream.delivered()


def accumulated(told: list[Item]) -> list[Item]:
    """The output that the stock client's helper has put together before the last event says it again."""
    state: ResponseStreamState[Any] = ResponseStreamState(input_tools=[], text_format=omit)
    for one in told:
        state.handle_event(construct_type(type_=ResponseStreamEvent, value=one))  # type: ignore[arg-type]
    return [orjson.loads(item.to_json()) for _, item in sorted(state._completed_output.items())]


@given(OUTPUT, st.lists(OUTCOMES, min_size=1, max_size=4), st.integers(0, 10_000), st.booleans(), st.integers(1, 9))
@settings(max_examples=120, deadline=None)
async def test_a_streamed_answer_is_the_whole_one_and_the_stock_client_reads_it(
    output: list[Item], outcomes: list[Settled], seed: int, wants_json: bool, size: int
) -> None:
    call = call_of(text={"format": {"type": "json_object" if wants_json else "text"}})
    answer = server.response(output)
    opening = None if wants_json else "Mention."
    expected = await whole(answer, outcomes, call, opening)
    early, late, delivered = await through(server.events(answer, size), outcomes, call, seed, opening)
    told = early + late
    assert told[-1]["response"] == expected
    assert delivered == responses.delivered(expected)
    assert NAS.search(json.dumps(told, ensure_ascii=False)) is None
    assert [one["sequence_number"] for one in told] == list(range(len(told)))
    done = [one["item"] for one in told if one["type"] == "response.output_item.done"]
    assert done == expected["output"]
    assert [one["output_index"] for one in told if one["type"] == "response.output_item.added"] == list(
        range(len(done))
    )
    for one in accumulated(told), done:
        assert [item["type"] for item in one] == [item["type"] for item in expected["output"]]
    spelled = "".join(one["delta"] for one in told if one["type"] == "response.output_text.delta")
    assert [spelled] == delivered


def mixed(told: list[Item], seed: int) -> list[Item]:
    """The same events, those of different items at once; items begin in their order."""
    chance, told = random.Random(seed), list(told)
    first, last = told[:2], told[-1]
    items: dict[int, list[Item]] = {}
    for one in told[2:-1]:
        items.setdefault(one["output_index"], []).append(one)
    result, open_items = [], 0
    while any(items.values()):
        index = chance.randrange(open_items + 1)
        if items.get(index):
            result.append(items[index].pop(0))
            open_items = max(open_items, min(index + 1, len(items) - 1))
    return [*first, *result, last]


@given(OUTPUT, st.lists(OUTCOMES, min_size=1, max_size=4), st.integers(0, 10_000))
@settings(max_examples=100, deadline=None)
async def test_items_that_are_said_at_once_come_out_as_whole(
    output: list[Item], outcomes: list[Settled], seed: int
) -> None:
    call, answer = call_of(), server.response(output)
    expected = await whole(answer, outcomes, call)
    early, late, delivered = await through(mixed(server.events(answer), seed), outcomes, call, seed)
    assert late[-1]["response"] == expected
    assert delivered == responses.delivered(expected)
    assert NAS.search(json.dumps(early + late, ensure_ascii=False)) is None
    done = [one for one in early + late if one["type"] == "response.output_item.done"]
    assert [one["item"] for one in sorted(done, key=lambda one: one["output_index"])] == expected["output"]
    assert len(accumulated(early + late)) == len(output)


@given(OUTPUT, st.integers(1, 9))
@settings(max_examples=40, deadline=None)
async def test_nothing_that_completes_an_answer_leaves_before_its_end(output: list[Item], size: int) -> None:
    """Not the end of the last item, no call, and nothing after a call."""
    answer = server.response(output)
    early, _, _ = await through(server.events(answer, size), [GOES], call_of())
    first = next((at for at, item in enumerate(output) if item["type"] in CALLS), len(output))
    assert all(one.get("output_index", 0) < first or "response" in one for one in early)
    ended = [one["output_index"] for one in early if one["type"] == "response.output_item.done"]
    assert all(index < min(first, len(output)) - 1 or first < len(output) for index in ended)
    assert not ended or max(ended) < len(output) - 1


async def test_an_answer_says_again_what_the_application_sent_and_never_what_the_provider_received() -> None:
    tools = [{"type": "mcp", "server_label": "s", "authorization": "secret", "headers": {"a": "secret"}}]
    call = call_of(tools=tools, metadata={"dossier": "17"}, reasoning={"effort": "high"})
    answer = server.response([server.message("Bonjour.")], user="⟦PERSONNE_1⟧", nouveau="046 454 286", prompt="theirs")
    early, late, _ = await through(server.events(answer), [GOES], call)
    for one in (early[0]["response"], late[-1]["response"], await whole(answer, [GOES], call)):
        assert one["instructions"] == "Ce que l'application a envoyé."
        assert (one["model"], one["store"], one["metadata"]) == ("ours", False, {"dossier": "17"})
        assert one["tools"] == [{"type": "mcp", "server_label": "s"}]
        assert (one["reasoning"], one["user"], one["truncation"]) == ({"effort": "high"}, None, "disabled")
        assert not any(word in json.dumps(one, ensure_ascii=False) for word in ("reçu", "046", "PERSONNE", "theirs"))


async def test_events_that_repeat_a_long_request_are_read() -> None:
    """The first events and the last say the whole request again: far beyond what any event of a chat holds."""
    answer = server.response([server.message("Bonjour.")], instructions="x" * 3_000_000)
    early, late, delivered = await through(server.events(answer), [GOES], call_of(), size=1 << 16)
    assert delivered == ["Bonjour."]
    assert len(json.dumps(early + late)) < 20_000


# ── one thing at a time ───────────────────────────────────────────────────────────────────────────────────────────


async def test_every_text_of_an_event_passes_a_guard() -> None:
    guarded: list[str] = []

    def guards(channel: Channel) -> Shouting:
        guarded.append(channel.kind)
        return Shouting()

    output: list[Item] = [
        server.reasoning("secret", content=[{"type": "reasoning_text", "text": "secret"}], notes=["secret"]),
        server.message(
            server.text_part(
                "secret",
                annotations=[{"type": "url_citation", "title": "secret", "url": "https://secret.ca"}],
                logprobs=[{"token": "secret", "logprob": -1, "top_logprobs": [{"token": "secret1", "logprob": -2}]}],
            ),
            {"type": "refusal", "refusal": "secret"},
            {"type": "nouveau", "words": "secret"},
        ),
        {
            "type": "web_search_call",
            "id": "ws_1",
            "status": "completed",
            "action": {"type": "search", "query": "secret"},
        },
        {
            "type": "code_interpreter_call",
            "id": "ci_1",
            "code": "secret",
            "outputs": [{"type": "logs", "logs": "secret"}],
        },
        {"type": "mcp_call", "id": "mcp_1", "name": "secret", "arguments": '{"a": "secret"}', "output": "secret"},
        {"type": "image_generation_call", "id": "ig_1", "revised_prompt": "secret", "result": "secret"},
        server.function_call("f", "secret"),
        {"type": "custom_tool_call", "id": "ctc_1", "call_id": "c", "name": "secret 1 2", "input": "secret"},
        {"type": "nouveau", "id": "n_1", "words": {"there": ["secret"]}},
    ]
    plain = {**output[1], "content": [one for one in output[1]["content"] if one["type"] != "nouveau"]}
    told = server.events(server.response([output[0], plain, *output[2:]], error=None))
    told.insert(
        5, {"type": "response.code_interpreter_call_code.delta", "output_index": 3, "item_id": "x", "delta": "secret"}
    )
    stream = streaming(guards)
    frames = [frame for one in told for frame in await stream.feed(server.frame(one))]
    stream.settle({one.place: GOES for one in stream.proposed()})
    frames += stream.finish()
    assert b"secret" not in b"".join(frames)
    states = [one["type"].rpartition(".")[2] for one in parsed(frames) if ".web_search_call." in one["type"]]
    assert states == ["in_progress", "searching", "completed"]
    assert {"content", "refusal", "reasoning", "reasoning_content", "arguments", "input", "field"} == set(guarded)
    answer = responses.checked_answer(orjson.dumps(server.response(output)))
    result = await responses.guarded(answer, call_of(), guards, opening=None)
    assert "secret" not in json.dumps(result)
    assert json.dumps(result).count("SECRET") >= 16


async def test_an_image_passes_and_what_only_looks_like_one_does_not() -> None:
    png = "iVBORw0KGgo" + "A" * 40
    for result, passes in ((png, True), ("iVBORw0KGgo 046 454 286", False)):
        item = {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": result}
        (shown,) = (await whole(server.response([item]), [GOES], call_of()))["output"]
        assert (shown["result"] == result) is passes
        assert NAS.search(shown["result"]) is None


async def test_the_sentence_is_before_the_first_words_of_all_and_logprobs_spell_what_left() -> None:
    tokens: list[Item] = [{"token": one, "logprob": -0.5, "bytes": [], "top_logprobs": []} for one in ("le", " permis")]
    output = [server.message(server.text_part("le permis", logprobs=tokens)), server.message("fin", name="msg_2")]
    answer = server.response(output)
    early, late, delivered = await through(server.events(answer), [GOES], call_of(), opening="Mention.")
    first = late[-1]["response"]["output"][0]["content"][0]
    assert first["text"] == "Mention.\n\nle permis"
    assert [one["token"] for one in first["logprobs"]] == ["le", " permis"]
    assert delivered == ["Mention.\n\nle permisfin"]
    masked = server.response([server.message(server.text_part("le 046 454 286", logprobs=tokens))])
    assert (await whole(masked, [GOES], call_of()))["output"][0]["content"][0]["logprobs"] == []
    assert all(NAS.search(json.dumps(one)) is None for one in early)


async def test_an_action_of_a_hosted_tool_is_no_action_of_the_applications() -> None:
    shell = {"type": "shell_call", "call_id": "s", "action": {"commands": ["ls"]}, "status": "completed"}
    output: list[Item] = [
        {**shell, "id": "sh_1", "environment": {"type": "local"}},
        {**shell, "id": "sh_2", "call_id": "t", "environment": {"type": "container_reference", "container_id": "c"}},
        {"type": "mcp_approval_request", "id": "mcpr_1", "name": "payer", "server_label": "s", "arguments": '{"a":1}'},
    ]
    answer = server.response(output)
    result = await responses.guarded(answer, call_of(), guard_for, opening=None)
    asked = [(one.place, one.name, one.arguments) for one in responses.proposed(result)]
    assert asked == [((0, 0), "shell", '{"commands":["ls"]}'), ((0, 2), "payer", '{"a":1}')]
    edited = Settled(arguments='{"commands":["pwd"]}')
    done = responses.settled(result, call_of(), {(0, 0): edited, (0, 2): NO})["output"]
    assert (done[0]["action"], done[1]["type"], done[2]["type"]) == ({"commands": ["pwd"]}, "shell_call", "message")


@pytest.mark.parametrize(
    "told",
    [
        [],
        server.events(server.response([server.message("a b")]))[:-1],
        [{"type": "error", "code": "server_error", "message": "046 454 286"}],
        [{"type": "response.failed", "response": server.response([], "failed", error={"message": "046 454 286"})}],
        [{"error": {"message": "046 454 286"}}],
        [{"choices": []}],
        [{"type": "response.output_text.delta", "output_index": 10**9, "delta": "a"}],
        [
            {"type": "response.output_text.delta", "output_index": 0, "content_index": at, "delta": "a"}
            for at in range(600)
        ],
        [{"type": "response.output_item.added", "output_index": at, "item": {"type": "message"}} for at in range(600)],
    ],
    ids=range(9),
)
async def test_a_stream_that_breaks_its_protocol_is_a_fault(told: list[Item]) -> None:
    with pytest.raises(ProviderBroke) as error:
        await through([{"type": "response.created", "response": {}}, *told], [GOES], call_of())
    assert "046" not in str(error.value)


async def test_a_server_that_tells_less_is_understood() -> None:
    """No beginnings, no ends, no created: what was said is delivered all the same, in events that a stock client reads."""
    told: list[Item] = [
        {"type": "response.reasoning_text.delta", "output_index": 0, "content_index": 0, "delta": "Voyons. "},
        {"type": "response.output_text.delta", "output_index": 1, "content_index": 0, "delta": "Bonjour "},
        {"type": "response.output_text.done", "output_index": 1, "content_index": 0, "text": "Bonjour à tous"},
        {"type": "response.output_item.done", "output_index": 2, "item": server.function_call("f", "{}")},
        {"type": "response.completed", "response": {"id": "r", "created_at": 1}},
    ]
    early, late, delivered = await through(told, [GOES], call_of())
    assert delivered == ["Bonjour "]
    assert [one["type"] for one in late[-1]["response"]["output"]] == ["reasoning", "message", "function_call"]
    assert len(accumulated(early + late)) == 3
    only = [{"type": "response.completed", "response": server.response([server.message("Bonjour.")])}]
    early, late, delivered = await through(only, [GOES], call_of())
    assert delivered == ["Bonjour."]
    assert accumulated(early + late) == late[-1]["response"]["output"]
