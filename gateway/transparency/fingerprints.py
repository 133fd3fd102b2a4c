"""Keyed fingerprints of a text: of the whole, and of its overlapping passages. *Decisions*, pure.

A fingerprint is HMAC-SHA-256, cut to 64 bits, of what `comparable` leaves, under a key that never leaves the installation:
whoever steals the table cannot test guesses against it, nor can anybody make a text for a fingerprint.

A passage is two sentences or more, of at least `PASSAGE` characters. One begins at each sentence and one ends at each, as
short as may be; so of a part that was copied from sentence to sentence, every passage that begins in it and the one that
ends it are known, and each pair of neighbours is inside one of them: if all are found, the part is exact.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from gateway.transparency.comparable import comparable

SHORTEST = 200
"""Characters, as compared, below which nothing is kept of a text, and nothing is said of it."""
PASSAGE = 120
MOST_SENTENCES = 2_048
"""Of one text. A longer text, some 100 pages, is recognised as a whole, and its beginning by parts."""
LONGEST_SENTENCE = 150
"""Characters of a sentence beyond which it is cut, so that a list without full stops has passages too."""
DIGEST_BYTES = 8

_END = re.compile(r"[.!?]+[)\]}]*(?!\d)")


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Of one text: each digest once; `whole` is None for a short text."""

    whole: int | None = None
    passages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Fingerprinter:
    """Makes fingerprints with the installation's key."""

    key: bytes = field(repr=False)

    def issued(self, text: str) -> Fingerprints:
        """Of a text that is issued: all its passages. None of one shorter than `SHORTEST`."""
        if len(text) < SHORTEST // 2:
            return Fingerprints()
        known = comparable(text)
        return self._of(known, all_passages(known)) if len(known) >= SHORTEST else Fingerprints()

    def presented(self, known: str) -> Fingerprints:
        """Of a comparable text that is presented: the passages that it has if it is a part of an issued one."""
        return self._of(known, passages_of_a_part(known))

    def sealed(self, sha256: bytes) -> str:
        """A content hash as the ledger may hold it: a plain one of a short text could be guessed back."""
        return hmac.digest(self.key, b"content\0" + sha256, "sha256").hex()

    def _of(self, known: str, passages: Iterable[str]) -> Fingerprints:
        digests = (self._digest(b"passage\0", one) for one in passages)
        return Fingerprints(self._digest(b"whole\0", known), tuple(dict.fromkeys(digests)))

    def _digest(self, kind: bytes, text: str) -> int:
        data = kind + text.encode("utf-8", "surrogatepass")
        return int.from_bytes(hmac.digest(self.key, data, "sha256")[:DIGEST_BYTES], "big", signed=True)


def all_passages(text: str) -> Iterator[str]:
    """Every passage of a comparable text."""
    ends = _sentence_ends(text)
    spans = {*_forwards(ends), *(span for at in range(1, len(ends)) if (span := _backwards(ends, at)) is not None)}
    return (text[start:end].strip() for start, end in sorted(spans))


def passages_of_a_part(text: str) -> Iterator[str]:
    """Those that begin in it, and the one that ends it."""
    ends = _sentence_ends(text)
    last = _backwards(ends, len(ends) - 1)
    spans = dict.fromkeys([*_forwards(ends), *([last] if last is not None else [])])
    return (text[start:end].strip() for start, end in spans)


def _forwards(ends: Sequence[int]) -> Iterator[tuple[int, int]]:
    """From each sentence on, the shortest passage. `ends`: 0, then where each sentence ends."""
    until = 0
    for at, start in enumerate(ends):
        until = max(until, at + 2)
        while until < len(ends) and ends[until] - start < PASSAGE:
            until += 1
        if until >= len(ends):
            return
        yield start, ends[until]


def _backwards(ends: Sequence[int], at: int) -> tuple[int, int] | None:
    """The shortest passage that ends where sentence `at` does."""
    first = at - 2
    while first >= 0 and ends[at] - ends[first] < PASSAGE:
        first -= 1
    return (ends[first], ends[at]) if first >= 0 else None


def _sentence_ends(text: str) -> list[int]:
    """0, then where each sentence ends, the end of the text included, up to `MOST_SENTENCES`."""
    ends = [0]
    for end in (*(match.end() for match in _END.finditer(text)), len(text)):
        while end - ends[-1] > LONGEST_SENTENCE:
            space = text.find(" ", ends[-1] + LONGEST_SENTENCE // 2, end)
            if space < 0 or end - space < 2:
                break
            ends.append(space + 1)
        if end > ends[-1]:
            ends.append(end)
        if len(ends) > MOST_SENTENCES:
            return ends[: MOST_SENTENCES + 1]
    return ends
