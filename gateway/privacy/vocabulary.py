"""What a word is, to the guard: whether it could be a value, announce one, stand inside one, or none of these. *Data* and its
reading.

The lists hold what is everyday French and English. A word that is missing costs a look of the analyser or the time of one
word; a name in a list costs nothing either, since what makes a word plain is that it is in lower case.
"""

from __future__ import annotations

import re
from enum import IntEnum

from gateway.privacy.gazetteer import everyday
from gateway.privacy.gazetteer import fold as plain_letters

SHORT = 4
LONG_WORD = 25


class Kind(IntEnum):
    """What a word is, to a unit."""

    MARK = 0  # nothing but punctuation
    PLAIN = 1
    BRIEF = 2  # plain, but what comes next may make it the beginning of a value: « abcd 1234 5678 », « rue Cartier »
    JOINT = 3  # plain, and may stand inside a value, or begin one: « bureau 12 »
    WAY = 4  # a joint with a name of one or two words after it
    CUE = 5  # plain; before a colon or « est », it announces a value in plain words
    SAYS = 6
    TITLE = 7  # plain; a name in plain words may follow
    FUNCTION = 8  # a capital that begins a sentence, or an everyday word with one: no name
    OTHER = 9
    OPENING = 10  # ends in a bracket and what may become a placeholder with spaces in it
    LINK = 11  # a joint that says nothing of what comes next: « de », « la »
    PARTICLE = 12  # a link with a capital, which may begin a name: « De la Durantaye »


def _all(kind: Kind, words: str) -> dict[str, Kind]:
    return dict.fromkeys(words.split(), kind)


WORDS: dict[str, Kind] = (
    _all(
        Kind.PLAIN,  # four letters at most and no beginning of anything: they need not wait for what follows
        """a ai an and are as au aux avec be but by ça car ce ces cela chez ci dans do dont elle en es et eu for from had has
        have he her his i il ils in it its je la-bas leur lui mais me même mes mon my ma ne ni non nos not nous on one ont or
        ou où our par pas peu plus pour qu que qui quoi sa sans se ses she si so son sont sous sur ta te tes that them they
        this to ton tous tout très tu un une vers via vos vous was we were will with you your""",
    )
    | _all(
        Kind.LINK,
        """de du des d la le les l à y of the""",
    )
    | _all(
        Kind.JOINT,
        """van von der den ter ten di da do dos del della el al bin bint ben ibn mac mc st ste saint
        sainte p poste ligne ext app appt apt bureau bur suite local unité étage porte casier cp case postale succursale
        transit institution folio compte no numéro janvier février mars avril mai juin juillet août septembre octobre
        novembre décembre january february march april may june july august september october november december janv févr
        avr juil sept oct nov déc jan feb apr jun jul aug sep dec er nord sud ouest qc québec rr rang""",
    )
    | _all(
        Kind.WAY,
        """rue rues avenue av ave boulevard boul blvd chemin ch route rte place côte montée impasse allée croissant terrasse
        promenade quai square carré ruelle street road drive lane court crescent highway""",
    )
    | _all(
        Kind.CUE,
        """passe mdp password passwords passwd passphrase pwd nip pin clé clef clés key secret secrète jeton token code codes
        nom prénom name surname signé signature signataire utilisateur usager login identifiant username""",
    )
    | _all(Kind.SAYS, "est is sera était was devient vaut égale equals")
    | _all(
        Kind.TITLE,
        """m mm mme mmes mlle mr mrs ms dr dre drs monsieur madame mademoiselle messieurs maître docteur docteure appelle
        nommé nommée prénomme prénommé prénommée surnommé surnommée né née nés nées born named called mister miss""",
    )
)
FUNCTION_WORDS = frozenset(
    """Le La Les L Un Une Québec Ce Cet Cette Ces C Ça Cela Ceci Celui Celle Ceux Celles Mon Ma Mes Ton Ta Tes Son Sa Ses
    Notre Nos Votre Vos Leur Leurs Je J Tu Il Elle On Nous Vous Ils Elles Qui Que Qu Quoi Quel Quelle Quels Quelles Dont Où
    Quand Comment Combien Pourquoi Si Et Ou Mais Donc Or Ni Car À Au Aux Avec Sans Pour Par Dans En Sur Sous Vers Chez
    Entre Depuis Pendant Avant Après Selon Lors Lorsque Afin Ainsi Alors Aussi Autre Autres Aucun Aucune Bien Bonjour
    Bonsoir Merci Voici Voilà Oui Non Toutefois Cependant Néanmoins Ensuite Puis Enfin Finalement Également Notamment
    Tout Tous Toute Toutes Plusieurs Chaque Certains Certaines Même Comme Parce Puisque Malgré Grâce Il Y S N Est Sont
    Veuillez Pouvez Assurez Présentez Remplissez Consultez Communiquez Notez Vérifiez Utilisez Indiquez Ajoutez Choisissez
    The A An This That These Those It I You He She We They My Your His Her Our Their Its And Or But So If When Where Why How
    What Which Who To Of In On At By With Without From As Is Are Was Were Be Has Have Had Do Does Did Can Could Should Would
    Must May Will Please Yes No Not Here There Then Also However Therefore For All Any Some Each Every Both After Before
    During Since Until While Because Although Hello Thanks Thank""".split()
)

