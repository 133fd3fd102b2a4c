"""Context: whether the words near a value say what it is. Accents and case are already gone; no lemma is needed. Pure.

Looked at only where a value of the right shape stands, so a text without values pays nothing.
"""

from __future__ import annotations

import re
from enum import IntEnum

from gateway.privacy.recognizers.view import View, words

_OTHER_VALUE = re.compile(r"[0-9](?:[ .\-]?[0-9]){5,}")
_CLAUSE = re.compile(r"[;\n,(|]|\. ")
_LEAD = r"[^\w\n]{0,3}[(\[][^\w\n]{0,2}|[\"'»]?\s(?:est|is|etait)\s"
_DETERMINER = r"(?:(?:mon|son|sa|ma|notre|votre|le|la|my|your|his|her|the|leur|numero|no\.?|du|de|d'|#)\s?){0,3}"


class Standing(IntEnum):
    """What the surroundings say of a value, from worst to best."""

    AGAINST = 0
    NONE = 1
    DOCUMENT = 2
    HEADING = 3
    FOR = 4


class Cues:
    """Words for a type, and words of what is easily taken for it: expressions on folded text, each from a word on."""

    __slots__ = ("_after", "_against", "_for", "reach", "words")

    def __init__(self, names: str, against: str = r"(?!)", reach: int = 70) -> None:
        self.words, self.reach = names, reach
        self._for = re.compile(rf"\b(?:{names})")
        self._against = re.compile(rf"\b(?:{against})")
        self._after = re.compile(rf"(?:{_LEAD}){_DETERMINER}(?:{names})")

    @property
    def patterns(self) -> tuple[re.Pattern[str], ...]:
        """Its compiled expressions."""
        return self._for, self._against, self._after

    def standing(self, view: View, start: int, end: int) -> Standing:
        """The clause before, the words right after in brackets, the column's heading, the rest of the text."""
        near = before(view, start, self.reach)
        broken = 0
        for match in _CLAUSE.finditer(near, 0, max(0, len(near) - 2)):
            broken = match.end()
        spaced = near.replace("\n", " ")
        if self._for.search(spaced, broken):
            return Standing.FOR
        against = self._against.search(spaced, broken) is not None
        if self._after.match(view.folded, end, end + 60):
            return Standing.FOR
        if against:
            return Standing.AGAINST
        if self._for.search(spaced):
            return Standing.FOR
        if (heading := view.heading(start)) and self._for.search(heading):
            return Standing.HEADING
        if heading and self._against.search(heading):
            return Standing.AGAINST
        return Standing.DOCUMENT if self.anywhere(view) else Standing.NONE

    def anywhere(self, view: View) -> bool:
        """Whether a word for the type is anywhere in the text."""
        found = view.known.get(self)
        if found is None:
            found = view.known[self] = self._for.search(view.folded) is not None
        return found


def before(view: View, start: int, reach: int) -> str:
    """The words before a value, at most `reach` characters, not over another value."""
    near = words(view.plain[max(0, start - reach) : start])
    cut = 0
    for match in _OTHER_VALUE.finditer(near):
        cut = match.end()
    return near[cut:]


NUMBERED = (
    r"\b(?:dossiers?|factures?|fiches?|reclamations?|p\.?o\.?(?= )|incidents?|ref(?:erences?)?\b|commandes?|"
    r"contrats?|projets?|articles?|lots?|series?|"
    r"produits?|demandes?|"
    r"soumissions?|offres?|rapports?|reports?|devis|polices?|certificats?|transactions?|confirmations?|suivi|"
    r"billets?|requetes?|"
    r"matricules?|decrets?|"
    r"arretes?|isbn|issn|neq|tps|tvq|tvh|gst|qst|rt000|bon de|cadastres?|avis|cotisation|inventaire|actif|equipement|"
    r"file|invoice|order|case|ticket|tracking|part|item|serial|sku|montants?|budget|poste budgetaire|subvention|modele|"
    r"entreprises?|fournisseurs?|version|formulaire|norme|appel d'offres|depot legal|code barres?|licence logicielle)\b"
)
"""Words that announce numbers of things: files, invoices, articles, orders, amounts."""
