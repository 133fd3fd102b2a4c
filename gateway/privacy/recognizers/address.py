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

from gateway.privacy.recognizers.candidate import Candidate, Recognizer
from gateway.privacy.recognizers.cues import before
from gateway.privacy.recognizers.places import (
    ENGLISH_WAYS,
    MUNICIPALITIES,
    OFFICES,
    PLAIN_WORDS,
    PROVINCES,
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
TAIL_POSTAL = re.compile(
    r"[abceghj-nprstvxy][0-9oilsz][abceghj-nprstv-z028][ \-]{0,3}[0-9oilsz][abceghj-nprstv-z028][0-9oilsz](?![a-z0-9])"
)
GAP = re.compile(r"[ ]{0,3},?[ ]{0,3}(?:\n[ ]{0,12})?(?:[\-|/][ ]{1,2})?")
DIRECTION = re.compile(
    r",? (?:est|[o0]uest|nord|sud|east|west|north|south|n\.?-?[eo]\.?|s\.?-?[eo]\.?|[eonsw]\.?)(?![a-z0-9'\-])"
)
UNIT = re.compile(
    r"\(?(?:app(?:t|art|artement|art\.)?\.?|apt\.?|apartment|unite?|suite|local|bureau|bur\.?|logement|log\.?|"
    r"chambre|porte|condo|loft|no\.?|#) {0,2}(?:no\.? |n |#)?[ #]?"
    r"(?:[0-9]{1,5}(?:[ \-]?[a-z](?![a-z']))?|[a-z](?:[\-]?[0-9]{1,4})?(?![a-z0-9]))(?:[.\-][0-9]{1,3})?(?![0-9])\)?"
)
FLOOR = re.compile(
    r"(?:au )?(?:[0-9]{1,2}(?:e|er|ieme|eme|th|nd|rd|st) (?:etage|floor)|rez-de-chaussee|sous-sol|rc)(?![a-z])"
)
BOX = re.compile(
    r"(?:c\.? ?p\.?|case postale|b\.? ?p\.?|p\.? ?o\.? ?box|po box) ?(?:no )?[0-9]{1,6}(?:,? succ(?:ursale|"
    r"\.)? [a-z][a-z\-]{0,20}(?: [a-z][a-z\-]{2,20})?)?(?![0-9])"
)
PROVINCE = re.compile(rf"\(? ?(?:{PROVINCES})(?![a-z0-9'\-])(?: ?\))?")
COUNTRY = re.compile(r"canada(?![a-z])")
TOWN = re.compile(
    r"(?:a |in |au )?(?P<name>[A-Z](?:[A-Za-z01.]|['\-](?=[A-Za-z])){0,30}(?:[ ](?:(?:de|du|des|la|le|les|sur|en|"
    r"aux?|a)[ ])?[A-Z](?:[A-Za-z01.]|['\-](?=[A-Za-z])){0,30}){0,4})"
)
LOWER_TOWN = re.compile(
    r"(?:a |in |au )?(?P<name>[a-z](?:[a-z]|['\-](?=[a-z])){1,40}(?: [a-z](?:[a-z]|['\-](?=[a-z])){1,20})?)"
)
WORD = re.compile(r" {0,2}(?P<word>[A-Za-z0-9](?:[A-Za-z0-9]|['.\-](?=[A-Za-z0-9])){0,40}\.?)")
ORDINAL = re.compile(r"[0-9]{1,3}(?:re|er|ere|e|ieme|eme|nd|nde|st|nd|rd|th)")
FIRST_WORD = re.compile(r"[ \n]{0,2}(?P<word>[A-Za-z0-9](?:[A-Za-z0-9]|['.\-](?=[A-Za-z0-9])){0,40}\.?)")
CODE = re.compile(r"[A-Z][0-9][A-Z]")
SAINTS = re.compile(r"(?:saint|sainte|st|ste|notre-dame|mont|lac|l'ange|sainte?s)[\- ][a-z]")
PARTICLES = frozenset("de du des la le les l d au aux a et en sur sous of the".split())
FOLLOWED = frozenset(
    """
        saint sainte st ste st. ste. notre mont lac grand grande petit petite vieux vieille haut haute bas
        basse docteur dr dr. mgr pere soeur general cardinal abbe rene jean pierre louis
    """.split()
)
ENDS = frozenset(
    """app app. appt apt apt. appartement apartment unite unit suite local bureau bur logement chambre porte casier est
    ouest nord sud east west north south quebec qc montreal laval canada c.p. cp case tel tel. telephone cell courriel
    email code le la les et est qui dans pour sera sont a au en depuis avec mais ou sur que il elle je nous vous son
    sa mon ma ses ce cette and is in at to for with from she he they my his her nas nam ne nee date m. mme monsieur
    madame barree fermee ferme
    """.split()
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
    r"soumissions|adressee? (?:a|au) l[ea] )"
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
    end = _name(
        view, match.end(), strict=way in PLAIN_WORDS and not ADDRESS_WORD.search(before(view, match.start(), 40))
    )
    return end if end > match.end() else 0


def _name(view: View, at: int, *, strict: bool) -> int:
    """The end of a way's name: particles and names, or a single word in lower case."""
    plain = view.plain
    end, named, loose = at, 0, False
    for _ in range(8):
        match = (WORD if named else FIRST_WORD).match(plain, at)
        if match is None or CODE.fullmatch(match["word"]):
            break
        word = match["word"]
        folded = word.lower()
        stop = word.endswith(".") and folded not in FOLLOWED and len(word) > 2
        bare = folded.rstrip(".")
        if bare in PARTICLES or bare in ("l'", "d'"):
            if bare in ("a", "et", "en", "au", "aux", "sur"):
                break
            at = match.end()
            continue
        if folded in ENDS and (named or plain[at - 1] == "."):
            break
        proper = (
            word[0].isupper()
            or (word[0].isdigit() and (not named or ORDINAL.fullmatch(folded)))
            or (folded[:2] in ("d'", "l'") and word[2:3].isupper())
        )
        if not proper and (folded in ENDS or not _loosely(plain, end, named, loose=loose, strict=strict)):
            break
        named, loose = named + 1, loose or not proper
        at = end = match.end() - (1 if stop else 0)
        if stop or (loose and bare not in FOLLOWED):
            break
    return end if named else 0


def _loosely(plain: str, end: int, named: int, *, loose: bool, strict: bool) -> bool:
    """Whether a word in lower case may be of the name: the first one, or after one that another follows (saint, docteur…)."""
    if strict or (named and not loose):
        return False
    return not named or plain[max(0, end - 20) : end].rpartition(" ")[2].lower().rstrip(".") in FOLLOWED


def _bare(view: View) -> Iterator[Candidate]:
    """`4567, Saint-Denis, app. 3, Montréal`: no way named: an apartment or a postal code follows, or "habite au" precedes."""
    plain = view.plain
    for match in BARE.finditer(view.folded):
        lives = LIVES.search(view.folded, max(0, match.start() - 24), match.start()) is not None
        if not lives and not plain[match.end() : match.end() + 1].isupper():
            continue
        end = _name(view, match.end() - 1, strict=True)
        if end:
            _, parts = _parts(view, end)
            if "postal" in parts or ("town" in parts and ("unit" in parts or lives)):
                yield from _whole(view, match.start(), end, sure=False)


def _whole(view: View, start: int, end: int, *, sure: bool) -> Generator[Candidate, None, int]:
    """The address from its first part on, with what follows; returns where it ends."""
    stop, parts = _parts(view, end)
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


def _parts(view: View, end: int) -> tuple[int, set[str]]:
    """What follows a civic address: direction, apartment, floor, box, municipality, province, postal code, country."""
    folded, plain = view.folded, view.plain
    parts: set[str] = set()
    direction = DIRECTION.match(folded, end)
    end = direction.end() if direction else end
    for _ in range(8):
        gap = GAP.match(folded, end)
        at = gap.end() if gap else end
        broken = at > end
        found: int | None = None
        for name, pattern in (
            ("postal", TAIL_POSTAL),
            ("unit", UNIT),
            ("floor", FLOOR),
            ("box", BOX),
            ("province", PROVINCE),
            ("country", COUNTRY),
        ):
            if name in parts or (name in ("unit", "floor", "box") and parts & {"postal"}):
                continue
            match = pattern.match(folded, at)
            if match is not None and (broken or name == "unit"):
                if name == "province" and not _is_province(view, match, parts):
                    continue
                found = match.end()
                parts.add(name)
                if name == "postal" and match[0][:3] in RESERVED_FOR_OFFICES:
                    parts.add("reserved")
                break
        if found is None and broken and "town" not in parts:
            found = _town(view, at)
            if found is not None:
                parts.add("town")
        if found is None:
            break
        end = found
    return _closed(plain, end), parts


def _is_province(view: View, match: re.Match[str], parts: set[str]) -> bool:
    """Whether "on", "ab", "que" stand there as a province: in brackets, in capitals, or a whole name."""
    value = view.plain[match.start() : match.end()].strip(" ()")
    if value.lower() == "quebec" and "town" not in parts and "(" not in match[0]:
        return False  # the city; as a province it comes after one
    return len(value) > 4 or value.isupper() or value.lower() == "qc" or "(" in match[0]


def _town(view: View, at: int) -> int | None:
    """The end of a municipality: one that is known, or one that a province or a postal code follows."""
    match = TOWN.match(view.plain, at) or LOWER_TOWN.match(view.folded, at)
    if match is None:
        return None
    start = match.start("name")
    words = view.folded[start : match.end("name")].rstrip(".").split(" ")
    names = [" ".join(words[:count]) for count in range(len(words), 0, -1)]
    for name in names:
        if name.replace(" ", "-") in MUNICIPALITIES or name in MUNICIPALITIES:
            return start + len(name)
        if match.re is TOWN and SAINTS.match(name) and name.count(" ") == (0 if "-" in words[0] else 1):
            return start + len(name)
    if match.re is TOWN:
        return next((start + len(name) for name in names if _province_follows(view, start + len(name))), None)
    return None


def _province_follows(view: View, end: int) -> bool:
    """Whether a province, plainly written, or a postal code comes next."""
    gap = GAP.match(view.folded, end)
    after = gap.end() if gap else end
    province = PROVINCE.match(view.folded, after)
    if province is None:
        return TAIL_POSTAL.match(view.folded, after) is not None
    value = view.plain[after : province.end()].strip(" ()")
    return after > end and ("(" in province[0] or len(value) > 4 or value.isupper())


def _closed(plain: str, end: int) -> int:
    """Without what only closes a sentence."""
    while end and plain[end - 1] in " ,\n":
        end -= 1
    return end


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
