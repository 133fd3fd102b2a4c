"""How many tokens a text would be, estimated here. *Edge*, in that it imports litellm: its tokenizers come with it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

FRAME = 3
"""What a protocol puts around a text: its role, and where it begins and ends."""


async def estimated_tokens(texts: Sequence[str]) -> int:
    """With one common tokenizer, whatever model will read them: no provider is asked. The first time takes seconds.

    Raises `NotReady` where litellm is not installed.
    """
    from gateway.providers.quiet import import_litellm

    litellm = await import_litellm()
    counted = await asyncio.to_thread(litellm.token_counter, text="\n".join(texts))
    return int(counted) + FRAME * len(texts)
