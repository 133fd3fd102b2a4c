"""Pseudonyms: what was replaced comes back to the character, damage done by a model is undone, and nothing is guessed."""

from __future__ import annotations

import re

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.policies import Effect
from gateway.privacy import Finding, protect
from gateway.privacy.placeholders import _KNOWN, _OURS, _TRANSLATED, WORDS, fold, word
from gateway.privacy.pseudonyms import Restorer, mask, same
from gateway.wire.calls import Limits
from gateway.wire.chat import parse

GIVEN = {"PERSON": Effect.PSEUDONYMIZE, "ADDRESS": Effect.PSEUDONYMIZE, "CUSTOM_2": Effect.PSEUDONYMIZE}
FRAGMENTS = st.sampled_from(
    [
        *"""Marie Tremblay MARIE marie Jean-François é , . _ 1 2 12 1B 1001 s 's PERSONNE PERSONNES personne Personne PERSON
        NAME name ADRESSE ADRESSE_IP IP CODE PERMANENT PERSONNE_1 PERSONNE_2 personne_1 PERSONNE_1B ADRESSE_1 NOM_1 SURNAME_1
        ⟦ ⟧ [ ] < > { } ( ) &lt; &gt; \\ \\_ ** ⟦PERSONNE_1⟧ ⟦PERSONNE_2⟧ [PERSONNE_1] [[PERSONNE_1]] (PERSONNE_1) ⟦NAS⟧
        ⟦ADRESSE_1⟧""".split(),
        *(
            " ",
            " ",
            "\u00a0",
            "\u202f",
            "\n",
            "⟦personne 1⟧",
            "[personne 1]",
            "une personne 1 fois",
            "TE\u0301LE\u0301PHONE",
        ),
    ]
)
TEXTS = st.one_of(
    st.lists(FRAGMENTS, max_size=16).map("".join), st.lists(FRAGMENTS, max_size=16).map(" ".join), st.text()
)


@st.composite
def conversations(draw: st.DrawFn) -> tuple[list[str], list[list[Finding]]]:
    """Some texts, and any findings in them: overlapping, adjacent, empty, out of bounds."""
    texts = draw(st.lists(TEXTS, min_size=1, max_size=3))
    kinds = st.sampled_from(["PERSON", "ADDRESS", "CUSTOM_2", "KEPT"])
    findings = [
        draw(
            st.lists(
                st.builds(
                    lambda start, length, kind, score: Finding(start, start + length, kind, score),
                    st.integers(-1, len(text) + 1),
                    st.integers(-1, 20),
                    kinds,
                    st.floats(0, 1),
                ),
                max_size=6,
            )
        )
        for text in texts
    ]
    return texts, findings


@given(conversations())
@settings(max_examples=1_000)
@example((["⟦PERSONNE_1⟧ Marie"], [[Finding(14, 19, "PERSON", 1.0)]]))
@example((["TremblayPERSONNE_2 Roy"], [[Finding(0, 8, "PERSON", 1.0), Finding(19, 22, "PERSON", 1.0)]]))
@example((["PERSONNE_12 Roy"], [[Finding(10, 11, "ADDRESS", 1.0), Finding(12, 15, "PERSON", 1.0)]]))
@example((["[Roy]"], [[Finding(1, 4, "PERSON", 1.0)]]))
@example((["Marie MARIE mar\u0301ie"], [[Finding(0, 5, "PERSON", 1.0), Finding(6, 11, "PERSON", 1.0)]]))
def test_what_was_pseudonymized_comes_back_to_the_character(case: tuple[list[str], list[list[Finding]]]) -> None:
    texts, findings = case
    protected = protect(texts, findings, GIVEN)
    assert [protected.restorer().restore(text) for text in protected.texts] == texts


