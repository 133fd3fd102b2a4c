"""JSON in the texts of a request: opened, edited, and to the byte what it was everywhere else."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies import Effect
from gateway.privacy import Finding, Opened, protect
from gateway.privacy.pseudonyms import Restorer

SAID = st.one_of(
    st.sampled_from(
        ["Marie Tremblay", "046 454 286", '12, rue "Roy"\nQuébec\\', "é", "😀", "", "\u2028", "12345678", "a\tb"]
    ),
    st.text(max_size=12),
)
NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([46454286, 1.0, 1e5]),
)
VALUES = st.recursive(
    st.one_of(SAID, NUMBERS, st.booleans(), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(SAID, inner, max_size=4),
        st.builds(json.dumps, st.dictionaries(SAID, inner, max_size=3), ensure_ascii=st.booleans()),
    ),
    max_leaves=14,
)
DOCUMENTS = st.builds(
    json.dumps,
    st.one_of(st.lists(VALUES, max_size=5), st.dictionaries(SAID, VALUES, max_size=5)),
    ensure_ascii=st.booleans(),
    indent=st.sampled_from([None, 2]),
)
EFFECTS = {"PERSON": Effect.PSEUDONYMIZE, "CA_SIN": Effect.MASK}


def some_findings(values: list[str], seed: int) -> list[list[Finding]]:
    """Any findings, in about half of the values."""
    chance = random.Random(seed)
    return [
        [
            Finding(start, start + chance.randrange(1, 12), chance.choice(["PERSON", "CA_SIN", "OTHER"]), 1.0)
            for start in (chance.randrange(len(value) + 1) for _ in range(chance.randrange(3)))
        ]
        for value in values
    ]


def shape(value: Any) -> Any:
    """What a JSON text is made of: containers in order, with repeated keys, and what is no text or number."""
    if isinstance(value, list):
        return [shape(one) for one in value]
    if isinstance(value, tuple):
        return tuple(shape(one) for _, one in value)
    return "text" if isinstance(value, (str, int, float)) and not isinstance(value, bool) else value


def pairs(text: str) -> Any:
    return json.loads(text, object_pairs_hook=tuple)


@given(st.one_of(DOCUMENTS, st.text(), SAID))
@settings(deadline=None)
def test_a_text_of_which_nothing_changes_stays_to_the_byte(text: str) -> None:
    opened = Opened([text])
    assert opened.close([()] * len(opened.values)) == [text]


@given(st.lists(DOCUMENTS, min_size=1, max_size=3), st.integers(0, 10_000))
@settings(max_examples=300, deadline=None)
def test_whatever_is_replaced_it_stays_json_of_the_same_shape(texts: list[str], seed: int) -> None:
    opened = Opened(texts)
    protected = protect(opened.values, some_findings(opened.values, seed), EFFECTS)
    for text, closed in zip(texts, opened.close(protected.edits), strict=True):
        assert shape(pairs(closed)) == shape(pairs(text))


@given(DOCUMENTS, st.integers(0, 10_000))
@settings(max_examples=300, deadline=None)
def test_what_was_pseudonymized_in_json_comes_back(text: str, seed: int) -> None:
    """Numbers that were replaced are strings from then on; all else is the same value again."""
    opened = Opened([text])
    protected = protect(opened.values, some_findings(opened.values, seed), {"PERSON": Effect.PSEUDONYMIZE})
    closed = opened.close(protected.edits)[0]
    again = Opened([closed])
    assert [protected.restorer().restore(value) for value in again.values] == opened.values


def test_only_the_characters_of_a_finding_change() -> None:
    text = '{ "z":1.0,\t"a":1e5, "a":"x\\u00e9 Luc \\/ y", "n":123456789012345678901234567890 }'
    opened = Opened([text])
    at = opened.values.index("xé Luc / y")
    edits = [((3, 6, "⟦PERSONNE_1⟧"),) if index == at else () for index in range(len(opened.values))]
    assert opened.close(edits) == [text.replace("Luc", "⟦PERSONNE_1⟧")]


@pytest.mark.parametrize(
    ("text", "edited"),
    [
        ('{"nas": 46454286}', '{"nas": "⟦X⟧"}'),
        ('["{\\"nas\\": 46454286}"]', '["{\\"nas\\": \\"⟦X⟧\\"}"]'),
        ('{"a": "46454286"}', '{"a": "⟦X⟧"}'),
        ("le 46454286", "le ⟦X⟧"),
    ],
)
def test_a_number_that_was_replaced_is_a_string(text: str, edited: str) -> None:
    opened = Opened([text])
    found = [value.find("46454286") for value in opened.values]
    edits = [((at, at + 8, "⟦X⟧"),) if at >= 0 else () for at in found]
    assert opened.close(edits) == [edited]


def test_values_are_looked_at_with_their_keys() -> None:
    opened = Opened(['{"dateNaissance": "1984-03-12", "mot_de_passe": ["abc", 1234567], "n": 12}', "1984-03-12"])
    assert opened.windows == [
        "dateNaissance",
        "date naissance: 1984-03-12",
        "mot_de_passe",
        "mot de passe: abc",
        "mot de passe: 1234567",
        "n",
        "1984-03-12",
    ]
    assert opened.values[1] == "1984-03-12"


def test_findings_are_taken_back_from_the_key_to_the_value() -> None:
    opened = Opened(['{"né": "1984-03-12"}'])
    found = [(), (Finding(0, 2, "PERSON", 1.0), Finding(2, 6, "OTHER", 1.0), Finding(4, 14, "DATE_OF_BIRTH", 1.0))]
    assert opened.findings(found) == [(), (Finding(0, 2, "OTHER", 1.0), Finding(0, 10, "DATE_OF_BIRTH", 1.0))]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('{"a": "b"}', ["a", "b"]),
        ('{"a": "b"}\n{"a": "c"}', ["a", "b", "a", "c"]),
        ('{"a": "b"} suivi de texte', ["a", "b", "suivi de texte"]),
        ('{"a": "coupé', ["a", "coupé"]),
        ('{"a": "b" "c"}', ["a", "b", '"c"}']),
        ('{"a": "{\\"b\\": [\\"c\\"]}"}', ["a", "b", "c"]),
        ('["pas {du} JSON", "[Luc]"]', ["pas {du} JSON", "[Luc]"]),
        ("[Luc Roy] a écrit", ["[Luc Roy] a écrit"]),
        ("[[Luc]]", ["[[Luc]]"]),
        ("{Luc}", ["{Luc}"]),
        ('[true, "x"]', ["x"]),
        ("", []),
        ("  ", ["  "]),
        ('"seul"', ['"seul"']),
        ('["\\ud83d\\ude00 \\ud83d \\x \\u00"]', ["😀 \ufffd \\x \\u00"]),
    ],
)
def test_what_is_json_is_opened_for_as_long_as_it_is(text: str, values: list[str]) -> None:
    assert Opened([text]).values == values


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 50_000, '["' + "\\" * 100_001, "[" + "1" * 100_000, '["' * 1_000]
)
def test_pathological_json_is_read_in_bounded_time_and_stays(text: str) -> None:
    opened = Opened([text])
    assert opened.close([()] * len(opened.values)) == [text]


def test_a_restorer_escapes_for_json_when_asked() -> None:
    restorer = Restorer({"⟦ADRESSE_1⟧": '12, rue "Roy"\n'})
    assert restorer.restore_json('{"a": "⟦ADRESSE_1⟧"}') == '{"a": "12, rue \\"Roy\\"\\n"}'
