"""JSON that stands in the texts of a request: its strings are opened, so that findings and replacements are made on what
they say, and all that is not replaced stays to the byte. Pure. `json_text` does the reading.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.privacy.findings import Finding
from gateway.privacy.json_text import Item, Scan, begins_json
from gateway.privacy.pseudonyms import Edit, edited, escaped
from gateway.privacy.strands import Strand, Unit


class Whole(Strand):
    """A text that is one unit."""

    __slots__ = ("_before", "_parts", "_raw", "_size")

    def __init__(self, before: str, level: int) -> None:
        super().__init__(level)
        self._before = before
        self._parts: list[str] = []
        self._raw: list[tuple[int, str]] = []
        self._size = 0

    def feed(self, text: str, raw: str | None = None) -> list[Unit]:
        """Nothing yet."""
        if raw is not None:
            self._raw.append((self._size, raw))
        self._parts.append(text)
        self._size += len(text)
        return []

    def finish(self) -> list[Unit]:
        """All of it."""
        text = "".join(self._parts)
        return [Unit(text, self._before + text, len(self._before), self, tuple(self._raw))] if text else []


class Opened:
    """Texts, opened where they are JSON. `values` is what they say, `windows` the same with what stands before it, where
    each value begins at its place of `starts`: windows are to be analysed, and what was found taken back by `findings`.
    `close` makes edits in the originals.
    """

    __slots__ = ("_texts", "starts", "values", "windows")

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts: list[str | list[Item]] = []
        self.values: list[str] = []
        self.windows: list[str] = []
        self.starts: list[int] = []
        for text in texts:
            if not begins_json(text):  # nearly all: a text says what it is
                self._texts.append(text)
                if text:
                    self.values.append(text)
                    self.windows.append(text)
                    self.starts.append(0)
                continue
            scan = Scan(Whole)
            items = [*scan.feed(text), *scan.finish()]
            self._texts.append(items)
            for unit in items:
                if isinstance(unit, Unit) and unit.window:
                    self.values.append(unit.text)
                    self.windows.append(unit.window)
                    self.starts.append(unit.at)

    def findings(self, found: Sequence[tuple[Finding, ...]]) -> list[tuple[Finding, ...]]:
        """What was found in the windows, as it stands in the values."""
        return [
            tuple(Finding(max(one.start - at, 0), one.end - at, one.type, one.score) for one in some if one.end > at)
            if at and some
            else some
            for at, some in zip(self.starts, found, strict=True)
        ]

    def close(self, edits: Sequence[Sequence[Edit]]) -> list[str]:
        """The texts with the edits of their values made."""
        remaining = iter(edits)
        closed = []
        for one in self._texts:
            if isinstance(one, str):
                own = next(remaining) if one else ()
                closed.append(edited(one, own) if own else one)
            else:
                closed.append(
                    "".join(
                        item if isinstance(item, str) else rewritten(item, next(remaining) if item.window else ())
                        for item in one
                    )
                )
        return closed


# ── what is written back ──────────────────────────────────────────────────────────────────────────────────────────


def original(unit: Unit, start: int, end: int) -> str:
    """Characters of a unit as they stand in the original."""
    if not unit.raw:
        return unit.text[start:end]
    parts, at = [], start
    for place, raw in unit.raw:
        if start <= place < end:
            parts += [unit.text[at:place], raw]
            at = place + 1
    return "".join([*parts, unit.text[at:end]])


def written(value: str, level: int) -> str:
    """A value as it stands `level` JSON strings deep."""
    for _ in range(level):
        value = escaped(value)
    return value


def rewritten(unit: Unit, edits: Sequence[Edit], start: int = 0) -> str:
    """A unit from `start` on with edits made; an edit may run over its end. A number of which something changed is a
    string.
    """
    level, size = unit.owner.level, len(unit.text)
    if not edits:
        return original(unit, start, size)
    parts, at = [], start
    for first, last, instead in edits:
        parts += [original(unit, at, first), written(instead, level + unit.number)]
        at = last
    parts.append(original(unit, at, size))
    if unit.number:
        quote = written('"', level)
        return "".join([quote, *parts, quote])
    return "".join(parts)
