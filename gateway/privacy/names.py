"""Names of persons, by rule: what surely is one, what might be one, and why not the rest. *Decisions*, pure.

A name is a run of words with a capital (initials and particles among them). Each word is looked up in the gazetteer; titles,
labels and the words around the run then decide. What the rules cannot settle is a *doubt*, left to the language model: only
sentences with a doubt are ever given to it. A name is given and family names, without title or function.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from gateway.privacy import cues
from gateway.privacy.capitals import UPPER, WORD, Segment, Token, segments
from gateway.privacy.gazetteer import Gazetteer, fold, gazetteer
from gateway.privacy.loose import beside, columns, lower_case
from gateway.privacy.slips import without_slips
from gateway.privacy.spans import Name, apart, disjoint, met

SURE, LIKELY, PROBABLE = 0.95, 0.85, 0.65
BEFORE = 96
WRAPPED = 45  # a line this long, ending in a given name, was wrapped there
PERSON, NAMED, OTHER = 1, 2, -1  # what a label announces

_LAST_WORDS = re.compile(
    r"(?:boul|av|ave|ch|rte|aut|st|rd|dr|bd|blvd|bl|r|mt|ste)\.(?=[ \u00a0])|[^\W\d_]+(?:-[^\W\d_]+)*['’]?|[^\w\s]|\n",
    re.IGNORECASE,
)
_LABEL = re.compile(r"(?:^|[\n|;.{,(])[ \t>*_#\"'-]*([^\n:|;]{1,48}?)[ \u00a0*_\"']*:[ \u00a0*_\"«“]*$")
_TAG = re.compile(r"<([^\W\d_]+)>\s*$")
_STARRED = re.compile(r"(?i:\b(?:pr[eé])?nom|\bname)[ \u00a0]?\*[ \u00a0]*$")
_QUOTE = re.compile(r"[\s*_«“\"'(\[]*$")
_LINE_START = re.compile(r"(?:^|\n)[ \t>*]*$")
_SENTENCE_START = re.compile(r"(?:^|[\n.!?:•|>\"«]|[-–—])\s*[*_]*$")
_LINE_END = re.compile(r"[ \t*]*,?[ \t]*(?:\n|$)")
_CELL_START = re.compile(r"(?:^|[\n|;\t:•·*(«\"']|\d[.)]?|-)[ \u00a0]*$")
_CELL_END = re.compile(r"[ \u00a0\"']*(?:[|;\t\n(]|$)|[ \u00a0]{2}| / ")
_DIGITS = re.compile(r"(?:[ \u00a0-]|\n>? ?){0,2}\d{2}")
_PROVINCE = re.compile(r",?\s{0,3}\(?(?:(?i:qu[eé]bec|canada|ontario)|QC|Qc|ON|[A-Z]\d[A-Z])\b")
_LABELLED = re.compile(r"(?:[ \u00a0][a-zà-ÿ'’]+){0,3}[ \u00a0]?:")
_VERSION = re.compile(r" v?\d+\.\d")
_VERB = re.compile(r"(?:er|ir|oir|ez|dre)$")
_CLOSING = re.compile(
    r"(?:cordialement|salutations|merci|regards|sincerely|thanks|thank you|yours|bien a vous)[\s,.!]*$"
)
_LOWER_TITLES = frozenset("monsieur madame mademoiselle mme mlle docteur docteure dr dre maitre mr mrs ms m".split())
_NAME_LABELS = frozenset(
    "nom noms prenom prenoms name names surname lastname firstname signature signe nom_complet".split()
)
_CASES = frozenset("arret arrets affaire decision jugement regle critere criteres principe ruling".split())


@dataclass(frozen=True, slots=True)
class Reading:
    """What the rules say of a text: names, and spans that the language model may call names."""

    names: tuple[Name, ...]
    doubts: tuple[Name, ...]


def read(text: str, lists: Gazetteer | None = None) -> Reading:
    """The names of a text by rule, and the doubts."""
    lists = lists or gazetteer()
    text = without_slips(text)
    parts = segments(text, lists)
    _join_lines(text, parts)
    _join_inverted(text, parts)
    _bar(text, parts)
    names: list[Name] = []
    doubts: list[Name] = []
    for segment in parts:
        if not segment.barred:
            score, doubt = _judge(text, segment)
            if score:
                names.append(Name(segment.start, segment.end, score))
            elif doubt:
                doubts.append(Name(segment.start, segment.end, doubt))
    listed, elsewhere = columns(text, lists)
    names = [*listed, *apart(apart(names, listed), elsewhere)]
    names += apart(beside(text, parts, names), elsewhere)
    names += lower_case(text, lists)
    names = disjoint(names)
    return Reading(tuple(names), tuple(apart(apart(doubts, elsewhere), names)))


def settle(reading: Reading, persons: Iterable[tuple[int, int]]) -> list[Name]:
    """The names once the language model has said where it sees persons."""
    seen = [Name(start, end, 1.0) for start, end in persons]
    return sorted([*reading.names, *met(reading.doubts, seen)], key=lambda one: one.start)


# ── putting together what is apart ──────────────────────────────────────────────────────────────────────────────────


def _join_lines(text: str, parts: list[Segment]) -> None:
    """A given name that ends a full line, and the family name that begins the next."""
    for one, other in pairwise(parts):
        if one.barred or not re.fullmatch(r"[ \t]*\n[ \t>]*", text[one.end : other.start]):
            continue
        line = one.end - (text.rfind("\n", 0, one.start) + 1)
        family = other.tokens[0]
        if (
            line >= WRAPPED
            and (one.titled or all(token.given or token.rare or token.initial for token in one.tokens))
            and not other.titled
            and (family.surname or family.unknown or (family.particle and len(other.tokens) > 1))
            and (not family.word or family.particle)
        ):
            other.tokens, other.titled = one.tokens + other.tokens, one.titled
            one.barred = True


def _join_inverted(text: str, parts: list[Segment]) -> None:
    """« TREMBLAY, Julie »: the family name first, a comma, the given name."""
    for one, other in pairwise(parts):
        if one.barred or other.titled or one.titled or text[one.end : other.start] not in (", ", ",\u00a0"):
            continue
        if _inverted(text, one, other):
            other.tokens, other.whole = one.tokens + other.tokens, True
            one.barred = True


def _inverted(text: str, one: Segment, other: Segment) -> bool:
    family, given = one.tokens, other.tokens
    first = given[0]
    if len(given) > 3 or not all(token.surname or token.unknown or token.particle for token in family):
        return False
    capitals = all(token.capitals for token in family) and not first.capitals
    starts = _CELL_START.search(text[max(0, one.start - 6) : one.start]) is not None
    celled = starts and _CELL_END.match(text, other.end) is not None
    if not (first.given or first.rare or first.initial or ((capitals or celled) and first.unknown)):
        return False
    if (first.word or first.place) and not ((celled or capitals) and first.named and (first.given or not first.place)):
        return False
    if any(token.place for token in family) and not capitals and not starts:
        return False
    if any(token.given and not token.surname for token in family) and not (capitals or celled):
        return False
    if len(family) > 1 and family[0].given and not capitals:
        return False  # « Suresh Nadarajah, Russell Campbell »
    if len(given) > 1 and given[-1].surname and not (given[-1].given or given[-1].rare):
        return False
    after = text[other.end : other.end + 5]
    alone = starts and not re.match(rf"\s+(?:et|and)\b|, [{UPPER}][^\W\d_{UPPER}]", after)
    return capitals or alone or (family[0].surname and not family[0].given and not re.match(r"\s+[^\W\d_]", after))


# ── what names something else ───────────────────────────────────────────────────────────────────────────────────────


def _bar(text: str, parts: list[Segment]) -> None:
    """What follows « rue », « école », « loi » is not a person, nor what « et » joins to it."""
    for index, segment in enumerate(parts):
        if segment.barred or segment.whole or (segment.titled and segment.titled not in ("sir", "lady", "lord")):
            continue
        if _is_place(text, segment) or _is_other(text, segment) or _is_case(text, segment):
            segment.barred = True
        elif index and parts[index - 1].barred and len(parts[index - 1].tokens) == 1:
            joined = re.fullmatch(r"\s(?:et|and|&)\s", text[parts[index - 1].end : segment.start])
            segment.barred = joined is not None and _is_place(text, parts[index - 1])


def _is_place(text: str, segment: Segment) -> bool:
    spaced = len(segment.tokens) > 1 and segment.tokens[0].given and not segment.tokens[-1].place
    linked = False
    for count, one in enumerate(_before(text, segment.start)):
        if one in cues.PERSONS and (count == 0 or (linked and count < 2)):
            return False
        single = one[:-1] if one[-1] in "sx" else one
        if not cues.HARD.isdisjoint((one, single)) or not cues.SOFT.isdisjoint((one, single)):
            return not (spaced and count and not cues.SOFT.isdisjoint((one, single)))
        if one not in cues.BETWEEN or count > 5:
            return False
        linked = linked or one in cues.LINKS
    return False


def _before(text: str, start: int) -> list[str]:
    """The words before, nearest first, up to a sign of punctuation or a line end."""
    words = []
    for one in reversed(_LAST_WORDS.findall(text[max(0, start - BEFORE) : start])):
        if one[0].isalpha():
            words.append(fold(one).rstrip(".'"))
        elif one not in '«“"':
            break
    return words


def _is_other(text: str, segment: Segment) -> bool:
    """A company (« inc. »), or an English place (« X Bridge »), or a place in an address."""
    after = text[segment.end : segment.end + 48]
    if cues.COMPANY.match(after):
        return True
    following = re.match(r"(?:['’]s)?[ \u00a0]([^\W\d_]+)", after)
    if following and fold(following[1]) in cues.AFTER:
        return True
    last = segment.tokens[-1]
    if len(segment.tokens) == 1 and _VERSION.match(after):
        return True
    if (
        last.fold in cues.AFTER
        and len(segment.tokens) > 1
        and (len(segment.tokens) > 2 or not last.surname or segment.tokens[0].place)
    ):
        return True
    return last.place and len(segment.tokens) == 1 and _PROVINCE.match(after) is not None


def _versus(text: str, segment: Segment) -> bool:
    return bool(
        cues.CASE_AFTER.match(text, segment.end)
        or cues.CASE_BEFORE.search(text[max(0, segment.start - 6) : segment.start])
    )


def _is_case(text: str, segment: Segment) -> bool:
    """A party of a case that is cited as law."""
    if not _versus(text, segment):
        return False
    around = text[max(0, segment.start - BEFORE) : segment.end + BEFORE]
    before = WORD.findall(text[max(0, segment.start - BEFORE) : segment.start].rpartition("\n")[2])
    return cues.CITATION.search(around) is not None or not _CASES.isdisjoint(map(fold, before))


# ── judging ─────────────────────────────────────────────────────────────────────────────────────────────────────────

Verdict = tuple[float, float]  # (score, 0) for a name, (0, score) for a doubt, (0, 0) for neither
NEITHER: Verdict = (0.0, 0.0)


def _judge(text: str, segment: Segment) -> Verdict:
    """What a segment is, seen with what stands before it."""
    if segment.titled or segment.whole:
        good = segment.whole or _titled(segment)
        return ((LIKELY if segment.whole else SURE), 0.0) if good else NEITHER
    if len(segment.tokens) > 1 and segment.tokens[0].fold in cues.GREETINGS:
        segment.tokens = segment.tokens[1:]  # « Cher Luc »
    first = segment.tokens[0]
    near = _before(text, segment.start)[:3]
    if near and near[0] in _LOWER_TITLES and not (first.word and not first.surname):
        return SURE, 0.0
    before = _QUOTE.sub("", text[max(0, segment.start - BEFORE) : segment.start])
    label = NAMED if _STARRED.search(text, max(0, segment.start - 24), segment.start) else _label(before)
    if len(segment.tokens) == 1 and (verdict := _single_in_place(text, segment, near, label)) is not None:
        return verdict
    shape = _by_shape(segment)
    if shape[0] and (len(segment.tokens) > 1 or label != OTHER):
        return _opening(text, segment, shape[0]) if first.homograph and label <= 0 else shape
    if label == OTHER:
        return NEITHER
    return _in_context(text, segment, before, near, label) or shape


def _single_in_place(text: str, segment: Segment, near: list[str], label: int) -> Verdict | None:
    """What is right beside a single word may settle it."""
    token = segment.tokens[0]
    if token.capitals and len(token.fold) < 5 and _DIGITS.match(text, segment.end):
        return NEITHER  # the letters of a number
    shouted = text[max(0, segment.start - 4) : segment.start].strip().isupper()
    if segment.after and shouted and token.surname and not token.capitals:
        return PROBABLE, 0.0  # « CONDAMNE Tremblay »
    if not label and _compounded(segment, near):
        return 0.0, (0.0 if segment.after else PROBABLE)
    return None


def _opening(text: str, segment: Segment, score: float) -> Verdict:
    """A given name that is a word too (« Manuel ») counts less where a sentence begins."""
    if len(segment.tokens) > 1 or not _opens_sentence(text, segment):
        return score, 0.0
    if _LABELLED.match(text, segment.end):
        return NEITHER  # « Manuel obligatoire : »
    return (score, 0.0) if _alone(text, segment) else (0.0, score)


def _compounded(segment: Segment, near: list[str]) -> bool:
    """« Sandwich Reuben », « paruline de Wilson »: a common noun, and a name that says which."""
    token = segment.tokens[0]
    if segment.after and near[:1] == [segment.after]:
        opens = segment.after in cues.OPENERS or segment.after in cues.PERSONS or segment.after in cues.GREETINGS
        return not opens and not _VERB.search(segment.after)
    if not token.surname or len(near) < 2 or near[0] not in ("de", "d", "of"):
        return False
    return near[1] not in cues.PERSONS and near[1] not in cues.LABELS and near[1] not in cues.OWNED


def _in_context(text: str, segment: Segment, before: str, near: list[str], label: int) -> Verdict | None:
    """What is before it says, when its shape alone does not."""
    tokens, first = segment.tokens, segment.tokens[0]
    single = len(tokens) == 1
    labelled = single and re.match(r"[ \u00a0]*:", text[segment.end : segment.end + 2]) is not None
    if labelled and (first.word or not first.given):
        return NEITHER  # a label itself
    folded = fold(before[-48:]) + " "
    by = bool(near) and near[0] in cues.PERSONS
    if label > 0 or by or cues.ANNOUNCED.search(folded):
        score = _announced(text, segment, label, by=by)
        if score:
            return score, 0.0
    if _versus(text, segment) and (first.surname or first.unknown):
        return PROBABLE, 0.0
    utters = _opens_sentence(text, segment) and text[segment.end : segment.end + 1] in ".,;(" and tokens[-1].surname
    if not single and (utters or _alone(text, segment)) and not any(token.word or token.place for token in tokens):
        return PROBABLE, 0.0
    if single and first.unknown and _alone(text, segment) and _CLOSING.search(folded.rstrip()):
        return PROBABLE, 0.0
    greeted = cues.GREETED.search(folded)
    if greeted and not first.word and not first.place:
        hailed = greeted[0].split()[0].strip(" ,!") in cues.GREETINGS and text[segment.end : segment.end + 1] in ",!\n"
        if first.named or hailed:
            return PROBABLE, 0.0
    odd = single and first.unknown  # a word that begins a sentence; la matrice d'Eisenhower
    if odd and (_opens_sentence(text, segment) or (near and near[0] in cues.LINKS and not greeted)):
        return NEITHER
    return None


def _announced(text: str, segment: Segment, label: int, *, by: bool) -> float:
    """How surely a segment that is announced as a person's name is one."""
    first, single = segment.tokens[0], len(segment.tokens) == 1
    named = first.named and (by or not first.place)
    if label == NAMED or (named and not first.word and (by or not first.homograph or not single)):
        return LIKELY
    told = any(not token.word and not (token.place and not token.named) for token in segment.tokens)
    if told and not (single and first.place):
        return LIKELY
    ends = _CELL_END.match(text, segment.end) is not None or text[segment.end : segment.end + 1] == ","
    return PROBABLE if named and (by or ends) else 0.0


