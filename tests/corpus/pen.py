"""What a builder writes with: chance, people, and a stock of phrases that hold no personal data. And the registry of builders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import TypeVar

from tests.corpus import identifiers, phrases
from tests.corpus.marks import bare, mark
from tests.corpus.people import TODAY, Person, long_date, unaccented
from tests.corpus.places import (
    BODIES,
    BUILDINGS,
    CASES,
    DISEASES,
    GENERIC_MAILBOXES,
    LAWS,
    METHODS,
    PUBLIC_OFFICES,
    ROADS,
    SCALES,
    SERVICE_LINES,
    TITLES,
    TOWNS,
    UNITS,
)

T = TypeVar("T")
Write = Callable[["Pen"], str]


@dataclass(frozen=True, slots=True)
class Builder:
    """One way of writing a document. `half`: a or b, for tuning on one and checking on the other. `clean`: no personal data.

    `styles`: which typographies of `typography.STYLES` may be applied to what it writes; none for structured text.
    """

    name: str
    half: str
    lang: str
    kind: str
    clean: bool
    styles: tuple[str, ...]
    write: Write


BUILDERS: dict[str, Builder] = {}
PROSE = ("nbsp", "nbsp", "plain", "plain", "plain", "narrow", "unaccented")
ENGLISH = ("as-is", "as-is", "curly")
RAW = ("as-is",)


def builder(
    half: str, kind: str, *, lang: str = "fr", clean: bool = False, styles: tuple[str, ...] = PROSE
) -> Callable[[Write], Write]:
    """Registers a function as a builder, under its own name."""

    def register(write: Write) -> Write:
        name = write.__name__
        assert name not in BUILDERS, f"two builders are named {name}"
        chosen = ENGLISH if lang == "en" and styles is PROSE else styles
        BUILDERS[name] = Builder(name, half, lang, kind, clean, chosen, write)
        return write

    return register


class Pen:
    """Chance and stock for one document. Same seed, same document."""

    def __init__(self, rng: Random, half: str, lang: str) -> None:
        self.rng, self.lang = rng, lang
        self.half = "ab".index(half)

    # ── chance ────────────────────────────────────────────────────────────────────────────────────────────────────

    def pick(self, *choices: T) -> T:
        """One of them."""
        return self.rng.choice(choices)

    def one(self, stock: Sequence[T]) -> T:
        """One of this half's part of a stock."""
        return self.rng.choice(stock[self.half :: 2])

    def some(self, stock: Sequence[T], least: int, most: int) -> list[T]:
        """Several of this half's part of a stock, none twice."""
        mine = list(stock[self.half :: 2])
        return self.rng.sample(mine, min(len(mine), self.rng.randint(least, most)))

    def maybe(self, text: str, chance: float = 0.5) -> str:
        """The text, or nothing."""
        return text if self.rng.random() < chance else ""

    def shuffled(self, *parts: T) -> list[T]:
        """The parts in another order."""
        return self.rng.sample(parts, len(parts))

    def number(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return self.rng.randint(low, high)

    def digits(self, count: int) -> str:
        """As many digits, the first not zero."""
        return self.rng.choice("123456789") + identifiers.digits(self.rng, count - 1)

    # ── people and their values ───────────────────────────────────────────────────────────────────────────────────

    def person(self, *, sex: str = "", youngest: int = 18, oldest: int = 88) -> Person:
        """Someone new."""
        return Person(
            self.rng, self.half, sex=sex, lang="en" if self.lang == "en" else "fr", youngest=youngest, oldest=oldest
        )

    def child(self) -> Person:
        """Someone at school."""
        return self.person(youngest=5, oldest=17)

    def secret(self, value: str) -> str:
        """A credential, marked."""
        return mark("CREDENTIAL", value)

    # ── what is not personal ──────────────────────────────────────────────────────────────────────────────────────

    def day(self, back: int = 400) -> date:
        """A recent date."""
        return TODAY - timedelta(days=self.rng.randint(0, back))

    def later(self, ahead: int = 200) -> date:
        """A date to come."""
        return TODAY + timedelta(days=self.rng.randint(5, ahead))

    def date(self, back: int = 400) -> str:
        """A recent date, in full."""
        return long_date(self.day(back), self.lang)

    def deadline(self) -> str:
        """A date to come, in full."""
        return long_date(self.later(), self.lang)

    def hour(self) -> str:
        """`14 h 30`; `2:30 p.m.`"""
        hour, minute = self.rng.randint(8, 17), self.rng.choice([0, 0, 15, 30, 45])
        if self.lang == "en":
            return f"{(hour - 1) % 12 + 1}:{minute:02} {'a.m.' if hour < 12 else 'p.m.'}"
        return f"{hour} h" + (f" {minute:02}" if minute else "")

    def amount(self, low: int = 20, high: int = 9_000) -> str:
        """`1 234,56 $`; `$1,234.56`."""
        cents = self.rng.randint(low * 100, high * 100)
        if self.lang == "en":
            return f"${cents // 100:,}.{cents % 100:02}"
        return f"{cents // 100:,}".replace(",", " ") + self.pick(f",{cents % 100:02}", "") + " $"

    def fee(self) -> str:
        """A small amount."""
        return self.amount(4, 30)

    def reference(self) -> str:
        """A file number of no one in particular."""
        shape = self.rng.choice(
            [
                "9999-9999",
                "2026-99999",
                "A-99999",
                "999999999",
                "99-99999-9",
                "DOS-2026-9999",
                "9999999999",
                "CAI 10 99 99",
                "R-9999",
            ]
        )
        return "".join(self.rng.choice("0123456789") if one == "9" else one for one in shape)

    def serial(self) -> str:
        """Sixteen digits that begin like a card's and fail its check."""
        number = "4" + self.digits(14)
        number += str((int(identifiers.luhn_digit(number)) + self.number(1, 9)) % 10)
        return " ".join(number[at : at + 4] for at in range(0, 16, 4))

    def body(self) -> str:
        """A public body, with its article."""
        return self.one(BODIES)

    def unit(self) -> str:
        """A directorate."""
        return self.one(UNITS)

    def the_unit(self) -> str:
        """A directorate, with its article."""
        name = self.unit()
        article = {"Direction": "la ", "Équipe": "l'"}.get(name.split()[0], "le ")
        return article + (name if article.endswith(" ") else name[0].lower() + name[1:])

    def title(self, who: Person) -> str:
        """Someone's function, in the gender of the person."""
        return self.one(TITLES)["MF".index(who.sex)]

    def law(self) -> str:
        """A law, with its article."""
        return self.one(LAWS)

    def building(self) -> str:
        """A hospital, a school, a station… named after someone, with its article."""
        return self.one(BUILDINGS)

    def hospital(self) -> str:
        """A place of care named after someone, with its article."""
        care = ("Hôpital", "CHSLD", "CLSC", "CHU", "Hôtel-Dieu", "Maison Michel")
        return self.one([one for one in BUILDINGS if any(word in one for word in care)])

    def road(self) -> str:
        """A bridge or a street named after someone, with its article."""
        return self.one(ROADS)

    def town(self) -> str:
        """A municipality or a riding, with its article."""
        return self.one(TOWNS)

    def namesake(self) -> str:
        """Any place or institution named after someone, with its article."""
        return self.pick(self.building, self.building, self.road, self.town)()

    def scale(self) -> str:
        """A clinical test named after someone."""
        return self.one(SCALES)

    def disease(self) -> str:
        """A disease named after someone."""
        return self.one(DISEASES)

    def case(self) -> str:
        """A judgment or an inquiry known by a name."""
        return self.one(CASES)

    def method(self) -> str:
        """A method or a measure named after someone."""
        return self.one(METHODS)

    def kin(self, who: Person, *words: str) -> str:
        """A relation in the gender of the person: `Sa fille`, or one of the `his/her` pairs given."""
        pairs = words or (
            "Son frère/Sa sœur",
            "Son fils/Sa fille",
            "Son conjoint/Sa conjointe",
            "Son voisin/Sa voisine",
            "Son père/Sa mère",
        )
        return self.rng.choice(pairs).split("/")["MF".index(who.sex)]

    def hours(self, count: int) -> list[str]:
        """As many times of one day, in order: `14:03`."""
        minute = self.rng.randint(480, 960)
        times = []
        for _ in range(count):
            times.append(f"{minute // 60:02}:{minute % 60:02}")
            minute += self.rng.randint(1, 6)
        return times

    def period(self) -> str:
        """`du 1er mars 2026 au 30 juin 2026`; `from … to …`."""
        first, last = sorted(self.rng.sample(range(30, 600), 2), reverse=True)
        days = [long_date(TODAY - timedelta(days=one), self.lang) for one in (first, last)]
        return f"from {days[0]} to {days[1]}" if self.lang == "en" else f"du {days[0]} au {days[1]}"

    def office(self) -> str:
        """The address of a public body."""
        return self.rng.choice(PUBLIC_OFFICES)

    def mailbox(self) -> str:
        """A mailbox that nobody in particular reads."""
        return self.rng.choice(GENERIC_MAILBOXES)

    def service_line(self) -> str:
        """A toll-free or three-digit number of a public service."""
        return self.rng.choice(SERVICE_LINES)

    def filler(self, theme: str, least: int = 1, most: int = 2) -> str:
        """Sentences of a theme, none with personal data."""
        stock = phrases.ENGLISH if self.lang == "en" else phrases.FRENCH
        return " ".join(self.fill(one) for one in self.some(stock[theme], least, most))

    def fill(self, sentence: str) -> str:
        """A stock sentence with its blanks ({law}, {body}, {date}…) filled."""
        starts_with_a_blank = sentence.startswith("{")
        blanks: dict[str, Callable[[], str]] = {
            "law": self.law, "body": self.body, "unit": self.unit, "the_unit": self.the_unit, "office": self.office,
            "building": self.building, "hospital": self.hospital, "road": self.road, "town": self.town,
            "scale": self.scale, "disease": self.disease, "case": self.case, "method": self.method,
            "date": self.date, "deadline": self.deadline, "hour": self.hour, "amount": self.amount, "fee": self.fee,
            "ref": self.reference, "line": self.service_line, "box": self.mailbox, "serial": self.serial,
            "three": lambda: self.digits(3), "four": lambda: self.digits(4), "six": lambda: self.digits(6),
        }  # fmt: skip
        for blank, value in blanks.items():
            while f"{{{blank}}}" in sentence:
                before, after = sentence.split(f"{{{blank}}}", 1)
                sentence = contracted(before, value()) + after
        return sentence[:1].upper() + sentence[1:] if starts_with_a_blank else sentence

    def de(self, noun: str) -> str:
        """`de` and a noun with its article: du, de la, de l', des."""
        return contracted("de ", noun)

    def of(self, name: str) -> str:
        """`de` and a person's name: d'Éric, de Luc."""
        vowel = unaccented(bare(name)[0]).upper() in "AEIOU"
        return f"d'{name}" if vowel else f"de {name}"

    def a(self, noun: str) -> str:
        """`à` and a noun with its article: au, à la, à l', aux."""
        return contracted("à ", noun)


def contracted(before: str, noun: str) -> str:
    """`before` and `noun`, with `de le`, `de les`, `à le`, `à les` contracted."""
    for preposition, singular, plural in (("de ", "du ", "des "), ("à ", "au ", "aux ")):
        if before.endswith((f" {preposition}", f"'{preposition}")) or before == preposition:
            for article, contraction in (("le ", singular), ("les ", plural)):
                if noun.startswith(article):
                    return before[: -len(preposition)] + contraction + noun[len(article) :]
    return before + noun
