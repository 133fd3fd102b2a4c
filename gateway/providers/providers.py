"""Every deployment's provider, opened when first used. *Edge*. Owned by the composition root."""

from __future__ import annotations

from contextlib import suppress

from gateway.config import Catalogue, Deployment
from gateway.errors import Fault
from gateway.providers.faults import NotReady, ProviderFault
from gateway.providers.reply import Reply, Request
from gateway.providers.ways import Provider, Ways


class Providers:
    """Sends a request to a deployment. A deployment whose entry changed gets a new provider.

    The old one closes once the calls that it carries have ended: a change of the catalogue cuts no answer.
    """

    def __init__(self) -> None:
        self._open: dict[str, tuple[Deployment, Provider]] = {}

    async def send(self, deployment: Deployment, request: Request) -> Reply:
        """Raises a `ProviderFault`."""
        known = self._open.get(deployment.id)
        if known is None or (known[0] is not deployment and known[0] != deployment):
            try:
                provider = _opened(deployment)
            except ProviderFault:
                raise
            except Fault as fault:  # its secret cannot be found
                raise NotReady(fault.message) from None
            self._open[deployment.id] = deployment, provider
            if known is not None:
                await known[1].retire()
            return await provider.send(request)
        return await known[1].send(request)

    async def prepare(self, catalogue: Catalogue) -> None:
        """Make ready for a catalogue: import litellm if a verified deployment needs it, retire what is gone."""
        wanted = {one.id: one for one in catalogue.deployments}
        for name, (deployment, provider) in list(self._open.items()):
            if wanted.get(name) != deployment:
                del self._open[name]
                await provider.retire()
        if any(one.provider.protocol == "litellm" and one.enabled and one.verified for one in catalogue.deployments):
            from gateway.providers.quiet import import_litellm

            with suppress(NotReady):  # the calls that need it will say so
                await import_litellm()

    async def aclose(self) -> None:
        """Close every connection."""
        for _, provider in self._open.values():
            await provider.aclose()
        self._open.clear()


def _opened(deployment: Deployment) -> Provider:
    """Every protocol that an application may speak, by the deployment's own way if it has one."""
    provider = deployment.provider
    if provider.protocol == "openai":
        from gateway.providers.direct import Direct

        direct = Direct(deployment)
        bound = "max_completion_tokens" if direct.is_openai else "max_tokens"
        return Ways(direct, dict.fromkeys(direct.paths, direct), bound=bound)
    if provider.protocol == "litellm":
        from gateway.providers.translated import Translated

        if not provider.model.startswith("anthropic/"):
            return Ways(Translated(deployment), {})
        from gateway.providers.direct import Anthropic

        return Ways(Translated(deployment), {"/messages": Anthropic(deployment)})
    from gateway.providers.simulated import Simulated

    return Ways(Simulated(deployment), {})
