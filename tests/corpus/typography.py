"""How text looks in the field: French typography and its absence, capitals, OCR, entities, wrapped lines. Marks are kept."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from html.entities import codepoint2name
from random import Random

from tests.corpus.marks import MARKED, MARKS
from tests.corpus.people import unaccented

NBSP, NARROW = "\u00a0", "\u202f"
_HIGH = re.compile(r" ([:;!?»%$])")
_GROUPED = re.compile(r"(?<=\d) (?=\d{3}(?!\d))")


def typographic(text: str, space: str = NBSP) -> str:
    """No-break spaces before high punctuation and inside « », curly apostrophes, no-break thousands; values are left alone."""
    return _outside(text, lambda part: _set(part, space))


def _set(part: str, space: str) -> str:
    part = _HIGH.sub(lambda one: (NBSP if one[1] in ":»" else space) + one[1], part).replace("« ", f"«{NBSP}")
    return _GROUPED.sub(space, part).replace("'", "’").replace("...", "…")


def straight(text: str) -> str:
    """As typed on a keyboard: straight quotes in place of guillemets."""
    return text.replace("« ", '"').replace(" »", '"').replace("«", '"').replace("»", '"')


def entities(text: str) -> str:
    """HTML: `&`, `<`, `>` escaped, accented letters as named entities. Marks stay, so values hold entities too."""
    named = {code: f"&{name};" for code, name in codepoint2name.items() if code > 127}
    return html.escape(text, quote=False).translate(named)


def ocr(text: str, rng: Random, rate: float = 0.02) -> str:
    """Slips of a scanner: O/0, l/1, rn/m, lost accents, doubled spaces. Digits are mostly spared, as in real scans."""
    slips = {"O": "0", "l": "1", "I": "l", "é": "e", "è": "e", "ê": "e", "à": "a", "ç": "c", "S": "5", "B": "8"}
    out = []
    for one in text:
        if one in slips and rng.random() < rate * 4:
            out.append(slips[one])
        elif one == " " and rng.random() < rate:
            out.append("  ")
        elif one in "0123456789" and rng.random() < rate / 8:
            out.append({"0": "O", "1": "l", "5": "S", "8": "B"}.get(one, one))
        else:
            out.append(one)
    return "".join(out)


def wrapped(text: str, width: int, *, inside: bool = True, prefix: str = "") -> str:
    """Lines of at most `width` characters, marks not counted. A value may be cut over two lines when `inside`."""
    lines = []
    for paragraph in text.split("\n"):
        line, length = prefix, len(prefix)
        for word in _words(paragraph, inside=inside):
            size = len(MARKS.sub("", word))
            if length > len(prefix) and length + 1 + size > width:
                lines.append(line)
                line, length = prefix + word, len(prefix) + size
            else:
                glue = "" if length == len(prefix) else " "
                line, length = line + glue + word, length + len(glue) + size
        lines.append(line.rstrip(" ") if not paragraph else line)
    return "\n".join(lines)


def _words(paragraph: str, *, inside: bool) -> list[str]:
    """The words of a paragraph; a marked value is one word unless it may be cut."""
    if inside:
        return [word for word in paragraph.split(" ") if word]
    joined = MARKED.sub(lambda one: one[0].replace(" ", "\ue001"), paragraph)
    return [word.replace("\ue001", " ") for word in joined.split(" ") if word]


def _outside(text: str, change: Callable[[str], str]) -> str:
    """`change` applied to what is between the marked values."""
    parts, at = [], 0
    for one in MARKED.finditer(text):
        parts += [change(text[at : one.start()]), one[0]]
        at = one.end()
    return "".join([*parts, change(text[at:])])


def apostrophes(text: str) -> str:
    """Curly apostrophes everywhere, in names and addresses too."""
    return text.replace("'", "’")


STYLES: dict[str, Callable[[str, Random], str]] = {
    "as-is": lambda text, rng: text,
    "plain": lambda text, rng: straight(text) if rng.random() < 0.5 else text,
    "nbsp": lambda text, rng: apostrophes(typographic(text)),
    "narrow": lambda text, rng: apostrophes(typographic(text, NARROW)),
    "curly": lambda text, rng: apostrophes(text),
    "unaccented": lambda text, rng: straight(unaccented(text)),
    "capitals": lambda text, rng: straight(text).upper(),
    "ocr": lambda text, rng: ocr(straight(text), rng),
    "wrapped": lambda text, rng: wrapped(straight(text), rng.choice([60, 68, 72, 76])),
}

__all__ = ["NARROW", "NBSP", "STYLES", "entities", "ocr", "straight", "typographic", "wrapped"]
