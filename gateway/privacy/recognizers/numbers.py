"""Arithmetic of identifiers: check digits and dates inside them. Pure."""

from __future__ import annotations

import re
from calendar import monthrange

LEAP_YEAR = 2000
_NOT_DIGIT = re.compile(r"[^0-9]+")
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def digits(text: str) -> str:
    """Its digits, in order."""
    return _NOT_DIGIT.sub("", text)


def luhn(number: str) -> bool:
    """ISO/IEC 7812-1 annex B; a number of zeros only is none."""
    odd = sum(int(one) for one in number[-1::-2])
    return (odd + sum(_DOUBLED[int(one)] for one in number[-2::-2])) % 10 == 0 and number.strip("0") != ""


def is_date(month: str, day: str, *, women_add_50: bool = True) -> bool:
    """Whether month and day, of any year, are of the calendar; Québec's identifiers add 50 to a woman's month."""
    number = int(month)
    if women_add_50 and number > 50:
        number -= 50
    return 1 <= number <= 12 and 1 <= int(day) <= monthrange(LEAP_YEAR, number)[1]


def mod_97(iban: str) -> bool:
    """ISO 13616: moved, spelled in numbers, the remainder by 97 is 1."""
    moved = iban[4:] + iban[:4]
    return int("".join(str(int(one, 36)) for one in moved)) % 97 == 1
