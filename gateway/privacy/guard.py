"""The stream guard: text that arrives in pieces leaves when nothing that matters can still grow into it. *Edge* (asks the
analyser); the cutting is pure.

Two things may be growing at the end of what has arrived:

* one of our placeholders, whole or damaged: held from where it might begin, for at most `PLACEHOLDER` characters;
* a value of personal information in the model's own words: held from the first token that could be part of one (a digit,
  a capital, an @) until a plain word ends it, for at most `HELD` characters, then analysed with the words before it.

So clean lower-case text waits for one word, and half a placeholder or half an identifier is never released. A guard that
was given no output effects only restores.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from gateway.policies import Effect
from gateway.privacy.findings import Finding, disjoint
from gateway.privacy.pseudonyms import Restorer, word

PLACEHOLDER = 48
HELD = 512
CONTEXT = 240

_OPENING = re.compile(r"[⟦\[<{][^⟧\]>}\n]*$")
_TOKEN = re.compile(r"\S+\s*")
_PLAIN = re.compile(r"[«\"'’(\-–—]*[^\W\d_A-ZÀ-Þ@][^\W\d_@]*[.,;:!?»\"')…]*")
_PARTICLES = frozenset("de du des la le les d' l' van von der el al ben st ste poste ext à a".split())


class Finder(Protocol):
    """What a guard asks of the analyser."""

    async def find(self, texts: Sequence[str]) -> list[tuple[Finding, ...]]: ...


Effects = Callable[[Sequence[str]], Mapping[str, Effect]]
"""Given the type of each new finding: what to do with each type. Raises to cut the stream."""


class StreamGuard:
    """One channel of a stream (content, reasoning, the arguments of one tool call). `json_string`: its text is JSON."""

    def __init__(
        self,
        restorer: Restorer,
        finder: Finder,
        effects: Effects | None = None,
        *,
        json_string: bool = False,
        known: Callable[[str], bool] = lambda _value: False,
    ) -> None:
        self._restorer, self._finder, self._effects, self._known = restorer, finder, effects, known
        self._restore = restorer.restore_json if json_string else restorer.restore
        self._partial = _partial_placeholder(restorer.words)
        self._waiting = ""
        self._before = ""

    async def feed(self, text: str) -> str:
        """More text in; what may leave now out. Raises what the effects or the analyser raise."""
        self._waiting += text
        ready = self._boundary()
        if ready <= 0:
            return ""
        piece, self._waiting = self._waiting[:ready], self._waiting[ready:]
        return await self._release(piece)

    async def finish(self) -> str:
        """The end: whatever is left, analysed and restored."""
        piece, self._waiting = self._waiting, ""
        return await self._release(piece) if piece else ""

    async def _release(self, piece: str) -> str:
        if self._effects is not None and not _is_plain(piece):
            piece = await self._screened(piece)
        else:
            self._before = (self._before + piece)[-CONTEXT:]
        return self._restore(piece)

    async def _screened(self, piece: str) -> str:
        """The piece with the model's own findings treated; placeholders of ours are not findings."""
        start = len(self._before)
        whole = self._before + piece
        found = (await self._finder.find([whole]))[0]
        own = [
            Finding(max(one.start, start) - start, one.end - start, one.type, one.score)
            for one in found
            if one.end > start and "⟦" not in whole[one.start : one.end] and not self._known(whole[one.start : one.end])
        ]
        self._before = whole[-CONTEXT:]
        if not own or self._effects is None:
            return piece
        effects = self._effects([one.type for one in own])
        parts, at = [], 0
        for one in disjoint(own, {name: effect.rank for name, effect in effects.items()}):
            if effects.get(one.type, Effect.ALLOW) in (Effect.MASK, Effect.PSEUDONYMIZE, Effect.DENY):
                parts += [piece[at : one.start], f"⟦{word(one.type)}⟧"]
                at = one.end
        return "".join([*parts, piece[at:]])

    def _boundary(self) -> int:
        """How much of what waits may leave."""
        text = self._waiting
        end = self._placeholder_boundary(text)
        if self._effects is None:
            return end
        safe = _candidate_boundary(text[:end])
        if safe == 0 and len(text) > HELD:
            return max(text.rfind(" ", 0, min(end, len(text) - PLACEHOLDER)) + 1, 0) or min(end, HELD)
        return safe

    def _placeholder_boundary(self, text: str) -> int:
        """Where a placeholder that is still growing would begin; the whole length if none is."""
        if not self._restorer.words:
            return len(text)
        tail = text[-PLACEHOLDER:]
        offset = len(text) - len(tail)
        ends = [match.start() for match in (_OPENING.search(tail), self._partial.search(tail)) if match is not None]
        return offset + min(ends) if ends else len(text)


def _candidate_boundary(text: str) -> int:
    """The end of the part in which no value can still grow: before the last run of tokens that could be one."""
    boundary = 0
    open_since: int | None = None
    for match in _TOKEN.finditer(text):
        token = match[0]
        complete = token[-1].isspace()
        bare = token.strip()
        if complete and _PLAIN.fullmatch(bare) and not (open_since is not None and bare.lower() in _PARTICLES):
            boundary, open_since = match.end(), None
        elif open_since is None:
            open_since = match.start()
        if complete and "\n" in token and open_since is not None:
            boundary, open_since = match.end(), None
    return boundary


def _is_plain(piece: str) -> bool:
    """Whether a piece has nothing but plain words, so that there is nothing to analyse."""
    return all(_PLAIN.fullmatch(token) for token in piece.split())


def _partial_placeholder(words: Sequence[str]) -> re.Pattern[str]:
    """Matches, at the end of a text, what could grow into a placeholder without brackets."""
    starts = {re.escape(name[:length]) for name in words for length in range(1, len(name) + 1)}
    whole = "|".join(re.escape(name) for name in words) or r"(?!)"
    partial = "|".join(sorted(starts, key=len, reverse=True)) or r"(?!)"
    return re.compile(rf"(?<!\w)(?:(?:{whole})_\d*|(?:{partial}))$", re.IGNORECASE)
