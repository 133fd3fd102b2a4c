"""A provider's answer, whole or streamed, as the application receives it: the same, and nothing in it that no guard saw."""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies import Effect
from gateway.privacy import Finding, Restorer, StreamGuard
from gateway.wire import answers
from gateway.wire.answers import Channel
from gateway.wire.calls import ProviderBroke, Settled
from gateway.wire.sse import Parser
from gateway.wire.stream import ChatStream

HANDED = {"⟦PERSONNE_1⟧": "Marie Tremblay", "⟦ADRESSE_1⟧": '12, rue "Roy"\nQuébec'}
NAS = re.compile(r"046[ \u00a0]?454[ \u00a0]?286")
Message = dict[str, Any]


class Numbers:
    """Finds one number, however it is spaced."""

    async def find(self, texts: Sequence[str]) -> list[tuple[Finding, ...]]:
        return [tuple(Finding(*one.span(), "CA_SIN", 1.0) for one in NAS.finditer(text)) for text in texts]


def guard_for(_channel: Channel) -> StreamGuard:
    return StreamGuard(Restorer(HANDED), Numbers(), lambda types: dict.fromkeys(types, Effect.MASK))


def chunk(delta: Message | None, finish: str | None = None, index: int = 0, **more: Any) -> bytes:
    choice = {key: more.pop(key) for key in ("logprobs", "content_filter_results") if key in more}
    choices = [] if delta is None else [{"index": index, "delta": delta, "finish_reason": finish, **choice}]
    body = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "theirs", "choices": choices, **more}
    return b"data: " + json.dumps(body).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"


async def through(data: Sequence[bytes], **options: Any) -> tuple[list[Message], list[Message]]:
    """The chunks that left at once, and those that were kept until the end."""
    settled = {"model": "ours", "envelope": None, "opening": None, "hide_usage": False, **options}
    stream = ChatStream(guard_for, **settled)
    early = [frame for piece in data for frame in await stream.feed(piece)]
    stream.settle({call.place: Settled(as_proposed=True) for call in stream.proposed()})
    return parsed(early), parsed(stream.finish())


def parsed(frames: Sequence[bytes]) -> list[Message]:
    lines = b"".join(frames).decode().split("\n\n")
    return [orjson.loads(line.removeprefix("data: ")) for line in lines if line and line != "data: [DONE]"]


def streamed(*data: bytes, **options: Any) -> list[Message]:
    early, last = asyncio.run(through([*data, chunk({}, "stop"), DONE], **options))
    return early + last


def said(chunks: Sequence[Message], kind: str = "content", index: int = 0) -> str:
    """One text of a stream, put together."""
    return "".join(
        choice["delta"].get(kind) or "" for one in chunks for choice in one["choices"] if choice["index"] == index
    )


def arguments(chunks: Sequence[Message], index: int = 0, choice: int = 0) -> str:
    return "".join(
        call["function"].get("arguments") or ""
        for one in chunks
        for its in one["choices"]
        if its["index"] == choice
        for call in its["delta"].get("tool_calls", ())
        if call["index"] == index
    )