@given(conversations())
def test_nothing_of_a_value_is_left_where_it_was_replaced(case: tuple[list[str], list[list[Finding]]]) -> None:
    texts, findings = case
    protected = protect(texts, findings, dict.fromkeys(GIVEN, Effect.MASK) | {"KEPT": Effect.MASK})
    for text, found, replaced in zip(texts, findings, protected.texts, strict=True):
        gone = {at for one in found if 0 <= one.start < one.end <= len(text) for at in range(one.start, one.end)}
        left = "".join(character for at, character in enumerate(text) if at not in gone)
        without = replaced
        for kind in (*GIVEN, "KEPT"):
            without = without.replace(mask(kind), "")
        assert without in (left, left.replace(mask("PERSON"), "")) or "⟦" in text


def placeholders(*values: str) -> list[str]:
    """Each value's placeholder in a text of its own."""
    found = [[Finding(0, len(value), "PERSON", 1.0)] for value in values]
    return list(protect(values, found, GIVEN).texts)


def test_a_value_has_one_placeholder_and_numbers_go_by_first_appearance() -> None:
    assert placeholders("Luc Roy", "Anne Roy", "Luc Roy") == ["⟦PERSONNE_1⟧", "⟦PERSONNE_2⟧", "⟦PERSONNE_1⟧"]


def test_another_spelling_is_a_variant_of_the_same_placeholder() -> None:
    assert placeholders("José Roy", "JOSE ROY", "Luc", "jose\u00a0roy", "José Roy") == [
        "⟦PERSONNE_1⟧",
        "⟦PERSONNE_1B⟧",
        "⟦PERSONNE_2⟧",
        "⟦PERSONNE_1C⟧",
        "⟦PERSONNE_1⟧",
    ]


def test_more_spellings_than_there_are_letters_go_on_with_a_new_number() -> None:
    values = ["a" + " " * count + "b" for count in range(60)]
    given = placeholders(*values)
    assert len(set(given)) == len(values)
    assert given[25:27] == ["⟦PERSONNE_2⟧", "⟦PERSONNE_2B⟧"]


@given(st.lists(st.sampled_from(["Luc", "LUC", "Anne", "Zoé", "Zoe"]), min_size=1, max_size=8), st.integers(1, 7))
def test_a_conversation_that_goes_on_keeps_its_placeholders(values: list[str], turns: int) -> None:
    assert placeholders(*values[:turns]) == placeholders(*values)[:turns]


def test_a_number_that_a_text_already_has_moves_that_value_alone() -> None:
    texts = ["Luc", "Anne", "et ⟦PERSONNE_1⟧ ?"]
    found = [[Finding(0, 3, "PERSON", 1.0)], [Finding(0, 4, "PERSON", 1.0)], []]
    assert protect(texts, found, GIVEN).texts == ("⟦PERSONNE_1001⟧", "⟦PERSONNE_2⟧", "et ⟦PERSONNE_1⟧ ?")


@pytest.mark.parametrize("text", ["article 1, page 1, la personne, [note 1], 1 personne, name1x"])
def test_numbers_of_ordinary_prose_move_nothing(text: str) -> None:
    found = [[Finding(0, 3, "PERSON", 1.0)], []]
    given = protect(["Luc", text.replace("name1x", "")], found, GIVEN)
    assert given.texts[0] == "⟦PERSONNE_1⟧"


# ── damage ────────────────────────────────────────────────────────────────────────────────────────────────────────

RESTORER = Restorer(
    {
        "⟦PERSONNE_1⟧": "Marie Tremblay",
        "⟦PERSONNE_1B⟧": "MARIE TREMBLAY",
        "⟦TÉLÉPHONE_1⟧": "418 555-1234",
        "⟦COURRIEL_2⟧": "m@x.ca",
        "⟦ADRESSE_1⟧": "12, rue Roy",
        "⟦CODE_PERMANENT_1⟧": "TREM12345678",
        "⟦PERMIS_3⟧": "A1234",
    }
)


