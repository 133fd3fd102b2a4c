"""Laws: a valid value is found whole however it is written; a wrong check digit is not; a finding is always of the text."""

from __future__ import annotations

import string
from datetime import date
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.privacy.recognizers import ENTITIES, identify, survey
from gateway.privacy.recognizers.card import RANGES
from gateway.privacy.recognizers.iban import LENGTHS
from gateway.privacy.recognizers.numbers import luhn
from gateway.privacy.recognizers.view import View

SPACES = ["", " ", "\u00a0", "\u202f", "\u2009", "-", "\u2011", "–", ".", " - ", "&nbsp;", "\\u00a0", "%20"]
DIGITS = ["0123456789", "０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗"]
QUIET = settings(max_examples=60, deadline=None)

separators = st.sampled_from(SPACES)
births = st.dates(date(1920, 1, 1), date(2025, 12, 28))
letters = st.text(string.ascii_uppercase, min_size=4, max_size=4)
pairs = st.integers(0, 99).map(lambda number: f"{number:02}")


def check_digit(body: str) -> str:
    return next(digit for digit in string.digits if luhn(body + digit))


@st.composite
def sins(draw: st.DrawFn) -> str:
    body = draw(st.sampled_from("12345679")) + draw(st.text(string.digits, min_size=7, max_size=7))
    return body + check_digit(body)


@st.composite
def cards(draw: st.DrawFn) -> str:
    prefix = draw(st.sampled_from(["4", "51", "55", "2221", "2720", "34", "37", "6011", "65", "35"]))
    length = 15 if prefix in ("34", "37") else 16
    body = prefix + draw(st.text(string.digits, min_size=length - 1 - len(prefix), max_size=length - 1 - len(prefix)))
    return body + check_digit(body)


@st.composite
def ibans(draw: st.DrawFn) -> str:
    country = draw(st.sampled_from(sorted(LENGTHS)))
    body = draw(st.text(string.digits, min_size=LENGTHS[country] - 4, max_size=LENGTHS[country] - 4))
    number = int("".join(str(int(one, 36)) for one in body + country + "00"))
    return f"{country.upper()}{98 - number % 97:02}{body}"


def month(born: date, woman: bool) -> str:
    return f"{born.month + 50 * woman:02}"


def grouped(value: str, sizes: tuple[int, ...], separator: str) -> str:
    parts, at = [], 0
    for size in sizes:
        parts.append(value[at : at + size])
        at += size
    return separator.join([*parts, value[at:]])


def spans(text: str, entity: str) -> list[str]:
    return [text[one.start : one.end] for one in identify(text) if one.type == entity]


@QUIET
@given(sins(), separators, separators, st.sampled_from(DIGITS))
def test_a_sin_is_found_exactly_however_it_is_written(value: str, one: str, two: str, script: str) -> None:
    written = value[:3] + one + value[3:6] + two + value[6:]
    if script != DIGITS[0] and "%" not in written and "\\" not in written:
        written = written.translate(str.maketrans(DIGITS[0], script))
    assert spans(f"Le NAS du demandeur est {written}, merci.", "CA_SIN") == [written]


@QUIET
@given(sins(), st.integers(1, 9), separators)
def test_a_sin_with_another_check_digit_is_not_one(value: str, shift: int, separator: str) -> None:
    wrong = value[:-1] + str((int(value[-1]) + shift) % 10)
    assert spans(f"NAS : {grouped(wrong, (3, 3), separator)}.", "CA_SIN") == []


@QUIET
@given(letters, births, st.booleans(), pairs, separators, st.booleans())
def test_a_nam_is_found_exactly(name: str, born: date, woman: bool, two: str, separator: str, lower: bool) -> None:
    value = grouped(f"{name}{born:%y}{month(born, woman)}{born:%d}{two}", (4, 4), separator)
    value = value if "\\" in value or "&" in value or not lower else value.lower()
    assert spans(f"Sa carte soleil porte le {value}.", "QC_NAM") == [value]


@QUIET
@given(letters, births, st.booleans(), pairs, separators)
def test_a_permanent_code_is_found_exactly(name: str, born: date, woman: bool, two: str, separator: str) -> None:
    value = grouped(f"{name}{born:%d}{month(born, woman)}{born:%y}{two}", (4, 4), separator)
    assert spans(f"Code permanent : {value}", "QC_PERMANENT_CODE") == [value]


@QUIET
@given(letters, st.sampled_from(["00", "13", "49", "50", "63", "99"]), pairs, pairs, pairs)
def test_letters_and_digits_without_a_date_are_no_nam(name: str, wrong: str, one: str, two: str, three: str) -> None:
    assert not set(identify(f"NAM {name} {one}{wrong} {two}{three}")) & {"QC_NAM"}
    assert spans(f"NAM {name} {one}{wrong} {two}{three}", "QC_NAM") == []


@QUIET
@given(st.sampled_from(string.ascii_uppercase), pairs, pairs, births, st.booleans(), pairs, separators)
def test_a_drivers_licence_is_found_exactly(
    letter: str, one: str, two: str, born: date, woman: bool, last: str, separator: str
) -> None:
    value = grouped(f"{letter}{one}{two}{born:%d}{month(born, woman)}{born:%y}{last}", (5, 6), separator)
    assert spans(f"Permis de conduire : {value}; classe 5", "QC_DRIVER_LICENCE") == [value]


