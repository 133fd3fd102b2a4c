"""Other protocols (Anthropic's, Azure's, Bedrock's), translated by litellm. *Edge*, and not the hot path.

litellm translates; the exchange itself is ours (`quiet`, `egress`). So statuses, headers, bounds and faults are those of
the wire, whatever litellm makes of them, and none of its words, which may hold the prompt, go any further.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import orjson

from gateway.config import Current, Deployment, is_secret
from gateway.errors import Message
from gateway.providers.egress import Egress, ended_early
from gateway.providers.faults import BrokeProtocol, OutsideCatalogue, ProviderFault, TimedOut, Untranslatable
from gateway.providers.quiet import Crossing, crossing, forget_environment, import_litellm
from gateway.providers.reply import Reply, Request

# OpenAI's parameters that mean a thing to other protocols. What is not here is no parameter to litellm but an order
# (api_base, extra_headers, mock_response, fallbacks…), and orders come from the catalogue only.
CHAT = frozenset(
    """messages tools tool_choice parallel_tool_calls functions function_call response_format n max_tokens
    max_completion_tokens temperature top_p stop seed presence_penalty frequency_penalty logit_bias logprobs
    top_logprobs user reasoning_effort modalities audio prediction verbosity web_search_options stream
    stream_options""".split()
)
EMBEDDINGS = frozenset({"input", "dimensions", "encoding_format", "user"})
# Of OpenAI's own platform (its dashboard, its cache, its tiers of service): nothing to translate, and no harm in leaving out.
LEFT_OUT = frozenset({"model", "metadata", "store", "service_tier", "prompt_cache_key", "safety_identifier"})
# A deployment may be given further fields by `allowed_fields`, such as these of Anthropic's; never an order to litellm.
FURTHER = frozenset({"thinking", "top_k", "cache_control", "guardrailConfig", "performanceConfig", "requestMetadata"})

_ADDRESS = re.compile(r"\s*(?!data:)[a-z][a-z0-9+.-]*:", re.IGNORECASE)


class Translated:
    """A deployment reached through litellm; `provider.model` is litellm's name."""

    def __init__(self, deployment: Deployment) -> None:
        """Raises a `Fault` if one of the deployment's secrets cannot be found."""
        forget_environment()
        provider = deployment.provider
        self._egress = Egress(deployment)
        self._total_s = deployment.timeouts.total_s
        self._further = FURTHER & frozenset(deployment.allowed_fields)
        given = {"api_key": provider.api_key or "", **provider.options}
        self._secrets = {name: Current(value) for name, value in given.items() if is_secret(value)}
        self._arguments: dict[str, Any] = {
            **given,  # without an api_key of the entry's, an empty one, so that none is looked for elsewhere
            "model": provider.model,
            "api_base": provider.base_url,
            "timeout": self._total_s,
            "num_retries": 0,
            "max_retries": 0,
        }

    async def send(self, request: Request) -> Reply:
        """Raises a `ProviderFault`."""
        body = _translatable(request.body, (EMBEDDINGS if request.path == "/embeddings" else CHAT) | self._further)
        litellm = await import_litellm()
        call = Crossing(self._egress, request.stream)
        ask = litellm.aembedding if request.path == "/embeddings" else litellm.acompletion
        secrets = {name: one.value() for name, one in self._secrets.items()}
        token = crossing.set(call)
        try:
            async with asyncio.timeout(self._total_s):
                answer = await ask(**body, **(self._arguments | secrets))
            if call.exchange is None:
                raise OutsideCatalogue  # an answer that came from elsewhere
            if not request.stream:
                return Reply(200, call.exchange.headers, orjson.dumps(_plain(answer)))
        except BaseException as error:
            if call.exchange is not None:
                call.exchange.close()
            if isinstance(error, Exception):
                raise _fault(error, call) from None
            raise
        finally:
            crossing.reset(token)
        return Reply(200, call.exchange.headers, None, _events(answer, call), call.exchange.aclose)

    async def retire(self) -> None:
        """Close once the calls under way have ended."""
        await self._egress.retire()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._egress.aclose()


def _translatable(body: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """What litellm is to translate. Raises `Untranslatable` for a field that policy let through and that means nothing here."""
    kept = {name: value for name, value in body.items() if name not in LEFT_OUT}
    for name in kept:
        if name not in known:
            raise Untranslatable(name)
    for message in kept.get("messages", ()):
        parts = message.get("content")
        if isinstance(parts, list) and any(_address_in(part) for part in parts if part.get("type") != "text"):
            raise Untranslatable("messages")
    return kept


def _address_in(part: Any) -> bool:
    """Whether an image, a file… is given by its address. litellm would fetch it, from wherever a prompt says."""
    if isinstance(part, str):
        return _ADDRESS.match(part) is not None
    values: Iterable[Any] = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    return any(map(_address_in, values))


def _plain(answer: Any) -> dict[str, Any]:
    """litellm's object as OpenAI's JSON, without what litellm adds of its own: its guess at a price."""
    plain: dict[str, Any] = answer.model_dump(mode="json", exclude_none=True)
    plain.get("usage", {}).pop("cost", None)
    for choice in plain.get("choices", ()):
        if "message" in choice:
            choice["message"].setdefault("content", None)
            for call in choice["message"].get("tool_calls", ()):
                call["function"]["arguments"] = _unescaped(call["function"]["arguments"])
    return plain


def _unescaped(arguments: str) -> str:
    """Tool arguments that came as JSON and that litellm wrote as ASCII: as they came, so that a placeholder is seen."""
    try:
        return json.dumps(json.loads(arguments), ensure_ascii=False)
    except (ValueError, RecursionError):
        return arguments


async def _events(answer: Any, call: Crossing) -> AsyncIterator[bytes]:
    """litellm's chunks as OpenAI's server-sent events."""
    try:
        async for chunk in answer:
            yield b"data: " + orjson.dumps(_plain(chunk)) + b"\n\n"
    except Exception as error:  # noqa: BLE001 - litellm raises what its providers raise
        raise _fault(error, call) from None
    if call.fault is not None:
        raise call.fault
    yield b"data: [DONE]\n\n"


def _fault(error: Exception, call: Crossing) -> ProviderFault:
    """What went wrong: what the exchange saw, or else what litellm could not do before it or after it."""
    if call.fault is not None:
        return call.fault
    if isinstance(error, ProviderFault):
        return error
    if isinstance(error, TimeoutError):
        return TimedOut()
    if call.exchange is None:
        return Untranslatable()
    if call.stream:
        return ended_early()
    return BrokeProtocol(
        Message(
            "La réponse du fournisseur n'est pas de son protocole.", "The provider's answer is not of its protocol."
        )
    )
