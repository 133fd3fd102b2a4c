"""Which placeholder stands for which value: numbered by first appearance in a call's own texts. Pure.

A conversation is sent again with every turn, so most of this was worked out before. `Plan` is what came of a block of texts,
kept by `histories`: offsets, placeholders, counts and keyed hashes, and no value. `Numbering` goes on from there.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from gateway.policies import Effect
from gateway.privacy.placeholders import VARIANTS, Grammar, fold, word

ASIDE = 1_000
BLOCK = 16
"""Texts of a block."""

Edit = tuple[int, int, str]
"""Characters of a text from, to (excluded), and what stands there instead."""

Handed = tuple[str, int, int, int]
"""A placeholder, and where its value stands: which text of the call, characters from, to."""

Family = tuple[int, int, tuple[Handed, ...]]
"""The spellings of one value: the number that they share, the variant that comes next, and all of them."""

Digest = Callable[[str, str], bytes]
"""A keyed hash of a type and of what the spellings of a value have in common."""

_LETTERS_ONLY = {code: None for code in range(128) if not chr(code).isalnum()}


def same(value: str) -> str:
    """What two spellings of one value have in common: letters without case or accents, and digits."""
    if value.isascii():
        return value.translate(_LETTERS_ONLY).lower() or value
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", value).casefold())) or value


@dataclass(frozen=True, slots=True)
class Plan:
    """What was done to a block of texts, given those before it. It holds for as long as what it was made from does:

    the effects on the types that were found in the block (`treated`), and the numbers that were `taken` anywhere in the
    call. `numbers`: those that are taken in this block, as `grammar` reads it; `handed`, `families`: what the block
    added; `counts`, `aside`: as they stand after it.
    """

    treated: tuple[tuple[str, Effect], ...]
    taken: frozenset[tuple[str, int]]
    grammar: Grammar | None
    numbers: frozenset[tuple[str, int]]
    edits: tuple[tuple[Edit, ...], ...]
    remaining: frozenset[str]
    handed: tuple[Handed, ...]
    families: Mapping[bytes, Family]
    counts: Mapping[str, int]
    aside: frozenset[tuple[str, int]]

    def holds(self, effects: Mapping[str, Effect], taken: frozenset[tuple[str, int]]) -> bool:
        """Whether the same would be done now."""
        return self.taken == taken and all(effects.get(kind, Effect.ALLOW) is effect for kind, effect in self.treated)


class Before(Protocol):
    """What is known of a call's texts from before: the plan of each block that is known, a place to keep others."""

    @property
    def plans(self) -> list[Plan | None]: ...

    def keep(self, block: int, plan: Plan) -> None: ...

    def digest(self, kind: str, value: str) -> bytes: ...


class Numbering:
    """The placeholders of one call. `taken`: numbers that are not to be handed out."""

    __slots__ = (
        "_aside",
        "_counts",
        "_digest",
        "_families",
        "_known",
        "_plans",
        "_since",
        "_texts",
        "_touched",
        "handed",
        "taken",
    )

    def __init__(self, texts: Sequence[str], taken: frozenset[tuple[str, int]], digest: Digest | None) -> None:
        self._texts, self.taken, self._digest = texts, taken, digest
        self.handed: list[Handed] = []
        self._plans: list[Plan] = []
        self._known: dict[tuple[str, str], str] = {}
        self._families: dict[tuple[str, str], Family] = {}
        self._counts: dict[str, int] = {}
        self._aside: set[tuple[str, int]] = set()  # numbers that are out of order, since theirs was taken
        self._since = 0
        self._touched: set[tuple[str, str]] = set()

    def go_on(self, plan: Plan) -> None:
        """Take over what was done to the next block of texts."""
        self._plans.append(plan)
        self.handed += plan.handed
        self._since = len(self.handed)
        self._counts = dict(plan.counts)
        self._aside = set(plan.aside)

    def placeholder(self, kind: str, value: str, text: int, start: int, end: int) -> str:
        """The one that stands for this value, to the character; where it stands."""
        known = self._known.get((kind, value))
        if known is None:
            key = kind, same(value)
            family = self._families.get(key) or self._of_before(key)
            known = self._spelled(value, family)
            if known is None:
                number, variant = family[:2]
                if number == 0 or variant > len(VARIANTS):
                    number, variant = self._next(kind), 0
                known = f"⟦{word(kind)}_{number}{VARIANTS[variant - 1] if variant else ''}⟧"
                handed = known, text, start, end
                self.handed.append(handed)
                self._families[key] = number, variant + 1, (*family[2], handed)
                self._touched.add(key)
            self._known[kind, value] = known
        return known

    def end_block(self) -> tuple[tuple[Handed, ...], dict[bytes, Family], dict[str, int], frozenset[tuple[str, int]]]:
        """What the block that ends here added: `handed`, `families`, `counts`, `aside` of its plan."""
        assert self._digest is not None
        handed, families = (
            tuple(self.handed[self._since :]),
            {self._digest(*key): self._families[key] for key in self._touched},
        )
        self._since = len(self.handed)
        self._touched.clear()
        return handed, families, dict(self._counts), frozenset(self._aside)

    def _of_before(self, key: tuple[str, str]) -> Family:
        """The family as the plans know it, the last first."""
        if self._plans:
            assert self._digest is not None
            name = self._digest(*key)
            for plan in reversed(self._plans):
                family = plan.families.get(name)
                if family is not None:
                    return family
        return 0, 0, ()

    def _spelled(self, value: str, family: Family) -> str | None:
        """The placeholder of this very spelling, if it has one."""
        for placeholder, text, start, end in family[2]:
            if self._texts[text][start:end] == value:
                return placeholder
        return None

    def _next(self, kind: str) -> int:
        name = folded(kind)
        number = self._counts[kind] = self._counts.get(kind, 0) + 1
        if (name, number) in self.taken or (name, number) in self._aside:
            while (name, number) in self.taken or (name, number) in self._aside:
                number += ASIDE
            self._aside.add((name, number))
        return number


@lru_cache(maxsize=256)
def folded(kind: str) -> str:
    """The word of a type, as it is compared."""
    return fold(word(kind))
