"""Other protocols, translated by litellm. *Edge*. Imported only if a deployment uses it: it costs seconds and memory.

litellm is told to fetch nothing, report nothing, retry nothing and log nothing; its errors become ours, without words of
its own, since they may hold the prompt.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from types import ModuleType
from typing import Any

import orjson

from gateway.config import Deployment, secret
from gateway.errors import Message
from gateway.providers.faults import BrokeProtocol, ProviderFault, ProviderRefused, TimedOut, Unreachable
from gateway.providers.reply import Reply, Request


class Translated:
    """A deployment reached through litellm; `provider.model` is litellm's name."""

    def __init__(self, deployment: Deployment) -> None:
        """Raises a `Fault` if the deployment's secret cannot be found."""
        provider = deployment.provider
        self._litellm = _quiet_litellm()
        self._bounds = deployment.timeouts
        self._arguments: dict[str, Any] = dict(provider.options)
        self._arguments |= {
            "model": provider.model,
            "timeout": self._bounds.total_s,
            "num_retries": 0,
            "max_retries": 0,
        }
        if provider.base_url is not None:
            self._arguments["api_base"] = provider.base_url
        if provider.api_key is not None:
            self._arguments["api_key"] = secret(provider.api_key)

    async def send(self, request: Request) -> Reply:
        """Raises a `ProviderFault`."""
        body = {name: value for name, value in request.body.items() if name != "model"}
        call = self._litellm.aembedding if request.path == "/embeddings" else self._litellm.acompletion
        try:
            async with asyncio.timeout(self._bounds.first_byte_s):
                answer = await call(**body, **self._arguments)
        except TimeoutError:
            raise TimedOut from None
        except Exception as error:  # noqa: BLE001 - litellm raises what its providers raise
            raise _fault(error) from None
        if request.stream:
            return Reply(200, _headers(answer), None, _events(answer), _closing(answer))
        return Reply(200, _headers(answer), orjson.dumps(answer.model_dump(mode="json", exclude_none=True)))

    async def aclose(self) -> None:
        """litellm keeps its own clients."""


def _quiet_litellm() -> ModuleType:
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    os.environ.setdefault("LITELLM_TELEMETRY", "False")
    import litellm

    litellm.telemetry = False
    litellm.suppress_debug_info = True
    litellm.drop_params = False
    litellm.callbacks, litellm.success_callback, litellm.failure_callback = [], [], []
    litellm.num_retries = 0
    return litellm


async def _events(answer: Any) -> AsyncIterator[bytes]:
    """litellm's chunks as OpenAI's server-sent events."""
    try:
        async for chunk in answer:
            yield b"data: " + orjson.dumps(chunk.model_dump(mode="json", exclude_none=True)) + b"\n\n"
    except TimeoutError:
        raise TimedOut from None
    except Exception as error:  # noqa: BLE001 - as above
        fault = _fault(error)
        broke = Message("Le fournisseur a rompu sa réponse.", "The provider broke off its answer.")
        raise (fault if isinstance(fault, TimedOut) else BrokeProtocol(broke, "provider_ended_early")) from None
    yield b"data: [DONE]\n\n"


def _closing(answer: Any) -> Any:
    async def close() -> None:
        end = getattr(getattr(answer, "completion_stream", None), "aclose", None) or getattr(answer, "aclose", None)
        if end is not None:
            with contextlib.suppress(Exception):
                await end()

    return close


def _headers(answer: Any) -> dict[str, str]:
    """The provider's own headers, which litellm keeps beside the answer."""
    kept = (getattr(answer, "_hidden_params", None) or {}).get("additional_headers") or {}
    prefix = "llm_provider-"
    return {name.removeprefix(prefix).lower(): str(value) for name, value in kept.items()}


def _fault(error: Exception) -> ProviderFault:
    name = type(error).__name__
    if "Timeout" in name:
        return TimedOut()
    if name in ("APIConnectionError", "ServiceUnavailableError") and not getattr(error, "response", None):
        return Unreachable()
    status = getattr(error, "status_code", None)
    return ProviderRefused(int(status)) if isinstance(status, int) and 400 <= status < 600 else Unreachable()
