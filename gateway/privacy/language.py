"""French or English, by the commonest words, for a text or a sentence of it. French unless English clearly wins. Pure."""

from __future__ import annotations

import re

HEAD = 2_000
_WORDS = re.compile(r"[^\W\d_]+")
_ENGLISH = frozenset(
    """the and of to is are my your with for this that please you was have has been were will would can could should from at by
    an it we he she they his her their our who which when where what how about not but or if be do does did there here i
    hello dear regards thanks thank name""".split()
)
_FRENCH = frozenset(
    """le la les de du des et est un une mon ma mes votre vos notre nos pour avec que qui je vous nous il elle ils elles dans ce
    cette ces son sa ses au aux en sur par pas ne se leur leurs ou où été être sont était avez ai ont à d l j n s c qu
    bonjour madame monsieur merci cordialement nom""".split()
)


def language_of(text: str, hint: str | None = None, among: tuple[str, ...] = ("fr", "en")) -> str:
    """The language of a text, one of `among`. `hint` wins when the words leave it open, else the first of `among`."""
    if len(among) == 1:
        return among[0]
    french, english = weigh(text)
    if french != english and {"fr", "en"} <= set(among):
        return "en" if english > french else "fr"
    hinted = (hint or "").lower()[:2]
    return hinted if hinted in among else among[0]


def weigh(text: str) -> tuple[int, int]:
    """How many words of the beginning are among the commonest of French, and of English."""
    words = _WORDS.findall(text[:HEAD].lower())
    return sum(word in _FRENCH for word in words), sum(word in _ENGLISH for word in words)
