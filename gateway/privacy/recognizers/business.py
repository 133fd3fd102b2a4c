"""What is not personal but looks like it: enterprise numbers, tax registrations, UUIDs, hashes, file and invoice
numbers. They are recognised as what they are, so that they are not taken for something else.

Sources: Registraire des entreprises (NEQ: ten digits, 11, 22, 33 or 88 first); Canada Revenue Agency (business
number: nine digits with Luhn, `RT0001` for the GST); Revenu Québec (QST: ten digits, `TQ0001`); RFC 9562 (UUID); RFC
7042 (MAC addresses).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.privacy.recognizers.candidate import Candidate, Recognizer
from gateway.privacy.recognizers.cues import before
from gateway.privacy.recognizers.view import View

NEQ = re.compile(r"[1238](?<![0-9a-z].)(?<![0-9][.,/\-].)[1238](?:[ \-]?[0-9]){8}(?![0-9a-z]|[.,/\-][0-9])")
NEQ_CUE = re.compile(
    r"\bneq\b|entreprises?|registraire|compagnie|societe|fournisseur|business|company|enterprise|organisme"
)
PERSON_CUE = re.compile(r"\btel|cell|phone|joindre|\biuc\b|\buci\b")
TAX = re.compile(
    r"[0-9](?<![0-9a-z].)[0-9]{8,9}[ \-]?(?:rt|rp|rc|rr|rz|rm|rs|tq|ic)[ \-]?[0-9]{4}(?![0-9a-z])|[0-9]{3}[ \-]"
    r"[0-9]{3}[ \-][0-9]{3}[ \-]?(?:rt|rp|rc|rr|rz|rm|rs)[ \-]?[0-9]{4}(?![0-9a-z])"
)
LONG = re.compile(r"[0-9a-f](?<![0-9a-z\-].)[0-9a-f\-:]{11,127}(?![0-9a-z\-])")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
HASH = re.compile(r"[0-9a-f]{16,128}")
MAC = re.compile(r"[0-9a-f]{2}(?:[:\-][0-9a-f]{2}){5}(?:[:\-][0-9a-f]{2}){0,2}")
REFERENCE = re.compile(
    r"(?:dossiers?|factures?|ref\.?|references?|commandes?|contrats?|soumissions?|devis|transactions?|"
    r"confirmations?|decrets?|article|lot|serie|"
    r"isbn|issn|invoice|order|case|ticket|tracking|file|suivi|cadastre|requete|certificat|avis|projet|produit|"
    r"formulaire|billet)"
    r"(?: (?:no|numero|number|de|du|client|d'achat|interne|electronique|gouvernemental))*[ .:#\-]{0,3}(?:no\.?|"
    r"n\.|numero|num\.?|#)?[ .:#]{0,3}"
    r"(?P<value>[a-z]{0,8}[\-/]?[0-9][0-9a-z]*(?:[\-./][0-9a-z]+){0,6})(?![0-9a-z])"
)


def find(view: View) -> Iterator[Candidate]:
    """Each kind that a text with digits may hold."""
    folded = view.folded
    for match in NEQ.finditer(folded):
        if match[0][:2] not in ("11", "22", "33", "88"):
            continue
        near = before(view, match.start(), 50)
        if NEQ_CUE.search(near) or (match.end() - match.start() == 10 and not PERSON_CUE.search(near)):
            yield Candidate(match.start(), match.end(), "QC_NEQ", 0.96 if NEQ_CUE.search(near) else 0.6)
    for match in TAX.finditer(folded):
        yield Candidate(match.start(), match.end(), "TAX_REGISTRATION", 0.99)
    if view.longest >= 16:
        yield from _hexadecimal(folded)


def _hexadecimal(folded: str) -> Iterator[Candidate]:
    for match in LONG.finditer(folded):
        value = match[0]
        if UUID.fullmatch(value):
            yield Candidate(match.start(), match.end(), "UUID", 0.99)
        elif MAC.fullmatch(value):
            yield Candidate(match.start(), match.end(), "MAC_ADDRESS", 0.9)
        elif HASH.fullmatch(value) and not value.isdigit() and not value.isalpha():
            yield Candidate(match.start(), match.end(), "HASH", 0.9)


def references(view: View) -> Iterator[Candidate]:
    """Numbers of files, invoices, articles, after their name: only of use where something else was found in the text."""
    for match in REFERENCE.finditer(view.folded):
        yield Candidate(match.start("value"), match.end("value"), "REFERENCE", 0.6)


RECOGNIZER = Recognizer(
    ("QC_NEQ", "TAX_REGISTRATION", "UUID", "HASH", "MAC_ADDRESS", "REFERENCE"),
    "Registraire des entreprises; Canada Revenue Agency; Revenu Québec; RFC 9562",
    ("NEQ", "TPS", "TVQ", "dossier", "facture", "article"),
    find,
)
