"""Names of those who serve the public, in the exercise of their functions: name, title and function are public information
(Act respecting access, A-2.1, s. 57). By default they are found like any other name; `privacy.public_functions: keep` leaves
them in the text. *Decisions*, pure.

It takes a function right beside the name, and, unless the function is only a public one (minister, mayor, judge…), the name of
a public body close by. A function alone (« directrice ») may be a private one, and then the name is found.
"""

from __future__ import annotations

import re

from gateway.privacy import cues
from gateway.privacy.gazetteer import fold

REACH = 160
_ONLY_PUBLIC = frozenset(
    "ministre depute deputee maire mairesse sous-ministre prefet prefete juge greffier greffiere commissaire".split()
)
_AFTER = re.compile(
    r"[ \u00a0]*(?:,[ \u00a0]*|\n[ \t]*|\([ ]?|[–—-][ \u00a0])(?:la |le |l['’])?([^\W\d_]+(?:-[^\W\d_]+)?)"
)
_BEFORE = re.compile(r"([^\W\d_]+(?:-[^\W\d_]+)?),?[ \u00a0](?:(?:M|Mme|Me|Dre?)\.?[ \u00a0])?$")
_BODY = re.compile(
    r"\b(?:minist[eè]re|ville d|municipalit[eé]|c[iu]{1,3}sss|ciusss|commission|tribunal|gouvernement|mrc|r[eé]gie"
    r"|cour (?:du|sup|d)"
    r"|centre de services|assembl[eé]e nationale|conseil (?:de|du|municipal)|s[uû]ret[eé] du|revenu qu[eé]bec"
    r"|retraite qu[eé]bec"
    r"|saaq|ramq|cnesst|bureau d|protecteur|directeur de l['’][eé]tat civil|direction (?:g[eé]n[eé]rale|d|r[eé]gionale))",
    re.IGNORECASE,
)


def serves_the_public(text: str, start: int, end: int) -> bool:
    """Whether a name stands beside a public function of the person."""
    after = _AFTER.match(text, end, end + 48)
    before = _BEFORE.search(text, max(0, start - 48), start)
    functions = {fold(one[1]) for one in (after, before) if one is not None} & cues.PUBLIC
    if not functions:
        return False
    near = text[max(0, start - REACH) : end + REACH]
    return not functions.isdisjoint(_ONLY_PUBLIC) or _BODY.search(near) is not None
