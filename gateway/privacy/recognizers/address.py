"""ADDRESS: where someone lives, as one value: civic number, way, apartment, municipality, province and postal code,
whichever are there.

Source: Canada Post, *Addressing Guidelines*; Office québécois de la langue française, *l'adresse*; Commission de
toponymie (generic terms of ways). Offices of public bodies are recognised as what they are, by their number and
street, by the words before, or by their postal code. A postal code alone says little; with its name, a municipality
or a province before it, it is an address.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator

from gateway.privacy.recognizers.address_parts import BOX, name_end, what_follows
from gateway.privacy.recognizers.candidate import Candidate, Recognizer
from gateway.privacy.recognizers.cues import before
from gateway.privacy.recognizers.places import (
    ENGLISH_WAYS,
    MUNICIPALITIES,
    OFFICES,
    PLAIN_WORDS,
    RESERVED_FOR_OFFICES,
    WAYS,
)
from gateway.privacy.recognizers.view import View

_CIVIC = (
    r"[0-9](?<![0-9a-z].)(?<![0-9][.,/\-].)(?<![$€+#].)[0-9]{0,4}(?:-[0-9]{1,5})?"
    r"(?:[ \-]?[a-df-h](?![a-z0-9.'])|[ \-]?e(?=,))?(?: ?1/2)?"
)
FRENCH = re.compile(
    rf"(?P<civic>{_CIVIC})[ ,\n][ ,\n]{{0,2}}(?:de )?(?:la |l')?"
    rf"(?:(?P<ordinal>[0-9]{{1,3}}(?:re|er|ere|e|ieme|eme|nd|nde)\.?[ \n](?:avenue|av\.|ave\.?|rue|rang|boulevard|"
    rf"boul\.|chemin|concession))(?![a-z])|(?P<grande>grande[ \-]allee)(?![a-z])|(?P<way>{WAYS})(?![a-z'\-]))"
)
ENGLISH = re.compile(
    rf"(?P<civic>{_CIVIC}),? (?P<name>(?:[a-z0-9][a-z0-9'.\-]{{0,24}} ){{1,4}}?)(?P<way>{ENGLISH_WAYS})"
    rf"(?: (?:{ENGLISH_WAYS}))?(?![a-z'\-])"
)
BARE = re.compile(rf"(?P<civic>{_CIVIC}),? (?=[a-z])")
POSTAL = re.compile(
    r"[0-9](?<=[abceghj-nprstvxy].)(?<![a-z0-9]..)[abceghj-nprstv-z][ \-]{0,2}[0-9][abceghj-nprstv-z][0-9](?![a-z0-9])"
)
OFFICE = (
    r"(?P<office>ministere|equipe|responsable|notaire|cabinet|avocat|ministre\b|gouvernement|\bdirection\b|"
    r"bureaux?\b(?! [0-9])|\bcentre\b|"
    r"services?\b(?! de garde)|palais de justice|tribunal|\bcour (?:d'appel|superieure|supreme|municipale|"
    r"du quebec|federale)|hotel de ville|mairie|"
    r"ville de|municipalite|\bmrc\b|\bclsc\b|ciusss|cisss|hopital|clinique|\becole|universite|cegep|college|"
    r"bibliotheque|commission|\bregie|\boffice|societe|agence|"
    r"edifice|\btour\b|\bsiege|musee|institut|\bcaisse|banque|\binc\b|ltee|entreprise|compagnie|organisme|"
    r"comptoir|point de service|succursale|guichet|assemblee nationale|"
    r"\bsaaq|\bramq|revenu quebec|cnesst|retraite quebec|conseil|secretariat|protecteur|department|ministry|"
    r"\bcourt\b|city hall|school|clinic|head office|"
    r"\bsalle\b|seance|audience|rencontre publique|reunion|assemblee|evenement|poste de police|caserne|garage|"
    r"arena|magasin|pharmacie|restaurant|hotel\b|"
    r"centre de services|lieu de travail|accounts payable|comptes? (?:payables?|fournisseurs?)|stationnement|"
    r"gare\b|aeroport|usine|immeuble public|greffe|depot des|"
    r"soumissions|retourne[rz]|faire parvenir|parvenir a|adresse[rz] |poste[rz] |ecri(?:vez|re) (?:a |au |"
    r"nous)|mail (?:your|the|it)|send (?:your|the)|adressee? (?:a|au) l[ea] )"
)
HOME = (
    r"(?P<home>habit|demeur|domicil|resid|logement|loge\b|loue|locataire|locatrice|proprietaire|\bchez\b|"
    r"\bvit\b|\bvivent|\bvis\b|demenag|\bm\.|\bmme\b|\bmlle\b|monsieur|madame|"
    r"\bhome\b|\blive[sd]?\b|living|citoyen|patient|cliente?\b|eleve|etudiant|employe|\bnee?\b|plaignant|"
    r"requerant|demandeu|demanderesse|beneficiaire|assuree?\b|\bmon\b|\bma\b|\bson\b|\bsa\b|"
    r"\bmy\b|\bhis\b|\bher\b|(?:votre|your) ad?dress|destinataire|adresse (?:au dossier|personnelle|"
    r"de correspondance|postale|principale|civique|du domicile|"
    r"complete|actuelle)|\bmr\.?\b|\bmrs\b|\bms\b|conjoint|famille|mere\b|pere\b|parent|tuteur)"
)
_STOP = re.compile(r"\n[ ]*\n|[a-z0-9]{4}[.!?]\s")
WHOSE = re.compile(rf"\b(?:{HOME}|{OFFICE})")
LED = re.compile(r"\b(?:au|du)[ \n]\Z")
LIVES = re.compile(r"\b(?:habit|demeur|resid|rest|viv?)[a-z]{0,5}(?: maintenant| toujours)? au[ ]\Z|\blives? at[ ]\Z")
HEADING = re.compile(r"\bcp\b|postal|zip|adresse|address|domicile|residence")
ADDRESS_WORD = re.compile(
    r"ad?dress|code[ _]?postal|postal[ _]?code|\bzip\b|domicil|habite|\bresid|demeur|demenage|\bviv?[ts]\b|"
    r"\blive[sd]?\b|living"
)


def find(view: View) -> Iterator[Candidate]:
    """Civic addresses in French and English, boxes, then postal codes that stand without one."""
    folded = view.folded
    taken = -1
    for match in FRENCH.finditer(folded):
        if match.start() >= taken and (end := _french(view, match)):
            taken = yield from _whole(view, match.start(), end, sure=match["way"] not in PLAIN_WORDS)
    for match in ENGLISH.finditer(folded):
        name = view.plain[match.start("name") : match.end("name")]
        if not any(word[0].isalpha() for word in name.split()):
            continue
        if all(word[0].isupper() or word[0].isdigit() for word in name.split()) or (
            _street(match["way"]) and name.split()[-1][0].isalpha() and len(name.split()) <= 2
        ):
            yield from _whole(view, match.start(), match.end(), sure=name[:1].isupper() and _street(match["way"]))
    yield from _bare(view)
    if "postal" in folded or "box" in folded or "c.p" in folded or " cp " in folded:
        for match in BOX.finditer(folded):
            yield from _whole(view, match.start(), match.end(), sure=False)
    for match in POSTAL.finditer(folded):
        yield _code(view, match.start() - 1, match.end())


def _street(way: str) -> bool:
    return way.rstrip(".") in (
        "street",
        "st",
        "avenue",
        "ave",
        "road",
        "rd",
        "drive",
        "boulevard",
        "blvd",
        "crescent",
        "lane",
    )


def _french(view: View, match: re.Match[str]) -> int:
    """Where the name of the way ends; 0 if there is no name."""
    if match["ordinal"] or match["grande"]:
        return match.end()
    way = match["way"]
    end = name_end(
        view, match.end(), strict=way in PLAIN_WORDS and not ADDRESS_WORD.search(before(view, match.start(), 40))
    )
    return end if end > match.end() else 0


def _bare(view: View) -> Iterator[Candidate]:
    """`4567, Saint-Denis, app. 3, Montréal`: no way named: an apartment or a postal code follows, or "habite au" precedes."""
    plain = view.plain
    for match in BARE.finditer(view.folded):
        lives = LIVES.search(view.folded, max(0, match.start() - 24), match.start()) is not None
        if not lives and not plain[match.end() : match.end() + 1].isupper():
            continue
        end = name_end(view, match.end() - 1, strict=True)
        if end:
            _, parts = what_follows(view, end)
            if "postal" in parts or ("town" in parts and ("unit" in parts or lives)):
                yield from _whole(view, match.start(), end, sure=False)


def _whole(view: View, start: int, end: int, *, sure: bool) -> Generator[Candidate, None, int]:
    """The address from its first part on, with what follows; returns where it ends."""
    stop, parts = what_follows(view, end)
    whose = _whose(view, start)
    civic = view.folded[start:end]
    if whose != "home" and (_is_office(civic) or "reserved" in parts):
        whose = "office"
    if whose == "office":
        yield Candidate(start, stop, "OFFICE_ADDRESS", 0.7)
        return stop
    score = 0.65 if sure else 0.5 if LED.search(view.folded, max(0, start - 4), start) or "," in civic else 0.35
    score += 0.2 if parts & {"postal", "town", "unit"} else 0.0
    score += 0.2 if ADDRESS_WORD.search(before(view, start, 50)) else 0.1 if whose == "home" and sure else 0.0
    yield Candidate(start, stop, "ADDRESS", min(score, 0.97))
    return stop


def _whose(view: View, start: int) -> str:
    """ "home", "office" or nothing: by the nearest word before, else the heading of the column."""
    last = ""
    near = before(view, start, 100)
    begin = 0
    for match in _STOP.finditer(near):
        begin = match.end()
    for match in WHOSE.finditer(near, begin):
        last = match.lastgroup or ""
    return last


def _is_office(civic: str) -> bool:
    """Whether a civic number and a way are those of a public body."""
    number = re.match(r"[0-9]+", civic)
    if number is None:
        return False
    words = re.findall(r"[a-z0-9\-]+", civic[number.end() :])
    return any(
        f"{number[0]} {' '.join(words[-count:])}" in OFFICES for count in (1, 2, 3) if len(words) >= count
    ) or any(f"{number[0]} {word}" in OFFICES for word in words)


BEFORE_CODE = re.compile(
    r"(?P<town>[A-Z](?:[A-Za-z.]|['\-](?=[A-Za-z])){1,30}(?:[ ](?:(?:de|du|des|la|le|les|sur|en|aux?|a)[ ])?"
    r"[A-Z](?:[A-Za-z.]|['\-](?=[A-Za-z])){0,30}){0,4})?"
    r"(?P<gap>[ ,]{0,3})(?P<province>\((?:Quebec|QUEBEC|QC|Qc|Ontario|Ont\.|ON)\)|Quebec|QUEBEC|QC|Qc|Ontario|"
    r"ON)?[ ,]{0,3}\Z"
)


def _code(view: View, start: int, end: int) -> Candidate:
    """A postal code without a civic number; with the municipality and province before it."""
    prefix = view.folded[start : start + 3]
    whose = _whose(view, start)
    near = before(view, start, 60)
    cue = ADDRESS_WORD.search(near) is not None or HEADING.search(view.heading(start)) is not None
    low = max(0, start - 60)
    low = max(low, view.plain.rfind("\n", low, start) + 1)
    lead = BEFORE_CODE.search(view.plain, low, start)
    first, named = start, False
    if lead is not None and (lead["town"] or lead["province"]):
        town = (lead["town"] or "").lower()
        if lead["province"] or town in MUNICIPALITIES:
            first, named = lead.start(), True
            known = next((lead.start() + at for at in _starts(town) if town[at:] in MUNICIPALITIES), None)
            first = known if known is not None else first
    if prefix in RESERVED_FOR_OFFICES or whose == "office":
        return Candidate(first, end, "OFFICE_ADDRESS", 0.6)
    score = 0.85 if cue or whose == "home" else 0.6 if named else 0.35
    return Candidate(first, end, "ADDRESS", score)


def _starts(town: str) -> list[int]:
    return [0, *(at + 1 for at, one in enumerate(town) if one == " ")]


RECOGNIZER = Recognizer(
    ("ADDRESS",),
    "Canada Post, Addressing Guidelines; Office québécois de la langue française; Commission de toponymie du Québec",
    ("habite", "domicile", "réside", "adresse", "lives at"),
    find,
)
