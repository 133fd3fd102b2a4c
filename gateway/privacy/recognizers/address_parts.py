"""What an address is made of after its civic number: the name of the way, then direction, apartment, floor, box,
municipality, province, postal code, country. Each function is given where a part may begin and says where it ends.
Pure.
"""

from __future__ import annotations

import re

from gateway.privacy.recognizers.places import MUNICIPALITIES, PROVINCES, RESERVED_FOR_OFFICES
from gateway.privacy.recognizers.view import View

TAIL_POSTAL = re.compile(
    r"[abceghj-nprstvxy][0-9oilsz][abceghj-nprstv-z028][ \-\n]{0,3}[0-9oilsz][abceghj-nprstv-z028][0-9oilsz]"
    r"(?![a-z0-9])"
)
GAP = re.compile(r"[ ]{0,3},?[ ]{0,3}(?:\n[ ]{0,12})?(?:[\-|/][ ]{1,2})?")
DIRECTION = re.compile(
    r",?[ \n](?:e[s5]t|[o0]uest|nord|sud|east|west|north|south|n\.?-?[eo]\.?|s\.?-?[eo]\.?|[eonsw]\.?)(?![a-z0-9'\-])"
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


def name_end(view: View, at: int, *, strict: bool) -> int:
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


def what_follows(view: View, end: int) -> tuple[int, set[str]]:
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
