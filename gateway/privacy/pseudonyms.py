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
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from gateway.policies import Effect
from gateway.privacy.findings import Finding, disjoint
from gateway.privacy.numbering import BLOCK, Before, Edit, Handed, Numbering, Plan, folded, same
from gateway.privacy.placeholders import WORDS, Grammar, grammar, key_of, word

TREATED = frozenset({Effect.PSEUDONYMIZE, Effect.MASK, Effect.DENY})
NO_NUMBERS: frozenset[tuple[str, int]] = frozenset()


class Protected:
    """Texts as they may leave, and the `edits` that made them so. `remaining`: types that leave in clear.

    What only an answer may need (which value stands behind a placeholder, which values the texts held) is made when it
    is asked for.
    """

    __slots__ = ("_found", "_handed", "_kept", "_mapping", "_originals", "edits", "remaining")

    def __init__(
        self,
        originals: Sequence[str],
        found: Sequence[Sequence[Finding]],
        edits: Sequence[Sequence[Edit]],
        handed: Sequence[Handed],
        remaining: Iterable[str],
    ) -> None:
        self._originals, self._found, self._handed = originals, found, handed
        self.edits = edits
        self.remaining = tuple(sorted(remaining))
        self._mapping: dict[str, str] | None = None
        self._kept: frozenset[str] | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts with their edits made."""
        return tuple(edited(text, own) for text, own in zip(self._originals, self.edits, strict=True))

    @property
    def mapping(self) -> Mapping[str, str]:
        """Placeholder → value."""
        if self._mapping is None:
            self._mapping = {name: self._originals[text][start:end] for name, text, start, end in self._handed}
        return self._mapping

    def restorer(self) -> Restorer:
        """What puts the values back into an answer."""
        return Restorer(lambda: self.mapping)

    def holds(self, value: str) -> bool:
        """Whether the call's own texts had this value: then it is not new in the answer."""
        if self._kept is None:
            self._kept = frozenset(
                same(text[one.start : one.end])
                for text, found in zip(self._originals, self._found, strict=True)
                for one in (_apart(found, len(text), {}) if found else ())
            )
        return same(value) in self._kept


def protect(
    texts: Sequence[str],
    findings: Sequence[Sequence[Finding]],
    effects: Mapping[str, Effect],
    history: Before | None = None,
) -> Protected:
    """Replace each finding as `effects` says of its type; types that it does not name stay as they are.

    `history`: of these texts, what was done before; it changes what this costs and nothing else.
    """
    given = [kind for kind, effect in effects.items() if effect is Effect.PSEUDONYMIZE]
    known = grammar(folded(kind) for kind in given) if given and any(findings) else None
    plans = history.plans if history is not None else []
    numbers = _numbers_in(texts, known, plans)
    taken = frozenset().union(*numbers)
    numbering = Numbering(texts, taken, history.digest if history is not None else None)
    edits: list[tuple[Edit, ...]] = []
    remaining: set[str] = set()
    for plan in plans:
        if plan is None or not plan.holds(effects, taken):
            break
        numbering.go_on(plan)
        edits += plan.edits
        remaining |= plan.remaining
    for start in range(len(edits), len(texts), BLOCK):
        treated: set[str] = set()
        own = [
            _treated(index, texts[index], findings[index], effects, numbering, treated)
            for index in range(start, min(start + BLOCK, len(texts)))
        ]
        left = {kind for kind in treated if effects.get(kind, Effect.ALLOW) not in TREATED}
        edits += own
        remaining |= left
        if history is not None and len(own) == BLOCK:
            pairs = tuple((kind, effects.get(kind, Effect.ALLOW)) for kind in treated)
            block = start // BLOCK
            history.keep(
                block, Plan(pairs, taken, known, numbers[block], tuple(own), frozenset(left), *numbering.end_block())
            )
    return Protected(texts, findings, edits, numbering.handed, remaining)


def _treated(
    index: int,
    text: str,
    found: Sequence[Finding],
    effects: Mapping[str, Effect],
    numbering: Numbering,
    treated: set[str],
) -> tuple[Edit, ...]:
    """The edits of one text; the types in it are added to `treated`."""
    if not found:
        return ()
    own: list[Edit] = []
    for one in _apart(found, len(text), effects):
        start, end, kind = one.start, one.end, one.type
        treated.add(kind)
        effect = effects.get(kind)
        if effect is Effect.PSEUDONYMIZE:
            own.append((start, end, numbering.placeholder(kind, text[start:end], index, start, end)))
        elif effect in TREATED:
            own.append((start, end, mask(kind)))
    return tuple(own)


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

    __slots__ = ("_grammar", "_handed", "_mapping", "_values", "unknown")

    def __init__(self, mapping: Mapping[str, str] | Callable[[], Mapping[str, str]]) -> None:
        """`mapping`: placeholder → value, or what makes it, which is asked when something looks like a placeholder."""
        self._mapping = mapping
        self._values: dict[tuple[str, int, str], str] = {}
        self._handed: set[str] = set()
        self._grammar: Grammar | None = None
        self.unknown = 0
        """How many placeholders were met that were never handed out."""

    def _read(self) -> Grammar:
        mapping = self._mapping() if callable(self._mapping) else self._mapping
        self._values = {key_of(placeholder): value for placeholder, value in mapping.items()}
        self._handed = {name for name, _, _ in self._values}
        self._grammar = grammar(self._handed)
        return self._grammar

    def places(self, text: str, start: int = 0, end: int | None = None) -> list[Place]:
        """The placeholders that begin and end in text[start:end]; of those never handed out, the ones that look like ours:
        in our own brackets, or of a type of which this call has some.
        """
        known = self._grammar or self._read()
        return [
            Place(one.start, one.end, self._values.get(one.key))
            for one in known.mentions(text, start, len(text) if end is None else end)
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


def _apart(findings: Sequence[Finding], size: int, effects: Mapping[str, Effect]) -> Sequence[Finding]:
    """Those that say something about a text of this size, whatever a finder of somebody's reports, made disjoint."""
    end = 0
    for one in findings:
        if not end <= one.start < one.end <= size:
            break
        end = one.end
    else:  # nearly always
        return findings
    within = [one for one in findings if 0 <= one.start < one.end <= size]
    return disjoint(within, {kind: effect.rank for kind, effect in effects.items()})


def _numbers_in(
    texts: Sequence[str], known: Grammar | None, plans: Sequence[Plan | None]
) -> list[frozenset[tuple[str, int]]]:
    """(word, number) of all that could be read as a placeholder already, block by block."""
    found: list[frozenset[tuple[str, int]]] = []
    for block, start in enumerate(range(0, len(texts), BLOCK)):
        plan = plans[block] if block < len(plans) else None
        if known is None:
            found.append(NO_NUMBERS)
        elif plan is not None and plan.grammar is known:
            found.append(plan.numbers)
        else:
            found.append(frozenset(one for text in texts[start : start + BLOCK] for one in known.numbers(text)))
    return found


__all__ = ["WORDS", "Edit", "Place", "Protected", "Restorer", "edited", "escaped", "mask", "protect", "same", "word"]
