"""Which language, of a text or of a sentence."""

import pytest

from gateway.privacy.language import language_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bonjour, je vous écris au sujet de ma demande.", "fr"),
        ("Hello, I am writing about my request.", "en"),
        ("Veuillez trouver ci-joint le formulaire de la Ville de Montréal.", "fr"),
        ("The tenant did not pay the rent for the apartment on rue Saint-Denis.", "en"),
        ("Julie Tremblay, 514 555-0134", "fr"),
        ("", "fr"),
    ],
)
def test_the_commonest_words_say(text, expected):
    assert language_of(text) == expected


def test_a_hint_decides_what_the_words_leave_open_and_nothing_else():
    assert language_of("John Smith", "en") == "en"
    assert language_of("John Smith", "en-CA") == "en"
    assert language_of("John Smith", "de") == "fr"
    assert language_of("Bonjour, je suis à la maison avec les enfants.", "en") == "fr"


def test_a_language_that_is_not_configured_is_not_chosen():
    assert language_of("Hello, this is for you.", "en", ("fr",)) == "fr"
    assert language_of("Bonjour à vous.", None, ("en",)) == "en"
