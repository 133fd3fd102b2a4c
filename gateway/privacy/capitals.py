"""Runs of words with a capital, looked up in the gazetteer and cut into segments that might be names. *Decisions*, pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.privacy import cues
from gateway.privacy.gazetteer import Gazetteer, fold

LONGEST = 6
ACRONYMS = frozenset({"nas", "nam", "sin", "ddn", "nip", "iuc", "uci", "ass", "dob", "neq"})
"""Identifiers by their letters, some of which are given names as well: in capitals, they are the identifier."""
SHORT = 5  # letters of an acronym, at most one less

UPPER = "".join(chr(code) for code in range(0x41, 0x250) if chr(code).isupper())
WORD = re.compile(r"[^\W\d_]+(?:['’‑-][^\W\d_]+)*")
_TOKEN = re.compile(
    rf"(?<![\w@/\\#$%&+~.])(?<!\w[-‑])(?:"
    rf"(?P<initial>(?:[{UPPER}]\.[-‑]?)+(?![^\W\d_]))"
    rf"|(?P<word>(?:[{UPPER}]['’])?[{UPPER}](?:[^\W\d_]|['’‑-](?=[^\W\d_])|(?<=[àáíòóù]):(?=[^\W\d_]))*))(?![\w@]|://|\.\w|--)"
)
_JOINT = re.compile(
    r"[ \u00a0\u202f]{1,2}(?:(?:(?:de|du|des|la|le|les|van|von|der|den|di|da|do|dos|das|del|della|el|al|bin|bint|ben|ibn|y|e)"
    r"[ \u00a0\u202f]|[dl]['’])(?:(?:la|le|las|los|der|den)[ \u00a0\u202f]|l['’])?)?"
)
_TITLE_GAP = re.compile(r"\.?[ \u00a0\u202f]?(?:\n[ >]*)?[ \u00a0\u202f]?")
_ELISION = re.compile(r"(?:qu|l|d|s|c|j|n|m|t|jusqu|lorsqu|puisqu)'")
_CONTRACTION = re.compile(
    r"(?:i|he|she|we|you|they|it|that|there|who|what|don|can|won|didn|isn|doesn|let|here)'(?:d|m|ve|ll|re|s|t)"
)
_INNER_CAPITAL = re.compile(rf"[^\W\d_{UPPER}][{UPPER}]")
_CAMEL = re.compile(r"(?:Mc|Mac|Le|La|De|Du|Des|Van|Di|Fitz|St|O)[A-Z]")
_BEGINS = frozenset("el al ben bel abou ait ould abd bou van von del della dos da di mac st ste".split())
_PLACE_PARTS = frozenset("de du des d la le les l sur sous aux au en".split())


@dataclass(slots=True)
class Token:
    """A word with a capital and what the gazetteer says of it."""

    start: int
    end: int
    fold: str
    initial: bool = False
    capitals: bool = False
    given: bool = False
    rare: bool = False
    surname: bool = False
    word: bool = False
    homograph: bool = False
    place: bool = False
    acronym: bool = False

    @property
    def named(self) -> bool:
        """Whether a list of names has it."""
        return self.given or self.rare or self.surname

    @property
    def unknown(self) -> bool:
        """Whether no list has it."""
        return not (self.named or self.word or self.place or self.initial)

    @property
    def particle(self) -> bool:
        """Whether it only joins names."""
        return self.fold in cues.PARTICLES


@dataclass(slots=True)
class Segment:
    """Tokens of a run that might together be a name. `titled`: the title before it. `after`: the common word with a capital
    right before it. `whole`: put together from parts that make it a name. `barred`: not a person, or part of another
    segment."""

    tokens: list[Token]
    titled: str = ""
    after: str = ""
    whole: bool = False
    barred: bool = False

    @property
    def start(self) -> int:
        """Where its first token begins."""
        return self.tokens[0].start

    @property
    def end(self) -> int:
        """Where its last token ends."""
        return self.tokens[-1].end


def segments(text: str, lists: Gazetteer) -> list[Segment]:
    """What might be names, in order."""
    return [segment for run in _runs(text, lists) for segment in _cut(run, lists)]


def _runs(text: str, lists: Gazetteer) -> list[list[Token]]:
    """Words with a capital that follow each other, particles between them allowed."""
    runs: list[list[Token]] = []
    last: Token | None = None
    for match in _TOKEN.finditer(text):
        token = _token(match, lists)
        joint = _TITLE_GAP if last is not None and (last.fold in cues.TITLES or last.fold in ("st", "ste")) else _JOINT
        if last is not None and joint.fullmatch(text, last.end, token.start):
            runs[-1].append(token)
        else:
            runs.append([token])
        last = token
    return runs


def _token(match: re.Match[str], lists: Gazetteer) -> Token:
    start, end = match.span()
    written = match[0]
    if match["initial"]:
        if written == "M.":
            return Token(start, end - 1, "m")
        return Token(start, end, fold(written), initial=True)
    if written == "M":
        return Token(start, end, "", word=True)  # « Sexe : M »
    if written.endswith(("'s", "’s")):
        written, end = written[:-2], end - 2
    key = fold(written)
    if len(key) > 2 and "'" in key:
        if _CONTRACTION.fullmatch(key):
            return Token(start, end, key, word=True)
        elided = _elided(written, key, lists)
        start, written, key = start + elided, written[elided:], key[elided:]
    token = Token(start, end, key, capitals=len(written) > 1 and written.isupper())
    if written[0].islower():
        return Token(start, end, "", word=True)  # « L'agente »
    if any(_INNER_CAPITAL.search(one) and not _CAMEL.match(one) for one in re.split("[-‑'’]", written)):
        token.word = True  # camelCase
        return token
    _look_up(token, lists)
    if written.lower() in lists.words:
        token.word = True  # « Marié », not « Marie »
    return token


def _elided(written: str, key: str, lists: Gazetteer) -> int:
    """How many characters of an elision to leave out: those of « L'Assemblée » and « D'Émile », not of « L'Heureux »."""
    if key in lists.surnames or key in lists.given or key in lists.places:
        return 0
    match = _ELISION.match(key)
    if match is None:
        return 0
    rest = key[match.end() :]
    plain = rest in lists.words or rest in lists.places or rest in lists.given or rest in cues.HARD
    foreign = match[0] in ("d'", "m'", "n'", "l'") and not (match[0] == "l'" and written[match.end()].islower())
    return 0 if foreign and not plain else match.end()


