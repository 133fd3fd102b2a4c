"""Names that capitals do not show: in the columns of a table, in the cell beside, in lower case. *Decisions*, pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.privacy import cues
from gateway.privacy.capitals import WORD, Segment
from gateway.privacy.gazetteer import Gazetteer, fold
from gateway.privacy.spans import Name, apart, disjoint

SCORE = 0.65
COLUMNS = 40
_BETWEEN_CELLS = re.compile(r"[ \u00a0]*[|;\t][ \u00a0]*|,|[\"']?[ ]?[,;|][ ]?[\"']?")
_HEADER = re.compile(
    r"(?im)^(?=[^\n|;,\t]*[|;,\t][^\n|;,\t]*[|;,\t])(?=[^\n]*\b(?:(?:pr[eé])?noms?|names?|rue|ville|municipalit|[eé]cole|lieu|h[oô]pital"
    r"|[eé]tablissement|circonscription|quartier|parc|region|r[eé]gion|street|city|school|project|projet|produit|organisme|ressource)"
    r")[^\n\d@]*$"
)
_NAMES, _OTHER = 1, -1
_ENDS = frozenset("de a au vers entre et from to".split())
_CELL = re.compile(r"[^\W\d_]+(?:[-‑'’.]?[ \u00a0]?[^\W\d_]+)*\.?(?:, [^\W\d_]+(?:[-‑'’ ]?[^\W\d_]+)*)?")
_NAME_COLUMNS = frozenset(
    one.strip()
    for one in """nom|prenom|noms|prenoms|nom complet|nom et prenom|nom, prenom|prenom et nom|nom de famille|prenom nom
    |nom prenom|name|full name|first name|last name|given name|surname|firstname|lastname|fullname|nom_complet|nom_famille
    |first_name|last_name|full_name|nom de l'eleve|nom de l'employe|nom du client|nom de l'usager|nom du patient
    |nom du citoyen|nom du demandeur|nom_usager|nom_client|nom_eleve|nom_employe|employee name|client name|student name
    |patient name|given_name|family_name""".split("|")
)
_PARENTS = frozenset(
    "maman papa mere pere parent fils fille enfant conjoint conjointe nom soeur frere dossier demande".split()
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
            told = other.tokens[0].given and all(one.given or one.rare for one in other.tokens)
            if (
                not other.barred
                and (told or _quoted(segment, other, between))
                and between != ", "
                and _BETWEEN_CELLS.fullmatch(between)
            ):
                found += [Name(one.start, one.end, SCORE) for one in (left, right)]
    return apart(found, names)


def _quoted(one: Segment, other: Segment, between: str) -> bool:
    """« 'Kouassi', 'Diallo' »: two values side by side that are no words, one of them in a list."""
    tokens = [*one.tokens, *other.tokens]
    plain = any(token.word or token.place for token in tokens)
    return between in ("', '", '", "', '","', "','") and not plain and any(token.named for token in tokens)


def columns(text: str, lists: Gazetteer) -> tuple[list[Name], list[Name]]:
    """What stands in a column whose heading says that it holds names, and what stands in one that names something else."""
    found: list[Name] = []
    elsewhere: list[Name] = []
    done = 0
    for header in _HEADER.finditer(text):
        if header.start() < done:
            continue
        mark = next((one for one in "|\t;," if header[0].count(one) >= 2), None)
        if mark is None:
            continue
        kinds = [_kind(cell) for cell in header[0].split(mark)]
        if _OTHER in kinds:
            kinds = [
                kind or (_OTHER if _heading(cell) in _ENDS else 0)
                for kind, cell in zip(kinds, header[0].split(mark), strict=True)
            ]
        if any(kinds):
            done = _rows(text, header.end() + 1, mark, kinds, found, elsewhere, lists)
    return disjoint(found), elsewhere


def _heading(cell: str) -> str:
    return fold(cell.strip(" \"'*_\r"))


def _kind(cell: str) -> int:
    """Whether a heading says that its column holds names (1), something else (-1), or nothing about it (0)."""
    heading = _heading(cell)
    if heading in _NAME_COLUMNS:
        return _NAMES
    words = WORD.findall(heading.replace("_", " "))
    plain = words and not any(one in cues.PERSONS or one in ("nom", "prenom", "name") for one in words)
    if words and len(words) < 5 and (words[0] in cues.HARD or words[0] in cues.NOT_LABELS) and plain:
        return _OTHER
    if len(words) > 1 and words[0] == "nom" and (words[-1] in cues.HARD or words[-1] in cues.NOT_LABELS):
        return _OTHER
    return 0


def _rows(
    text: str, at: int, mark: str, kinds: list[int], found: list[Name], elsewhere: list[Name], lists: Gazetteer
) -> int:
    """Reads the rows under a heading; returns where they end."""
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        cells = text[at:end].split(mark)
        if abs(len(cells) - len(kinds)) > 1:
            break
        if len(cells) == len(kinds):
            offset = at
            for kind, cell in zip(kinds, cells, strict=True):
                if kind == _NAMES:
                    match = _CELL.search(cell)
                    if match and match[0] == cell.strip(" \"'*_\r") and _might_be(match[0], lists):
                        found.append(Name(offset + match.start(), offset + match.end(), 0.85))
                elif kind == _OTHER and cell.strip():
                    elsewhere.append(Name(offset, offset + len(cell), 0.0))
                offset += len(cell) + 1
        at = end + 1
    return at


def _might_be(cell: str, lists: Gazetteer) -> bool:
    """A cell of one to five words of which none is only a common word."""
    words = [fold(one) for one in WORD.findall(cell)]
    plain = [one for one in words if one in lists.words and not _named(one, lists) and one not in cues.PARTICLES]
    return 0 < len(words) < 6 and not plain and fold(cell) not in lists.places


# ── lower case ──────────────────────────────────────────────────────────────────────────────────────────────────────


def lower_case(text: str, lists: Gazetteer) -> list[Name]:
    """« julie tremblay a appelé », « salut robert », « mon médecin bo wong », « je m'appelle jean roy »."""
    found: list[Name] = []
    words = list(WORD.finditer(text))
    for index, match in enumerate(words):
        if not match[0].islower():
            continue
        start = match.start() + _elision(match[0], lists)
        key = fold(text[start : match.end()])
        if len(key) > 3 and key in lists.given:
            found += _lower(text, start, match.end(), words[max(0, index - 1) : index + 3], lists)
        elif index and len(key) > 1 and _announced(words, index, start, lists):
            found += _said(text, start, words[min(index + 2, len(words) - 1)].end(), lists, least=2)
    lowered = text.lower()
    if len(lowered) == len(text):
        for said in cues.SAID.finditer(lowered):
            found += _said(text, said.start("name"), said.end("name"), lists)
        for said in cues.LABELLED.finditer(lowered):
            found += _said(text, said.start("name"), said.end("name"), lists, least=2, listed=True)
    return disjoint(found)