def _opens_sentence(text: str, segment: Segment) -> bool:
    return _SENTENCE_START.search(text[max(0, segment.start - 6) : segment.start]) is not None


def _alone(text: str, segment: Segment) -> bool:
    """Whether a line has nothing else, as in a signature."""
    return _LINE_START.search(text[max(0, segment.start - 6) : segment.start]) is not None and (
        _LINE_END.match(text, segment.end) is not None
    )


def _titled(segment: Segment) -> bool:
    """After a title: all but a function (« Madame la Ministre » was cut before)."""
    first = segment.tokens[0]
    if first.word and not first.surname and (first.capitals or (segment.titled == "m" and len(segment.tokens) == 1)):
        return False  # « PERSONNE NE ME RAPPELLE », « Sexe : M  Date »
    if segment.titled in cues.ABBREVIATED:
        return True
    return any(token.named or token.unknown for token in segment.tokens) and first.fold not in cues.PERSONS


def _label(before: str) -> int:
    """What the label before announces: a person's name, a person, something else; 0 for no label."""
    if before.endswith(">"):
        tag = _TAG.search(before)
        return NAMED if tag and fold(tag[1]) in _NAME_LABELS else 0
    match = _LABEL.search(before) if before.endswith(":") else None
    if match is None:
        return 0
    words = [fold(one) for one in WORD.findall(match[1].replace("_", " "))]
    if any(one in cues.NOT_LABELS for one in words):
        return OTHER if words[0] not in cues.LABELS else 0
    if any(one in _NAME_LABELS for one in words):
        return NAMED
    return PERSON if any(one in cues.LABELS or one in cues.PERSONS for one in words) else 0


