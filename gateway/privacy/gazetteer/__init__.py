"""Lists of names, words and places, folded (lower case, no accents), loaded once by the process that looks for names.

`more` and `places` were typed by hand; `tools/gazetteer.py` makes the others, from what SOURCES.txt says. *Data*.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """`rare`: given names that say little alone; `words`: common words that no capital makes a name (kept with their
    accents where they would be one without); `homographs`: names that are words too; `places`: of one or several words."""

    given: frozenset[str]
    rare: frozenset[str]
    surnames: frozenset[str]
    words: frozenset[str]
    homographs: frozenset[str]
    places: frozenset[str]


@cache
def gazetteer() -> Gazetteer:
    """The lists, read once."""
    more = _sections("more")
    return Gazetteer(
        given=_list("given") | more["given"],
        rare=_list("given-rare") - more["given"],
        surnames=_list("surnames") | more["surnames"],
        words=(_list("words") | more["words"]) - more["not words"],
        homographs=_list("homographs"),
        places=frozenset().union(*_sections("places").values()),
    )


@dataclass(frozen=True, slots=True)
class Everyday:
    """Words and places that no list of names has, and the names that are put together from them (« L'Italien »)."""

    words: frozenset[str]
    names: frozenset[str]


@cache
def everyday() -> Everyday:
    """What the guard reads of the lists: with less memory than `gazetteer` takes, since the gateway itself holds it."""
    more = _sections("more")
    names = _list("given").union(_list("given-rare"), _list("surnames"), more["given"], more["surnames"])
    listed = chain(_lines("words"), more["words"], *_sections("places").values())
    left_out = more["not words"] - more["words"]
    words = frozenset(one for one in listed if one not in names and one not in left_out and " " not in one)
    return Everyday(words, frozenset(one for one in names if not one.isalpha() and _put_together(one, words)))


def _put_together(name: str, words: frozenset[str]) -> bool:
    return all(len(one) < 3 or one in words for one in name.replace("'", "-").split("-"))


def fold(text: str) -> str:
    """Lower case, without accents, with straight hyphens and apostrophes."""
    if text.isascii():
        return text.lower()
    text = text.casefold().replace("œ", "oe").replace("æ", "ae").replace("’", "'").replace("‑", "-")
    return "".join(one for one in unicodedata.normalize("NFD", text) if not unicodedata.combining(one))


def _list(name: str) -> frozenset[str]:
    return frozenset((FOLDER / f"{name}.txt").read_text(encoding="utf-8").split())


def _lines(name: str) -> Iterator[str]:
    with (FOLDER / f"{name}.txt").open(encoding="utf-8") as lines:
        for line in lines:
            yield from line.split()


def _sections(name: str) -> dict[str, frozenset[str]]:
    """Entries separated by commas or line ends, under `[headings]`; what follows # is a comment."""
    sections: dict[str, set[str]] = {}
    current: set[str] = set()
    for line in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        text = line.split("#", 1)[0].strip()
        if text.startswith("["):
            current = sections.setdefault(text.strip("[]"), set())
        else:
            current.update(fold(one.strip()) for one in text.split(",") if one.strip())
    return {heading: frozenset(entries) for heading, entries in sections.items()}
