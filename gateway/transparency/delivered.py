"""A text of an answer as it was delivered, and its hash. *Data*."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

KEPT = 2_000_000
"""Characters of a text beyond which it is signed, and not kept to be recognised."""


@dataclass(frozen=True, slots=True)
class Content:
    """One delivered text: SHA-256 of its UTF-8. `text` is None for one that is too long to be kept."""

    sha256: bytes
    text: str | None = field(repr=False)

    @classmethod
    def of(cls, text: str) -> Content:
        """A lone surrogate, which UTF-8 cannot say, is a question mark, as in the JSON that carries it."""
        return cls(hashlib.sha256(text.encode("utf-8", "replace")).digest(), text if len(text) <= KEPT else None)


def contents_of(texts: Iterable[str]) -> tuple[Content, ...]:
    """One for each choice of an answer, in their order."""
    return tuple(map(Content.of, texts))