def _by_shape(segment: Segment) -> Verdict:
    """By the lists alone."""
    tokens = [token for token in segment.tokens if not token.particle or token.surname]
    if not tokens:
        return NEITHER
    first, last = tokens[0], tokens[-1]
    plain = [token for token in tokens if not token.initial]
    if len(tokens) == 1:
        return _single(first)
    if first.initial or last.initial:
        return _with_initials(plain)
    if all(token.word for token in plain):
        return 0.0, (PROBABLE if first.named and last.surname else 0.0)
    if first.given or (first.rare and last.surname):
        return _given_first(segment, tokens)
    if first.surname and last.given and not first.place:
        return PROBABLE, 0.0
    if any(token.place and not token.named for token in tokens):
        return NEITHER
    return 0.0, PROBABLE


def _given_first(segment: Segment, tokens: Sequence[Token]) -> Verdict:
    first, last = tokens[0], tokens[-1]
    if last.place and not last.named and len(tokens) == 2:
        segment.tokens = segment.tokens[:-1]  # « Julie Gatineau »
        return NEITHER if first.place else _single(first)
    if first.place and not any(token.surname for token in tokens[1:]):
        return 0.0, PROBABLE  # « Kia Soul »
    return (LIKELY if any(token.surname for token in tokens[1:]) else PROBABLE), 0.0


def _single(token: Token) -> Verdict:
    if token.initial or len(token.fold) < 3:
        return NEITHER
    if token.word:
        return 0.0, (PROBABLE if token.given and not token.capitals else 0.0)
    if token.place:
        return 0.0, (PROBABLE if token.given else 0.0)
    if token.given and not token.capitals:
        return PROBABLE, 0.0
    return 0.0, (0.0 if token.capitals and token.unknown else PROBABLE)


def _with_initials(plain: Sequence[Token]) -> Verdict:
    if any(token.place and not token.named for token in plain):
        return NEITHER
    if any(token.surname or (token.named and not token.word) for token in plain):
        return LIKELY, 0.0
    return (PROBABLE, 0.0) if all(token.unknown and len(token.fold) > 2 for token in plain) else NEITHER