def whole(message: Message, **more: Any) -> Message:
    answer = {"id": "c1", "object": "chat.completion", "created": 1, "model": "theirs", **more}
    answer["choices"] = [{"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}]
    answer["choices"][0] |= {key: answer.pop(key) for key in ("logprobs",) if key in answer}
    return asyncio.run(answers.guarded(answer, guard_for, model="ours", opening=None))


# ── streamed and whole ────────────────────────────────────────────────────────────────────────────────────────────

WORDS = st.lists(
    st.sampled_from(
        [
            "le",
            "permis",
            "de",
            "Bonjour",
            "046 454 286",
            "046\u00a0454\u00a0286",
            "⟦PERSONNE_1⟧",
            "[personne 1]",
            "⟦ADRESSE_1⟧",
            "été",
            "{",
            "1",
        ]
    ),
    max_size=8,
).map(" ".join)
DOCUMENTS = st.builds(
    json.dumps,
    st.dictionaries(WORDS, st.one_of(WORDS, st.lists(WORDS, max_size=2), st.integers())),
    ensure_ascii=st.booleans(),
)
CHOICES = st.fixed_dictionaries(
    {
        "content": st.one_of(WORDS, DOCUMENTS),
        "reasoning_content": WORDS,
        "calls": st.lists(st.one_of(DOCUMENTS, WORDS), max_size=3),
    }
)


def deltas(choice: dict[str, Any]) -> list[tuple[str, int, str]]:
    """The texts of a choice: (kind, tool call, text)."""
    texts = [(kind, 0, choice[kind]) for kind in ("content", "reasoning_content") if choice[kind]]
    return texts + [("call", index, text) for index, text in enumerate(choice["calls"])]


def interleaved(choices: Sequence[dict[str, Any]], seed: int) -> list[bytes]:
    """Everything that the choices say, in small pieces, each text in its own order and all of them mixed."""
    chance = random.Random(seed)
    waiting = [(index, kind, call, text) for index, choice in enumerate(choices) for kind, call, text in deltas(choice)]
    data = []
    while waiting:
        place = chance.randrange(len(waiting))
        index, kind, call, text = waiting[place]
        size = chance.randint(1, 5)
        piece, rest = text[:size], text[size:]
        if kind == "call":
            delta: Message = {"tool_calls": [{"index": call, "function": {"arguments": piece}}]}
        else:
            delta = {kind: piece}
        data.append(chunk(delta, index=index))
        if rest:
            waiting[place] = index, kind, call, rest
        else:
            waiting.pop(place)
    return data + [chunk({}, "stop", index=index) for index in range(len(choices))] + [DONE]


@given(st.lists(CHOICES, min_size=1, max_size=3), st.integers(0, 10_000))
@settings(max_examples=150, deadline=None)
def test_texts_of_any_number_of_choices_and_calls_arrive_mixed_and_come_out_as_whole(
    choices: list[dict[str, Any]], seed: int
) -> None:
    early, last = asyncio.run(through(interleaved(choices, seed)))
    for index, choice in enumerate(choices):
        calls = [
            {"id": "c", "type": "function", "function": {"name": "f", "arguments": text}} for text in choice["calls"]
        ]
        expected = whole(
            {"content": choice["content"], "reasoning_content": choice["reasoning_content"], "tool_calls": calls}
        )
        message = expected["choices"][0]["message"]
        for kind in ("content", "reasoning_content"):
            assert said(early + last, kind, index) == (message.get(kind) or "")
        for place, call in enumerate(message["tool_calls"]):
            assert arguments(early + last, place, index) == call["function"]["arguments"]
            assert NAS.search(call["function"]["arguments"]) is None


def test_what_completes_a_choice_is_kept_and_does_not_keep_the_others() -> None:
    data = [
        chunk({"role": "assistant", "content": "oui "}),
        chunk({"content": "non "}, index=1),
        chunk({"content": "fini"}),
        chunk({}, "stop"),
        chunk({"content": "encore "}, index=1),
        chunk({"content": "et "}, index=1),
    ]
    early, last = asyncio.run(
        through([*data, chunk({}, "stop", index=1), chunk(None, usage={"prompt_tokens": 3}), DONE])
    )
    assert said(early) == "oui "
    assert said(early, index=1) == "non encore et "
    assert said(last) == "fini"
    assert [one["choices"][0]["finish_reason"] for one in last if one["choices"]] == [None, "stop", "stop"]
    assert last[-1]["usage"] == {"prompt_tokens": 3}


def test_what_comes_after_the_end_of_a_choice_is_left_out() -> None:
    chunks = streamed(chunk({"content": "a"}, "stop"), chunk({"content": "046 454 286"}))
    assert said(chunks) == "a"


@pytest.mark.parametrize(
    "data",
    [
        [chunk({"content": "a"})],
        [chunk({"content": "a"}), DONE],
        [chunk({"content": "a"}, "stop"), chunk({"content": "b"}, index=1), DONE],
        [b'data: {"error": {"message": "046 454 286"}}\n\n'],
        [b'data: {"choices": [{"index": "0"}]}\n\n'],
        [b'data: {"choices": [{"index": 0, "delta": ["a"]}]}\n\n'],
        [b"data: [1]\n\n"],
        [b"data: {\n\n"],
        [chunk({"tool_calls": [{"index": index, "function": {"arguments": "a"}}]}) for index in range(2_000)],
        [chunk({"content": "a"}, index=index) for index in range(2_000)],
    ],
)
def test_a_stream_that_breaks_its_protocol_is_a_fault(data: list[bytes]) -> None:
    with pytest.raises(ProviderBroke) as error:
        asyncio.run(through(data))
    assert "046" not in str(error.value)


# ── tool calls ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_streamed_call_keeps_its_shape_and_its_json() -> None:
    head = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "écrire", "arguments": ""}}
    pieces = ['{"à": "⟦ADR', 'ESSE_1⟧", "n', 'as": "046\\u00', "20454 2", '86"}']
    chunks = streamed(
        chunk(
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [head | {"function": {"name": "ecrire", "arguments": ""}}],
            }
        ),
        *(chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}) for piece in pieces),
    )
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": None}
    (call,) = chunks[1]["choices"][0]["delta"]["tool_calls"]
    assert (call["index"], call["id"], call["type"], call["function"]["name"]) == (0, "call_1", "function", "ecrire")
    assert json.loads(arguments(chunks)) == {"à": '12, rue "Roy"\nQuébec', "nas": "⟦NAS⟧"}