@pytest.mark.parametrize(
    "damaged",
    [
        *"""⟦PERSONNE_1⟧ ⟦personne_1⟧ ⟦Personne_1⟧ [PERSONNE_1] [Personne_1] <PERSONNE_1> {PERSONNE_1} {{PERSONNE_1}}
        [[PERSONNE_1]] <<PERSONNE_1>> (PERSONNE_1) (personne_1) ⟦PERSONNE_1] [PERSONNE_1⟧ PERSONNE_1 Personne_1 personne_1
        ⟦PERSONNE-1⟧ ⟦PERSONNE1⟧ ⟦PERSONNE_01⟧ ⟦PERSONNES_1⟧ PERSONNES_1 &lt;PERSONNE_1&gt; \\[PERSONNE\\_1\\] PERSONNE\\_1
        ⟦PERSON_1⟧ [PERSON_1] PERSON_1 [NAME_1] NAME_1 [Name_1] NOM_1 ⟦name_1⟧ ⟦PERSONNE_1 PERSONNE_1⟧""".split(),
        *("⟦PERSONNE 1⟧", "⟦personne 1⟧", "[Personne 1]", "⟦PERSONNE\u00a01⟧", "<PERSONNE\u202f1>", "⟦ PERSONNE_1 ⟧"),
        *("(PERSONNE 1)", "[ personne 1 ]", "\\u27e6PERSONNE_1\\u27e7", "%E2%9F%A6PERSONNE_1%E2%9F%A7"),
    ],
)
def test_damage_is_undone(damaged: str) -> None:
    assert RESTORER.restore(damaged) == "Marie Tremblay"


@pytest.mark.parametrize(
    ("damaged", "restored"),
    [
        ("PERSONNE_1's", "Marie Tremblay's"),
        ("⟦PERSONNE_1⟧'s", "Marie Tremblay's"),
        ("PERSONNE_1s", "Marie Tremblays"),
        ("**PERSONNE_1**", "**Marie Tremblay**"),
        ("__PERSONNE_1__", "__Marie Tremblay__"),
        ("*⟦PERSONNE_1⟧*,", "*Marie Tremblay*,"),
        ("⟦**PERSONNE_1**⟧", "Marie Tremblay"),
        ("`PERSONNE_1`", "`Marie Tremblay`"),
        ("d'PERSONNE_1.", "d'Marie Tremblay."),
        ("⟦PERSONNE_1B⟧ ⟦personne 1b⟧ PERSONNE_1B", "MARIE TREMBLAY MARIE TREMBLAY MARIE TREMBLAY"),
        ("TELEPHONE_1 ⟦TE\u0301LE\u0301PHONE_1⟧ [téléphone 1] PHONE_1 TEL_1", "418 555-1234 " * 4 + "418 555-1234"),
        ("[Email 2] EMAIL_2 ⟦courriel 2⟧ [E-MAIL_2] [ADRESSE COURRIEL 2]", "m@x.ca " * 4 + "m@x.ca"),
        ("⟦CODE PERMANENT 1⟧ [PERMANENT_CODE_1] CODE\\_PERMANENT\\_1", "TREM12345678 TREM12345678 TREM12345678"),
        ("[Permis de conduire 3] [LICENSE_3]", "A1234 A1234"),
        ("| ⟦PERSONNE_1⟧ | [ADRESSE_1] |", "| Marie Tremblay | 12, rue Roy |"),
        ("[voir [PERSONNE_1]]", "[voir Marie Tremblay]"),
        ("[PERSONNE_1](mailto:[COURRIEL_2])", "Marie Tremblay(mailto:m@x.ca)"),
    ],
)
def test_what_stands_around_a_placeholder_stays(damaged: str, restored: str) -> None:
    assert RESTORER.restore(damaged) == restored


