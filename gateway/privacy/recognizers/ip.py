"""IP_ADDRESS: addresses of machines. Version and section numbers look the same: words before them and their size decide.

Source: RFC 791, RFC 4291; loopback, unspecified, broadcast and masks identify nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv6Address

from gateway.privacy.recognizers.candidate import Candidate, Recognizer
from gateway.privacy.recognizers.cues import Cues, Standing, before
from gateway.privacy.recognizers.view import View

V4 = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9a-z_]|[.\-][0-9]|/[0-9])")
V6 = re.compile(r"(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}")
CUES = Cues(
    r"\bip(?:v[46])?\b|adresse reseau|connexion|connect|\bclient\b|serveur|server|"
    r"\bhost|source|remote|\bfrom\b|depuis|provenance|\bping\b|"
    r"passerelle|\blog|journal|acces|poste de travail|session|network|reseau|vpn"
)
NAMED = Cues(r"\bip(?:v4)?\b|adresse|address|depuis|from|ping\b|hote|host")
VERSION = re.compile(
    r"(?:\bv|\bver\.?|version|versions|release|build|firmware|micrologiciel|"
    r"mise a jour|maj|articles?|art\.|sections?|chapitre|norme|annexe|"
    r"clause|par\.|"
    r"paragraphe|point|rubrique|figure|tableau|exigence|numero|\bno|oid|edition|schema|module|paquet|package|"
    r"bibliotheque|pilote|driver|logiciel|"
    r"[a-z]/|==|>=|<=|~=|\^)"
    r"[ :#.=\"\']{0,5}(?:no |numero )?\Z"
)


def find(view: View) -> Iterator[Candidate]:
    """Version 4, then version 6."""
    folded = view.folded
    if folded.count(".") >= 3:
        for match in V4.finditer(folded):
            start, end = match.span()
            if folded[start - 1 : start].isalnum() or folded[max(0, start - 1) : start] in ("_", ".", "-"):
                continue
            octets = match[0].split(".")
            if all(len(one) < 2 or one[0] != "0" for one in octets) and all(int(one) < 256 for one in octets):
                yield Candidate(start, end, *_judged(view, start, end, [int(one) for one in octets]))
    if "::" in folded or folded.count(":") >= 7:
        yield from _version_6(folded)


def _judged(view: View, start: int, end: int, octets: list[int]) -> tuple[str, float]:
    if VERSION.search(before(view, start, 30)):
        return "VERSION", 0.6
    if octets[0] in (0, 127, 255) or octets[0] >= 224:
        return "IP_ADDRESS", 0.1
    small = max(octets) < 33  # as likely a version
    sure = (NAMED if small else CUES).standing(view, start, end) in (Standing.FOR, Standing.HEADING)
    return "IP_ADDRESS", 0.9 if sure else 0.2 if small else 0.6


def _version_6(folded: str) -> Iterator[Candidate]:
    for match in V6.finditer(folded):
        start, end = match.span()
        if (
            folded[start - 1 : start].isalnum()
            or folded[end : end + 1].isalnum()
            or (match[0].count(":") < 3 and "::" not in match[0])
        ):
            continue
        value = match[0].rstrip(":") if not match[0].endswith("::") else match[0]
        try:
            address = IPv6Address(value)
        except AddressValueError:
            continue
        groups = [one for one in value.split(":") if one]
        if len(groups) >= 3 and any(one.isdigit() or not one.isalpha() for one in groups) and not address.is_loopback:
            yield Candidate(start, start + len(value), "IP_ADDRESS", 0.85)


RECOGNIZER = Recognizer(("IP_ADDRESS",), "RFC 791, RFC 4291", ("IP", "adresse IP", "connexion"), find)