def _look_up(token: Token, lists: Gazetteer) -> None:
    key = token.fold
    token.place = key in lists.places
    token.word = key in lists.words
    token.homograph = key in lists.homographs
    if not (token.capitals and key in ACRONYMS):
        token.given, token.rare, token.surname = key in lists.given, key in lists.rare, key in lists.surnames
    token.place = token.place or key.startswith(("saint-", "sainte-", "st-", "ste-"))
    if "-" in key and not token.place and not token.named and key.rpartition("-")[2] in _PLACE_PARTS:
        token.surname = parts_surname(key, lists)  # Lessard-De la Durantaye
        token.place = not token.surname
    elif "-" in key and not token.place and not token.named:
        _compound(token, key, lists)
    if len(key) < 3 and not token.named:
        token.word = True
    if token.capitals and "-" in key and any(len(part) == 1 for part in key.split("-")):
        token.word, token.surname = True, False  # SAS-M
    if token.capitals and not token.named and not token.word and all(len(part) < SHORT for part in key.split("-")):
        token.word = token.acronym = True


def parts_surname(key: str, lists: Gazetteer) -> bool:
    """Whether a compound cut at a particle begins with a family name that is no given name."""
    first = key.partition("-")[0]
    return first in lists.surnames and first not in lists.given


def _compound(token: Token, key: str, lists: Gazetteer) -> None:
    """Jean-François and Tremblay-Roy are names; Marie-Victorin a place; Saint-Jérôme too; rendez-vous a word."""
    parts = key.split("-")
    first, *_, last = parts
    given = first in lists.given
    if first in _BEGINS and first not in ("st", "ste"):
        token.surname = True  # Aït-Slimane
    elif first == "saints" or any(one in _PLACE_PARTS for one in parts[1:]):
        token.place = True
    elif given and (last in lists.given or (last not in lists.surnames and last not in lists.words)):
        token.given = True
    elif first in lists.surnames and last in lists.surnames:
        token.surname = True
        token.place = given
    elif given and last in lists.surnames:
        token.place = True
    elif (first in lists.surnames and last not in lists.words) or (last in lists.surnames and first not in lists.words):
        token.surname = not given
        token.given = given
    elif given:
        token.given = True
    elif all(one in lists.words or one in lists.places for one in parts) or last in lists.words:
        token.word = True
    elif first in lists.words or first in lists.places or last in lists.places:
        token.place = True