def test_the_calls_of_old_and_of_other_tools_are_guarded_too() -> None:
    old = streamed(
        chunk({"function_call": {"name": "f", "arguments": '{"nas": "046 4'}}),
        chunk({"function_call": {"arguments": '54 286"}'}}),
    )
    deltas = [one["choices"][0]["delta"].get("function_call", {}) for one in old]
    assert "".join(one.get("arguments") or "" for one in deltas) == '{"nas": "⟦NAS⟧"}'
    assert deltas[0]["name"] == "f"
    custom = streamed(chunk({"tool_calls": [{"index": 0, "custom": {"name": "g", "input": "voici 046 454 286"}}]}))
    parts = [
        call["custom"].get("input") or "" for one in custom for call in one["choices"][0]["delta"].get("tool_calls", ())
    ]
    assert "".join(parts) == "voici ⟦NAS⟧"
    message = whole({"function_call": {"name": "f", "arguments": '{"a": "046 454 286"}'}})["choices"][0]["message"]
    assert message["function_call"] == {"name": "f", "arguments": '{"a": "⟦NAS⟧"}'}


def test_arguments_that_a_server_sends_as_an_object_are_text_again() -> None:
    calls = [{"id": "c", "function": {"name": "f", "arguments": {"a": "046 454 286"}}}]
    message = whole({"tool_calls": calls})["choices"][0]["message"]
    assert message["tool_calls"][0]["function"]["arguments"] == '{"a":"⟦NAS⟧"}'
    assert arguments(streamed(chunk({"tool_calls": [{"index": 0, **calls[0]}]}))) == '{"a":"⟦NAS⟧"}'


def test_a_name_of_a_tool_that_is_more_than_a_name_is_guarded() -> None:
    call = {"id": "046 454 286", "type": "function", "function": {"name": "f_046454286", "arguments": "{}"}}
    message = whole({"tool_calls": [call]})["choices"][0]["message"]
    assert message["tool_calls"][0]["function"]["name"] == "f_⟦NAS⟧"
    assert message["tool_calls"][0]["id"] == "call_0"


# ── what is no text ───────────────────────────────────────────────────────────────────────────────────────────────

ODD = {
    "thoughts": "046 454 286",
    "reasoning_details": [
        {"type": "reasoning.text", "text": "tremblay"},
        {"type": "x", "signature": "aGVsbG8gd29ybGQhIQ=="},
    ],
    "audio": {"id": "a", "transcript": "046 454 286", "data": "aGVsbG8gd29ybGQhIQ=="},
    "annotations": [
        {"type": "url_citation", "url_citation": {"start_index": 1, "title": "046 454 286", "url": "https://x.ca/a"}}
    ],
    "provider_specific_fields": {"note": "Marie Tremblay", "flag": True, "046 454 286": 1},
    "046 454 286": "a",
    "id": "046 454 286",
    "name": "046 454 286",
}


def test_no_field_of_an_answer_gets_around_the_guard() -> None:
    message = whole(
        {"content": "a", **ODD}, citations=["https://046-454-286.ca"], provider="Marie", notes={"level": "safe"}
    )
    text = json.dumps(message, ensure_ascii=False)
    assert not re.search("046|Marie|tremblay|hello|aGVsbG8gd29ybGQhIQ==.*aGVs", text), text
    got = message["choices"][0]["message"]
    assert got["thoughts"] == "⟦NAS⟧"
    assert got["annotations"][0]["url_citation"] == {"start_index": 1, "title": "⟦NAS⟧", "url": "https://x.ca/a"}
    assert got["reasoning_details"] == [{"type": "x", "signature": "aGVsbG8gd29ybGQhIQ=="}]
    assert message["notes"] == {"level": "safe"}
    assert message["model"] == "ours"


def test_nor_of_a_stream() -> None:
    chunks = streamed(
        chunk(
            {"content": "a", **ODD}, citations=["https://046-454-286.ca"], provider="Marie", system_fingerprint="fp_1"
        ),
        chunk({"thoughts": " 046 4"}),
        chunk({"thoughts": "54 286"}),
    )
    assert not re.search("046|Marie|tremblay", json.dumps(chunks, ensure_ascii=False))
    assert said(chunks, "thoughts") == "⟦NAS⟧ ⟦NAS⟧"
    assert chunks[0]["system_fingerprint"] == "fp_1"
    assert chunks[0]["choices"][0]["delta"]["annotations"][0]["url_citation"]["title"] == "⟦NAS⟧"


