"""Letters that a scanner read as digits inside a name, put back: « É1odie », « 5uzanne », « 8EAUDOIN ». Pure."""

from __future__ import annotations

import re

_SLIPPED = re.compile(r"(?<![^\W_])(?=[^\W\d_]*[0158][^\W\d_]*(?![^\W_]))(?=(?:[^\W\d_]|\d){5})[^\W_]+")
_READ = {"0": ("o", "O"), "1": ("l", "I"), "5": ("s", "S"), "8": ("b", "B")}


def without_slips(text: str) -> str:
    """The text, of the same length, with one digit in a word of five characters or more read as the letter it looks like."""
    return _SLIPPED.sub(_letters, text)


def _letters(match: re.Match[str]) -> str:
    word = match[0]
    at = next(index for index, character in enumerate(word) if character in _READ)
    rest = word[:at] + word[at + 1 :]
    if not (rest.isupper() or rest.islower() or rest[1:].islower()):
        return word
    low, high = _READ[word[at]]
    return word[:at] + (high if at == 0 or rest.isupper() else low) + word[at + 1 :]