def _elision(written: str, lists: Gazetteer) -> int:
    """How long the elision is that a word begins with: « d'ousmane »."""
    return 2 if written[1:2] in "'’" and written[:1] in "dl" and fold(written) not in lists.surnames else 0


def _announced(words: list[re.Match[str]], index: int, start: int, lists: Gazetteer) -> bool:
    """Whether a lower-case word that a list has follows « mon médecin », « la maman de »."""
    key = fold(words[index][0])[start - words[index].start() :]
    if not _named(key, lists) or key in lists.words:
        return False
    before = [fold(one[0]) for one in words[max(0, index - 3) : index]][::-1]
    if start > words[index].start():
        return before[0] in _PARENTS
    return before[0] in cues.PERSONS or (before[0] == "de" and len(before) > 1 and before[1] in _PARENTS)


def _lower(text: str, start: int, end: int, around: list[re.Match[str]], lists: Gazetteer) -> list[Name]:
    key, first = fold(text[start:end]), end
    if key in lists.words or text[start:end] in lists.words or key in lists.places:
        return []
    if not _OPENS.match(text[max(0, start - 1) : start]) or not _CLOSES.match(text, end):
        return []
    for other in [one for one in around if one.start() >= end]:
        family = fold(other[0])
        if not other[0].islower() or text[end : other.start()] not in (" ", "\u00a0") or len(family) < 2:
            break
        if other[0] in lists.words or (family in lists.words and not (family in lists.surnames and end == first)):
            break
        if (
            family in cues.PARTICLES
            or (family[1:2] == "'" and family not in lists.surnames)
            or not _CLOSES.match(text, other.end())
        ):
            break
        end = other.end()
    before = [fold(one) for one in WORD.findall(text[max(0, start - 40) : start].rpartition("\n")[2])[::-1]]
    if before and (_other(before[0]) or (len(before) > 1 and before[0] in cues.LINKS and _other(before[1]))):
        return []
    if end == first:
        hailed = not before or before[0] in cues.LOWER_BEFORE or before[0] in cues.PERSONS
        if key in lists.homographs or not hailed or (not before and not _alone(text, start, end)):
            return []
    return [Name(start, end, SCORE)]


def _other(word: str) -> bool:
    return word in cues.HARD or word in cues.SOFT


def _alone(text: str, start: int, end: int) -> bool:
    return text[max(0, start - 1) : start] in ("", "\n") and text[end : end + 1] in ("", "\n", ",", ".", "!")


def _said(text: str, start: int, end: int, lists: Gazetteer, least: int = 1, *, listed: bool = False) -> list[Name]:
    """The words in lower case that may be a name, if there are `least`; `listed`: a list of names must have one."""
    kept_end, count = start, 0
    for match in WORD.finditer(text, start, end):
        key = fold(match[0])
        if count and text[kept_end : match.start()] not in (" ", "\u00a0"):
            break
        if (
            not match[0].islower()
            or not _CLOSES.match(text, match.end())
            or (key[1:2] == "'" and key not in lists.surnames)
            or (key in lists.words and not (count and _named(key, lists)))
        ):
            break
        kept_end, count = match.end(), count + 1
    known = any(_named(key, lists) for key in map(fold, WORD.findall(text[start:kept_end])))
    return [Name(start, kept_end, SCORE)] if count >= least and (known or (count > 1 and not listed)) else []


def _named(key: str, lists: Gazetteer) -> bool:
    return key in lists.given or key in lists.rare or key in lists.surnames
