"""Identifiers with valid check digits and embedded dates, drawn from a seeded generator. Formats: docs of each issuing body."""

from __future__ import annotations

import base64
import json
import string
import unicodedata
from datetime import date
from random import Random

_DIGITS = string.digits
_LETTERS = string.ascii_uppercase
_POSTAL_FIRST, _POSTAL_OTHER = "GHJ", "ABCEGHJKLMNPRSTVWXYZ"
AREA_CODES = ("418", "581", "367", "514", "438", "263", "450", "579", "354", "819", "873", "468")
AREA_CODES_ELSEWHERE = ("613", "343", "416", "647", "506", "905", "604", "902")


def digits(rng: Random, count: int) -> str:
    """As many digits, leading zeros included."""
    return "".join(rng.choice(_DIGITS) for _ in range(count))


def letters(rng: Random, count: int) -> str:
    """As many capitals."""
    return "".join(rng.choice(_LETTERS) for _ in range(count))


def luhn_digit(number: str) -> str:
    """The digit that makes `number` + digit pass Luhn's check."""
    total = sum(
        sum(divmod(int(digit) * 2, 10)) if index % 2 == 0 else int(digit) for index, digit in enumerate(number[::-1])
    )
    return str(-total % 10)


def luhn_holds(number: str) -> bool:
    """Whether the last digit is the check digit of the others."""
    return len(number) > 1 and number.isdigit() and luhn_digit(number[:-1]) == number[-1]


def plain(name: str) -> str:
    """The letters A to Z of a name, in capitals, accents off."""
    decomposed = unicodedata.normalize("NFD", name.upper().replace("Œ", "OE").replace("Æ", "AE"))
    return "".join(letter for letter in decomposed if letter in _LETTERS)


def sin(rng: Random) -> str:
    """NAS: nine digits, Luhn; begins with 1 to 7, or 9 for temporary residents."""
    start = rng.choice("12234567" if rng.random() < 0.9 else "9") + digits(rng, 7)
    return start + luhn_digit(start)


def name_key(last: str, first: str) -> str:
    """Three letters of the surname, one of the given name; X where there are too few."""
    return (plain(last) + "XXX")[:3] + (plain(first) + "X")[:1]


def nam(rng: Random, last: str, first: str, sex: str, born: date) -> str:
    """NAM (RAMQ): name key, YYMMDD (50 added to a woman's month), two digits."""
    month = born.month + (50 if sex == "F" else 0)
    return f"{name_key(last, first)}{born:%y}{month:02}{born:%d}{digits(rng, 2)}"


def permanent_code(rng: Random, last: str, first: str, sex: str, born: date) -> str:
    """Code permanent (MEQ): name key, DDMMYY (50 added to a woman's month), two digits."""
    month = born.month + (50 if sex == "F" else 0)
    return f"{name_key(last, first)}{born:%d}{month:02}{born:%y}{digits(rng, 2)}"


def driver_licence(rng: Random, last: str, born: date) -> str:
    """SAAQ: first letter of the surname, four digits, DDMMYY, two digits."""
    return f"{(plain(last) + 'X')[0]}{digits(rng, 4)}{born:%d%m%y}{digits(rng, 2)}"


def passport(rng: Random) -> str:
    """Two letters and six digits, or the newer letter, six digits, two letters."""
    if rng.random() < 0.7:
        return letters(rng, 2) + digits(rng, 6)
    return letters(rng, 1) + digits(rng, 6) + letters(rng, 2)


def immigration(rng: Random) -> str:
    """IUC: eight or ten digits, with or without its hyphens."""
    number = rng.choice("123456789") + digits(rng, rng.choice([7, 9]))
    if rng.random() < 0.5:
        return number
    return f"{number[:4]}-{number[4:]}" if len(number) == 8 else f"{number[:2]}-{number[2:6]}-{number[6:]}"


def plate(rng: Random) -> str:
    """A plate as Québec has issued them."""
    shape = rng.choice(["A99 AAA", "AAA 999", "999 AAA", "AAA9999", "A99AAA", "AAA-999", "A99-AAA"])
    allowed = "ABCDEFGHJKLMNPRSTVWXYZ"
    return "".join(rng.choice(allowed) if one == "A" else rng.choice(_DIGITS) if one == "9" else one for one in shape)


def postal_code(rng: Random, first: str | None = None) -> str:
    """A postal code in capitals, with its space; `first`: the three characters of the place, when known."""
    first = first or rng.choice(_POSTAL_FIRST) + rng.choice("123456789") + rng.choice(_POSTAL_OTHER)
    return f"{first} {rng.choice(_DIGITS)}{rng.choice(_POSTAL_OTHER)}{rng.choice(_DIGITS)}"


