"""The corpus is what it says: exact spans, identifiers that hold, a third of it clean, the same from the same seed."""

import json
import re
import subprocess
import sys
from collections import Counter
from datetime import date
from random import Random

import pytest

from tests.corpus import COUNT, TYPES, generate, identifiers, places
from tests.corpus.marks import MARKS, bare, dumps, mark, unmark
from tests.corpus.pen import BUILDERS, Pen, contracted
from tests.corpus.people import Person
from tests.corpus.typography import NBSP, STYLES, entities, typographic, wrapped

SCANNED = str.maketrans({"O": "0", "o": "0", "l": "1", "I": "1", "S": "5", "B": "8"})


@pytest.fixture(scope="module")
def corpus():
    return generate()


def values(documents, kind):
    return [one.text[span.start : span.end] for one in documents for span in one.spans if span.type == kind]


def digits(value):
    """What a value's digits were before the scanner's slips."""
    return re.sub(r"\D", "", value.translate(SCANNED))


# ── the whole ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_seed_writes_the_same_corpus_and_another_seed_another(corpus):
    assert generate() == corpus
    assert not {one.text for one in generate(seed=2)} & {one.text for one in corpus}


def test_documents_have_ids_of_their_own_and_no_two_are_alike(corpus):
    assert len(corpus) == COUNT >= 300
    assert len({one.id for one in corpus}) == COUNT
    assert len({one.text for one in corpus}) == COUNT


def test_spans_are_exact_in_order_and_do_not_overlap(corpus):
    for document in corpus:
        end = 0
        for span in document.spans:
            assert end <= span.start < span.end <= len(document.text), document.id
            value = document.text[span.start : span.end]
            assert value.strip() == value != "", document.id
            assert span.type in TYPES
            end = span.end


def test_no_mark_and_no_blank_is_left_in_a_text(corpus):
    blank = re.compile(r"\{[a-z_]+\}")
    left = [one.id for one in corpus if MARKS.search(one.text) or "\ue001" in one.text]
    assert not left
    assert not [one.id for one in corpus if blank.search(one.text) and one.kind not in {"code", "configuration"}]


@pytest.mark.parametrize("split", [None, "a", "b"])
def test_at_least_a_third_is_clean_and_french_comes_first(split):
    documents = generate(split=split)
    languages = Counter(one.lang for one in documents)
    assert sum(not one.spans for one in documents) >= COUNT / 3
    assert 0.70 <= languages["fr"] / COUNT <= 0.80
    assert 0.10 <= languages["en"] / COUNT <= 0.20
    assert 0.05 <= languages["mixed"] / COUNT <= 0.15


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_is_well_represented(corpus, kind):
    assert len(values(corpus, kind)) >= 15


def test_a_builder_is_clean_exactly_when_it_says_so(corpus):
    for document in corpus:
        assert BUILDERS[document.builder].clean == (not document.spans), document.id


def test_both_halves_write_and_share_neither_builder_nor_french_surname():
    halves = [{one.builder for one in generate(split=split)} for split in "ab"]
    assert not halves[0] & halves[1]
    assert halves[0] | halves[1] == set(BUILDERS)
    assert len(BUILDERS) >= 60
    assert 0.4 <= len(halves[0]) / len(BUILDERS) <= 0.6
    surnames = [{Person(Random(f"{half} {seed}"), half).last for seed in range(400)} for half in (0, 1)]
    assert not {one for one in surnames[0] if "-" not in one} & {one for one in surnames[1] if "-" not in one}


def test_each_half_draws_on_its_own_part_of_a_stock():
    drawn = {half: {Pen(Random(seed), half, "fr").one(places.LAWS) for seed in range(200)} for half in "ab"}
    assert drawn["a"] | drawn["b"] == set(places.LAWS)
    assert not drawn["a"] & drawn["b"]


@pytest.mark.parametrize("name", sorted(BUILDERS))
def test_a_builder_never_writes_the_same_document_twice(name):
    builder = BUILDERS[name]
    texts = {unmark(builder.write(Pen(Random(f"{name} {seed}"), builder.half, builder.lang)))[0] for seed in range(8)}
    assert len(texts) == 8


@pytest.mark.parametrize("name", sorted(BUILDERS))
def test_every_style_of_a_builder_leaves_exact_spans(name):
    builder = BUILDERS[name]
    for style in sorted(set(builder.styles)):
        marked = builder.write(Pen(Random(f"{name} {style}"), builder.half, builder.lang))
        _, before = unmark(marked)
        text, after = unmark(STYLES[style](marked, Random(style)))
        assert [one.type for one in after] == [one.type for one in before]
        assert all(text[one.start : one.end].strip() for one in after)


def test_french_contracts_its_articles(corpus):
    stocks = [
        places.BODIES,
        places.BUILDINGS,
        places.ROADS,
        places.TOWNS,
        places.SCALES,
        places.DISEASES,
        places.CASES,
        places.METHODS,
        places.LAWS,
    ]
    nouns = [noun for stock in stocks for noun in stock if noun.startswith(("le ", "les "))]
    for document in corpus:
        text = document.text.replace(NBSP, " ").replace("’", "'")
        assert not [noun for noun in nouns if f" de {noun}" in text or f" à {noun}" in text], document.id
    assert contracted("près de ", "le pont") == "près du pont"
    assert contracted("à ", "les îles") == "aux îles"
    assert contracted("à ", "la rue") == "à la rue"


