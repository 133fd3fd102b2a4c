"""The way of a call, whole, on any JSON: an answer or an error of ours, never an internal error; and records recompute."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from gateway.call import govern
from gateway.config import load
from gateway.policies import Policy, recompute
from gateway.providers import Providers
from gateway.situation import Asked
from tests.playbook import Script, parts_of
from tests.unit.test_messages import REQUEST as MESSAGES
from tests.unit.test_wire_any_json import ANYTHING, EMBEDDINGS, LONG, REQUEST

CONFIGURATION = load(Path(__file__).parents[2] / "config")
VERSIONS = {CONFIGURATION.policy.version: Policy.from_source(CONFIGURATION.policy.source)}


@LONG
@given(
    st.sampled_from(["chat", "embeddings", "messages"]),
    REQUEST | EMBEDDINGS | MESSAGES,
    st.sampled_from(["Bonjour", "Utilise un outil, Marie Tremblay.", "046 454 286", ""]),
    st.booleans(),
)
async def test_any_request_is_answered_or_refused_in_words(
    protocol: str, value: dict[str, Any], text: str, dry_run: bool
) -> None:
    value["model"] = "vecteurs" if protocol == "embeddings" else "assistant"
    if protocol != "embeddings" and isinstance(value.get("messages"), list):
        value["messages"].append({"role": "user", "content": text})
    script, pending = Script(), []
    parts = parts_of(CONFIGURATION, script, Providers(), pending)
    asked = Asked(protocol, orjson.dumps(value), "key-of-redaction-interne", dry_run=dry_run)
    answer = await govern(asked, parts)
    body = answer.body
    if answer.frames is not None:
        body = b"".join([frame async for frame in answer.frames])
    await asyncio.gather(*pending)
    assert answer.status in (200, 400, 403, 413, 429), body
    assert b"internal_error" not in body
    for record in script.records:
        assert recompute(record, VERSIONS) is None
    if answer.status == 200:
        assert script.records[-1]["outcome"] in ("served", "dry_run")


@LONG
@given(ANYTHING | st.binary(max_size=50))
async def test_anything_else_is_refused_in_words(value: Any) -> None:
    script = Script()
    body = value if isinstance(value, bytes) else orjson.dumps(value)
    answer = await govern(
        Asked("chat", body, "key-of-redaction-interne"), parts_of(CONFIGURATION, script, Providers(), [])
    )
    assert answer.status in (400, 404)
    assert script.records == []
