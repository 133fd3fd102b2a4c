"""What a supervisor is shown: everything that is there, and nothing that pretends."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.desk.showing import lines_of, visible, visible_in

HOSTILE = [
    "\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\u00ad", "\u2028", "\u0000", "\u001b", "\n", "\u0007", "\u2800",
    "\u3164", "\ufe0f", "\U000e0041", "\U000e0101", "\ue000", "\ud800", "\u061c",
]  # fmt: skip


@pytest.mark.parametrize("one", HOSTILE)
def test_a_character_that_hides_or_moves_others_is_shown_by_its_code(one: str) -> None:
    assert visible(f"a{one}b") == f"a⟨U+{ord(one):04X}⟩b"


@given(st.text())
def test_whatever_the_text_what_is_shown_can_be_seen(text: str) -> None:
    assert not [one for one in visible(text) if unicodedata.category(one) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")]


def test_french_and_emoji_are_left_alone() -> None:
    assert visible("Émission d'un chèque de 1\u00a0500\u202f$ ✓ 😀") == "Émission d'un chèque de 1\u00a0500\u202f$ ✓ 😀"


def test_names_of_arguments_are_shown_as_carefully_as_their_values() -> None:
    assert visible_in({"a\u202eb": ["\u200b", 1, None]}) == {"a⟨U+202E⟩b": ["⟨U+200B⟩", 1, None]}


def test_a_value_cannot_imitate_another_line() -> None:
    assert lines_of({"to": 'Marie\namount: "5"', "amount": 5000}) == ['to: "Marie\\namount: \\"5\\""', "amount: 5000"]
    assert lines_of("pas du JSON") == ['"pas du JSON"']
    assert lines_of(None) == []
