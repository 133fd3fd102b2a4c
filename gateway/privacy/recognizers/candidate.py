"""What a recognizer gives, and what a recognizer is. *Data*."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from gateway.privacy.recognizers.view import View


class Candidate(NamedTuple):
    """A value that may be one: offsets in a view's `plain` and `folded`, `end` excluded; `score` from 0 to 1."""

    start: int
    end: int
    entity: str
    score: float


@dataclass(frozen=True, slots=True)
class Recognizer:
    """One kind of value. `source`: where its format is published; `digit`: only looked for in a text with digits."""

    entities: tuple[str, ...]
    source: str
    context: tuple[str, ...]
    find: Callable[[View], Iterable[Candidate]]
    digit: bool = True
