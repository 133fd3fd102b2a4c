"""CA_IMMIGRATION: the unique client identifier (identificateur unique de client, IUC; UCI) and the number of an
application.

IUC: eight digits `1234-5678` or ten `12-3456-7890`, an X or T before a temporary one; application: a letter and nine
digits. Source: Immigration, Refugees and Citizenship Canada, Help Centre, "What is a UCI" and "What is an application
number".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.privacy.recognizers.candidate import Candidate, Recognizer
from gateway.privacy.recognizers.cues import NUMBERED, Cues, Standing, before
from gateway.privacy.recognizers.numbers import digits
from gateway.privacy.recognizers.view import View

IUC = re.compile(r"[0-9](?<![0-9a-su-wyz].)(?<![0-9][.,/\-].)(?:[ .\-]{0,3}[0-9]){7,9}(?![0-9a-z]|[.,/\-][0-9])")
HYPHENED = re.compile(r"[0-9]{2}-[0-9]{4}-[0-9]{4}|[0-9]{4}-[0-9]{4}")
APPLICATION = re.compile(r"[0-9]{9}(?<=[a-z].{9})(?<![a-z0-9].{10})(?![0-9a-z])")
NAMED = re.compile(r"\bidentifi(?:ant|er)\b[^.;\n]{0,40}\Z")
GATE = tuple(
    """iuc,uci,immigr,ircc,client id,client_id,clientid,id client,asile,asylum,refugi,refugee,residence
    permanente,permanent resid, citoyennete,citizenship,csq,permis d'etude,permis de travail,study permit,work
    permit,visa ,visa:,identificateur unique, identifiant unique,unique client,identification de client,numero de
    client,numero du client
    """.replace("\n", "")
    .replace("    ", "")
    .split(",")
)
CLIENT = Cues(
    r"\biuc\b|\buci\b|identificateur unique|identifiant unique|unique client|client[ \-]?id\b|id[ \-]?client|"
    r"identification de client|"
    r"numero (?:de|du) client",
    NUMBERED + r"|\btel|cell",
)
MATTER = Cues(
    r"\biuc\b|\buci\b|immigr|\bircc\b|\bcic\b|\basile\b|asylum|refugi|refugee|residence permanente|"
    r"permanent resid|permis d'etude|"
    r"permis de travail|study permit|work permit|\bvisa\b|citoyennete|citizenship|\bcsq\b|client[ \-]?id\b"
)


def find(view: View) -> Iterator[Candidate]:
    """In a text that speaks of immigration."""
    folded = view.folded
    if not any(word in folded for word in GATE):
        return
    for match in IUC.finditer(folded):
        start, end = match.span()
        if len(digits(match[0])) == 9:
            continue
        client = CLIENT.standing(view, start, end)
        hyphened = HYPHENED.fullmatch(match[0]) is not None
        score = 0.2
        if client in (Standing.FOR, Standing.HEADING):
            score = 0.92
        elif NAMED.search(before(view, start, 60)) and MATTER.anywhere(view):
            score = 0.7
        elif hyphened and MATTER.standing(view, start, end) is Standing.FOR:
            score = 0.75
        if (
            score > 0.4
            and folded[start - 1 : start] in ("x", "t")
            and not folded[max(0, start - 2) : start - 1].isalnum()
        ):
            start -= 1
        yield Candidate(start, end, "CA_IMMIGRATION", score)
    for match in APPLICATION.finditer(folded):
        start, end = match.start() - 1, match.end()
        standing = MATTER.standing(view, start, end)
        yield Candidate(start, end, "CA_IMMIGRATION", 0.85 if standing in (Standing.FOR, Standing.HEADING) else 0.3)


RECOGNIZER = Recognizer(
    ("CA_IMMIGRATION",),
    "Immigration, Refugees and Citizenship Canada, Help Centre: UCI, application number",
    ("IUC", "UCI", "dossier d'immigration", "IRCC", "client ID"),
    find,
)
