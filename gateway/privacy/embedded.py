"""JSON that stands inside a text (tool-call arguments): its strings are opened, so that findings and replacements are
made on what they say, and the text is put together again as valid JSON. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

NESTED = 2
LONG_NUMBER = 6


class Opened:
    """Texts, those marked as JSON opened into their strings. `values` is what to analyse; `close` puts back."""

    __slots__ = ("_pieces", "_texts", "values")

    def __init__(self, texts: Sequence[tuple[str, bool]]) -> None:
        """`texts`: (text, whether the text itself is JSON). JSON that does not parse is analysed as it stands."""
        self._texts = texts
        self._pieces: list[tuple[int, int]] = []
        self.values: list[str] = []
        for text, embedded in texts:
            start = len(self.values)
            value = _parsed(text) if embedded else None
            if value is None:
                self.values.append(text)
            else:
                _collect(value, self.values, NESTED)
            self._pieces.append((start, len(self.values)))

    def close(self, changed: Sequence[str]) -> list[str]:
        """The texts with `changed` in place of `values`; a text of which nothing changed stays to the byte."""
        result = []
        for (text, embedded), (start, end) in zip(self._texts, self._pieces, strict=True):
            if list(changed[start:end]) == self.values[start:end]:
                result.append(text)
                continue
            value = _parsed(text) if embedded else None
            if value is None:
                result.append(changed[start])
            else:
                result.append(orjson.dumps(_replaced(value, iter(changed[start:end]), NESTED)).decode())
        return result


def _parsed(text: str) -> Any:
    """A JSON object or array, or None."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _collect(value: Any, into: list[str], nested: int) -> None:
    if isinstance(value, str):
        inner = _parsed(value) if nested else None
        if inner is None:
            into.append(value)
        else:
            _collect(inner, into, nested - 1)
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, (int, float)):
        if len(str(value)) >= LONG_NUMBER:
            into.append(str(value))
    elif isinstance(value, list):
        for one in value:
            _collect(one, into, nested)
    else:
        for name in value:
            into.append(name)
            _collect(value[name], into, nested)


def _replaced(value: Any, changed: Any, nested: int) -> Any:
    """The inverse of `_collect`, in the same order; a number whose text changed becomes a string."""
    if isinstance(value, str):
        inner = _parsed(value) if nested else None
        return next(changed) if inner is None else orjson.dumps(_replaced(inner, changed, nested - 1)).decode()
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float)):
        if len(str(value)) < LONG_NUMBER:
            return value
        text = next(changed)
        return value if text == str(value) else text
    if isinstance(value, list):
        return [_replaced(one, changed, nested) for one in value]
    result = {}
    for one in value.values():
        name = next(changed)
        result[name] = _replaced(one, changed, nested)
    return result
