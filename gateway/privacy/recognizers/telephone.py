"""PHONE_NUMBER: North American numbers as people write them, with their extension; other countries' after a `+` or a
cue.

Source: North American Numbering Plan (area code and exchange begin with 2 to 9; NPA of Québec 418 581 367, 514 438
263, 450 579 354, 819 873 468), ITU-T E.164. Not personal: toll-free and premium numbers (8YY, 900), services of three
digits, the exchanges of the Government of Québec's own telephone service, and numbers announced as an office's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.privacy.recognizers.candidate import Candidate, Recognizer
from gateway.privacy.recognizers.cues import NUMBERED, Cues, Standing, before
from gateway.privacy.recognizers.nas import NUMBER_OF, glued
from gateway.privacy.recognizers.numbers import digits
from gateway.privacy.recognizers.view import View

SHAPE = re.compile(
    r"[2-9][0-9]{2}(?:(?<![0-9].{3})|(?<=\+1.{3}))\)?[ .\-/\n]{0,3}[2-9][0-9]{2}[ .\-\n]{0,3}[0-9]{2}[ .\-]?"
    r"[0-9]{2}(?![0-9]|[.,/\-][0-9])"
)
PREFIX = re.compile(r"(?:\+ ?1|\b1|\b001)?[ .\-]{0,3}\(?\Z")
EXTENSION = re.compile(r"[ ,;]{0,2}\(?(?:poste|p\.|ext\.?|extension|x|#|# ?poste)[ .:#]{0,2}[0-9]{1,6}(?![0-9a-z])\)?")
LOCAL = re.compile(r"[2-9][0-9]{2}(?<![0-9a-z].{3})(?<![0-9)][ .\-].{3})[ \-.][0-9]{4}(?![0-9a-z]|[ .,/\-][0-9])")
ABROAD = re.compile(r"(?:\+|00(?<![0-9a-z,. ].{2}))[2-9][0-9]{0,2}(?:[ .\-()]{0,3}[0-9]){7,12}(?![0-9])")
FRANCE = re.compile(r"0[1-9](?<![0-9a-z+].{2})(?<![0-9][ .,\-].{2})(?:[ .\-][0-9]{2}){4}(?![0-9a-z]|[ .,/\-][0-9])")
TOLL_FREE = frozenset("800 833 844 855 866 877 888 822 880 881 882 883 889 900 976".split())
GOVERNMENT = frozenset("418643 418644 418646 418528 514873 514864".split())
CANADA = frozenset(
    """
    418 581 367 514 438 263 450 579 354 819 873 468 204 431 584 226 519 548 382 236 250 604 672 778 257 249 705 683 289
    365 905 742 306 639 474 343 613 753 403 587 780 825 368 416 437 647 942 506 428 709 879 782 902 807 867
    """.split()
)
_NAMED = (
    r"tel\b|telephon|cell?\b|cellulaire|mobile\b|(?:re)?joindre|joignable|jointe? |rappel|phone|"
    r"appel(?:er|ez|ons|l?es?)?\b(?! d'offres)|texto|sms\b|fax|telecop|pagette|call\b|whatsapp"
)
STRICT = Cues(_NAMED, NUMBERED)
CUES = Cues(
    _NAMED + r"|domicile|ligne|contact|coordonnees|residence|maison|travail\b|bureau\b|home\b|work\b|reach|numero ?tel",
    NUMBERED + r"|(?:nas|iuc|uci|compte|folio|transit|isbn|no de membre|numero de membre)\b",
)
_OFFICE = (
    r"(?P<office>sans frais|toll[ \-]free|service a la clientele|services? quebec|ligne (?:info|d'info|"
    r"d'ecoute|d'aide)\w*|info[ \-]\w+|accueil|reception|standard|"
    r"ministere|direction|secretariat|ligne generale|numero general|renseignements generaux|(?:pour|"
    r"de) (?:tout |plus de |amples )?renseignements?\b|renseignements ?:|"
    r"bureau(?:x)? (?:de|du|des|d')|bureau regional|"
    r"centre (?:de|des|d'|hospitalier|local)|\bclsc\b|cisss|ciusss|hopital|clinique|municipalite|ville de|"
    r"hotel de ville|greffe|palais de justice|"
    r"customer service|help ?desk|soutien technique|centre d'appels?|comptoir|regie|\bsaaq|\bramq|cnesst|"
    r"revenu quebec|retraite quebec|"
    r"curateur|protecteur|commission|office|ecole|bibliotheque|pharmacie|police|urgences\b|notre (?:equipe|"
    r"numero)|head office|main line|"
    r"composez le|composer le|(?:communique[rz]|contacte[rz])(?: directement)?(?: avec|-)? ?(?:nous|notre|l'|"
    r"le |la )|nous joindre|joindre (?:notre|nos|le service|la direction|l'equipe)|nos bureaux|nos lignes|"
    r"ligne telephonique|telecopieur du|department|ministry)"
)
_PERSON = (
    r"(?P<person>\bcell?\b|cellulaire|mobile\b|domicile|maison\b|residence|\bhome\b|\bmon\b|\bma\b|\bson\b|"
    r"\bsa\b|\bmy\b|\bhis\b|\bher\b|\bm\.|\bmme\b|\bmlle\b|"
    r"\bmonsieur|\bmadame|\bmr\b|\bmrs\b|\bms\b|citoyen|client[e ]|patient|mere\b|pere\b|conjoint|voisin|"
    r"proprietaire|locataire|locatrice|demandeu|demanderesse|"
    r"requerant|plaignant|employe|eleve|parent|tuteur|tutrice|\bme joindre|\bla joindre|\ble joindre|l'appeler|"
    r"\bla rappeler|\ble rappeler|m'appeler|"
    r"me rappeler|(?:votre|your) (?:numero|number)|avec moi\b|m'ecrire|soussigne|call me|reach me|reach (?:him|"
    r"her)|urgence[ :]*\(?contact|"
    r"contact d'urgence|"
    r"vous (?:etes )?joignable|vous (?:re)?joindre|en cas d'urgence|personne a (?:joindre|contacter|prevenir))"
)
WHOSE = re.compile(rf"\b(?:{_PERSON}|{_OFFICE})")
AFTER_OFFICE = re.compile(
    r"[ ]?[(,\-] ?(?:sans frais|toll[ \-]free|ligne|accueil|reception|standard|service a la|bureau)"
)


def find(view: View) -> Iterator[Candidate]:
    """Numbers of telephones; those of offices as what they are."""
    folded = view.folded
    for match in SHAPE.finditer(folded):
        yield from _number(view, match)
    if "+" in folded or "00" in folded:
        for match in ABROAD.finditer(folded):
            yield Candidate(match.start(), match.end(), "PHONE_NUMBER", 0.7)
    for match in FRANCE.finditer(folded):
        sure = CUES.standing(view, *match.span())
        yield Candidate(
            match.start(),
            match.end(),
            "PHONE_NUMBER",
            0.85 if sure is Standing.FOR else 0.3 if sure is Standing.AGAINST else 0.5,
        )
    if "tel" in folded or "cell" in folded or "phone" in folded:
        for match in LOCAL.finditer(folded):
            near = before(view, match.start(), 24)
            if NEAR.search(near) and not glued(folded, *match.span()):
                extension = EXTENSION.match(folded, match.end())
                yield Candidate(match.start(), extension.end() if extension else match.end(), "PHONE_NUMBER", 0.7)


NEAR = re.compile(r"\b(?:tel|telephone|cell|cellulaire|phone)\b[ .:#=\"'a-z()]{0,14}\Z")


def _number(view: View, match: re.Match[str]) -> Iterator[Candidate]:
    folded = view.folded
    start, end = match.span()
    lead = PREFIX.search(folded, max(0, start - 7), start)
    opened = lead is not None and lead[0].endswith("(")
    if ")" in match[0] and not opened:
        return
    if lead is not None and (lead[0].strip(" .-(") or opened):
        start = lead.start() + len(lead[0]) - len(lead[0].lstrip(" .-"))
    if opened and ")" not in match[0]:
        start = match.start()
    edge = folded[max(0, start - 2) : start]
    if edge[-1:].isalnum() and not (edge[-1:].isalpha() and NEAR.search(folded, max(0, start - 24), start)):
        return
    if edge[-1:] in ("-", ".", "/", ",") and edge[:1].isdigit():
        return
    extension = EXTENSION.match(folded, end)
    end = extension.end() if extension else end
    if folded[end : end + 1].isalpha():
        return
    number = digits(match[0])
    written = match.end() - match.start() > 10 or start < match.start()
    entity, score = judged(view, start, end, number, written=written, extended=extension is not None)
    yield Candidate(start, end, entity, score)


THING = re.compile(NUMBERED)
OF_A_THING = re.compile(
    rf"{NUMBERED}(?: (?:numero|number|no\.?|n\.?|de|du|client|interne|is|est))*[ :#.\-\"'=]{{0,6}}\Z"
)


def judged(view: View, start: int, end: int, number: str, *, written: bool, extended: bool) -> tuple[str, float]:
    """What a number of ten digits is, and how sure. `written`: with separators; `extended`: with an extension, so someone's."""
    if number[:3] in TOLL_FREE or (number[1:3] == "11"):
        return "PUBLIC_TELEPHONE", 0.8
    standing = CUES.standing(view, start, end)
    whose = _whose(view, start, end)
    if not extended and (whose == "office" or (number[:6] in GOVERNMENT and whose != "person")):
        return "PUBLIC_TELEPHONE", 0.6
    alone = not glued(view.folded, start, end)
    of_a_thing = standing is Standing.AGAINST and (
        OF_A_THING.search(before(view, start, 40)) is not None or THING.search(view.heading(start)) is not None
    )
    if of_a_thing and not (written and whose == "person"):
        return "PHONE_NUMBER", 0.35 if written and alone else 0.2
    if not written:
        sure = STRICT.standing(view, start, end) in (Standing.FOR, Standing.HEADING)
        if sure or (whose == "person" and alone):
            return "PHONE_NUMBER", 0.85 if sure else 0.6
        known = alone and number[:3] in CANADA and not NUMBER_OF.search(before(view, start, 48))
        return "PHONE_NUMBER", 0.45 if known else 0.3
    if standing in (Standing.FOR, Standing.HEADING) or whose == "person" or extended:
        return "PHONE_NUMBER", 0.9
    return "PHONE_NUMBER", 0.65 if alone else 0.3


def _whose(view: View, start: int, end: int) -> str:
    """ "person", "office" or nothing: by the nearest word before on the same line, or right after."""
    if AFTER_OFFICE.match(view.folded, end):
        return "office"
    last = ""
    near = before(view, start, 60)
    for match in WHOSE.finditer(near, near.rfind("\n") + 1):
        last = match.lastgroup or ""
    return last


RECOGNIZER = Recognizer(
    ("PHONE_NUMBER",),
    "North American Numbering Plan; ITU-T E.164",
    ("téléphone", "cellulaire", "joindre", "phone", "call"),
    find,
)
