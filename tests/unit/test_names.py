"""Names of persons, by rule alone: which spans, and which are left alone. No model is loaded."""

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.privacy.functions import serves_the_public
from gateway.privacy.names import read

CASES = [
    line.replace("↵", "\n")
    for line in (Path(__file__).parent / "names_cases.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def marked(text):
    """The text without its marks, and the names that were marked."""
    return re.sub("[⟪⟫]", "", text), re.findall("⟪(.*?)⟫", text, re.DOTALL)


@pytest.mark.parametrize("case", CASES)
def test_a_sentence_has_the_names_that_are_marked_in_it(case):
    text, names = marked(case)
    assert [text[one.start : one.end] for one in read(text).names] == names


HOSTILE = {
    "initials": "A. ",
    "capitals": "ABC ",
    "names": "JEAN Roy ",
    "unknown": "Xyzzy Qwrt ",
    "titles": "M. Mme ",
    "commas": "Roy, Luc, ",
    "cells": "Roy;Luc;",
    "headings": "nom;rue;prénom\n",
    "hyphens": "Aa-",
    "apostrophes": "D'N'L'",
    "labels": "nom : ",
    "announced": "je m'appelle ",
    "lower": "julie tremblay de ",
    "spaces": " \n",
    "digits": "0",
    "slips": "É1odie ",
}


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_takes_no_longer_than_its_length(unit):
    def spent(size):
        text = (unit * (size // len(unit) + 1))[:size]
        started = time.process_time()
        read(text)
        return time.process_time() - started

    short = max(spent(4_000), 0.005)
    assert spent(32_000) < 40 * short + 0.5


def test_a_name_in_public_functions_is_told_from_another():
    def beside(text, name):
        return serves_the_public(text, text.index(name), text.index(name) + len(name))

    assert beside("Écrire à Julie Roy, directrice des finances, ministère de la Justice.", "Julie Roy")
    assert beside("La ministre Geneviève Guilbault a répondu.", "Geneviève Guilbault")
    assert beside("Cordialement,\nLuc Roy\nTechnicien, Direction générale des permis", "Luc Roy")
    assert not beside("Julie Roy, directrice de la boulangerie, a porté plainte.", "Julie Roy")
    assert not beside("Julie Roy demande un permis à la Ville de Laval.", "Julie Roy")


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=300))
def test_names_stand_inside_the_text_in_order_and_apart(text):
    reading = read(text)
    ends = [0]
    for one in reading.names:
        assert ends[-1] <= one.start < one.end <= len(text)
        ends.append(one.end)
