"""Replacing what was found, and putting it back. Pure; nothing is stored.

`protect` gives each value a placeholder (`placeholders.py` has their form), numbered by first appearance in the call's own
texts. History is sent again with every turn, so a value has the same placeholder throughout a conversation, whichever
replica answers. A masked value becomes `⟦TYPE⟧`, for good.

What `protect` pseudonymized, `Restorer` puts back to the character, whatever the texts held before:

* one value in another spelling (case, accents, spaces, hyphens) is another variant of the same placeholder
  (`⟦PERSONNE_1⟧`, `⟦PERSONNE_1B⟧`): the model sees that it is one person, and each spelling comes back as it was;
* a number that stands in the texts as part of something that could be read as a placeholder (`⟦PERSONNE_1⟧` typed by a
  user, `person_1` in a program) is not handed out: the value that would have had number 1 has 1001, so that no other
  value's number moves in the middle of a conversation.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.policies import Effect
from gateway.privacy.findings import Finding, disjoint
from gateway.privacy.placeholders import VARIANTS, WORDS, fold, grammar, key_of, word

ASIDE = 1_000

Edit = tuple[int, int, str]
"""Characters of a text from, to (excluded), and what stands there instead."""


@dataclass(frozen=True, slots=True)
class Protected:
    """Texts as they may leave, and the `edits` that made them so. `mapping`: placeholder → value; `remaining`: types that
    leave in clear; `kept`: the values found, as they are compared.
    """

    texts: tuple[str, ...]
    edits: tuple[tuple[Edit, ...], ...]
    mapping: Mapping[str, str]
    remaining: tuple[str, ...]
    kept: frozenset[str]

    def restorer(self) -> Restorer:
        """What puts the values back into an answer."""
        return Restorer(self.mapping)

    def holds(self, value: str) -> bool:
        """Whether the call's own texts had this value: then it is not new in the answer."""
        return same(value) in self.kept


@dataclass(slots=True)
class Numbering:
    """The placeholders handed out so far, by type and value."""

    taken: frozenset[tuple[str, int]]
    mapping: dict[str, str] = field(default_factory=dict)
    _known: dict[tuple[str, str], str] = field(default_factory=dict)
    _families: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)
    _used: set[tuple[str, int]] = field(default_factory=set)

    def placeholder(self, kind: str, value: str) -> str:
        """The one that stands for this value, to the character."""
        known = self._known.get((kind, value))
        if known is None:
            family = kind, same(value)
            number, variant = self._families.get(family, (0, 0))
            if number == 0 or variant > len(VARIANTS):
                number, variant = self._next(kind), 0
            self._families[family] = number, variant + 1
            letter = VARIANTS[variant - 1] if variant else ""
            known = self._known[kind, value] = f"⟦{word(kind)}_{number}{letter}⟧"
            self.mapping[known] = value
        return known

    def _next(self, kind: str) -> int:
        name = fold(word(kind))
        number = self._counts[kind] = self._counts.get(kind, 0) + 1
        while (name, number) in self.taken or (name, number) in self._used:
            number += ASIDE
        self._used.add((name, number))
        return number


def protect(texts: Sequence[str], findings: Sequence[Sequence[Finding]], effects: Mapping[str, Effect]) -> Protected:
    """Replace each finding as `effects` says of its type; types that it does not name stay as they are."""
    strictness = {name: effect.rank for name, effect in effects.items()}
    given = [kind for kind, effect in effects.items() if effect is Effect.PSEUDONYMIZE]
    numbering = Numbering(_numbers_in(texts, given) if any(findings) else frozenset())
    remaining: set[str] = set()
    kept: set[str] = set()
    replaced: list[str] = []
    edits: list[tuple[Edit, ...]] = []
    for text, found in zip(texts, findings, strict=True):
        own: list[Edit] = []
        for one in disjoint(_within(found, len(text)), strictness) if found else ():
            value = text[one.start : one.end]
            kept.add(same(value))
            effect = effects.get(one.type, Effect.ALLOW)
            if effect is Effect.PSEUDONYMIZE:
                own.append((one.start, one.end, numbering.placeholder(one.type, value)))
            elif effect in (Effect.MASK, Effect.DENY):
                own.append((one.start, one.end, mask(one.type)))
            else:
                remaining.add(one.type)
        edits.append(tuple(own))
        replaced.append(edited(text, own) if own else text)
    return Protected(tuple(replaced), tuple(edits), numbering.mapping, tuple(sorted(remaining)), frozenset(kept))


def mask(kind: str) -> str:
    """What stands for a value that will not come back."""
    return f"⟦{word(kind)}⟧"


def edited(text: str, edits: Sequence[Edit]) -> str:
    """The text with its edits, which are in order and apart, made."""
    parts, at = [], 0
    for start, end, instead in edits:
        parts += [text[at:start], instead]
        at = end
    return "".join([*parts, text[at:]])


@dataclass(frozen=True, slots=True)
class Place:
    """A placeholder in a text; `value` is None when it was never handed out."""

    start: int
    end: int
    value: str | None


class Restorer:
    """Puts values back for the placeholders of one call. One that was never handed out is left as it is, and counted."""

    __slots__ = ("_grammar", "_handed", "_values", "unknown")

    def __init__(self, mapping: Mapping[str, str]) -> None:
        self._values = {key_of(placeholder): value for placeholder, value in mapping.items()}
        self._handed = {name for name, _, _ in self._values}
        self._grammar = grammar(self._handed)
        self.unknown = 0
        """How many placeholders were met that were never handed out."""

    def places(self, text: str, start: int = 0, end: int | None = None) -> list[Place]:
        """The placeholders that begin and end in text[start:end]; of those never handed out, the ones that look like ours:
        in our own brackets, or of a type of which this call has some.
        """
        return [
            Place(one.start, one.end, self._values.get(one.key))
            for one in self._grammar.mentions(text, start, len(text) if end is None else end)
            if one.white or one.key[0] in self._handed
        ]

    def restore(self, text: str) -> str:
        """The text with every placeholder of ours replaced by its value."""
        return self._restored(text, lambda value: value)

    def restore_json(self, text: str) -> str:
        """As `restore`, for a text that is itself JSON (or a piece of it): values are escaped as JSON strings are."""
        return self._restored(text, escaped)

    def _restored(self, text: str, form: Callable[[str], str]) -> str:
        places = self.places(text)
        self.unknown += sum(one.value is None for one in places)
        return edited(text, [(one.start, one.end, form(one.value)) for one in places if one.value is not None])


def escaped(value: str) -> str:
    """A value as it stands inside a JSON string."""
    return json.dumps(value, ensure_ascii=False)[1:-1]


def same(value: str) -> str:
    """What two spellings of one value have in common: letters without case or accents, and digits."""
    plain = unicodedata.normalize("NFKD", value).casefold()
    return "".join(filter(str.isalnum, plain)) or value


def _within(findings: Sequence[Finding], size: int) -> list[Finding]:
    """Those that say something about the text, whatever a finder of somebody's reports."""
    return [one for one in findings if 0 <= one.start < one.end <= size]


def _numbers_in(texts: Sequence[str], kinds: Sequence[str]) -> frozenset[tuple[str, int]]:
    """(word, number) of all that could be read as a placeholder of these types already."""
    if not kinds:
        return frozenset()
    known = grammar(fold(word(kind)) for kind in kinds)
    return frozenset(one for text in texts for one in known.numbers(text))


__all__ = ["WORDS", "Edit", "Place", "Protected", "Restorer", "edited", "escaped", "mask", "protect", "same", "word"]
