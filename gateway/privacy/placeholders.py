"""Placeholders: the words they are made of, and the damage with which models give them back. *Data* and its reading.

A placeholder is `⟦WORD_N⟧`: a French word for the type, a number, and a letter where one value is spelled in several
ways (`⟦PERSONNE_1⟧`, `⟦PERSONNE_1B⟧`). A mask, which nothing undoes, is `⟦WORD⟧`. Decision 0007 says why.

What is accepted on the way back, and what is not, since a guess would put one person's data in another's place:

* brackets `⟦ ⟧`, `[ ]`, `< >`, `{ }`, doubled ones, `&lt; &gt;`, mixed, padded, bold, escaped for Markdown; inside them any
  case, and an underscore, a hyphen, a space of any kind or nothing before the number;
* no brackets: the underscore must be there (« une personne 1 fois » and « permis 3 » are prose), in any case for our own
  words, in capitals for their translations (`name_1` is a variable of somebody's program);
* parentheses, which prose has too: the underscore, or capitals;
* a plural (`PERSONNES_1`), a possessive or anything else glued behind (`PERSONNE_1's`), a translation (`PERSON_1`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

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
"""The French word of each type; `word` makes one for any other."""

_TRANSLATED: dict[str, str] = {
    "PERSON": "PERSON NAME NOM NOM_COMPLET FULL_NAME INDIVIDU INDIVIDUAL",
    "EMAIL_ADDRESS": "EMAIL E_MAIL MAIL ADRESSE_COURRIEL ADRESSE_ELECTRONIQUE",
    "PHONE_NUMBER": "PHONE TEL TELEPHONE_NUMBER NUMERO_DE_TELEPHONE",
    "ADDRESS": "",
    "DATE_OF_BIRTH": "BIRTH BIRTHDATE BIRTH_DATE DATE_DE_NAISSANCE DOB DDN",
    "CA_SIN": "SIN",
    "QC_NAM": "RAMQ HEALTH_INSURANCE ASSURANCE_MALADIE",
    "QC_PERMANENT_CODE": "PERMANENT_CODE",
    "QC_DRIVER_LICENCE": "PERMIT LICENCE LICENSE DRIVER_LICENCE DRIVER_LICENSE PERMIS_DE_CONDUIRE",
    "CA_PASSPORT": "PASSPORT",
    "CA_IMMIGRATION": "IUC UCI",
    "LICENCE_PLATE": "PLATE LICENSE_PLATE IMMATRICULATION",
    "CREDIT_CARD": "CARD CARTE_DE_CREDIT",
    "IBAN_CODE": "",
    "BANK_ACCOUNT": "ACCOUNT COMPTE_BANCAIRE COMPTE_DE_BANQUE",
    "CREDENTIAL": "PASSWORD MOT_DE_PASSE",
    "IP_ADDRESS": "IP",
}

VARIANTS = "BCDEFGHIJKLMNOPQRTUVWXYZ"
"""Letters of a value's other spellings. No S, which would read as a plural."""

LONGEST_NAME = 80
_SPACE = "[ \u00a0\u202f]"
_SEPARATOR = rf"(?:\\?[_-]|{_SPACE})"
_PAD = "[ \u00a0\u202f*`]{0,3}"


