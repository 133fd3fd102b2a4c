"""What becomes of a text on its way through a word processor, a PDF or a mail, and near-misses: texts that say another thing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from random import Random
from textwrap import wrap

NBSP, NARROW = "\u00a0", "\u202f"
_START = """la le les une des cette votre notre chaque""".split()
_NOUN = """demande décision lettre somme règle date œuvre réponse personne ville école preuve mesure""".split()
_VERB = """exige permet prévoit reçoit garde change suit montre ouvre ferme coûte efface""".split()
_REST = """avant le délai prévu|d'un commun accord|peut-être demain|sans frais|à l'hôtel de ville|en 30 jours|au
    centre-ville|pour l'année 2026|selon l'article 65.2|à -5 °C|dès aujourd'hui|au coefficient 0,75|affichée
    officiellement|par écrit""".replace("\n    ", " ").split("|")


def sentence(random: Random) -> str:
    """A French sentence with a number that it will not share with another."""
    words = [random.choice(_START), random.choice(_NOUN), "ne" * random.randint(0, 1), random.choice(_VERB)]
    said = " ".join(one for one in words if one)
    amount = f"{random.randint(1, 9)} {random.randint(100, 999)},{random.randint(10, 99)} $"
    forms = (
        f"{said} {random.choice(_REST)} ({amount}).",
        f"{said} : {random.choice(_REST)}, soit {amount} ; {random.choice(_REST)}...",
        f'On lit « {said} » et "{random.choice(_REST)}" – {amount} – {random.choice(_REST)} !',
        f"Est-ce que {said} {random.choice(_REST)}, {amount} ?",
    )
    return (made := random.choice(forms))[0].upper() + made[1:]


def text(random: Random, words: int) -> str:
    """A text of about so many words as a model writes it: paragraphs, some lists, some Markdown."""
    blocks: list[str] = []
    count = 0
    while count < words:
        sentences = [sentence(random) for _ in range(random.randint(2, 6))]
        shape = random.random()
        if shape < 0.15:
            block = "\n".join(f"- **{one.split(' ')[0]}** {one.partition(' ')[2]}" for one in sentences)
        elif shape < 0.25:
            block = "\n".join(f"{number}. {one}" for number, one in enumerate(sentences, 1))
        else:
            block = ("## Suite\n\n" if shape < 0.3 else "") + " ".join(sentences)
        blocks.append(block)
        count += len(block.split())
    return "\n\n".join(blocks)


# ── habits ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _quotes(text: str, _: Random) -> str:
    text = re.sub(r'"([^"\n]*)"', f"«{NBSP}\\1{NBSP}»", text)
    return text.replace("'", "’")


def _english_quotes(text: str, _: Random) -> str:
    return re.sub(r"« ([^»\n]*) »", "“\\1”", text).replace("'", "‘")


def _spaces(text: str, _: Random) -> str:
    text = re.sub(r" ([:;?!»%$])", f"{NBSP}\\1", text).replace("« ", f"«{NBSP}")
    return re.sub(r"(\d) (\d)", f"\\1{NARROW}\\2", text)


def _french_spaces_gone(text: str, _: Random) -> str:
    return re.sub(r" ([:;?!])", r"\1", text)


def _dashes(text: str, random: Random) -> str:
    return re.sub(r" [–-] ", lambda _: f" {random.choice('–—-―')} ", re.sub(r"(?<= )-(?=\d)", "−", text))


def _ellipses(text: str, _: Random) -> str:
    return text.replace("...", "…")


def _ligatures(text: str, _: Random) -> str:
    return text.replace("ffi", "ﬃ").replace("ff", "ﬀ").replace("fi", "ﬁ").replace("œ", "oe")


def _soft_hyphens(text: str, random: Random) -> str:
    return re.sub(r"\w{9,}", lambda word: word[0][:4] + random.choice(["\u00ad", "\u200b"]) + word[0][4:], text)


def _line_ends(text: str, random: Random) -> str:
    return text.replace("\n", random.choice(["\r\n", "\r", "\n\n", " \n", "\u2028", "\u000b"]))


def _wrapped(text: str, random: Random) -> str:
    """Lines of a mail or a PDF, words cut at their ends as well."""
    lines = [line for part in text.split("\n") for line in (wrap(part, random.randint(50, 90)) or [""])]
    return "\n".join(re.sub(r"(\w{4})(\w{4})$", r"\1-\n\2", line) if random.random() < 0.2 else line for line in lines)


def _rendered(text: str, random: Random) -> str:
    """Markdown as a browser shows it."""
    text = text.replace("**", "").replace("## ", "")
    return re.sub(r"(?m)^- ", random.choice(["• ", "– ", "\t◦\t", "* "]), text)


def _unseen(text: str, random: Random) -> str:
    marks = "\u200b\u200d\u2060\ufeff\u200e\u202a\u202c\ufe0f"
    return re.sub(r"(?<=\w) (?=\w)", lambda _: f" {random.choice(marks)}" if random.random() < 0.1 else " ", text)


def _decomposed(text: str, _: Random) -> str:
    return unicodedata.normalize("NFD", text)


def _blanks(text: str, random: Random) -> str:
    return re.sub(r" (?=\w)", lambda _: "  " if random.random() < 0.1 else " ", text) + "  \n\n"


def _capitals(text: str, _: Random) -> str:
    return re.sub(r"(?m)^(\W*\d+\. )(\w)", lambda found: found[1] + found[2].upper(), text)


HABITS: dict[str, Callable[[str, Random], str]] = {
    one.__name__.strip("_"): one
    for one in (
        _rendered, _wrapped, _quotes, _english_quotes, _dashes, _spaces, _french_spaces_gone, _ellipses, _ligatures,
        _soft_hyphens, _blanks, _capitals, _unseen, _decomposed, _line_ends,
    )
}  # fmt: skip


def word_processor(text: str, random: Random) -> str:
    """Through all that one copy can go through."""
    for name in (
        "rendered",
        "wrapped",
        "quotes",
        "dashes",
        "spaces",
        "ellipses",
        "ligatures",
        "soft_hyphens",
        "unseen",
    ):
        text = HABITS[name](text, random)
    return HABITS[random.choice(["line_ends", "decomposed", "blanks"])](text, random)


# ── near-misses ───────────────────────────────────────────────────────────────────────────────────────────────────


def _at(text: str, pattern: str, random: Random) -> re.Match[str]:
    return random.choice(list(re.finditer(pattern, text)))


def _another_digit(text: str, random: Random) -> str:
    at = _at(text, r"\d", random)
    return text[: at.start()] + str((int(at[0]) + random.randint(1, 9)) % 10) + text[at.end() :]


def _another_letter(text: str, random: Random) -> str:
    at = _at(text, r"[a-z]", random)
    return text[: at.start()] + chr((ord(at[0]) - 96) % 26 + 97) + text[at.end() :]


def _without_a_word(text: str, random: Random) -> str:
    at = _at(text, r"\b[^\W\d_]+ (?=\w)", random)
    return text[: at.start()] + text[at.end() :]


def _with_a_word(text: str, random: Random) -> str:
    at = _at(text, r" (?=\w)", random)
    return f"{text[: at.start()]} jamais{text[at.start() :]}"


def _words_swapped(text: str, random: Random) -> str:
    found = [one for one in re.finditer(r"([^\W\d_]+) ([^\W\d_]+)", text) if one[1].lower() != one[2].lower()]
    at = random.choice(found)
    return f"{text[: at.start()]}{at[2]} {at[1]}{text[at.end() :]}"


def _without_an_accent(text: str, random: Random) -> str:
    at = _at(text, "[éèêôûçà]", random)
    return text[: at.start()] + unicodedata.normalize("NFD", at[0])[0] + text[at.end() :]


def _another_end(text: str, random: Random) -> str:
    at = _at(text, r"[.!?](?=\s|$)", random)
    return text[: at.start()] + {".": "?", "!": ".", "?": "."}[at[0]] + text[at.end() :]


def _decimals_moved(text: str, random: Random) -> str:
    at = _at(text, r"(\d),(\d)", random)
    return f"{text[: at.start()]},{at[1]}{at[2]}{text[at.end() :]}"


def _sentence_gone(text: str, random: Random) -> str:
    at = _at(text, r"(?<=[.!?])\s[A-ZÀ-Ý][^.!?\n]*[.!?](?=\s+\w)", random)
    return text[: at.start()] + text[at.end() :]


NEAR_MISSES: tuple[Callable[[str, Random], str], ...] = (
    _another_digit, _another_letter, _without_a_word, _with_a_word, _words_swapped, _without_an_accent, _another_end,
    _decimals_moved, _sentence_gone,
)  # fmt: skip
