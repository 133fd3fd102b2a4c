"""Escapes and invisible characters undone, and the way back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.privacy.plain import plain
from gateway.privacy.slips import without_slips


@pytest.mark.parametrize(
    ("text", "shown", "original"),
    [
        (r'{"nom": "Marie-\u00c8ve Roy"}', "Marie-Ève Roy", r"Marie-\u00c8ve Roy"),
        (r"{\"nom\": \"Jos\\u00e9 Roy\"}", "José Roy", r"Jos\\u00e9 Roy"),
        ("<p>J&eacute;r&ocirc;me C&#244;t&eacute;</p>", "Jérôme Côté", "J&eacute;r&ocirc;me C&#244;t&eacute;"),
        ("ici Ju\u200blie Tremb\u00adlay\u200b.", "Julie Tremblay", "Ju\u200blie Tremb\u00adlay"),
        (r"Merci,\nLuc Roy", "Luc Roy", "Luc Roy"),
        (r"A \ud83d\ude00 Luc", "😀 Luc", r"\ud83d\ude00 Luc"),
    ],
)
def test_a_span_of_what_is_shown_is_a_span_of_the_original(text, shown, original):
    one = plain(text)
    start = one.text.index(shown)
    begin, end = one.back(start, start + len(shown))
    assert text[begin:end] == original


ELSEWHERE = st.text(st.characters(exclude_characters="«»", exclude_categories=["Cs"]), max_size=80)


@given(ELSEWHERE, st.text("éàç😀ab \n", min_size=1, max_size=20), ELSEWHERE)
def test_json_escapes_change_nothing_to_where_a_word_stands(before, word, after):
    text = json.dumps(before) + "«" + json.dumps(word)[1:-1] + "»" + json.dumps(after)
    one = plain(text)
    start = one.text.index("«")
    end = one.text.index("»", start)
    begin, stop = one.back(start, end + 1)
    assert text[begin:stop].startswith("«")
    assert text[begin:stop].endswith("»")


@given(st.text(max_size=200))
def test_letters_misread_are_put_back_one_for_one(text):
    assert len(without_slips(text)) == len(text)


def test_a_digit_in_a_name_is_read_as_its_letter_and_a_code_is_left():
    assert without_slips("É1odie 8EAUDOIN et 5uzanne") == "Élodie BEAUDOIN et Suzanne"
    assert without_slips("TREM84051212 A1B2C3 h264 v10 R2D2 G5V 0R1") == "TREM84051212 A1B2C3 h264 v10 R2D2 G5V 0R1"
