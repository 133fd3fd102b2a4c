"""What people write at a terminal, searched for personal data before it is kept, as at the desk. *Edge*: an analyser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from gateway.config import Configuration
from gateway.privacy import Analyser, open_analyser
from gateway.proposals import examine, masked_text
from gateway.supervision import Action


def masked(texts: Sequence[str], configuration: Configuration) -> list[str]:
    """People's own words with findings masked, as they may be recorded."""

    async def all_masked() -> list[str]:
        async with _analyser(configuration) as analyser:
            return [await masked_text(text, analyser) for text in texts]

    return asyncio.run(all_masked())


def examined(action: Action, configuration: Configuration) -> Any:
    """An action's arguments with findings masked."""

    async def one_examined() -> Any:
        async with _analyser(configuration) as analyser:
            return (await examine(action, analyser)).masked

    return asyncio.run(one_examined())


@asynccontextmanager
async def _analyser(configuration: Configuration) -> AsyncIterator[Analyser]:
    """The analyser of the configuration, for the length of a block."""
    analyser = open_analyser(configuration.settings.privacy, configuration.recognizers)
    await analyser.start()
    try:
        yield analyser
    finally:
        await analyser.stop()
