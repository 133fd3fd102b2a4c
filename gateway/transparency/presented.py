"""A text that somebody presents, as what it may be a copy of. *Decisions*, pure.

The visible sentence is no part of what is recognised: it is taken away where it stands, as labels.yaml words it today, or,
if its wording has changed since, up to the end of the line that holds the reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.transparency.comparable import comparable
from gateway.transparency.fingerprints import SHORTEST

HEAD = 4_000
"""Characters in which a visible sentence, in two languages, stands."""
_REFERENCE = re.compile(r"\bd[-\u2010\u2011\u2013]\s?([0-9a-f]{32})(?![0-9a-f])", re.IGNORECASE)
_STAND_IN = f"d-{0:032x}"


@dataclass(frozen=True, slots=True)
class Presented:
    """`readings`: the comparable texts that it may be, likeliest first; none for one that is too short to speak of.

    `exact`: the same as they were given. `reference`: the decision that it names, or nothing.
    """

    readings: tuple[str, ...]
    exact: tuple[str, ...]
    reference: str


def presented(text: str, labels: Sequence[re.Pattern[str]]) -> Presented:
    """What `text` may be a copy of. `labels`: of `label_patterns`."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    named = list(_REFERENCE.finditer(text[:HEAD]))
    whole = comparable(text)
    unlabelled = whole
    for pattern in labels:
        unlabelled = pattern.sub("", unlabelled)
    readings = [unlabelled, whole]
    exact = [text, text.strip()]
    if named:
        end = text.find("\n", named[-1].end())
        rest = text[end:] if end >= 0 else text[named[-1].end() :]
        readings.insert(1, comparable(rest))
        exact.append(rest.strip())
    return Presented(
        tuple(dict.fromkeys(one for one in readings if len(one) >= SHORTEST)),
        tuple(dict.fromkeys(exact)),
        reference_of(named[-1][0]) if named else "",
    )


def reference_of(text: str) -> str:
    """A decision's id as the ledger writes it, or nothing if `text` is none."""
    match = _REFERENCE.fullmatch(text.strip())
    return f"d-{match[1].lower()}" if match is not None else ""


def label_patterns(sentences: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    """Patterns that find visible sentences in a comparable text; the longest first. `{decision}` is any reference."""
    known = {comparable(one.replace("{decision}", _STAND_IN)) for one in sentences}
    return tuple(
        re.compile(re.escape(one).replace(re.escape(_STAND_IN), "d-?[0-9a-f]{32}"))
        for one in sorted(known, key=lambda one: (-len(one), one))
        if one
    )
