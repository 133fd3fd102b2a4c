"""What stays of a text when it is copied: two texts that read the same are the same here. *Decisions*, pure.

A word processor, a browser or a mail program changes quotes, dashes, spaces, line ends, bullets, ligatures, the case of a
first letter; they show Markdown without its marks, and add characters that nobody sees. None of that changes what a text
says, and `comparable` takes all of it away. What does change what it says (a letter, an accent, a digit, a sign, a word, a
full stop) stays. White space is kept between two letters or digits only, so that « mot » and "mot" are one.
"""

from __future__ import annotations

import re
import unicodedata

_QUOTES = "\"'«»‹›“”„‟‘’‚‛′″‴‵‶`´ˊˋʹʺʼʽ❛❜❝❞〝〞＂＇"
_DASHES = "‐‑‒–—―−﹘﹣－⁃"
_BULLETS = "•‣◦▪▫●○■□·∙➢✓⁌⁍"
_WRITTEN = {"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "©": "(c)", "®": "(r)", "™": "(tm)", "⁄": "/", "×": "x"}
_ARROWS = {"→": "->", "←": "<-", "⇒": "=>", "⟶": "->"}
_UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
)
_UNSEEN += "\U000e0000-\U000e01ef\U0001d173-\U0001d17a\x00-\x08\x0e-\x1b\x7f"

_UNSEEN_PATTERN = re.compile(f"[{_UNSEEN}]")
_OTHER = re.compile(f"[{_QUOTES}{_DASHES}{_BULLETS}{''.join(_WRITTEN)}{''.join(_ARROWS)}…]")
_AS = (
    dict.fromkeys(_QUOTES, "'")
    | dict.fromkeys(_DASHES, "-")
    | dict.fromkeys(_BULLETS, " ")
    | {"…": "..."}
    | _WRITTEN
    | _ARROWS
)
_LINK = re.compile(r"!?\[([^\[\]\n]{1,500})\]\([^()\s]{1,2000}\)")
_LINE_END = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_LINE_MARKS = re.compile(r"\n[ \t]*(?:(?:[-+>]|#{1,6})[ \t]+|(?:(?:-[ \t]*){3,}|'{3}[\w+-]*)(?=\n|$))+")
_MARKS = re.compile(r"[*_#~|]+")
_HYPHEN = re.compile(r"-+(?:(?<=\w-)[ \t]*\n\s*(?=\w))?")
_DASH = re.compile(r" ?-(?: |$|(?<=[^\W\d]-)(?=[^\W\d]))")
_QUOTE = re.compile(r"''+|'(?:(?!\w)|(?<!\w'))")
_SPACE = re.compile(r" (?:(?=\W)|(?<=\W ))")


def comparable(text: str) -> str:
    """`text` as it is compared; its length is about that of the text."""
    if text.isascii():
        text = text.replace("`", "'").replace('"', "'")
    else:
        text = _UNSEEN_PATTERN.sub("", text)
        text = _OTHER.sub(_written, text)
        if not unicodedata.is_normalized("NFKC", text):
            text = _OTHER.sub(_written, unicodedata.normalize("NFKC", text))
    text = _LINE_END.sub("\n", f"\n{text.casefold()}")
    if "](" in text:
        text = _LINK.sub(r"\1", text)
    text = _LINE_MARKS.sub("\n", text)
    text = _MARKS.sub("", text)
    if "-" in text:
        text = _HYPHEN.sub(_hyphen, text)
    if "'" in text:
        text = _QUOTE.sub(" ", text)
    text = " ".join(text.split())
    if "-" in text:
        text = " ".join(_DASH.sub(_dash, text).split())
    return _SPACE.sub("", text)


def _written(match: re.Match[str]) -> str:
    return _AS[match[0]]


def _hyphen(match: re.Match[str]) -> str:
    """A run of dashes is one; a word cut at the end of a line is whole."""
    return "" if match[0][-1] != "-" else "-"


def _dash(match: re.Match[str]) -> str:
    """A dash between words that it does not join is a space; one inside a word is nothing, as at the end of a line."""
    return "" if match[0] == "-" and match.end() < len(match.string) else " "
