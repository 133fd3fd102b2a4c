"""Replacing what was found, and putting it back. Pure; nothing is stored.

A placeholder is `⟦TYPE_N⟧`, TYPE a French word and N the order of first appearance in the call's own texts. History is
sent again with every turn, so a value has the same placeholder throughout a conversation, whichever replica answers. A
masked value becomes `⟦TYPE⟧`, for good.

Models copy placeholders back with small damage: another case, a space for the underscore, other brackets or none. The
restorer accepts those, and nothing that it did not hand out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gateway.policies import Effect
from gateway.privacy.findings import Finding, disjoint

WORDS: dict[str, str] = {
    "PERSON": "PERSONNE",
    "EMAIL_ADDRESS": "COURRIEL",
    "PHONE_NUMBER": "TÉLÉPHONE",
    "ADDRESS": "ADRESSE",
    "DATE_OF_BIRTH": "NAISSANCE",
    "CA_SIN": "NAS",
    "QC_NAM": "NAM",
    "QC_PERMANENT_CODE": "CODE_PERMANENT",
    "QC_DRIVER_LICENCE": "PERMIS",
    "CA_PASSPORT": "PASSEPORT",
    "CA_IMMIGRATION": "IMMIGRATION",
    "LICENCE_PLATE": "PLAQUE",
    "CREDIT_CARD": "CARTE",
    "IBAN_CODE": "IBAN",
    "BANK_ACCOUNT": "COMPTE",
    "CREDENTIAL": "SECRET",
    "IP_ADDRESS": "ADRESSE_IP",
}
"""The French word of each type; another type stands under its own name."""

LOOKS_LIKE_OURS = re.compile(r"[⟦\[<{(]\s*[A-ZÉÈ_]+[ _\u00a0\u202f-](\d{1,6})\s*[⟧\]>})]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Protected:
    """Texts as they may leave. `mapping`: placeholder → value; `remaining`: types that leave in clear."""

    texts: tuple[str, ...]
    mapping: Mapping[str, str]
    remaining: tuple[str, ...]
    kept: frozenset[str]

    def restorer(self) -> Restorer:
        """What puts the values back into an answer."""
        return Restorer(self.mapping)

    def holds(self, value: str) -> bool:
        """Whether the call's own texts had this value: then it is not new in the answer."""
        return _same(value) in self.kept


def protect(texts: Sequence[str], findings: Sequence[Sequence[Finding]], effects: Mapping[str, Effect]) -> Protected:
    """Replace each finding as `effects` says of its type; types that it does not name stay as they are."""
    strictness = {name: effect.rank for name, effect in effects.items()}
    taken = {int(match[1]) for text in texts for match in LOOKS_LIKE_OURS.finditer(text)}
    numbers: dict[tuple[str, str], str] = {}
    counts: dict[str, int] = {}
    mapping: dict[str, str] = {}
    remaining: set[str] = set()
    kept: set[str] = set()

    def replacement(kind: str, value: str) -> str:
        effect = effects.get(kind, Effect.ALLOW)
        kept.add(_same(value))
        if effect is Effect.PSEUDONYMIZE:
            known = numbers.get((kind, _same(value)))
            if known is None:
                counts[kind] = counts.get(kind, 0) + 1
                while counts[kind] in taken:
                    counts[kind] += 1
                known = numbers[kind, _same(value)] = f"⟦{word(kind)}_{counts[kind]}⟧"
                mapping[known] = value
            return known
        if effect in (Effect.MASK, Effect.DENY):
            return f"⟦{word(kind)}⟧"
        remaining.add(kind)
        return value

    replaced = tuple(
        _replace(text, disjoint(found, strictness), replacement) if found else text
        for text, found in zip(texts, findings, strict=True)
    )
    return Protected(replaced, mapping, tuple(sorted(remaining)), frozenset(kept))


def word(kind: str) -> str:
    """The word that stands for a type in a placeholder."""
    return WORDS.get(kind, kind)


class Restorer:
    """Puts values back for the placeholders of one call. Unknown placeholders are left as they are."""

    __slots__ = ("_pattern", "_values", "_words")

    def __init__(self, mapping: Mapping[str, str]) -> None:
        self._values = {_key(placeholder.strip("⟦⟧")): value for placeholder, value in mapping.items()}
        self._words = sorted(
            {placeholder.strip("⟦⟧").rpartition("_")[0] for placeholder in mapping}, key=len, reverse=True
        )
        self._pattern: re.Pattern[str] | None = None
        if self._words:
            names = "|".join("[ _\u00a0\u202f-]".join(map(re.escape, name.split("_"))) for name in self._words)
            self._pattern = re.compile(
                rf"[⟦\[<{{]\s*((?:{names})[ _\u00a0\u202f-]\d+)\s*[⟧\]>}}]|(?<![\w])((?:{names})_\d+)(?![\w])",
                re.IGNORECASE,
            )

    @property
    def words(self) -> Sequence[str]:
        """The words of the placeholders that were handed out."""
        return self._words

    def restore(self, text: str) -> str:
        """The text with every placeholder of ours replaced by its value."""
        return self._sub(text, lambda value: value)

    def restore_json(self, text: str) -> str:
        """As `restore`, for a text that is itself JSON (or a piece of it): values are escaped as JSON strings are."""
        return self._sub(text, lambda value: json.dumps(value, ensure_ascii=False)[1:-1])

    def _sub(self, text: str, form: Callable[[str], str]) -> str:
        if self._pattern is None:
            return text

        def put_back(match: re.Match[str]) -> str:
            value = self._values.get(_key(match[1] or match[2]))
            return match[0] if value is None else form(value)

        return self._pattern.sub(put_back, text)


def _replace(text: str, findings: Sequence[Finding], replacement: Callable[[str, str], str]) -> str:
    parts, at = [], 0
    for one in findings:
        parts += [text[at : one.start], replacement(one.type, text[one.start : one.end])]
        at = one.end
    return "".join([*parts, text[at:]])


def _same(value: str) -> str:
    """Two spellings of one value are one value."""
    return " ".join(value.split()).casefold()


def _key(name: str) -> str:
    return re.sub(r"[ \u00a0\u202f-]", "_", name).casefold()