def test_a_content_in_parts_is_a_text() -> None:
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "046 4"}]},
        {"type": "text", "text": "oui ⟦PERS"},
    ]
    more = [
        {"type": "thinking", "thinking": "54 286"},
        {"type": "text", "text": "ONNE_1⟧"},
        {"type": "image", "data": "046"},
    ]
    chunks = streamed(chunk({"content": parts}), chunk({"content": more}))
    assert (said(chunks), said(chunks, "reasoning_content")) == ("oui Marie Tremblay", "⟦NAS⟧")
    message = whole({"content": parts + more})["choices"][0]["message"]
    assert (message["content"], message["reasoning_content"]) == ("oui Marie Tremblay", "⟦NAS⟧")


def test_reasons_and_roles_are_what_a_protocol_says() -> None:
    chunks = streamed(chunk({"role": "046 454 286", "content": "a"}), chunk({}, "046 454 286"))
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"


# ── logprobs ──────────────────────────────────────────────────────────────────────────────────────────────────────


def logprobs(*tokens: str) -> Message:
    return {
        "content": [
            {
                "token": token,
                "logprob": -0.5,
                "bytes": [1],
                "top_logprobs": [
                    {"token": token, "logprob": -0.5},
                    {"token": "autre", "logprob": -2},
                    {"token": "046", "logprob": -3},
                ],
            }
            for token in tokens
        ]
    }


def tokens(chunks: Sequence[Message]) -> list[list[str]]:
    return [
        [entry["token"] for entry in one["choices"][0]["logprobs"]["content"]]
        for one in chunks
        if one["choices"] and one["choices"][0].get("logprobs")
    ]


def test_tokens_leave_with_the_text_that_they_spell() -> None:
    chunks = streamed(
        chunk({"content": "le"}, logprobs=logprobs("le")),
        chunk({"content": " permis"}, logprobs=logprobs(" per", "mis")),
        chunk({"content": " est"}, logprobs=logprobs(" est")),
    )
    assert said(chunks) == "le permis est"
    assert tokens(chunks) == [["le"], [" per", "mis"], [" est"]]
    assert [one["token"] for one in chunks[0]["choices"][0]["logprobs"]["content"][0]["top_logprobs"]] == [
        "le",
        "autre",
    ]


def test_none_leaves_from_where_the_text_was_changed() -> None:
    chunks = streamed(
        chunk({"content": "le numéro "}, logprobs=logprobs("le", " numéro", " ")),
        chunk({"content": "046 4"}, logprobs=logprobs("046", " 4")),
        chunk({"content": "54 286 fin"}, logprobs=logprobs("54", " 286", " fin")),
    )
    assert said(chunks) == "le numéro ⟦NAS⟧ fin"
    assert tokens(chunks) == [["le"], [" numéro", " "]]


def test_a_whole_answer_has_its_tokens_only_if_they_spell_it() -> None:
    kept = whole({"content": "oui donc"}, logprobs=logprobs("oui", " donc"))["choices"][0]["logprobs"]
    assert [one["token"] for one in kept["content"]] == ["oui", " donc"]
    assert whole({"content": "046 454 286"}, logprobs=logprobs("046", " 454", " 286"))["choices"][0]["logprobs"] is None
    assert whole({"content": "oui"}, logprobs=logprobs("Marie Tremblay"))["choices"][0]["logprobs"] is None


# ── label ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_visible_sentence_comes_before_the_first_words_of_each_choice() -> None:
    data = [
        chunk({"content": "a b"}),
        chunk({"content": "c d"}, index=1),
        chunk({}, "stop"),
        chunk({}, "stop", index=1),
        DONE,
    ]
    early, last = asyncio.run(through(data, opening="Généré par l'IA.", envelope={"decision": "d"}))
    assert said(early + last) == "Généré par l'IA.\n\na b"
    assert said(early + last, index=1) == "Généré par l'IA.\n\nc d"
    assert [one.get("vigie") for one in early + last][:2] == [{"decision": "d"}, None]


# ── framing ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_long_event_in_small_pieces_costs_its_length() -> None:
    parser, data = Parser(), b"data: " + b"x" * 900_000 + b"\n\n"
    started = time.monotonic()
    events = [event for at in range(0, len(data), 4) for event in parser.feed(data[at : at + 4])]
    assert [len(event.data) for event in events] == [900_000]
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("data", [b"data: " + b"x" * 2_000_000, b"data: x\n" * 600_000, b"data:\n" * 1_100_000])
def test_an_event_beyond_the_bound_is_a_fault(data: bytes) -> None:
    parser = Parser()
    with pytest.raises(ProviderBroke):
        list(map(parser.feed, (data[at : at + 10_000] for at in range(0, len(data), 10_000))))


def test_keep_alives_may_go_on_for_ever() -> None:
    parser = Parser()
    assert [parser.feed(b": en cours\n\n" * 1_000) for _ in range(200)] == [[]] * 200
