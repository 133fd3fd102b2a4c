"""The guard of one text of an answer: content, reasoning, the arguments of a tool call. *Edge* (asks the analyser).

The text is cut into units by `segments`, through `embedded` where it is JSON; both are functions of the text alone. Each
unit is treated for itself: our placeholders in it become values again, and what the analyser finds in its window and the
policy does not let pass becomes a mask, or cuts the answer. So:

* a whole answer and a stream of it, however chopped up, come out the same: `whole` is one feed and an end;
* what has come out never holds a part of a placeholder, nor of a value that was masked or denied, within the bounds that
  `segments` states; a value that denies cuts the answer before any part of it has left;
* how long text waits, and how much memory a guard takes, is bounded by `segments.LONGEST`. Clean text waits for one word:
  a word leaves with the chunk that begins the next, and the first of an answer at once if it is one of
  `vocabulary.OPENERS`. A word with a capital that is not everyday, and a number, wait for a plain word after them; then
  the analyser is asked, if it does not remember.

Units that hold nothing but plain words and our own placeholders are not analysed; the others that become ready together
are analysed in one call. So a value that is written in plain lower-case words and that no cue announces (« merci danielle »)
is not looked for in an answer, and what is said far from a value (a table's heading) does not help to find it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from gateway.policies import Effect
from gateway.privacy.embedded import rewritten
from gateway.privacy.findings import Finding, disjoint
from gateway.privacy.json_text import Item, Scan
from gateway.privacy.pseudonyms import Edit, Place, Restorer, mask
from gateway.privacy.segments import Segments
from gateway.privacy.strands import Unit
from gateway.privacy.vocabulary import is_plain

_MASK = re.compile(r"⟦[^⟦⟧\s]*⟧")
_DIGIT = re.compile(r"[0-9]")
_TREATED = frozenset({Effect.MASK, Effect.PSEUDONYMIZE, Effect.DENY})


class Finder(Protocol):
    """What a guard asks of the analyser."""

    async def find(self, texts: Sequence[str]) -> list[tuple[Finding, ...]]: ...


SLICE = 16_384

Effects = Callable[[Sequence[str]], Mapping[str, Effect]]
"""Given the type of each new finding, in the order of the text: what to do with each type. Raises to cut the answer."""


class StreamGuard:
    """One text. A guard that is given no `effects` only restores. `known`: whether a value is not new in the answer."""

    __slots__ = ("_effects", "_finder", "_known", "_restorer", "_scan")

    def __init__(
        self,
        restorer: Restorer,
        finder: Finder,
        effects: Effects | None = None,
        *,
        known: Callable[[str], bool] = lambda _value: False,
    ) -> None:
        self._restorer, self._finder, self._effects, self._known = restorer, finder, effects, known
        self._scan = Scan(Segments)

    async def feed(self, text: str) -> str:
        """More text in; what may leave now out. Raises what the effects or the analyser raise."""
        return await self._treated(self._scan.feed(text))

    async def finish(self) -> str:
        """The end: whatever is left."""
        return await self._treated(self._scan.finish())

    async def whole(self, text: str) -> str:
        """All of a text that is there at once. The guard is then done. Other calls have their turn within a long one."""
        if len(text) <= SLICE:
            return await self._treated([*self._scan.feed(text), *self._scan.finish()])
        parts = []
        for at in range(0, len(text), SLICE):
            parts.append(await self.feed(text[at : at + SLICE]))
            await asyncio.sleep(0)
        return "".join([*parts, await self.finish()])

    async def _treated(self, items: Sequence[Item]) -> str:
        asked = [one for one in items if isinstance(one, Unit) and one.window and self._is_asked_about(one)]
        found = (
            dict(zip(map(id, asked), await self._finder.find([one.window for one in asked]), strict=True))
            if asked
            else {}
        )
        return "".join(one if isinstance(one, str) else self._rewritten(one, found.get(id(one), ())) for one in items)

    def _is_asked_about(self, unit: Unit) -> bool:
        """Whether the analyser has to look at a unit: not if only our own placeholders make it look like anything."""
        if self._effects is None:
            return False
        places = self._places(unit, unit.at)
        if not places:
            return True
        parts, at = [], unit.at
        for one in places:
            parts.append(unit.window[at : one.start])
            at = max(at, one.end)
        return not is_plain(" ".join([*parts, unit.window[at : unit.at + len(unit.text)]]))

    def _rewritten(self, unit: Unit, found: Sequence[Finding]) -> str:
        """A unit as it leaves."""
        owner, size = unit.owner, len(unit.text)
        first = unit.at + owner.covered
        owner.covered = max(0, owner.covered - size)
        last = unit.at + size
        if first >= last:
            return ""
        edits: list[Edit] = []
        if unit.window:
            places = self._places(unit, first)
            self._restorer.unknown += sum(one.value is None for one in places)
            edits += [(one.start, one.end, one.value) for one in places if one.value is not None]
            edits += self._masks(unit, found, places, first)
            edits.sort()
        if edits:
            owner.covered = max(0, edits[-1][1] - last)
        return rewritten(unit, [(start - unit.at, end - unit.at, text) for start, end, text in edits], first - unit.at)

    def _places(self, unit: Unit, first: int) -> list[Place]:
        """The placeholders that begin in the unit, from `first` on."""
        if _DIGIT.search(unit.window, unit.at) is None:
            return []
        last = unit.at + len(unit.text)
        return [one for one in self._restorer.places(unit.window, first) if one.start < last]

    def _masks(self, unit: Unit, found: Sequence[Finding], places: Sequence[Place], first: int) -> list[Edit]:
        """What stands for the findings of the model's own that begin in the unit, or run into it."""
        if self._effects is None or not found:
            return []
        last = unit.at + len(unit.text)
        ours = sorted(
            [(one.start, one.end) for one in places] + [match.span() for match in _MASK.finditer(unit.window, first)]
        )
        own: list[Finding] = []
        types: list[str] = []
        for one in sorted(found, key=lambda finding: (finding.start, finding.end)):
            if one.end <= first or one.start >= last or self._known(unit.window[one.start : one.end]):
                continue
            parts = [
                part
                for part in _apart(max(one.start, first), min(one.end, len(unit.window)), unit.window, ours)
                if part[0] < last
            ]
            own += [Finding(start, end, one.type, one.score) for start, end in parts]
            types += [one.type] * bool(parts)
        if not own:
            return []
        effects = self._effects(types)
        masked = disjoint(own, {name: effect.rank for name, effect in effects.items()})
        return [(one.start, one.end, mask(one.type)) for one in masked if effects.get(one.type) in _TREATED]


def _apart(start: int, end: int, text: str, ours: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What is left of a finding without our own placeholders and masks, where that says anything."""
    at, cut = start, False
    for first, last in ours:
        if first >= end or last <= at:
            continue
        cut = True
        if first > at and any(map(str.isalnum, text[at:first])):
            yield at, first
        at = max(at, last)
    if at < end and (not cut or any(map(str.isalnum, text[at:end]))):
        yield at, end