@pytest.mark.parametrize(
    "prose",
    [
        "une personne 1 fois",
        "Une personne, 1 permis",
        "permis 3",
        "Permis 3 : conduire un autobus",
        "le PERMIS 3 et la PERSONNE 1",
        "(personne 1)",
        "(permis 3)",
        "la personne",
        "⟦NAS⟧",
        "adresse-1",
        "name_1 = phone_1 + {email_2} + address_1",
        "<name_1>…</name_1>",
        "MA_PERSONNE_1",
        "PERSONNE_1_BIS",
        "SURNAME_1",
        "PERSONNE_11",
        "xPERSONNE_1",
        "PERSONNE_1bis",
        "article 1, [note 1], (1), personne_",
    ],
)
def test_prose_and_programs_stay(prose: str) -> None:
    assert RESTORER.restore(prose) == prose


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("⟦PERSONNE_2⟧", 1),
        ("[PERSONNE_2] PERSONNE_3 ⟦personne 1c⟧", 3),
        ("⟦PASSEPORT_1⟧", 1),
        ("[PASSEPORT_1] et passeport 1", 0),
        ("⟦NAS⟧ et PERSONNE_1", 0),
    ],
)
def test_a_placeholder_that_was_never_handed_out_is_left_and_counted(text: str, unknown: int) -> None:
    restorer = Restorer({"⟦PERSONNE_1⟧": "Marie"})
    assert restorer.restore(text) == text.replace("PERSONNE_1", "Marie")
    assert restorer.unknown == unknown


def test_a_value_that_looks_like_a_placeholder_is_not_restored_twice() -> None:
    restorer = Restorer({"⟦PERSONNE_1⟧": "⟦PERSONNE_2⟧", "⟦PERSONNE_2⟧": "Luc"})
    assert restorer.restore("⟦PERSONNE_1⟧ ⟦PERSONNE_2⟧") == "⟦PERSONNE_2⟧ Luc"


# ── words ─────────────────────────────────────────────────────────────────────────────────────────────────────────

TYPES = """CA_SIN QC_NAM QC_PERMANENT_CODE QC_DRIVER_LICENCE CA_PASSPORT CA_IMMIGRATION LICENCE_PLATE ADDRESS PHONE_NUMBER
DATE_OF_BIRTH BANK_ACCOUNT BODY_IDENTIFIER CREDIT_CARD IBAN_CODE EMAIL_ADDRESS IP_ADDRESS CREDENTIAL PERSON""".split()


def test_every_type_has_a_word_and_no_two_share_one() -> None:
    assert sorted(WORDS) == sorted(TYPES)
    assert len({fold(name) for name in WORDS.values()}) == len(WORDS)


def test_no_translation_means_two_things() -> None:
    meanings: dict[str, set[str]] = {}
    for kind, name in WORDS.items():
        for one in (name, kind, *_TRANSLATED[kind].split()):
            meanings.setdefault(fold(one), set()).add(kind)
    assert {name: kinds for name, kinds in meanings.items() if len(kinds) > 1} == {}
    assert set(meanings) == set(_KNOWN)
    assert set(_OURS) <= set(_KNOWN)


@given(
    st.lists(
        st.one_of(
            st.sampled_from([*TYPES, "NAS", "PERSONNE", "NAME", "numéro-dossier", "numero_dossier", "A-B", "A_B", ""]),
            st.text(max_size=8),
        ),
        unique=True,
    )
)
def test_no_two_types_share_a_word_whoever_named_them(kinds: list[str]) -> None:
    names = [fold(word(kind)) for kind in kinds]
    assert len(set(names)) == len(kinds)
    assert all(re.fullmatch("[A-ZÀ-Ý]+(_[A-ZÀ-Ý]+)*", word(kind)) for kind in kinds)


@given(st.text(min_size=1))
def test_what_is_compared_is_never_nothing(value: str) -> None:
    assert same(value)


def test_a_mask_names_the_type() -> None:
    assert mask("CA_SIN") == "⟦NAS⟧"
    assert mask("DOSSIER") == "⟦DOSSIER⟧"


def test_a_value_in_a_tool_has_its_number_before_those_of_the_conversation() -> None:
    """So that a turn more, which stands behind all others, moves no number."""
    tool = {"type": "function", "function": {"name": "f", "description": "Écrire à Luc"}}
    body = {"model": "m", "messages": [{"role": "user", "content": "Anne"}], "tools": [tool]}
    texts = [text.value for text in parse(orjson.dumps(body), Limits()).texts]
    assert texts == ["Écrire à Luc", "Anne"]