def phone_digits(rng: Random) -> str:
    """Ten digits. A third are the 555-01xx that nobody can have."""
    area = rng.choice(AREA_CODES if rng.random() < 0.93 else AREA_CODES_ELSEWHERE)
    if rng.random() < 0.33:
        return f"{area}55501{digits(rng, 2)}"
    exchange = rng.choice("23456789") + rng.choice("02345678") + rng.choice(_DIGITS)
    return area + exchange + digits(rng, 4)


def bank_parts(rng: Random) -> tuple[str, str, str]:
    """Transit, institution, account."""
    institution = rng.choice(["815", "815", "815", "006", "006", "004", "001", "003", "010", "614"])
    lengths = {"815": 7, "001": 7, "006": 7, "004": 7, "003": 7, "010": 7, "614": 9}
    transit = rng.choice("0123") + digits(rng, 4) if institution != "815" else rng.choice("239") + digits(rng, 4)
    return transit, institution, digits(rng, lengths[institution] if rng.random() < 0.85 else rng.choice([8, 10, 12]))


def credit_card(rng: Random) -> str:
    """Visa, Mastercard or American Express, Luhn."""
    start, size = rng.choice([("4", 16), ("4", 16), ("5", 16), ("5", 16), ("34", 15), ("37", 15), ("2221", 16)])
    if start == "5":
        start += rng.choice("12345")
    body = start + digits(rng, size - 1 - len(start))
    return body + luhn_digit(body)


_BBAN = {
    "FR": "99999999999999999999999",
    "BE": "999999999999",
    "CH": "99999999999999999",
    "DE": "999999999999999999",
    "GB": "AAAA99999999999999",
    "IT": "A9999999999999999999999",
    "ES": "99999999999999999999",
    "TN": "99999999999999999999",
    "LU": "9999999999999999",
    "PT": "999999999999999999999",
}


def iban(rng: Random) -> str:
    """An account elsewhere, mod 97, run together."""
    country = rng.choice(sorted(_BBAN))
    bban = "".join(rng.choice(_LETTERS) if one == "A" else rng.choice(_DIGITS) for one in _BBAN[country])
    return f"{country}{98 - _mod97(bban + country + '00'):02}{bban}"


def iban_holds(number: str) -> bool:
    """ISO 13616's check."""
    return _mod97(number[4:] + number[:4]) == 1


def _mod97(text: str) -> int:
    return int("".join(str(int(one, 36)) for one in text)) % 97


def ipv4(rng: Random) -> str:
    """A public or a private address."""
    network = rng.choice(["203.0.113", "198.51.100", "192.0.2", "10", "172.16", "192.168", "24.48", "70.81", "184.160"])
    parts = network.split(".")
    return ".".join([*parts, *(str(rng.randint(1, 254)) for _ in range(4 - len(parts)))])


def ipv6(rng: Random) -> str:
    """An address of the documentation prefix, whole or with `::`."""
    groups = [f"{rng.randint(1, 0xFFFF):x}" for _ in range(6)]
    return ":".join(["2001", "db8", *groups]) if rng.random() < 0.5 else f"2001:db8:{groups[0]}::{groups[1]}"


def password(rng: Random) -> str:
    """What people choose, and what systems generate."""
    words = ["Soleil", "hiver", "Canadiens", "poutine", "Erable", "chalet", "Minou", "Bonjour", "patate", "Rimouski"]
    if rng.random() < 0.6:
        joint, number = rng.choice(["", "-", "_", "."]), digits(rng, rng.choice([2, 4]))
        return f"{rng.choice(words)}{joint}{number}{rng.choice('!$#*&?')}"
    return "".join(rng.choice(string.ascii_letters + _DIGITS + "!#$%*+-=?@_") for _ in range(rng.randint(10, 16)))


def api_key(rng: Random) -> str:
    """A key of the shapes that common services give."""
    alphabet = string.ascii_letters + _DIGITS
    prefix, size = rng.choice([("sk-", 40), ("ghp_", 36), ("AKIA", 16), ("xoxb-", 32), ("glpat-", 20)])
    if prefix.startswith("AK"):
        alphabet = _LETTERS + "234567"
    return prefix + "".join(rng.choice(alphabet) for _ in range(size))


def jwt(rng: Random) -> str:
    """A token of three parts, signed by nobody."""
    header = _b64(json.dumps({"alg": "HS256", "typ": "JWT"}, separators=(",", ":")).encode())
    payload = _b64(json.dumps({"sub": digits(rng, 6), "exp": 1790000000 + rng.randint(0, 10**6)}).encode())
    return f"{header}.{payload}.{_b64(rng.randbytes(32))}"


def pem(rng: Random) -> str:
    """An armoured private key; its bytes are random."""
    body = base64.b64encode(rng.randbytes(96)).decode()
    lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    label = "PRIVATE" + " KEY"
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----"


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def neq(rng: Random) -> str:
    """Numéro d'entreprise du Québec: ten digits, not personal."""
    return rng.choice(["11", "22", "33", "88"]) + digits(rng, 8)