def test_french_elides_before_a_vowel(corpus):
    for document in corpus:
        if document.lang == "fr":
            text = document.text
            names = [one for one in document.spans if one.type == "PERSON" and text[one.start] in "AEIOUÉÈ"]
            assert not [text[one.start : one.end] for one in names if text[: one.start].endswith((" de ", " que "))]


def test_the_command_prints_one_document_a_line():
    command = [sys.executable, "-m", "tests.corpus", "--seed", "3", "--count", "12", "--split", "b"]
    printed = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout.decode("utf-8")
    lines = [json.loads(line) for line in printed.splitlines()]
    assert [set(one) for one in lines] == [{"id", "lang", "kind", "text", "spans"}] * 12
    assert lines == [json.loads(one.as_json()) for one in generate(3, 12, "b")]


# ── identifiers ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_social_insurance_numbers_and_cards_pass_luhn(corpus):
    assert all(len(digits(one)) == 9 and identifiers.luhn_holds(digits(one)) for one in values(corpus, "CA_SIN"))
    assert all(identifiers.luhn_holds(digits(one)) for one in values(corpus, "CREDIT_CARD"))
    assert {len(digits(one)) for one in values(corpus, "CREDIT_CARD")} == {15, 16}
    assert not identifiers.luhn_holds("046454287")
    assert identifiers.luhn_holds("046454286")


def test_foreign_accounts_pass_mod_97(corpus):
    assert all(identifiers.iban_holds(re.sub(r"\s", "", one)) for one in values(corpus, "IBAN_CODE"))
    assert identifiers.iban_holds("GB82WEST12345698765432")
    assert not identifiers.iban_holds("GB82WEST12345698765431")


def test_health_insurance_numbers_hold_a_date(corpus):
    for one in values(corpus, "QC_NAM"):
        number = digits(re.sub(r"[\s-]", "", one)[4:])
        assert len(number) == 8
        assert 1 <= int(number[2:4]) % 50 <= 12
        assert 1 <= int(number[4:6]) <= 31


@pytest.mark.parametrize("seed", range(60))
def test_a_persons_identifiers_agree_with_name_sex_and_birth(seed):
    who = Person(Random(seed), seed % 2)
    born, month = who.born, who.born.month + (50 if who.sex == "F" else 0)
    key = identifiers.name_key(who.last, who.first)
    nam = re.sub(r"[^A-Z0-9]", "", bare(who.nam()).upper())
    assert re.fullmatch(rf"{key}{born:%y}{month:02}{born:%d}\d\d", nam)
    code = bare(who.permanent_code()).replace(" ", "")
    assert re.fullmatch(rf"{key}{born:%d}{month:02}{born:%y}\d\d", code)
    licence = re.sub(r"[ -]", "", bare(who.licence()))
    assert re.fullmatch(rf"{key[0]}\d{{4}}{born:%d%m%y}\d\d", licence)
    assert str(born.year) in bare(who.birth("long"))
    assert bare(who.birth("iso")) == born.isoformat()


def test_a_name_key_has_no_accent_and_is_filled_with_x():
    assert identifiers.name_key("L'Écuyer", "Élodie") == "LECE"
    assert identifiers.name_key("Ly", "Ân") == "LYXA"


# ── marks and typography ──────────────────────────────────────────────────────────────────────────────────────────────


def test_marks_become_spans():
    text, spans = unmark(f"Bonjour {mark('PERSON', 'Ève')}, au {mark('PHONE_NUMBER', '418 555-0101')}.")
    assert text == "Bonjour Ève, au 418 555-0101."
    assert [(text[one.start : one.end], one.type) for one in spans] == [
        ("Ève", "PERSON"),
        ("418 555-0101", "PHONE_NUMBER"),
    ]


@pytest.mark.parametrize("bad", [mark("PERSON", "a")[:-1], mark("PERSON", "a")[1:], "x\ue000"])
def test_a_broken_mark_is_an_error(bad):
    with pytest.raises(AssertionError):
        unmark(bad)


def test_marks_pass_through_json_html_capitals_and_wrapping():
    name = mark("PERSON", "Zoé Côté")
    for changed, value in [
        (dumps({"nom": name}, ascii_only=True), r"Zo\u00e9 C\u00f4t\u00e9"),
        (dumps(dumps({"nom": name})), "Zoé Côté"),
        (entities(f"<b>{name}"), "Zo&eacute; C&ocirc;t&eacute;"),
        (name.upper(), "ZOÉ CÔTÉ"),
        (wrapped(f"le dossier de {name}", 17), "Zoé\nCôté"),
        (wrapped(f"le dossier de {name}", 17, inside=False), "Zoé Côté"),
    ]:
        text, (span,) = unmark(changed)
        assert text[span.start : span.end] == value
    assert json.loads(unmark(dumps({"nom": name}, ascii_only=True))[0]) == {"nom": "Zoé Côté"}


def test_typography_puts_no_break_spaces_where_french_does_and_leaves_values_alone():
    value = mark("PHONE_NUMBER", "418 555 0101")
    assert typographic(f"Tél. : {value} « oui » ! 1 234 $ l'an") == (
        f"Tél.{NBSP}: {value} «{NBSP}oui{NBSP}»{NBSP}! 1{NBSP}234{NBSP}$ l’an"
    )


def test_dates_are_written_as_people_do():
    who = Person(Random(1), 0)
    who.born = date(1984, 3, 1)
    assert bare(who.birth("long")) == "1er mars 1984"
    who.lang = "en"
    assert bare(who.birth("long")) == "March 1, 1984"
