"""CREDENTIAL: passwords after the word, keys by their prefix, tokens by their shape, private keys by their armour,
connection strings with a password in them.

Sources: the issuers' documented prefixes (GitHub, GitLab, Slack, AWS, Google, OpenAI, Anthropic, Stripe, npm, PyPI,
Hugging Face…), RFC 7519 (JWT), RFC 7468 (PEM), RFC 3986 (userinfo), RFC 6750 (bearer).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.privacy.recognizers.candidate import Candidate, Recognizer
from gateway.privacy.recognizers.view import View

LONG = re.compile(r"[^\s\"'<>]{16,}")
KEY = re.compile(
    r"(?<![A-Za-z0-9])(?:sk-(?:ant-|proj-|live-)?|gh[pousr]_|github_pat_|xox[abeprs]-|xapp-|(?:AKIA|ASIA|AROA)"
    r"(?=[A-Z0-9]{16})|AIza|ya29\.|glpat-|vigie_|hf_|npm_|pypi-|"
    r"[sr]k_(?:live|test)_|whsec_|shpat_|dapi(?=[0-9a-f]{30})|lin_api_|SG\.|dop_v1_|rubygems_|figd_|PMAK-|"
    r"key-(?=[0-9a-f]{30})|secret_(?=[A-Za-z0-9]{30}))"
    r"[A-Za-z0-9_\-.]{12,500}"
)
JWT = re.compile(r"eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{0,4000}")
URL = re.compile(r"[a-z][a-z0-9+.\-]{1,20}://[^\s:/@\"'<>]{0,100}:[^\s/@\"'<>]{1,200}@[^\s\"'<>]{1,400}", re.IGNORECASE)
QUERY = re.compile(
    r"[?&;](?:token|access_token|api_?key|apikey|key|sig|signature|secret|password|pwd|"
    r"code)=(?P<value>[A-Za-z0-9_\-.~%+/=]{12,500})",
    re.IGNORECASE,
)
ARMOUR = "-----BEGIN "
ARMOUR_LONGEST = 20_000
CONNECTION = re.compile(
    r"(?:\b(?:server|data source|host|endpoint|defaultendpointsprotocol|driver|provider|user id|uid|username|"
    r"database|dbname|accountname)=[^;\n\"]{0,200};[ ]?){1,12}"
    r"(?:[a-z ]{2,30}=[^;\n\"]{0,200};[ ]?){0,6}(?:password|pwd|accountkey|sharedaccesskey)=[^;\s\"]{2,200}"
    r"(?:;[ ]?[a-z ]{2,30}=[^;\s\"]{1,200}){0,6};?"
)
_API = r"(?:d'?[ _]?)?(?:api|secrete|privee|acces|chiffrement|de chiffrement|d'acces)"
CUES: tuple[tuple[str, str, re.Pattern[str]], ...] = tuple(
    (needle, kind, re.compile(pattern))
    for needle, kind, pattern in (
        ("passe", "password", r"mots?[ _]?de[ _]?passe"),
        ("phrase", "password", r"phrase (?:de passe|secrete)"),
        ("passw", "password", r"passw(?:or)?d"),
        ("pass", "password", r"pass(?<![a-z].{4})(?=[\"']?[ ]?[:=])"),
        ("passphrase", "password", r"passphrase"),
        ("mdp", "password", r"mdp(?<![a-z].{3})(?![a-z])"),
        ("pwd", "password", r"pwd(?![a-z])"),
        ("code d'acces", "password", r"code d'acces"),
        ("nip", "pin", r"nip(?<![a-z].{3})(?![a-z])"),
        ("pin", "pin", r"pin(?<![a-z].{3})(?![a-z])"),
        ("cvv", "pin", r"cvv2?(?![a-z])"),
        ("cvc", "pin", r"cvc(?![a-z])"),
        (
            "key",
            "key",
            r"(?:api|access|secret|private|account|encryption|signing|auth|shared|master)[ _\-]?keys?(?![a-z])",
        ),
        ("cle", "key", rf"cle(?<![a-z].{{3}})[ _]{_API}"),
        ("secret", "key", r"secret(?=[\"']?[ ]?[:=])"),
        ("token", "token", r"token"),
        ("token", "key", r"(?:access|bearer|auth|api|session)[ _\-]?token"),
        ("jeton", "token", r"jetons?(?! d'(?:acces|api|authentification))"),
        ("jeton", "key", r"jetons? d'(?:acces|api|authentification)"),
        ("bearer", "key", r"bearer"),
    )
)
PLAINLY = re.compile(r"s? {1,2}(?P<value>(?=[^\s]{0,40}[!@#$%^&*?+])(?=[^\s]{0,40}[0-9])[A-Za-z][^\s]{6,60})")
SIGNS = re.compile(r"[!@#$%^&*+=?~]")
BRACKETED = re.compile(r"[\"']? ?\((?P<value>[^\s()]{6,64})\)")
CODE_NAME = re.compile(r"[a-z](?:Pwd|Pass|Password|Mdp|MotDePasse)\Z")
CALL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*\(|[a-z]+\.[a-z]+[A-Za-z.]*\Z")
HEXADECIMAL = re.compile(r"[0-9a-f]+")
LINK = re.compile(
    r"s?(?:[\"'`]{1,2} ?|[*)]{0,2}[^\n:=\"*`{}<>;]{0,40}?[*]{0,2} ?)"
    r"(?P<sign>:=|=>|->|:(?!//)|=|\b(?:est|is|sont|sera|was|etait)\b)(?: maintenant| desormais| now)?"
    r"[ :]{0,3}[\"'*`(]{0,3} ?(?P<value>[^\s\"'`<>|]{4,500})"
)
DIRECT = re.compile(r" {1,4}(?P<value>[A-Za-z0-9_\-.~+/=]{16,500})")
PIN = re.compile(
    r"[\"'*`]{0,2}(?:[ a-z']{0,25}?)(?: ?[:=] ?| est | is | )[\"'*`]{0,2}(?P<value>[0-9]{3,8})(?![0-9a-z]|[.,/\-][0-9])"
)
PAIR = re.compile(
    r"(?:identifiants?(?: de connexion)?|login|credentials?|acces|connexion) ?: ?[^\s/]{2,80} ?/ ?"
    r"(?P<value>[^\s]{6,80})"
)
REFERENCE = re.compile(
    r"(?:env|file|vault|secret|arn):|\{|\$\{|\$\(|\{\{|%[A-Z_]+%|<|\[|⟦|\*{3,}|x{4,}|\.{3,}|_{3,}|https?://|"
    r"process\.env|os\.environ",
    re.IGNORECASE,
)
NOT_SECRETS = frozenset(
    """oublie oublies obligatoire requis required expire expiree temporaire voir votre vous votres inconnu aucun aucune
    none null true false vide confidentiel invalide incorrect incorrecte valide change modifie reinitialise
    reinitialiser forgot forgotten reset optional optionnel string texte text varchar protege protegee securise
    partage unique different personnel complexe ailleurs avec dans pour sans ainsi selon longueur minimum entre
    toujours jamais masque cache hidden your must should composed compose conforme hache hashed chiffre encrypted
    stored conserve enregistre communique transmis envoye sent necessaire suffisant fort faible strong weak ici here
    suivant notre celui celle cette doit peut contient generated generee genere demande exige oui non yes champ field
    correct parametre parameter fail failed failure undefined password passwd motdepasse mdp
    """.split()
)
TRAILING = ".,;:)]}»\"'`"


def find(view: View) -> Iterator[Candidate]:
    """Shapes first, in long words; then what stands after a cue."""
    plain, folded = view.plain, view.folded
    if ARMOUR in plain:
        yield from _armoured(plain)
    if view.longest >= 16:
        for word in LONG.finditer(plain):
            yield from _shaped(plain, word)
    if "=" in folded and (";" in folded):
        for match in CONNECTION.finditer(folded):
            yield Candidate(match.start(), match.end(), "CREDENTIAL", 0.9)
    for needle, kind, pattern in CUES:
        if needle in folded:
            for match in pattern.finditer(folded):
                yield from _announced(view, kind, match.end())
    if "/" in folded and ("identifiant" in folded or "login" in folded or "credential" in folded or "acces" in folded):
        for match in PAIR.finditer(folded):
            value = _trimmed(plain[match.start("value") : match.end("value")])
            if _password(value, "is", closed=False, quoted=False) > 0.5:
                yield Candidate(match.start("value"), match.start("value") + len(value), "CREDENTIAL", 0.7)


def _armoured(plain: str) -> Iterator[Candidate]:
    at = plain.find(ARMOUR)
    while at >= 0:
        if "PRIVATE KEY-----" in plain[at : at + 60]:
            close = plain.find("-----END ", at + 11, at + ARMOUR_LONGEST)
            last = plain.find("-----", close + 9, close + 60) if close >= 0 else -1
            end = last + 5 if last >= 0 else min(len(plain), at + ARMOUR_LONGEST)
            yield Candidate(at, end, "CREDENTIAL", 0.99)
            at = plain.find(ARMOUR, end)
        else:
            at = plain.find(ARMOUR, at + 11)


def _shaped(plain: str, word: re.Match[str]) -> Iterator[Candidate]:
    start, end = word.span()
    for match in KEY.finditer(plain, start, end):
        value = match[0].rstrip(".-_")
        yield Candidate(match.start(), match.start() + len(value), "CREDENTIAL", 0.95 if _mixed(value) else 0.3)
    if "eyJ" in word[0]:
        for match in JWT.finditer(plain, start, end):
            yield Candidate(match.start(), match.end(), "CREDENTIAL", 0.95)
    if "://" in word[0]:
        for match in URL.finditer(plain, start, end):
            if not REFERENCE.search(match[0], match[0].index("://") + 3):
                yield Candidate(match.start(), match.start() + len(match[0].rstrip(TRAILING)), "CREDENTIAL", 0.9)
        for match in QUERY.finditer(plain, start, end):
            if _mixed(match["value"]):
                yield Candidate(match.start("value"), match.end("value"), "CREDENTIAL", 0.8)


def _announced(view: View, kind: str, at: int) -> Iterator[Candidate]:
    """The value after a cue that ends `at`."""
    plain, folded = view.plain, view.folded
    if kind == "pin":
        pin = PIN.match(folded, at, at + 60)
        if pin is not None:
            yield Candidate(pin.start("value"), pin.end("value"), "CREDENTIAL", 0.75)
        return
    link = LINK.match(folded, at, at + 600)
    bracketed = BRACKETED.match(plain, at, at + 70) if kind == "password" else None
    if bracketed is not None and (_mixed(bracketed["value"]) or SIGNS.search(bracketed["value"])):
        yield Candidate(bracketed.start("value"), bracketed.end("value"), "CREDENTIAL", 0.8)
    if link is None:
        plainly = PLAINLY.match(plain, at, at + 70) if kind == "password" else None
        if plainly is not None:
            value = _trimmed(plainly["value"])
            yield Candidate(plainly.start("value"), plainly.start("value") + len(value), "CREDENTIAL", 0.7)
        direct = DIRECT.match(plain, at, at + 520) if kind != "password" else None
        if direct is not None and _mixed(direct["value"]):
            yield Candidate(direct.start("value"), direct.end("value"), "CREDENTIAL", 0.8)
        return
    start = link.start("value")
    value = _trimmed(plain[start : link.end("value")])
    if plain[start - 1] == "*":
        value = value.rstrip("*")
    closed = plain[start + len(value) : start + len(value) + 1] in ("", "\n", "\r", '"', "'", "`", "»", "|")
    if kind == "password":
        quoted = plain[start - 1] in "\"'`*"
        inside_a_name = CODE_NAME.search(plain, max(0, at - 40), at) is not None
        score = 0.0 if inside_a_name and not quoted else _password(value, link["sign"], closed=closed, quoted=quoted)
    else:
        score = 0.95 if len(value) >= 12 and _mixed(value) else 0.0
        if kind == "token" and HEXADECIMAL.fullmatch(value):  # as often the hash of something as a secret
            score = 0.0
    if score and not REFERENCE.match(value):
        yield Candidate(start, start + len(value), "CREDENTIAL", score)


def _trimmed(value: str) -> str:
    """Without the punctuation of the sentence around it."""
    short = value.rstrip(TRAILING)
    return short if len(short) >= 4 else value


def _password(value: str, sign: str, *, closed: bool, quoted: bool) -> float:
    """How much a word after "mot de passe :" looks like one rather than like the next word of a sentence."""
    if len(value) < 4 or len(set(value)) < 3:
        return 0.0
    letters = value.replace("-", "").replace("'", "")
    if CALL.match(value) and not quoted:
        return 0.0
    if not letters.isalpha():
        return 0.9 if any(one.isalpha() for one in value) or sign in (":", "=") else 0.6
    if letters.lower() in NOT_SECRETS:
        return 0.0
    inner_capital = not value.islower() and not value.isupper() and not value.istitle()
    if inner_capital and (quoted or sign.isalpha() or closed):
        return 0.7
    return 0.5 if closed and sign in (":", "=", ":=", "=>", "->") else 0.0


def _mixed(value: str) -> bool:
    """Letters and digits both, as keys have and words have not."""
    return any(one.isdigit() for one in value) and any(one.isalpha() for one in value)


RECOGNIZER = Recognizer(
    ("CREDENTIAL",),
    "Issuers' documented prefixes; RFC 7519, RFC 7468, RFC 3986, RFC 6750",
    ("mot de passe", "mdp", "clé API", "jeton", "NIP", "password", "API key", "token"),
    find,
    digit=False,
)
