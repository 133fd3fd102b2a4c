"""Names that capitals do not show: in the columns of a table, in the cell beside, in lower case. *Decisions*, pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.privacy import cues
from gateway.privacy.capitals import WORD, Segment
from gateway.privacy.gazetteer import Gazetteer, fold
from gateway.privacy.spans import Name, disjoint, meets

SCORE = 0.65
COLUMNS = 40
_BETWEEN_CELLS = re.compile(r"[ \u00a0]*[|;\t][ \u00a0]*|,|[\"']?[ ]?[,;|][ ]?[\"']?")
_HEADER = re.compile(r"(?im)^[^\n]*\b(?:pr[eé])?(?:nom|name)s?\b[^\n]*$")
_CELL = re.compile(r"[^\W\d_]+(?:[-‑'’.]?[ \u00a0]?[^\W\d_]+)*\.?(?:, [^\W\d_]+(?:[-‑'’ ]?[^\W\d_]+)*)?")
_NAME_COLUMNS = frozenset(
    one.strip()
    for one in """nom|prenom|noms|prenoms|nom complet|nom et prenom|nom, prenom|prenom et nom|nom de famille|prenom nom
    |nom prenom|name|full name|first name|last name|given name|surname|firstname|lastname|fullname|nom_complet|nom_famille
    |first_name|last_name|full_name|nom de l'eleve|nom de l'employe|nom du client|nom de l'usager|nom du patient
    |nom du citoyen|nom du demandeur|nom_usager|nom_client|nom_eleve|nom_employe|employee name|client name|student name
    |patient name|given_name|family_name""".split("|")
)
_OPENS = re.compile(r"(?:^|[\s(«\"“'’,;:!?>\[])$")
_CLOSES = re.compile(r"(?:[\s,;:!?)»\"”'’\]…<]|\.(?![\w@])|$)")


# ── tables ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def beside(text: str, parts: Sequence[Segment], names: Sequence[Name]) -> list[Name]:
    """A family name in the cell beside a given name's is a name."""
    found = []
    for index, segment in enumerate(parts):
        if segment.barred or len(segment.tokens) > 2 or not any(one.surname or one.unknown for one in segment.tokens):
            continue
        for other in [*parts[max(0, index - 1) : index], *parts[index + 1 : index + 2]]:
            left, right = (segment, other) if segment.start < other.start else (other, segment)
            between = text[left.end : right.start]
            if (
                not other.barred
                and other.tokens[0].given
                and all(one.given or one.rare for one in other.tokens)
                and between != ", "
                and _BETWEEN_CELLS.fullmatch(between)
            ):
                found += [Name(one.start, one.end, SCORE) for one in (left, right)]
    return [one for one in found if not meets(one, names)]


def columns(text: str, lists: Gazetteer) -> list[Name]:
    """What stands in a column whose header says that it holds names."""
    found: list[Name] = []
    for header in _HEADER.finditer(text):
        mark = next((one for one in "|\t;," if header[0].count(one) >= 2), None)
        if mark is None:
            continue
        kinds = [fold(cell.strip(" \"'*_")) for cell in header[0].split(mark)]
        wanted = [number for number, kind in enumerate(kinds) if kind in _NAME_COLUMNS]
        if wanted:
            found += _rows(text, header.end() + 1, mark, len(kinds), wanted, lists)
    return disjoint(found)


def _rows(text: str, at: int, mark: str, count: int, wanted: list[int], lists: Gazetteer) -> list[Name]:
    found = []
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        cells = text[at:end].split(mark)
        if len(cells) < count - 1 or len(cells) > count + 2:
            break
        offset = at
        for number, cell in enumerate(cells):
            if number in wanted and len(cells) == count:
                match = _CELL.search(cell)
                if (
                    match
                    and not re.search(r"\d", cell)
                    and match[0] == cell.strip(" \"'*_\r")
                    and _might_be(match[0], lists)
                ):
                    found.append(Name(offset + match.start(), offset + match.end(), 0.85))
            offset += len(cell) + 1
        at = end + 1
    return found


def _might_be(cell: str, lists: Gazetteer) -> bool:
    """A cell of one to five words of which none is only a common word."""
    words = [fold(one) for one in WORD.findall(cell)]
    plain = [one for one in words if one in lists.words and not _named(one, lists) and one not in cues.PARTICLES]
    return 0 < len(words) < 6 and not plain and fold(cell) not in lists.places


# ── lower case ──────────────────────────────────────────────────────────────────────────────────────────────────────


def lower_case(text: str, lists: Gazetteer) -> list[Name]:
    """« julie tremblay a appelé », « salut robert », « je m'appelle jean roy »."""
    found: list[Name] = []
    words = list(WORD.finditer(text))
    for index, match in enumerate(words):
        written = match[0]
        if written.islower() and len(written) > 3 and fold(written) in lists.given:
            found += _lower(text, match, words[index + 1 : index + 3], lists)
    lowered = text.lower()
    if len(lowered) == len(text):
        for said in cues.SAID.finditer(lowered):
            found += _said(text, said.start("name"), said.end("name"), lists)
    return disjoint(found)


def _lower(text: str, match: re.Match[str], following: list[re.Match[str]], lists: Gazetteer) -> list[Name]:
    key = fold(match[0])
    if key in lists.words or match[0] in lists.words or key in lists.places:
        return []
    start, end = match.span()
    if not _OPENS.match(text[max(0, start - 1) : start]) or not _CLOSES.match(text, end):
        return []
    for other in following:
        family = fold(other[0])
        if not other[0].islower() or text[end : other.start()] not in (" ", "\u00a0") or len(family) < 3:
            break
        if (family in lists.words and not (family in lists.surnames and end == match.end())) or other[0] in lists.words:
            break
        if (
            family in cues.PARTICLES
            or (family[1:2] == "'" and family not in lists.surnames)
            or not _CLOSES.match(text, other.end())
        ):
            break
        end = other.end()
    before = [fold(one) for one in WORD.findall(text[max(0, start - 40) : start].rpartition("\n")[2])[::-1]]
    if any(one in cues.HARD or one in cues.SOFT for one in before[:1]) or (
        before[:1] and before[0] in cues.LINKS and any(one in cues.HARD for one in before[1:2])
    ):
        return []
    if end == match.end() and key in lists.homographs:
        return []
    return [Name(start, end, SCORE)]


def _said(text: str, start: int, end: int, lists: Gazetteer) -> list[Name]:
    kept_end, count = start, 0
    for match in WORD.finditer(text, start, end):
        key = fold(match[0])
        if not match[0].islower() or (key in lists.words and not (count and _named(key, lists))):
            break
        kept_end, count = match.end(), count + 1
    known = any(_named(key, lists) for key in map(fold, WORD.findall(text[start:kept_end])))
    return [Name(start, kept_end, SCORE)] if count and (known or count > 1) else []


def _named(key: str, lists: Gazetteer) -> bool:
    return key in lists.given or key in lists.rare or key in lists.surnames
