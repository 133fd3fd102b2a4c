"""How texts are cut into units, and findings put together again."""

from hypothesis import example, given
from hypothesis import strategies as st

from gateway.privacy.units import LONGEST, OVERLAP, WHOLE, joined, units

PARAGRAPHS = st.lists(st.text("ab :\n\t\r é-", max_size=700), max_size=30).map("\n\n".join)


@given(PARAGRAPHS | st.text(max_size=9_000))
@example("x" * 20_000)
@example("mot " * 9_000)
@example("ligne\n" * 5_000)
def test_units_cover_every_character_that_is_not_blank(text):
    covered = bytearray(len(text))
    for at, unit in units(text):
        assert text[at : at + len(unit)] == unit
        assert len(unit) <= max(WHOLE, LONGEST)
        covered[at : at + len(unit)] = b"\1" * len(unit)
    assert not "".join(character for character, seen in zip(text, covered, strict=True) if not seen).strip()


def test_a_short_text_is_one_unit_and_a_blank_one_none():
    assert units("Bonjour.\n\nMerci.") == [(0, "Bonjour.\n\nMerci.")]
    assert units("") == units(" \n\n ") == []


def test_paragraphs_part_at_blank_lines_and_a_label_stays_with_what_it_announces():
    long = "Un paragraphe de quelques mots. " * 30
    first, second = units(f"{long}\n\n{long}\n\nNom :\n\nTremblay\n\n{long}")[:2]
    assert first[1] == long
    text = f"{long}Numéro :\n\n046 454 286\n\n{long}{long}"
    assert "Numéro :\n\n046 454 286" in units(text)[0][1]
    assert second[0] > first[0]


def test_a_private_key_stays_whole():
    key = "-----BEGIN PRIVATE KEY-----\n" + ("A" * 64 + "\n\n") * 20 + "-----END PRIVATE KEY-----"
    text = "Bonjour. " * 200 + "\n\n" + key + "\n\n" + "Merci. " * 200
    assert any(key in unit for _, unit in units(text))


def test_what_stands_on_a_cut_is_whole_in_one_of_the_two():
    value = "12345 rue Principale"
    for before in range(LONGEST - 60, LONGEST + 40, 7):
        text = ("mot " * LONGEST)[:before] + f" {value} " + "mot " * LONGEST
        assert any(value in unit for _, unit in units(text)), before
    assert len(value) < OVERLAP // 2


def test_the_same_text_is_always_cut_the_same_wherever_it_came_from():
    text = "\n\n".join(f"Paragraphe {number}. " * 20 for number in range(40))
    assert units(text) == units("".join(list(text)))
    unchanged = {unit for _, unit in units(text)} & {unit for _, unit in units("En-tête nouveau.\n\n" + text)}
    assert len(unchanged) > len(units(text)) - 3, "a change at the top is not a change of every unit"


def test_findings_of_an_overlap_are_there_once_and_the_larger_one_stays():
    found = joined(
        [
            (0, [(5, 9, "PERSON", 0.9), (90, 95, "PERSON", 0.6)]),
            (80, [(10, 22, "PERSON", 0.9), (40, 44, "CA_SIN", 0.9)]),
        ]
    )
    assert found == ((5, 9, "PERSON", 0.9), (90, 102, "PERSON", 0.9), (120, 124, "CA_SIN", 0.9))