def fold(name: str) -> str:
    """A name as it is compared: capitals without accents, one underscore for whatever separates its words."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", name) if not unicodedata.combining(one))
    return re.sub(r"[^A-Z0-9]+", "_", plain.upper()).strip("_")


_OURS = {fold(name): fold(name) for name in WORDS.values()}
_KNOWN = _OURS | {
    fold(other): fold(WORDS[kind]) for kind, others in _TRANSLATED.items() for other in (kind, *others.split())
}
FIRST_WORDS = frozenset(name.split("_")[0] for name in _KNOWN)
"""What may stand right behind an opening bracket when the rest of a damaged placeholder is still to come."""


@lru_cache(maxsize=256)
def word(kind: str) -> str:
    """The word that stands for a type. No two types share one: a name that would be taken gets letters of its hash."""
    known = WORDS.get(kind)
    if known is not None:
        return known
    name = re.sub(r"[^A-Z]+", "_", fold(kind)).strip("_")
    if name and name == kind and name not in _KNOWN:
        return kind
    digest = int.from_bytes(blake2b(kind.encode("utf-8", "surrogatepass"), digest_size=4).digest(), "big")
    letters = "".join(chr(65 + digest // 26**place % 26) for place in range(5))
    return f"{name}_{letters}" if name else f"TYPE_{letters}"


@dataclass(frozen=True, slots=True)
class Mention:
    """A placeholder that a text seems to hold: where, and the key of what it stands for."""

    start: int
    end: int
    key: tuple[str, int, str]
    white: bool


def key_of(placeholder: str) -> tuple[str, int, str]:
    """The key of a placeholder of ours, as written."""
    name, _, number = placeholder.strip("⟦⟧").rpartition("_")
    digits = number.rstrip(VARIANTS)
    return fold(name), int(digits), number[len(digits) :]


class Grammar:
    """Finds placeholders, whole or damaged. One for each set of words beyond those of `WORDS`; remembered."""

    __slots__ = ("_accepted", "_by_tail", "_inner", "_names")

    def __init__(self, others: frozenset[str]) -> None:
        self._names = {**_KNOWN, **{fold(name): fold(name) for name in others}}
        self._by_tail: dict[str, list[tuple[re.Pattern[str], str]]] = {}
        for name, canonical in self._names.items():
            ends = re.compile(rf"{_alternatives([name], _SEPARATOR)}s?\Z", re.IGNORECASE)
            for tail in (name[-2:], name[-1] + "S"):
                self._by_tail.setdefault(tail, []).append((ends, canonical))
        ordered = sorted(self._names, key=len, reverse=True)
        loose, strict = _alternatives(ordered, _SEPARATOR), _alternatives(ordered, r"\\?_")
        inner = rf"(?:{loose})s?{_SEPARATOR}?[0-9]{{1,6}}(?:[{VARIANTS}](?![^\W_]))?"
        bare = rf"(?:{strict})s?\\?_[0-9]{{1,6}}(?:[{VARIANTS}](?![^\W_]))?(?=s?(?!_?[^\W_]))"
        inside = rf"{_PAD}(?=[A-ZÉ][^0-9\n]{{1,40}}[0-9]){inner}{_PAD}"
        self._accepted = re.compile(
            rf"\\?\[\\?\[{inside}\\?\]\\?\]|\{{\{{{inside}\}}\}}|<<{inside}>>"
            rf"|(?:⟦|\\?\[|\\?<|\\?\{{|&lt;){inside}(?:⟧|\\?\]|\\?>|\\?\}}|&gt;)"
            rf"|\\?\({inside}\\?\)"
            rf"|(?:⟦|(?<![^\W_])(?<![^\W_]_))(?=[A-ZÉ\u0301_\\]{{2,40}}[0-9]){bare}⟧?",
            re.IGNORECASE,
        )
        self._inner = re.compile(rf"({loose})s?{_SEPARATOR}?([0-9]{{1,6}})([{VARIANTS}](?![^\W_]))?", re.IGNORECASE)

    def mentions(self, text: str, start: int, end: int) -> Iterator[Mention]:
        """From left to right, those that begin and end in text[start:end]."""
        for match in self._accepted.finditer(text, start, end):
            parts = self._inner.search(match[0])
            assert parts is not None
            name, white = fold(parts[1]), match[0][0] == "⟦"
            if white or self._credible(match[0], parts[1], own=name in _OURS or name not in _KNOWN):
                key = self._names[name], int(parts[2]), (parts[3] or "").upper()
                yield Mention(match.start(), match.end(), key, white)

    def _credible(self, whole: str, name: str, *, own: bool) -> bool:
        """Whether a form without our own brackets is more than prose or code that happens to look like it."""
        if whole.lstrip("\\")[0] == "(" and "_" not in whole and not name.isupper():
            return False
        bracketed = whole.lstrip("\\")[0] in "[<{&("
        return own or name.isupper() or (bracketed and not name.islower())

    def numbers(self, text: str) -> Iterator[tuple[str, int]]:
        """(word, number) of all that could be read as a placeholder in any part of the text, however it is cut.

        More than `mentions` would find on purpose: these are the numbers that are not to be handed out.
        """
        for match in _NUMBERED.finditer(text):
            last = match.start() + 1
            tail = text[last - 2 : last]
            for ends, canonical in self._by_tail.get(tail.upper() if tail.isascii() else fold(tail), ()):
                if ends.search(text, max(0, last - LONGEST_NAME), last) is not None:
                    for length in range(1, len(match[1]) + 1):
                        yield canonical, int(match[1][:length])


_NUMBERED = re.compile(rf"[^\W\d_]{_SEPARATOR}?([0-9]{{1,6}})")


def _alternatives(names: Iterable[str], separator: str) -> str:
    """A pattern of any of the names; an E inside may have its accent, in one character or two."""
    return "|".join(re.sub("E(?=[A-Z])", "[EÉ]\u0301?", name).replace("_", separator) for name in names)


@lru_cache(maxsize=64)
def grammar(others: frozenset[str]) -> Grammar:
    """The grammar that also knows these words."""
    return Grammar(frozenset(others))
