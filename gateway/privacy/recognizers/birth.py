"""DATE_OF_BIRTH: a date that the words around call a birth. Every other date is left alone.

Source: ISO 8601 and the Office québécois de la langue française's forms of dates; English forms. "né", "née" are
accepted without their accent only directly before the date, since "ne" alone is a negation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.privacy.recognizers.candidate import Candidate, Recognizer
from gateway.privacy.recognizers.numbers import is_date
from gateway.privacy.recognizers.view import View, words

GATE = ("fete", "ddn", "d.d.n", "dob", "d.o.b", "birth", "born", "naqui", "anniversaire")
BIRTH_NEAR = re.compile(r"na[il1][s5]{1,2}(?<!con.{5})(?<!con.{4})")
BORN_NEAR = re.compile(r"ne(?<![a-z0-9].{2})(?:e?s?|\(e\)s?|[.\-/]e)[,:]?[ \n](?:le|la|a|au|aux|en|un|vers|:|[0-9])")
_MONTH = (
    r"janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre|janv\.?|fevr?\.?|"
    r"avr\.?|juil\.?|sept\.?|oct\.?|nov\.?|dec\.?|"
    r"january|february|march|april|may|june|july|august|september|october|november|december|jan\.?|feb\.?|"
    r"mar\.?|apr\.?|jun\.?|jul\.?|aug\.?|sep\.?"
)
DATE = re.compile(
    rf"(?<![0-9a-z])(?<![0-9][\-/.,])(?:"
    rf"(?P<y>(?:19|20)[0-9]{{2}}) ?[\-/. ] ?(?P<m>[01]?[0-9]) ?[\-/. ] ?(?P<d>[0-3]?[0-9])"
    rf"|(?P<y7>[0-9]{{2}})-(?P<m7>0[1-9]|1[0-2])-(?P<d7>0[1-9]|[12][0-9]|3[01])"
    rf"|(?P<a>[0-3]?[0-9]) ?[\-/. ] ?(?P<b>[0-3]?[0-9]) ?[\-/. ] ?(?P<y2>(?:19|20)[0-9]{{2}}|[0-9]{{2}})"
    rf"|(?P<d3>[0-3]?[0-9])(?: ?(?:er|e|st|nd|rd|th))?(?: of)?[ \-](?:{_MONTH})[ \-,]{{1,2}}(?P<y3>(?:19|20)"
    rf"[0-9]{{2}}|[0-9]{{2}})"
    rf"|(?:{_MONTH}) (?P<d4>[0-3]?[0-9])(?:st|nd|rd|th)?,? (?P<y4>(?:19|20)[0-9]{{2}})"
    rf"|(?P<y5>(?:19|20)[0-9]{{2}})(?P<m5>[01][0-9])(?P<d5>[0-3][0-9])"
    rf"|(?P<y6>(?:19|20)[0-9]{{2}}) (?:{_MONTH}) (?P<d6>[0-3]?[0-9])"
    rf")(?![0-9a-z]|[\-/.][0-9])"
)
PARTIAL = re.compile(rf"(?<![0-9a-z.,\-/])(?:(?:{_MONTH}) )?(?:19|20)[0-9]{{2}}(?![0-9a-z]|[\-/.][0-9])")
BORN = re.compile(
    r"\b(?:nee?s?|ne\(e\)s?|ne[.\-/]e|born|naquit|naquis)[,:]?(?:\(e\))?(?: (?:a|au|aux|en|in|at)"
    r"(?: [a-z'().\-,]{1,20}){1,6}?,?)?(?: ?(?:le|un|on|the|en|in|vers))?[ :\-]{0,3}\Z"
)
BIRTH = re.compile(
    r"(?<!con)na[il1][s5]{1,2}ances?|date de (?:naiss\b\.?|fete)|\b(?:ma|sa) fete\b|\bd\.?d\.?n\.?(?![a-z])|\bd\.?"
    r"o\.?b\.?(?![a-z])|birth ?(?:date|day)?|date ?"
    r"of ?birth|born\b|"
    r"anniversaire"
)
FOUNDED = re.compile(
    r",? (?:de|du|d'|a la suite|par) ?(?:la |l'|de la |d'une )?(?:fusion|regroupement|union|creation|reunion)"
)
ASKED = re.compile(
    r"(?:(?<!con)naissance|birth|\bdob|\bddn)[^.!?\n]{0,40}\?\s{0,3}(?:[^\n:?]{1,25}: ?)?(?:(?:le|on|the|c'est(?: le)?|"
    r"it's) )?\Z"
)
OTHER = re.compile(
    r"[0-9]{3}|[.!?;] |\n[ ]*[a-z'() ]{3,40}:|\b(?:deces|decede|died|death|embauch|mariage|married|delivr|emis|"
    r"emission|issued|expir|"
    r"recu|receiv|demande[e ]|dat[e]e|signe[e ]|signed|"
    r"adopt|inscri|depos|modifi|corrig|traite|transmis|envoy|entre en|en vigueur|arriv|hired|a compter|jusqu|"
    r"rendez|prevu|debut|fin\b)"
)
NOT_BIRTH = re.compile(
    r"(?:conge|certificat|acte|actes|extrait|taux|prime|allocation|lieu|pays|declaration|copie|registre|preuve|"
    r"constat|certificate|place|country|leave)s?"
    r"(?: \w{1,12}){0,2}(?: de| d'| a la| of| the| du)? ?\Z"
)
AFTER = re.compile(
    r"[\"' ]{0,2}[(,\-–] ?(?:date de |sa date de |ma date de |date de sa )?(?:naissance|ddn|dob|date of birth|birth)"
)
CHAIN = re.compile(r" ?(?:,|et|and|/|;) ?(?:le |on )?\Z")
HEADING = re.compile(r"(?<!con)naiss|\bddn\b|\bdob\b|birth")


def find(view: View) -> Iterator[Candidate]:
    """Dates in a text that speaks of a birth."""
    folded = view.folded
    if not (any(word in folded for word in GATE) or BIRTH_NEAR.search(folded) or BORN_NEAR.search(folded)):
        return
    previous = -1
    for match in DATE.finditer(folded):
        if not _calendar(match):
            continue
        start, end = match.span()
        score = (
            0.85 if 0 <= previous < start and CHAIN.fullmatch(folded, previous, start) else context(view, start, end)
        )
        if score:
            previous = end
            yield Candidate(start, end, "DATE_OF_BIRTH", score)
    for match in PARTIAL.finditer(folded):
        if BORN.search(folded, max(0, match.start() - 60), match.start()):
            yield Candidate(match.start(), match.end(), "DATE_OF_BIRTH", 0.6)


def context(view: View, start: int, end: int) -> float:
    """How sure the words around are that a date is a birth; 0 if they say nothing of it."""
    folded = view.folded
    if FOUNDED.match(folded, end):
        return 0.0
    if BORN.search(words(view.plain[max(0, start - 90) : start])):
        return 0.95
    low = max(0, start - 70)
    near = words(view.plain[low:start])
    if ASKED.search(near):
        return 0.9
    last = None
    for last in BIRTH.finditer(near):  # noqa: B007 - the nearest
        pass
    if last is not None and not OTHER.search(near, last.end()):
        lead = words(view.plain[max(0, start - 110) : start])[: -(len(near) - last.start())]
        if not NOT_BIRTH.search(lead):
            return 0.95
    if AFTER.match(folded, end):
        return 0.9
    return 0.9 if HEADING.search(view.heading(start)) else 0.0


def _calendar(match: re.Match[str]) -> bool:
    found = match.groupdict()
    if found["a"] is not None:
        a, b = found["a"], found["b"]
        return (
            is_date(b, a, women_add_50=False)
            or is_date(a, b, women_add_50=False)
            or is_date(b, found["y2"][-2:], women_add_50=False)
        )
    month, day = (
        found["m"] or found["m5"] or found["m7"] or "1",
        found["d"] or found["d3"] or found["d4"] or found["d5"] or found["d6"] or found["d7"],
    )
    return is_date(month, day, women_add_50=False)


RECOGNIZER = Recognizer(
    ("DATE_OF_BIRTH",),
    "ISO 8601; Office québécois de la langue française, l'écriture des dates",
    ("né le", "née le", "date de naissance", "DDN", "date of birth", "DOB", "born"),
    find,
)
