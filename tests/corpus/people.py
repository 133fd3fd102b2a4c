"""A made-up person whose identifiers agree with each other, and the many ways in which each is written."""

from __future__ import annotations

import unicodedata
from datetime import date, timedelta
from itertools import pairwise
from random import Random

from tests.corpus import identifiers
from tests.corpus.marks import bare, mark
from tests.corpus.names import COMMUNITIES, pool
from tests.corpus.places import CITIES, ENGLISH_STREETS, MAIL_DOMAINS, STREETS

MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
ENGLISH_MONTHS = "January February March April May June July August September October November December".split()
TODAY = date(2026, 11, 20)


def unaccented(text: str) -> str:
    """The text with accents off; no character moves."""
    return "".join(unicodedata.normalize("NFD", one)[0] for one in text)


def long_date(day: date, lang: str = "fr") -> str:
    """`12 mars 1984`, `1er mai 2026`; `March 12, 1984`."""
    if lang == "en":
        return f"{ENGLISH_MONTHS[day.month - 1]} {day.day}, {day.year}"
    return f"{day.day}{'er' if day.day == 1 else ''} {MONTHS[day.month - 1]} {day.year}"


class Person:
    """Someone of the corpus. Methods return marked values; `age` in years, from `youngest` to `oldest`."""

    def __init__(
        self, rng: Random, half: int, *, sex: str = "", lang: str = "fr", youngest: int = 18, oldest: int = 88
    ) -> None:
        self.rng, self.lang, self.half = rng, lang, half
        self.sex = sex or rng.choice("FM")
        names = sorted(COMMUNITIES)
        weights = [COMMUNITIES[one][0] for one in names]
        if lang == "en":
            weights = [4 * weight if one == "english" else weight for one, weight in zip(names, weights, strict=True)]
        community = rng.choices(names, weights)[0]
        women, men, last = pool(community)
        self.first = rng.choice((women if self.sex == "F" else men)[half::2])
        self.last = rng.choice(last[half::2])
        if community == "french" and "-" not in self.last and rng.random() < 0.1:
            self.last = f"{self.last}-{rng.choice([one for one in last[half::2] if '-' not in one])}"
        days = rng.randint(youngest * 365 + youngest // 4 + 1, oldest * 365 + oldest // 4)
        self.born = TODAY - timedelta(days=days)
        self.age = (TODAY - self.born).days * 4 // 1461
        self._email = self._domain = ""
        self._sep = rng.choice([" ", " ", " ", "-", "-", "", "\u00a0", "\u202f"])

    # ── names ─────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def civility(self) -> str:
        """M. or Mme; Mr. or Ms."""
        if self.lang == "en":
            return "Ms." if self.sex == "F" else "Mr."
        return "Mme" if self.sex == "F" else "M."

    @property
    def e(self) -> str:
        """The feminine's final e."""
        return "e" if self.sex == "F" else ""

    @property
    def il(self) -> str:
        """il or elle; he or she."""
        if self.lang == "en":
            return "she" if self.sex == "F" else "he"
        return "elle" if self.sex == "F" else "il"

    @property
    def doctor(self) -> str:
        """Dr or Dre."""
        return "Dre" if self.sex == "F" and self.lang == "fr" else "Dr"

    @property
    def madame(self) -> str:
        """Madame or Monsieur."""
        return "Madame" if self.sex == "F" else "Monsieur"

    def full(self) -> str:
        """Given name and surname."""
        return mark("PERSON", f"{self.first} {self.last}")

    def given(self) -> str:
        """The given name alone."""
        return mark("PERSON", self.first)

    def surname(self) -> str:
        """The surname alone."""
        return mark("PERSON", self.last)

    def titled(self) -> str:
        """`M. Roy`, `Mme Marie Roy`: the title is not part of the value."""
        name = self.surname() if self.rng.random() < 0.6 else self.full()
        if self.lang == "fr" and self.rng.random() < 0.2:
            return f"{self.rng.choice(['Madame', 'Mme.', 'madame'] if self.sex == 'F' else ['Monsieur', 'M', 'monsieur'])} {name}"
        return f"{self.civility} {name}"

    def reversed(self) -> str:
        """`Roy, Marie` or `ROY, Marie`."""
        last = self.last.upper() if self.rng.random() < 0.4 else self.last
        return mark("PERSON", f"{last}, {self.first}")

    def capitals(self) -> str:
        """`MARIE ROY`."""
        return mark("PERSON", f"{self.first} {self.last}".upper())

    def formal(self) -> str:
        """`Marie ROY`."""
        return mark("PERSON", f"{self.first} {self.last.upper()}")

    def initial(self) -> str:
        """`M. Roy` as in an initial: `J.-P. Roy`."""
        return mark("PERSON", f"{self._initials()} {self.last}")

    def lower(self) -> str:
        """As typed in a hurry: `karine tremblay`."""
        return mark("PERSON", unaccented(f"{self.first} {self.last}".lower()))

    def lower_given(self) -> str:
        """`karine`."""
        return mark("PERSON", unaccented(self.first.lower()))

    def any_name(self) -> str:
        """One of the ways in which running text names someone in full."""
        return self.rng.choice([self.full, self.full, self.full, self.formal, self.titled])()

    def _initials(self) -> str:
        return "-".join(f"{part[0].upper()}." for part in self.first.replace(" ", "-").split("-"))

    # ── identifiers ───────────────────────────────────────────────────────────────────────────────────────────────

    def sin(self) -> str:
        """NAS."""
        number = identifiers.sin(self.rng)
        return mark("CA_SIN", self._sep.join([number[:3], number[3:6], number[6:]]))

    def nam(self) -> str:
        """NAM."""
        number = identifiers.nam(self.rng, self.last, self.first, self.sex, self.born)
        sep = self.rng.choice([" ", " ", " ", "", "-", "\u00a0"])
        value = sep.join([number[:4], number[4:8], number[8:]])
        return mark("QC_NAM", value.lower() if self.rng.random() < 0.06 else value)

    def permanent_code(self) -> str:
        """Code permanent."""
        number = identifiers.permanent_code(self.rng, self.last, self.first, self.sex, self.born)
        sep = self.rng.choice(["", "", "", " "])
        return mark("QC_PERMANENT_CODE", f"{number[:4]}{sep}{number[4:]}")

    def licence(self) -> str:
        """Permis de conduire."""
        number = identifiers.driver_licence(self.rng, self.last, self.born)
        sep = self.rng.choice(["-", "-", "-", "", " "])
        return mark("QC_DRIVER_LICENCE", sep.join([number[:5], number[5:11], number[11:]]))

    def passport(self) -> str:
        """Passeport."""
        value = identifiers.passport(self.rng)
        return mark(
            "CA_PASSPORT", f"{value[:2]} {value[2:]}" if value[1].isalpha() and self.rng.random() < 0.15 else value
        )

    def immigration(self) -> str:
        """IUC."""
        return mark("CA_IMMIGRATION", identifiers.immigration(self.rng))

    def plate(self) -> str:
        """Plaque."""
        return mark("LICENCE_PLATE", identifiers.plate(self.rng))

    def birth(self, style: str = "") -> str:
        """The birth date, as a value: long, ISO, slashes."""
        style = style or self.rng.choice(["long", "long", "iso", "iso", "slash"])
        if style == "long":
            return mark("DATE_OF_BIRTH", long_date(self.born, self.lang))
        if style == "iso":
            return mark("DATE_OF_BIRTH", self.born.isoformat())
        return mark(
            "DATE_OF_BIRTH", self.born.strftime(self.rng.choice(["%d/%m/%Y", "%d/%m/%y", "%d-%m-%Y", "%Y/%m/%d"]))
        )

    def card(self) -> str:
        """Carte de crédit."""
        number = identifiers.credit_card(self.rng)
        sep = self.rng.choice([" ", " ", "", "-", "\u00a0"])
        cuts = (4, 10) if len(number) == 15 else (4, 8, 12)
        edges = [0, *cuts, len(number)]
        return mark("CREDIT_CARD", sep.join(number[a:b] for a, b in pairwise(edges)))

    def iban(self) -> str:
        """Compte à l'étranger."""
        number = identifiers.iban(self.rng)
        if self.rng.random() < 0.3:
            return mark("IBAN_CODE", number)
        return mark("IBAN_CODE", " ".join(number[at : at + 4] for at in range(0, len(number), 4)))

    def account(self) -> str:
        """Transit, institution and account in one value."""
        transit, institution, account = identifiers.bank_parts(self.rng)
        shape = self.rng.choice(["{t}-{i}-{a}", "{t}-{i}-{a}", "{i}-{t}-{a}", "{t} {i} {a}", "{t}-{i} {a}"])
        return mark("BANK_ACCOUNT", shape.format(t=transit, i=institution, a=account))

    def password(self) -> str:
        """A password."""
        return mark("CREDENTIAL", identifiers.password(self.rng))

    def ip(self) -> str:
        """An address on a network."""
        return mark(
            "IP_ADDRESS", identifiers.ipv4(self.rng) if self.rng.random() < 0.85 else identifiers.ipv6(self.rng)
        )

    # ── how to reach them ─────────────────────────────────────────────────────────────────────────────────────────

    def phone(self) -> str:
        """A telephone, in one of the ways people write it."""
        number = identifiers.phone_digits(self.rng)
        area, exchange, line = number[:3], number[3:6], number[6:]
        shapes = [
            "{a} {e}-{l}",
            "{a} {e}-{l}",
            "{a} {e}-{l}",
            "({a}) {e}-{l}",
            "{a}-{e}-{l}",
            "{a}.{e}.{l}",
            "{a}{e}{l}",
        ]
        shapes += [
            "+1 {a} {e}-{l}",
            "1 {a} {e}-{l}",
            "{a} {e} {l}",
            "{a}\u00a0{e}-{l}",
            "{a}\u202f{e}-{l}",
            "+1{a}{e}{l}",
        ]
        return mark("PHONE_NUMBER", self.rng.choice(shapes).format(a=area, e=exchange, l=line))

    def desk(self) -> str:
        """A telephone at work, with its extension, which is part of the value."""
        number = identifiers.phone_digits(self.rng)
        word = (
            self.rng.choice(["ext.", "x"])
            if self.lang == "en"
            else self.rng.choice(["poste", "poste", ", poste", "p."])
        )
        joint = "" if word.startswith(",") else " "
        extension = identifiers.digits(self.rng, self.rng.choice([3, 4, 4, 5]))
        return mark("PHONE_NUMBER", f"{number[:3]} {number[3:6]}-{number[6:]}{joint}{word} {extension}")

    def email(self) -> str:
        """An address at a public provider."""
        self._email = self._email or self._new_email()
        return mark("EMAIL_ADDRESS", self._email)

    def _new_email(self) -> str:
        first, last = (identifiers.plain(part).lower() for part in (self.first, self.last))
        initial = first[0]
        local = self.rng.choice(
            [
                f"{first}.{last}",
                f"{first}.{last}",
                f"{initial}{last}",
                f"{first}_{last}",
                f"{last}{initial}{self.born:%y}",
                f"{first}{self.born:%Y}",
            ]
        )
        return f"{local}@{self.rng.choice(MAIL_DOMAINS)}"

    def work_email(self, domain: str = "") -> str:
        """An address at a public body."""
        first, last = (identifiers.plain(part).lower() for part in (self.first, self.last))
        domains = ["exemple.gouv.qc.ca", "ministere.exemple.quebec", "ssss.exemple.ca", "ville.exemple.qc.ca"]
        self._domain = domain or self._domain or self.rng.choice(domains)
        return mark("EMAIL_ADDRESS", f"{first}.{last}@{self._domain}")

    def address(self, joint: str = "") -> str:
        """Where they live, in one value; `joint` separates its lines (a comma by default)."""
        rng = self.rng
        city, postal_start = rng.choice(CITIES[self.half :: 2])
        street = rng.choice(ENGLISH_STREETS if self.lang == "en" else STREETS[self.half :: 2])
        number = str(rng.choice([rng.randint(1, 99), rng.randint(100, 999), rng.randint(1000, 12999)]))
        if rng.random() < 0.06:
            number += rng.choice("ABC")
        code = identifiers.postal_code(rng, postal_start)
        if rng.random() < 0.2:
            code = code.replace(" ", rng.choice(["", "\u00a0", "  "]))
        unit = ""
        if rng.random() < 0.35:
            flat = rng.choice([str(rng.randint(1, 40)), str(rng.randint(101, 1804)), rng.choice("ABC")])
            unit = rng.choice([", app. ", ", app. ", ", appartement ", ", apt ", " app ", ", unité ", " #"]) + flat
            if self.lang == "en":
                unit = unit.replace("app. ", "apt. ").replace("appartement", "apartment").replace("unité", "unit")
        comma = "" if self.lang == "en" else rng.choice([", ", ", ", ", ", " "])
        first = f"{number}{comma or ' '}{street}{unit}"
        second = f"{city}{rng.choice([' (Québec)', ' (Québec)', ', Québec', ' (QC)', ', QC', ' Québec', ''])}"
        joint = joint or rng.choice([", ", ", ", ", ", " "])
        space = rng.choice(["  ", " ", " "]) if joint != "\n" else rng.choice(["  ", " ", "\n"])
        return mark("ADDRESS", f"{first}{joint}{second}{space}{code}")

    def street(self) -> str:
        """Number and street alone."""
        number = self.rng.choice([self.rng.randint(10, 999), self.rng.randint(1000, 9999)])
        if self.lang == "en":
            return mark("ADDRESS", f"{number} {self.rng.choice(ENGLISH_STREETS)}")
        return mark(
            "ADDRESS", f"{number}{self.rng.choice([', ', ', ', ' '])}{self.rng.choice(STREETS[self.half :: 2])}"
        )

    def postal(self) -> str:
        """The postal code alone."""
        return mark("ADDRESS", identifiers.postal_code(self.rng, self.rng.choice(CITIES[self.half :: 2])[1]))


def lower(marked: str) -> str:
    """A marked value in lower case without accents."""
    return unaccented(marked.lower())


__all__ = ["ENGLISH_MONTHS", "MONTHS", "TODAY", "Person", "bare", "long_date", "lower", "unaccented"]
