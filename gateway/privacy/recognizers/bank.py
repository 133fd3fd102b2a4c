"""BANK_ACCOUNT: transit (5 digits), institution (3), account (7 to 12), in one piece; or an account after its name.

Source: Payments Canada, Rule E-4 and the Financial Institutions File (institution numbers); Desjardins calls an
account *folio*.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.privacy.recognizers.candidate import Candidate, Recognizer
from gateway.privacy.recognizers.cues import Cues, Standing
from gateway.privacy.recognizers.numbers import digits
from gateway.privacy.recognizers.view import View

INSTITUTIONS = frozenset(
    "001 002 003 004 006 010 016 030 039 117 127 177 219 240 241 242 245 260 270 290 294 303 307 308 309 310 311 314 315 320 326 "
    "328 330 332 334 335 338 340 342 343 344 345 346 347 349 352 355 358 361 362 365 370 372 374 376 378 608 610 614 618 621 623 "
    "777 803 806 807 808 809 810 815 819 828 829 831 837 839 849 853 865 869 879 889 890 899".split()
)
TRIPLE = re.compile(
    r"[0-9]{5}(?<![0-9a-z].{5})(?<![0-9][.,/\-].{5})[ ]?[ \-/.][ ]?(?P<institution>[0-9]{3})[ ]?[ \-/.][ ]?"
    r"[0-9](?:[ \-]?[0-9]){5,11}(?![0-9a-z]|[.,/\-][0-9])"
    r"|(?P<first>[0-9]{3})(?<![0-9a-z].{3})(?<![0-9][.,/\- ].{3})[ ]?[ \-/][ ]?[0-9]{5}[ ]?[ \-/][ ]?"
    r"[0-9](?:[ \-]?[0-9]){6,11}(?![0-9a-z]|[.,/\-][0-9])"
)
_AFTER = (
    r"(?:[ \n\"':=#(.|\-]|(?:no|n|numero|number|est|is|le|chez|a la|au|aux|du|de la|de|of|client|citoyen|"
    r"bancaire|personnel|desjardins|banque|bank|nationale|royale|de montreal|td|scotia|laurentienne|rbc|bmo|"
    r"cibc|tangerine|bnc|"
    r"caisse|ending in|se terminant par)(?![a-z])){0,12}"
    r"(?P<value>[0-9]{3,12}(?:[ \-][0-9]{1,9}){0,3})(?![0-9a-z]|[.,/][0-9])(?! ?(?:\$|%|€))"
)
TRANSIT = re.compile(r"transit(?: (?:no\.?|numero|number))?[ :#\"=]{0,4}(?P<value>[0-9]{5})(?![0-9a-z]|[ ]?-[0-9])")
ACCOUNT_NAMED = re.compile(r"(?:compte|folio|account)[^0-9\n]{0,20}[0-9]{5}")
ACCOUNTS = tuple(
    (needle, re.compile(pattern + _AFTER))
    for needle, pattern in (
        (
            "compte",
            r"comptes?(?![a-z])(?: (?:bancaire|cheques?|epargne|courant|d'epargne|de banque|personnel|no\.?|numero))*",
        ),
        ("folio", r"folio(?<![a-z].{5})"),
        ("account", r"account(?![a-z])(?: (?:number|no\.?|#))?"),
        ("acct", r"acct\.?"),
    )
)
CUES = Cues(
    r"transit|folio|specimen|caisse|desjardins|bancaire|\bbank|\bcompte\b|\baccount\b|depot direct|"
    r"direct deposit|institution|virement|"
    r"succursale|banque|cheque|preautorise|remboursement"
)
BANKING = Cues(
    r"transit|folio|specimen|bancaire|\bbank|depot direct|direct deposit|institution|virement|banque|"
    r"desjardins|caisse|cheque|preautorise"
)
NOT_BANK = re.compile(
    r"client|utilisateur|user|courriel|email|hydro|taxe|rendu|clicsequr|budget|grand livre|d'attente|"
    r"fournisseur|energir|\bgl\b|general ledger"
)


def find(view: View) -> Iterator[Candidate]:
    """The three numbers together, or an account after its name in a text that speaks of banking."""
    folded = view.folded
    for match in TRIPLE.finditer(folded):
        known = (match["institution"] or match["first"]) in INSTITUTIONS
        sure = CUES.standing(view, *match.span()) >= Standing.DOCUMENT
        score = 0.95 if known and sure else 0.6 if sure or (known and "-" in match[0]) else 0.3
        yield Candidate(match.start(), match.end(), "BANK_ACCOUNT", score)
    if "transit" in folded:
        yield from _transit(view)
    for needle, pattern in ACCOUNTS:
        if needle in folded:
            for match in pattern.finditer(folded):
                yield from _account(view, match)


def _transit(view: View) -> Iterator[Candidate]:
    """The transit of an account that is given beside it."""
    for match in TRANSIT.finditer(view.folded):
        if ACCOUNT_NAMED.search(view.folded, match.end(), match.end() + 120):
            yield Candidate(match.start("value"), match.end("value"), "BANK_ACCOUNT", 0.7)


def _account(view: View, match: re.Match[str]) -> Iterator[Candidate]:
    number = digits(match["value"])
    start, end = match.span("value")
    if not 5 <= len(number) <= 12 or NOT_BANK.search(view.folded, max(0, match.start() - 20), start):
        return
    banking = match[0].startswith("folio") or BANKING.anywhere(view)
    yield Candidate(start, end, "BANK_ACCOUNT", 0.85 if banking and len(number) >= 6 else 0.3)


RECOGNIZER = Recognizer(
    ("BANK_ACCOUNT",),
    "Payments Canada, Financial Institutions File and Rule E-4",
    ("transit", "institution", "compte", "folio", "spécimen", "account"),
    find,
)
