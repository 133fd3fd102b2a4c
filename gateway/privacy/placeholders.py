"""Placeholders: the words they are made of, and the damage with which models give them back. *Data* and its reading.

A placeholder is `⟦WORD_N⟧`: a French word for the type, a number, and a letter where one value is spelled in several
ways (`⟦PERSONNE_1⟧`, `⟦PERSONNE_1B⟧`). A mask, which nothing undoes, is `⟦WORD⟧`. Decision 0007 says why.

What is accepted on the way back, and what is not, since a guess would put one person's data in another's place:

* brackets `⟦ ⟧`, `[ ]`, `< >`, `{ }`, doubled ones, mixed, padded, bold, escaped for Markdown, HTML, JSON or a URL; inside
  them any case, and an underscore, a hyphen, a space of any kind or nothing before the number;
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
    "BODY_IDENTIFIER": "IDENTIFIANT",
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
    "BODY_IDENTIFIER": "IDENTIFIER",
    "CREDENTIAL": "PASSWORD MOT_DE_PASSE",
    "IP_ADDRESS": "IP",
}

VARIANTS = "BCDEFGHIJKLMNOPQRTUVWXYZ"
"""Letters of a value's other spellings. No S, which would read as a plural."""

LONGEST_NAME = 80
_WHITE = ("⟦", "\\u27e6", "%e2%9f%a6")
_SPACE = "[ \u00a0\u202f]"
_SEPARATOR = rf"(?:\\?[_-]|{_SPACE})"
_OPENS = r"(?:⟦|\\u27e6|%E2%9F%A6|&lt;|\\?[\[<{(])"
_ENDS = r"(?:⟧|\\u27e7|%E2%9F%A7|&gt;|\\?[\]>})])"
_OPENING = re.compile(rf"(?:{_OPENS}|[ \u00a0\u202f*`])*", re.IGNORECASE)
_PAD = "[ \u00a0\u202f*`]{0,3}"


_VARIANT = rf"(?:[{VARIANTS}](?![^\W_]))?"
_PARTS = re.compile(rf"([^\W\d_](?:[^\W\d]|[^\w\n])*?){_SEPARATOR}?([0-9]+)([{VARIANTS}](?![^\W_]))?", re.IGNORECASE)


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


@lru_cache(maxsize=4_096)
def key_of(placeholder: str) -> tuple[str, int, str]:
    """The key of a placeholder of ours, as written."""
    name, _, number = placeholder.strip("⟦⟧").rpartition("_")
    digits = number.rstrip(VARIANTS)
    return fold(name), int(digits), number[len(digits) :]


class Grammar:
    """Finds placeholders, whole or damaged. One for each set of words beyond those of `WORDS`; remembered."""

    __slots__ = ("_accepted", "_by_tail", "_inner", "_names", "_opened")

    def __init__(self, others: frozenset[str]) -> None:
        self._names = {**_KNOWN, **{fold(name): fold(name) for name in others}}
        self._by_tail: dict[str, list[tuple[str, str]]] = {}
        for name, canonical in self._names.items():
            for form in (name, name + "S"):
                self._by_tail.setdefault(form.rpartition("_")[2][-3:], []).append((form, canonical))
        ordered = sorted(self._names, key=len, reverse=True)
        loose, strict = _alternatives(ordered, _SEPARATOR), _alternatives(ordered, r"\\?_")
        inside = rf"{_PAD}(?=[A-ZÉ][^0-9\n]{{1,40}}[0-9])(?:{loose})s?{_SEPARATOR}?[0-9]{{1,6}}{_VARIANT}{_PAD}"
        bare = rf"(?:{strict})s?\\?_[0-9]{{1,6}}{_VARIANT}(?=s?(?!_?[^\W_]))"
        self._accepted = re.compile(
            rf"(?:\\?\[\\?\[|\{{\{{|<<){inside}(?:\\?\]\\?\]|\}}\}}|>>)"
            rf"|{_OPENS}{inside}{_ENDS}"
            rf"|(?:⟦|(?<![^\W_])(?<![^\W_]_))(?=[A-ZÉ\u0301_\\]{{2,40}}[0-9]){bare}⟧?",
            re.IGNORECASE,
        )
        self._opened = re.compile(rf"{_OPENS}{_PAD}({loose})s?{_SEPARATOR}?([0-9]{{1,6}})", re.IGNORECASE)

    def mentions(self, text: str, start: int, end: int) -> Iterator[Mention]:
        """From left to right, those that begin and end in text[start:end]."""
        for match in self._accepted.finditer(text, start, end):
            opening = _OPENING.match(match[0])
            parts = _PARTS.match(match[0], opening.end() if opening is not None else 0)
            assert parts is not None
            name = fold(parts[1])
            name = name if name in self._names else name[:-1]
            white = match[0].lower().startswith(_WHITE)
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

        More than `mentions` would find on purpose: these are the numbers that are not to be handed out. Looked for from
        the marks that a placeholder cannot be without, which most texts are.
        """
        for at in _places_of("_", text):
            digits = _DIGITS.match(text, at + 1)
            if digits is None:
                continue
            last = at - (text[at - 1 : at] == "\\")
            for tail in (text[last - 3 : last], text[last - 2 : last]):
                for form, canonical in self._by_tail.get(fold(tail), ()):
                    if fold(text[max(0, last - LONGEST_NAME) : last]).endswith(form):
                        for length in range(1, len(digits[0]) + 1):
                            yield canonical, int(digits[0][:length])
        for mark in "⟦[<{(&%\\":
            for at in _places_of(mark, text):
                match = self._opened.match(text, at)
                if match is not None:
                    yield self._names[fold(match[1])], int(match[2])


_DIGITS = re.compile("[0-9]{1,6}")


def _places_of(mark: str, text: str) -> Iterator[int]:
    at = text.find(mark)
    while at >= 0:
        yield at
        at = text.find(mark, at + 1)


def _alternatives(names: Iterable[str], separator: str) -> str:
    """A pattern of any of the names; an E inside may have its accent, in one character or two."""
    return "|".join(re.sub("E(?=[A-Z])", "[EÉ]\u0301?", name).replace("_", separator) for name in names)


def grammar(words: Iterable[str]) -> Grammar:
    """The grammar that knows these words beside those of `WORDS`: nearly always the same one."""
    return _grammar(frozenset(words).difference(_OURS))


@lru_cache(maxsize=16)
def _grammar(others: frozenset[str]) -> Grammar:
    return Grammar(others)