def _cut(run: list[Token], lists: Gazetteer) -> list[Segment]:
    """A run cut at titles, common words and places."""
    found: list[Segment] = []
    current: list[Token] = []
    titled = after = ""
    index = 0
    shouted = len(run) > 2 and all(one.capitals and (one.named or one.acronym) for one in run)
    while index < len(run):
        token = run[index]
        if token.fold in cues.TITLES and not token.given and (not current or token.fold in cues.ABBREVIATED):
            _close(found, current, titled, after)
            current, titled, after = [], token.fold, ""
            index += 1
            continue
        phrase = 0 if titled else _place_phrase(run, index, lists)
        cut_short = "-" in token.fold and token.fold.rpartition("-")[2] in _PLACE_PARTS
        if cut_short and not phrase and not titled and not current and token.place:
            phrase = 1 + sum(1 for one in run[index + 1 : index + 3] if not one.word)  # centre Marcel-De La Sablonnière
        if phrase or not _fits(
            token, current, titled, run[index + 1] if index + 1 < len(run) else None, shouted=shouted
        ):
            _close(found, current, titled, after)
            current, titled, after = [], "", "" if phrase else token.fold
            index += phrase or 1
            continue
        current.append(token)
        index += 1
    _close(found, current, titled, after)
    return found


def _close(found: list[Segment], current: list[Token], titled: str, after: str) -> None:
    while current and current[-1].particle and not current[-1].surname:
        current.pop()
    if any(not one.initial for one in current):
        found.append(Segment(current[:LONGEST], titled, after))


def _place_phrase(run: list[Token], index: int, lists: Gazetteer) -> int:
    """How many tokens from here are the name of a place or company of several words; 0 if none."""
    for length in (4, 3, 2):
        if index + length <= len(run):
            phrase = " ".join(one.fold for one in run[index : index + length])
            if phrase in lists.places:
                return length
    return 0


def _fits(token: Token, current: list[Token], titled: str, following: Token | None, *, shouted: bool) -> bool:
    """Whether a token goes on with (or begins) a name. `shouted`: all of its run is in capitals and no words."""
    if token.initial:
        return True
    if token.particle:
        return _joins(token, current, titled, following)
    if token.acronym:
        return shouted
    if not current and not titled and not token.surname and (token.fold in cues.HARD or token.fold in cues.SOFT):
        return False
    if token.word and not token.named:
        plain = token.fold not in cues.PERSONS and token.fold not in cues.TITLES
        return titled in cues.ABBREVIATED and not current and plain
    if token.word:
        return not any(one.surname and not one.word for one in current[1:])
    return not token.place or bool(current) or bool(titled) or token.named


def _joins(token: Token, current: list[Token], titled: str, following: Token | None) -> bool:
    """Whether a particle is part of a name: « de la Durantaye », « El Amrani », the last word of « Thanh Huong Le »."""
    if token.surname and current and current[0].named and (following is None or following.word):
        return True
    family = following is not None and following.surname and not (following.given or following.place or following.word)
    begins = bool(current or titled) or token.fold in _BEGINS or (family and not token.capitals)
    return begins and following is not None and (not following.word or following.surname) and not following.initial
