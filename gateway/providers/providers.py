"""Every deployment's provider, opened when first used. *Edge*. Owned by the composition root."""

from __future__ import annotations

from typing import Protocol

from gateway.config import Deployment
from gateway.providers.reply import Reply, Request


class Provider(Protocol):
    """One way of reaching one deployment."""

    async def send(self, request: Request) -> Reply: ...

    async def aclose(self) -> None: ...


class Providers:
    """Sends a request to a deployment. A deployment whose entry changed gets a new provider; the old one is closed."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[Deployment, Provider]] = {}

    async def send(self, deployment: Deployment, request: Request) -> Reply:
        """Raises a `ProviderFault`, or a `Fault` if the deployment's secret cannot be found."""
        known = self._open.get(deployment.id)
        if known is None or known[0] != deployment:
            provider = _opened(deployment)
            self._open[deployment.id] = deployment, provider
            if known is not None:
                await known[1].aclose()
            return await provider.send(request)
        return await known[1].send(request)

    async def aclose(self) -> None:
        """Close every connection."""
        for _, provider in self._open.values():
            await provider.aclose()
        self._open.clear()


def _opened(deployment: Deployment) -> Provider:
    if deployment.provider.protocol == "openai":
        from gateway.providers.direct import Direct

        return Direct(deployment)
    if deployment.provider.protocol == "litellm":
        from gateway.providers.translated import Translated

        return Translated(deployment)
    from gateway.providers.simulated import Simulated

    return Simulated(deployment)