PARTICLES = frozenset("De D Du Des".split())
OPENERS = tuple(
    """Voici Voilà Bonjour Bonsoir Selon Votre Cette Avec Vous Conformément Actuellement Certainement Absolument Désolé
    Malheureusement Effectivement Lorsque Depuis Toutefois Cependant Ensuite Enfin Également Excellent Veuillez Aucun Chaque
    Plusieurs Quelques Pourquoi Puisque Hello Certainly According Based Please Thank What When Where Which Absolutely
    Unfortunately However Following""".split()
)
"""What answers begin with and no name does, not even in its first letters: it need not wait for the end of its word."""

_COMPOUND = re.compile(r"[^\W\d_]+(?:['’\-\u2011][^\W\d_]+)*")
_JOINS = re.compile(r"['’\-\u2011]")
_ELISIONS = frozenset("L D S J N C M T Qu Jusqu Lorsqu Puisqu".split())
_ENCLITICS = frozenset(
    "vous nous moi toi lui leur le la les il ils elle elles on en y t ce là ci s re ve ll d m est était".split()
)
_IDENTIFIER = re.compile(r"[a-z]+(?:_[a-z]+)+|[a-z]+(?:[A-Z][a-z]+)+")
_LAST_PART = re.compile(r"[A-Z]?[a-z]+$")
_KEY_PREFIX = re.compile(r"(?:[a-z]{2,3}|gh[opsu]|github|glpat|npm|pypi|vigie|xox[a-z])[_-](?=[a-z_-]*[a-z]{12})")
_ELIDED = re.compile(r"^[^'’]*['’]")
_PUNCTUATION = "«»\"'’‘“”()[]{}⟦⟧<>.,;:!?…*`~#|=+/\\-–—‑%$€&•→"


_BEGINNINGS = frozenset(
    word[:length]
    for word, kind in WORDS.items()
    if kind not in (Kind.PLAIN, Kind.BRIEF)
    for length in range(1, len(word) + 1)
)
_SAYS_NOTHING = frozenset({Kind.MARK, Kind.PLAIN, Kind.BRIEF, Kind.JOINT, Kind.LINK, Kind.FUNCTION, Kind.PARTICLE})


def kind_of(token: str) -> Kind:
    """What a word between two spaces is."""
    bare = token if token.isalpha() else token.strip(_PUNCTUATION)
    if not bare:
        return Kind.MARK
    if len(bare) > LONG_WORD or _KEY_PREFIX.match(bare) is not None:
        return Kind.OTHER
    if bare.islower():
        known = _in_lower_case(bare, token)
        if known is not None:
            return known
    elif bare in PARTICLES:
        return Kind.PARTICLE
    elif bare in FUNCTION_WORDS or _is_everyday(bare):
        return Kind.FUNCTION
    if _IDENTIFIER.fullmatch(bare):
        last = _LAST_PART.search(bare)
        return Kind.CUE if last is not None and WORDS.get(last[0].lower()) is Kind.CUE else Kind.PLAIN
    return Kind.OTHER


def certain(text: str, start: int, end: int) -> int:
    """How many letters of the word that begins at `start`, known up to `end`, say that it is in lower case, and none that
    stands in a value or announces one, whatever it goes on with; 0 if they do not say so yet, or never.
    """
    at = start
    while at < end and "a" <= text[at] <= "ÿ" and text[at].islower():
        at += 1
        if text[start:at] not in _BEGINNINGS:
            return at - start
    return 0


def _in_lower_case(bare: str, token: str) -> Kind | None:
    """What a word in lower case is, if it is made of letters."""
    known = WORDS.get(bare)
    if known is None and bare.isalpha():
        return Kind.BRIEF if len(bare) <= SHORT and token[-1] == bare[-1] else Kind.PLAIN
    if known is None and _COMPOUND.fullmatch(bare):
        return WORDS.get(_ELIDED.sub("", bare), Kind.PLAIN)
    return known


def _is_everyday(bare: str) -> bool:
    """Whether a word with a capital is an everyday word or a place, and no name: « Ministère », « l'Agence », « Peut-être »."""
    if bare.isalpha():
        return bare[0].isupper() and _is_common(bare)
    if _COMPOUND.fullmatch(bare) is None or not (bare[0].isupper() or bare.startswith(("l'", "l’"))):
        return False
    whole = plain_letters(bare)
    known = everyday()
    if whole in known.names:
        return False
    parts = _JOINS.split(bare)
    if parts[0] in _ELISIONS or parts[0] == "l":
        parts = parts[1:]
        if bare[0] == "D" and parts[0][0].isupper():
            return False  # « D'Artagnan »
    return whole in known.words or all(_is_common(one) or one in _ENCLITICS for one in parts)


def _is_common(part: str) -> bool:
    """Whether one word, in whatever case, is everyday; not one that announces a value or may stand in one."""
    if not (part[1:].islower() or part.isupper() or len(part) == 1):
        return False
    if WORDS.get(part.lower(), Kind.PLAIN) not in (Kind.PLAIN, Kind.BRIEF, Kind.LINK):
        return False
    return part in FUNCTION_WORDS or plain_letters(part) in everyday().words


def is_plain(text: str) -> bool:
    """Whether no word of the text could be, or announce, a value."""
    return all(kind_of(token) in _SAYS_NOTHING for token in text.split())
