"""Values marked inside a text while it is written, and the exact spans that are left when the marks are taken off.

A mark is two characters of Unicode's private use area around a value, the first of which says the type. So builders write plain
f-strings, and whatever is done to the whole text afterwards (upper case, no accents, wrapped lines, JSON or HTML escapes) moves
the marks along with the values.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

TYPES = (
    "PERSON",
    "ADDRESS",
    "PHONE_NUMBER",
    "EMAIL_ADDRESS",
    "CA_SIN",
    "QC_NAM",
    "QC_PERMANENT_CODE",
    "QC_DRIVER_LICENCE",
    "CA_PASSPORT",
    "CA_IMMIGRATION",
    "LICENCE_PLATE",
    "DATE_OF_BIRTH",
    "BANK_ACCOUNT",
    "CREDIT_CARD",
    "IBAN_CODE",
    "CREDENTIAL",
    "IP_ADDRESS",
)
CLOSE = "\ue000"
_FIRST = 0xE100
_OPENS = {kind: chr(_FIRST + index) for index, kind in enumerate(TYPES)}
_KINDS = {opening: kind for kind, opening in _OPENS.items()}
MARKED = re.compile(f"([{chr(_FIRST)}-{chr(_FIRST + len(TYPES) - 1)}])([^{CLOSE}]*){CLOSE}")
MARKS = re.compile(f"[{CLOSE}{chr(_FIRST)}-{chr(_FIRST + len(TYPES) - 1)}]")
_ESCAPED_MARK = re.compile(r"\\u(e000|e1[01][0-9a-f])")


@dataclass(frozen=True, slots=True)
class Span:
    """A personal value: offsets in characters, `end` excluded."""

    start: int
    end: int
    type: str


@dataclass(frozen=True, slots=True)
class Document:
    """One document of the corpus. `lang`: fr, en or mixed. `kind`: what it imitates. `builder`: who wrote it."""

    id: str
    lang: str
    kind: str
    builder: str
    text: str
    spans: tuple[Span, ...]

    def as_json(self) -> str:
        """Its line of the corpus."""
        spans = [{"start": one.start, "end": one.end, "type": one.type} for one in self.spans]
        return json.dumps(
            {"id": self.id, "lang": self.lang, "kind": self.kind, "text": self.text, "spans": spans}, ensure_ascii=False
        )


def mark(kind: str, value: str) -> str:
    """The value, marked as one of `TYPES`."""
    assert value.strip() == value != "", repr(value)
    assert not MARKS.search(value), f"marked twice: {value!r}"
    return f"{_OPENS[kind]}{value}{CLOSE}"


def bare(text: str) -> str:
    """The text without its marks: for values that are made from others, or that must not be counted."""
    return MARKS.sub("", text)


def unmark(text: str) -> tuple[str, tuple[Span, ...]]:
    """The text without marks, and where the marked values are in it."""
    parts: list[str] = []
    spans: list[Span] = []
    at = length = 0
    for one in MARKED.finditer(text):
        before, value = text[at : one.start()], one[2]
        assert not MARKS.search(before + value), "a mark inside another, or one left open"
        spans.append(Span(length + len(before), length + len(before) + len(value), _KINDS[one[1]]))
        parts += [before, value]
        length += len(before) + len(value)
        at = one.end()
    rest = text[at:]
    assert not MARKS.search(rest), "a mark was left open"
    return "".join([*parts, rest]), tuple(spans)


def dumps(value: Any, *, ascii_only: bool = False, indent: int | None = None) -> str:
    r"""JSON; with `ascii_only`, `\u00e9` for é as many systems write it, the marks alone left as they are."""
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    return _ESCAPED_MARK.sub(lambda one: chr(int(one[1], 16)), text) if ascii_only else text