@QUIET
@given(cards(), separators)
def test_a_card_is_found_exactly(value: str, separator: str) -> None:
    assert RANGES.fullmatch(value)
    sizes = (4, 6) if len(value) == 15 else (4, 4, 4)
    written = grouped(value, sizes, separator)
    assert spans(f"Carte de crédit : {written} (Visa)", "CREDIT_CARD") == [written]


@QUIET
@given(cards(), st.integers(1, 9), separators)
def test_a_card_with_another_check_digit_is_not_one(value: str, shift: int, separator: str) -> None:
    wrong = value[:-1] + str((int(value[-1]) + shift) % 10)
    assert spans(f"Carte de crédit : {grouped(wrong, (4, 4, 4), separator)}", "CREDIT_CARD") == []


@QUIET
@given(ibans(), st.booleans(), st.booleans())
def test_an_iban_is_found_exactly(value: str, spaced: bool, lower: bool) -> None:
    written = " ".join(value[at : at + 4] for at in range(0, len(value), 4)) if spaced else value
    written = written.lower() if lower else written
    assert spans(f"IBAN {written}.", "IBAN_CODE") == [written]


@QUIET
@given(ibans(), st.integers(1, 9), st.integers(4, 14))
def test_an_iban_with_another_digit_is_not_one(value: str, shift: int, at: int) -> None:
    wrong = value[:at] + str((int(value[at]) + shift) % 10) + value[at + 1 :]
    assert spans(f"IBAN {wrong}.", "IBAN_CODE") == []


@QUIET
@given(
    st.sampled_from("418 581 367 514 438 263 450 579 354 819 873 468".split()),
    st.integers(200, 999),
    st.integers(0, 9999),
    st.sampled_from(
        [
            "{}-{}-{}",
            "{} {}-{}",
            "({}) {}-{}",
            "({}){}-{}",
            "{}.{}.{}",
            "{} {} {}",
            "+1 {} {}-{}",
            "1-{}-{}-{}",
            "{}{}{}",
        ]
    ),
    st.sampled_from(["", ", poste 12", " poste 4521", " ext. 7"]),
)
def test_a_telephone_number_is_found_exactly(area: str, exchange: int, line: int, form: str, extension: str) -> None:
    written = form.format(area, exchange, f"{line:04}") + extension
    assert spans(f"Mon cellulaire : {written}.", "PHONE_NUMBER") == [written]


MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()


@QUIET
@given(
    births, st.sampled_from(["{0:%Y-%m-%d}", "{0:%d/%m/%Y}", "{0:%d-%m-%y}", "{0.day} {1} {0.year}", "{0:%Y/%m/%d}"])
)
def test_a_date_is_of_birth_only_when_said(born: date, form: str) -> None:
    written = form.format(born, MONTHS[born.month - 1])
    assert spans(f"Date de naissance : {written}.", "DATE_OF_BIRTH") == [written]
    assert spans(f"Elle est née le {written}.", "DATE_OF_BIRTH") == [written]
    assert identify(f"La rencontre du {written} est reportée.") == []


locals_ = st.from_regex(r"[a-z]{2,10}\.[a-z]{4,12}[0-9]{0,3}", fullmatch=True).filter(
    lambda one: survey(f"{one}@exemple.ca")[0].type == "EMAIL_ADDRESS"
)


@QUIET
@given(locals_, st.sampled_from(["exemple.ca", "ville.exemple.qc.ca", "mail.exemple-1.com"]))
def test_an_email_address_is_found_exactly(local: str, domain: str) -> None:
    assert spans(f"Écrire à {local}@{domain}.", "EMAIL_ADDRESS") == [f"{local}@{domain}"]


PIECES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "NAS ",
            "130 692 544",
            "TREM 8405 1205",
            "né le ",
            "12 mars 1984",
            "tél. ",
            "418 555-0142",
            "12, rue ",
            "des Érables",
            ", app. 3",
            "H2X 1Y4",
            "mot de passe : ",
            "Soleil2024!",
            "marie@exemple.ca",
            "4111 1111 1111 1111",
            "&nbsp;",
            "\\u00a0",
            "%20",
            "%C3%A9",
            "\u200b",
            "\u202e",
            "\n",
            "|",
            ";",
            "MTMwIDY5MiA1NDQ=",
            "-----BEGIN PRIVATE KEY-----",
            "https://a:b@c.ca/",
            "Montréal (Québec) ",
            "\ud83d",
            "İ",
        ]
    ),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join))
@example("\u200b")
@example("NAS &#49;30 692 544")
def test_a_finding_is_a_part_of_the_text_and_none_overlaps(text: str) -> None:
    at = 0
    for one in identify(text):
        assert at <= one.start < one.end <= len(text)
        assert one.type in ENTITIES
        assert 0.4 <= one.score <= 1
        at = one.end


@settings(max_examples=120, deadline=None)
@given(st.lists(PIECES, max_size=10).map("".join))
def test_a_view_leads_back_in_order(text: str) -> None:
    view = View(text)
    assert len(view.plain) == len(view.folded)
    back = [view.span(at, at + 1) for at in range(len(view.folded))]
    assert all(0 <= start < end <= len(text) for start, end in back)
    assert all(one[1] <= two[1] and one[0] <= two[0] for one, two in pairwise(back))
