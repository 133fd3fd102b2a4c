"""The guard's laws, for any text, any chopping and any findings: a stream and a whole answer are the same, nothing of what
is replaced ever leaves, and nothing waits for longer than was said.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.policies import Effect
from gateway.privacy import Finding, StreamGuard
from gateway.privacy.embedded import original
from gateway.privacy.gazetteer import fold as plain_letters
from gateway.privacy.gazetteer import gazetteer
from gateway.privacy.json_text import Scan
from gateway.privacy.pseudonyms import Restorer
from gateway.privacy.segments import HELD, LONGEST, MARGIN, Segments
from gateway.privacy.strands import Unit
from gateway.privacy.vocabulary import FUNCTION_WORDS, OPENERS, Kind, kind_of

HANDED = {
    "⟦PERSONNE_1⟧": "Marie Tremblay",
    "⟦PERSONNE_1B⟧": "MARIE TREMBLAY",
    "⟦ADRESSE_1⟧": '12, rue "des Érables"\nQuébec\\',
    "⟦CODE_PERMANENT_1⟧": "TREM12345678",
}
FRAGMENTS = st.sampled_from(
    [
        *"""le la de du des et est mot passe : = monsieur m. rue mars dans abcd trem Marie Tremblay Le Pour QUÉBEC 12 046
        Voici Bonjour Ministère L'Agence De 1. 2) 2026. 30 jours $ 2,5 %
        4111-1111 a@b.ca d' l'été peut-être ( ) [ ] { } < > &lt; &gt; ⟦ ⟧ « » , . ; ! - * | # ** _ \\ \\_ " \\" \\u00 \\u00e9
        \\ud83d \\ude00 \\n é ÿ 漢字 שלום 😀 PERSONNE PERSONNE_1 PERSONNE_ PERSONNE_1B personne Personne person name CODE
        PERMANENT _1 1 1B 01 1] ⟦PERSONNE_1⟧ [PERSONNE_1] ⟦ADRESSE_1⟧ ⟦CODE_PERMANENT_1⟧ ⟦NAS⟧ ⟦PERSONNE_9⟧
        &lt;PERSONNE_1&gt; -----BEGIN PRIVATE KEY----- -----END true null 1.0 1e5 123456789 sk-abcdefghijklmnop user_name
        {"nom": ["a", {"mot_de_passe":" "}""".split(),
        *(" ", " ", " ", " ", " ", "\n", "\n\n", "\t", "\u00a0", "\u202f", "\u200b"),
        *("mot\u00a0de\u00a0passe", "454\u00a0286", "⟦personne\u00a01⟧", '": "', '{"a": "{\\"b\\": \\"'),
        *("-----BEGIN RSA PRIVATE KEY-----\n", "```json\n", '```json\n{"a": "', "```\n"),
    ]
)
TEXTS = st.one_of(
    st.lists(FRAGMENTS, max_size=40).map("".join),
    st.lists(FRAGMENTS, max_size=40).map(" ".join),
    st.text(max_size=60),
)


def long_texts() -> st.SearchStrategy[str]:
    """Texts beyond the guard's bounds: fragments repeated."""
    repeated = st.tuples(
        st.lists(FRAGMENTS, min_size=1, max_size=4), st.sampled_from(["", " ", "\n"]), st.integers(1, 2_000)
    )
    return st.lists(repeated.map(lambda one: (one[1].join(one[0]) + one[1]) * one[2]), min_size=1, max_size=4).map(
        lambda parts: "".join(parts)[:24_000]
    )


@dataclass
class AnyFinder:
    """A deterministic function of the text that it is handed, and nothing else is known of it."""

    seed: int
    often: float = 0.7
    calls: int = 0
    windows: list[str] = field(default_factory=list)

    async def find(self, texts: Sequence[str]) -> list[tuple[Finding, ...]]:
        self.calls += 1
        self.windows += texts
        return [self.found(text) for text in texts]

    def found(self, text: str) -> tuple[Finding, ...]:
        chance = random.Random(f"{self.seed} {text}")
        if chance.random() > self.often:
            return ()
        size = len(text) + 2
        return tuple(
            Finding(
                start,
                start + chance.randrange(-1, 30),
                chance.choice(["CA_SIN", "PERSON", "OTHER", "CREDENTIAL"]),
                chance.random(),
            )
            for start in (chance.randrange(-1, size) for _ in range(chance.randrange(1, 4)))
        )


@dataclass
class ExactFinder:
    """Finds some values wherever they stand whole."""

    values: Mapping[str, str]
    calls: int = 0

    async def find(self, texts: Sequence[str]) -> list[tuple[Finding, ...]]:
        self.calls += 1
        return [
            tuple(
                Finding(match.start(), match.end(), kind, 1.0)
                for value, kind in self.values.items()
                for match in re.finditer(re.escape(value), text)
            )
            for text in texts
        ]


class Cut(Exception):
    """What a policy raises."""


class AnyEffects:
    """Treats a type by how often it was found so far; may cut."""

    def __init__(self, denies: bool) -> None:
        self.denies, self.found = denies, []

    def __call__(self, types: Sequence[str]) -> Mapping[str, Effect]:
        self.found += types
        if self.denies and "CREDENTIAL" in types:
            raise Cut
        many = len(self.found) > 3
        return {
            "CA_SIN": Effect.MASK,
            "PERSON": Effect.PSEUDONYMIZE if many else Effect.ALLOW,
            "CREDENTIAL": Effect.DENY,
        }


def masking(types: Sequence[str]) -> Mapping[str, Effect]:
    return dict.fromkeys(types, Effect.MASK)


def chopped(text: str, seed: int, most: int) -> list[str]:
    chance, pieces, at = random.Random(seed), [], 0
    while at < len(text):
        end = at + chance.randint(0 if chance.random() < 0.1 else 1, most)
        pieces.append(text[at:end])
        at = end
    return pieces


async def streamed(guard: StreamGuard, pieces: Sequence[str]) -> tuple[list[str], bool]:
    """What came out after each piece and at the end, and whether it was cut."""
    out: list[str] = []
    try:
        for piece in pieces:
            out.append(await guard.feed(piece))
        out.append(await guard.finish())
    except Cut:
        return out, True
    return out, False


def run(coroutine: Any) -> Any:
    return asyncio.run(coroutine)


# ── a stream and a whole answer ───────────────────────────────────────────────────────────────────────────────────


def cut(text: str, pieces: Sequence[str]) -> tuple[list[tuple[str, str]], str]:
    """What is looked at, with its windows, and everything in order."""
    scan = Scan(Segments)
    items = [item for piece in pieces for item in scan.feed(piece)] + scan.finish()
    looked_at = [(one.text, one.window) for one in items if isinstance(one, Unit) and one.window]
    return looked_at, "".join(one if isinstance(one, str) else original(one, 0, len(one.text)) for one in items)


@given(TEXTS, st.integers(0, 1_000), st.integers(1, 20))
@settings(max_examples=600, deadline=None)
@example("le ( le 1e5 le", 0, 1)  # what follows a brief word is looked for in the next word only
def test_the_cuts_depend_on_the_text_alone(text: str, seed: int, most: int) -> None:
    assert cut(text, chopped(text, seed, most)) == cut(text, [text])
    assert cut(text, [text])[1] == text


@pytest.mark.parametrize("size", range(HELD - 12, HELD + 4))
@pytest.mark.parametrize("word", ["abonnement", "marchandise"])
def test_so_do_those_of_numbers_that_end_at_the_bound(size: int, word: str) -> None:
    text = ("12 " * HELD)[-size:] + word + " 12 fin"
    assert cut(text, list(text)) == cut(text, [text])


@given(long_texts(), st.integers(0, 1_000), st.integers(1, 400))
@settings(max_examples=60, deadline=None)
def test_so_do_those_of_long_texts(text: str, seed: int, most: int) -> None:
    assert cut(text, chopped(text, seed, most)) == cut(text, [text])


def same_streamed_and_whole(text: str, seed: int, most: int, denies: bool) -> None:
    async def both() -> None:
        whole, cut_whole = await streamed(StreamGuard(Restorer(HANDED), AnyFinder(seed), AnyEffects(denies)), [text])
        pieces, cut = await streamed(
            StreamGuard(Restorer(HANDED), AnyFinder(seed), AnyEffects(denies)), chopped(text, seed, most)
        )
        assert cut == cut_whole
        if not cut:
            assert "".join(pieces) == "".join(whole)

    run(both())


@given(TEXTS, st.integers(0, 1_000), st.integers(1, 20), st.booleans())
@settings(max_examples=600, deadline=None)
@example('{"a": "\\ud83d\\u00e9\\"\\', 1, 1, False)
@example("[[[ {\n", 1, 1, False)
@example("le 12 mars", 5, 1, False)
def test_a_stream_and_a_whole_answer_are_the_same(text: str, seed: int, most: int, denies: bool) -> None:
    same_streamed_and_whole(text, seed, most, denies)


@given(long_texts(), st.integers(0, 1_000), st.integers(1, 400), st.booleans())
@settings(max_examples=60, deadline=None)
def test_so_are_long_ones(text: str, seed: int, most: int, denies: bool) -> None:
    same_streamed_and_whole(text, seed, most, denies)


@given(TEXTS)
@settings(max_examples=400, deadline=None)
@example("AB" * 240 + " ⟦personne\u00a01⟧ " + "A1 " * 100)  # a placeholder over a forced cut, its number behind it
def test_without_findings_a_plain_text_is_just_restored(text: str) -> None:
    if text.lstrip(" \t\r\n")[:1] in ("[", "{"):
        text = f"- {text}"
    text = text.replace("```json", "```")
    out, _ = run(streamed(StreamGuard(Restorer(HANDED), AnyFinder(0), None), [text]))
    assert "".join(out) == Restorer(HANDED).restore(text)


# ── nothing of what is replaced ever leaves ───────────────────────────────────────────────────────────────────────

PLAIN = [
    "bonjour",
    "vous",
    "demande",
    "il",
    "fait",
    "été",
    "suite",
    "la",
    "de",
    "le",
    "un",
    "peu",
    "oui",
    "dossier,",
    "donc",
]
EVERYDAY = ["Voici", "La", "Bonjour", "Ministère", "L'article", "Montréal", "Étape", "MONTANT"]
"""Words of the text around values: without the letters k, x, y, z, which only values have."""


VALUES = st.one_of(
    st.sampled_from(["046 454 286", "046\u00a0454\u00a0286", "046-454-286", "046454286"]).map(
        lambda one: (one, "CA_SIN")
    ),
    st.sampled_from(["XZKY 8452 1234", "xzky 8452 1234", "xzky84521234"]).map(lambda one: (one, "QC_NAM")),
    st.sampled_from(["418 555-1234", "(418) 555-1234", "+1 418 555 1234, poste 456", "1-800-555-1234"]).map(
        lambda one: (one, "PHONE_NUMBER")
    ),
    st.sampled_from(["4111 1111 1111 1111", "4111\u202f1111\u202f1111\u202f1111"]).map(
        lambda one: (one, "CREDIT_CARD")
    ),
    st.sampled_from(["xky.zk@yxk.zk", "XKY.ZK@yxk.zk"]).map(lambda one: (one, "EMAIL_ADDRESS")),
    st.sampled_from(
        [
            "Xky Zkky",
            "de la Zkky",
            "Xky de la Zkky",
            "Xky-Zky d'Xkyy",
            "XKY ZKY",
            "K. Zky",
            "Xky Yxk Kzx Zxk van der Ykx",
            "Xky\nZkky",
        ]
    ).map(lambda one: (one, "PERSON")),
    st.sampled_from(
        [
            "12, rue des Xkzy, app. 4, Kyx (Zkx)  K1X 2Y3",
            "12, rue des xkzy, kyx (zkx) k1x 2y3",
            "1234 boulevard Xky Ouest\nZkyx (Kyx) K1X 2Y3",
            "12-A, chemin du Xky\nZkyx QC\nK1X 2Y3",
        ]
    ).map(lambda one: (one, "ADDRESS")),
    st.sampled_from(["12 mars 1984", "1er janvier 1984", "1984-03-12"]).map(lambda one: (one, "DATE_OF_BIRTH")),
)
CUED = st.sampled_from(
    [
        ("mot de passe : ", "xkyzxk", "CREDENTIAL"),
        ("mot de passe est ", "xkyzxk", "CREDENTIAL"),
        ("mdp=", "xkyzxk", "CREDENTIAL"),
        ("mot de passe temporaire :\n", "xkyzxk", "CREDENTIAL"),
        ("password: ", "xkyzxk", "CREDENTIAL"),
        ("monsieur ", "xky zkky", "PERSON"),
        ("m'appelle ", "xky zkky", "PERSON"),
        ("né ", "xky", "PERSON"),
        ("nom : ", "xky", "PERSON"),
    ]
)


@st.composite
def with_values(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    """A text of plain words and values, and what they are."""
    parts: list[str] = []
    values: dict[str, str] = {}
    for _ in range(draw(st.integers(1, 5))):
        parts += draw(st.lists(st.sampled_from(PLAIN + EVERYDAY), min_size=1, max_size=6))
        if draw(st.booleans()):
            value, kind = draw(VALUES)
            parts.append(
                draw(st.sampled_from(["", "(", "« ", "**"])) + value + draw(st.sampled_from(["", ",", ".", " »", "**"]))
            )
        else:
            cue, value, kind = draw(CUED)
            parts.append(cue + value)
        values[value] = kind
    parts += draw(st.lists(st.sampled_from(PLAIN), max_size=3))
    return draw(st.sampled_from([" ", "  ", " \n"])).join(parts), values


@given(with_values(), st.integers(0, 1_000), st.integers(1, 12))
@settings(max_examples=500, deadline=None)
def test_no_part_of_a_masked_value_ever_leaves(case: tuple[str, dict[str, str]], seed: int, most: int) -> None:
    text, values = case
    out, _ = run(streamed(StreamGuard(Restorer({}), ExactFinder(values), masking), chopped(text, seed, most)))
    assert not re.search(r"[kxyzKXYZ0-9]", "".join(out)), "".join(out)


@given(with_values(), st.integers(0, 1_000), st.integers(1, 12))
@settings(max_examples=200)
def test_a_denied_value_cuts_before_any_part_of_it_leaves(
    case: tuple[str, dict[str, str]], seed: int, most: int
) -> None:
    text, values = case

    def deny(_types: Sequence[str]) -> Mapping[str, Effect]:
        raise Cut

    out, cut = run(streamed(StreamGuard(Restorer({}), ExactFinder(values), deny), chopped(text, seed, most)))
    assert cut
    assert not re.search(r"[kxyzKXYZ0-9]", "".join(out)), "".join(out)


@pytest.mark.parametrize("filler", ["AB1 ", "Ab1\n", "A1,", "AB1\u00a0"])
@pytest.mark.parametrize("before", range(HELD - MARGIN - 60, HELD + 20, 7))
def test_a_value_in_a_text_without_any_plain_word_is_not_cut_by_the_bound(filler: str, before: int) -> None:
    value = "12, rue des Xkzw, app. 4, Kwx (Zkx)  K1X 2W3" if filler != "A1," else "xkwz"
    text = (filler * 400)[:before] + filler[-1] + value + filler[-1] + filler * 400
    guard = StreamGuard(Restorer({}), ExactFinder({value: "ADDRESS"}), masking)
    out, _ = run(streamed(guard, chopped(text, before, 9)))
    assert "".join(out) == text.replace(value, "⟦ADRESSE⟧")


@pytest.mark.parametrize(
    ("value", "around"),
    [
        ("rue Principale", "la {} est fermée"),
        ("De la Ville", "bonjour {} est là"),
        ("Bureau 12, Rimouski", "voir {} et voilà"),
        ("Montréal (Québec) G1R 2B5", "écrire à {} avant"),
        ("12, place de l'Hôtel-de-Ville, Matane", "au {} demain"),
        ("1er mars 1984", "Bonjour, le {} en fait"),
        ("Étienne Marchand", "Voici {} et suite"),
        ("L'Heureux", "bonjour {} demande"),
        ("Soleil Ardent", "mot de passe : {} à changer"),
    ],
)
def test_a_value_of_everyday_words_leaves_as_little(value: str, around: str) -> None:
    text, expected = around.format(value), around.format("⟦PERSONNE⟧")
    guard = StreamGuard(Restorer({}), ExactFinder({value: "PERSON"}), masking)
    out, _ = run(streamed(guard, list(text)))
    assert "".join(out) == expected
    assert all(expected.startswith("".join(out[:end])) for end in range(len(out)))


def test_a_private_key_is_one_value() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEAxkwz\n" * 60 + "-----END RSA PRIVATE KEY-----"
    text = f"voici la clé : {key}\nà garder"
    out, _ = run(streamed(StreamGuard(Restorer({}), ExactFinder({key: "CREDENTIAL"}), masking), chopped(text, 3, 9)))
    assert "".join(out) == "voici la clé : ⟦SECRET⟧\nà garder"


@given(
    st.lists(
        st.sampled_from(
            [*PLAIN, *HANDED, "[PERSONNE_1]", "⟦personne 1⟧", "[Personne 1]", "**PERSONNE_1**,", *EVERYDAY]
        ),
        max_size=12,
    ),
    st.integers(0, 99),
)
def test_no_half_placeholder_ever_leaves(words: list[str], seed: int) -> None:
    text = " ".join(words)
    restored = Restorer(HANDED).restore(text)
    out, _ = run(streamed(StreamGuard(Restorer(HANDED), AnyFinder(0, 0), masking), chopped(text, seed, 5)))
    for end in range(len(out)):
        assert restored.startswith("".join(out[:end]))
        assert not re.search("[⟦⟧_]", "".join(out[:end]))


# ── how long anything waits ───────────────────────────────────────────────────────────────────────────────────────


def waits(text: str, pieces: Sequence[str]) -> list[tuple[str, int]]:
    """After each piece: what was fed, and how many characters of it still wait."""
    segments, fed, left, found = Segments(), "", 0, []
    for piece in pieces:
        left += sum(len(unit.text) for unit in segments.feed(piece))
        fed += piece
        found.append((fed, len(fed) - left))
    left += sum(len(unit.text) for unit in segments.finish())
    assert left == len(text)
    return found


@given(
    st.lists(st.sampled_from([*PLAIN, "abcd", "rue", "mars", "l'été", "peut-être"]), min_size=1, max_size=30),
    st.integers(0, 99),
)
def test_clean_lower_case_text_waits_for_one_word(words: list[str], seed: int) -> None:
    text = " ".join(words)
    for fed, waiting in waits(text, chopped(text, seed, 6)):
        word = len(fed.split(" ")[-1])
        whole = len(fed.rstrip(" ")) - len(fed.rstrip(" ").rpartition(" ")[0])
        assert waiting <= max(word, whole + 1), fed


@given(st.lists(st.sampled_from(EVERYDAY), min_size=1, max_size=9), st.integers(0, 99))
def test_an_everyday_word_with_a_capital_waits_for_the_next_letter(capitals: list[str], seed: int) -> None:
    text = " ".join(f"{one} demande" for one in capitals)
    for fed, waiting in waits(text, chopped(text, seed, 6)):
        *before, last = fed.split(" ")
        assert waiting <= (len(last) if last or not before else len(before[-1]) + 1), fed


@pytest.mark.parametrize("opener", OPENERS)
def test_what_answers_begin_with_leaves_at_once_and_begins_no_name(opener: str) -> None:
    lists = gazetteer()
    segments = Segments()
    assert "".join(unit.text for unit in segments.feed(opener)) == opener
    assert not [name for name in lists.given | lists.rare | lists.surnames if name.startswith(plain_letters(opener))]


def test_nothing_else_leaves_before_its_word_ends() -> None:
    assert [waits(text, [text])[0][1] for text in ("Voi", "Bonne", "le", "Tremblay", " Voici")] == [3, 5, 2, 8, 5]


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("dans 30 jo", 2),
        ("dans 30 m", 4),  # « mars »
        ("le 12 mars 2026 conc", 4),
        ("de 2,5 % ", 0),
        ("1. Remplir l", 1),
        ("en 2026. Le mini", 4),
        ("12, rue des pi", 14),
        ("418 555-1234 poste 4", 20),
    ],
)
def test_a_number_waits_until_a_word_begins_that_is_none_of_its_own(text: str, held: int) -> None:
    assert waits(text, [text])[-1][1] == held


def test_no_name_is_an_everyday_word() -> None:
    lists = gazetteer()
    names = {name.capitalize() for name in lists.given | lists.surnames | lists.rare} - FUNCTION_WORDS
    assert [name for name in names if kind_of(name) is Kind.FUNCTION] == []


def test_nothing_clean_is_asked_about() -> None:
    text = "Le permis de conduire est valide. Pour obtenir le vôtre, vous devez présenter une preuve. Merci beaucoup !"
    finder = AnyFinder(1)
    assert run(StreamGuard(Restorer({}), finder, masking).whole(text)) == text
    assert finder.calls == 0


@given(st.one_of(TEXTS, long_texts()), st.integers(1, 300))
@settings(max_examples=150, deadline=None)
def test_nothing_waits_for_longer_than_the_bounds(text: str, most: int) -> None:
    words = re.split(r"\s", text)
    bound = LONGEST if "PRIVATE" in text or max(map(len, words)) > HELD - MARGIN else HELD
    assert max((waiting for _, waiting in waits(text, chopped(text, most, most))), default=0) <= bound


def test_units_that_are_ready_together_are_asked_about_together() -> None:
    finder = AnyFinder(1, 0)
    run(StreamGuard(Restorer({}), finder, masking).whole("il a vu Jean puis a vu Luc puis a vu Anne puis rien"))
    assert (finder.calls, len(finder.windows)) == (1, 3)


def test_placeholders_alone_are_not_asked_about() -> None:
    finder = AnyFinder(1)
    text = run(StreamGuard(Restorer(HANDED), finder, masking).whole("merci ⟦PERSONNE_1⟧, à bientôt [PERSONNE_1B] !"))
    assert text == "merci Marie Tremblay, à bientôt MARIE TREMBLAY !"
    assert finder.calls == 0


# ── findings and placeholders that touch ──────────────────────────────────────────────────────────────────────────


@dataclass
class Everything:
    """Finds that all of a text is one value."""

    kind: str

    async def find(self, texts: Sequence[str]) -> list[tuple[Finding, ...]]:
        return [(Finding(0, len(text), self.kind, 1.0),) for text in texts]


def test_a_finding_around_our_own_placeholder_leaves_it_and_masks_the_rest() -> None:
    guard = StreamGuard(Restorer(HANDED), Everything("PERSON"), masking)
    assert run(guard.whole("⟦PERSONNE_1⟧ Gagnon")) == "Marie Tremblay⟦PERSONNE⟧"


def test_a_mask_is_not_masked_again() -> None:
    guard = StreamGuard(Restorer(HANDED), Everything("CREDENTIAL"), masking)
    assert run(guard.whole("⟦NAS⟧")) == "⟦NAS⟧"


def test_what_the_prompt_held_is_not_new() -> None:
    guard = StreamGuard(
        Restorer({}), ExactFinder({"Luc Roy": "PERSON"}), masking, known=lambda value: value == "Luc Roy"
    )
    assert run(guard.whole("bonjour Luc Roy et merci")) == "bonjour Luc Roy et merci"


def test_an_unknown_placeholder_is_left_and_counted() -> None:
    restorer = Restorer(HANDED)
    guard = StreamGuard(restorer, AnyFinder(0, 0), masking)
    assert run(guard.whole("voici ⟦PERSONNE_2⟧ et ⟦PERSONNE_1C⟧ et PERSONNE_1")) == (
        "voici ⟦PERSONNE_2⟧ et ⟦PERSONNE_1C⟧ et Marie Tremblay"
    )
    assert restorer.unknown == 2


# ── JSON ──────────────────────────────────────────────────────────────────────────────────────────────────────────

SAID = st.one_of(st.lists(FRAGMENTS, max_size=6).map(" ".join), st.text(max_size=12))
DOCUMENTS = st.recursive(
    st.one_of(SAID, st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(SAID, inner, max_size=4),
        st.dictionaries(SAID, inner, max_size=3).map(json.dumps),
    ),
    max_leaves=12,
)


def shape(value: Any) -> Any:
    """What a JSON text is made of, without what its strings and numbers say."""
    if isinstance(value, list):
        return [shape(one) for one in value]
    if isinstance(value, tuple):
        return tuple(shape(one) for _, one in value)
    return "text" if isinstance(value, (str, int, float)) and not isinstance(value, bool) else value


@given(
    st.one_of(st.lists(DOCUMENTS), st.dictionaries(SAID, DOCUMENTS)),
    st.booleans(),
    st.integers(0, 999),
    st.integers(1, 9),
)
@settings(max_examples=300, deadline=None)
def test_json_stays_json_of_the_same_shape_and_streams_alike(document: Any, plain: bool, seed: int, most: int) -> None:
    text = json.dumps(document, ensure_ascii=plain)
    whole, _ = run(streamed(StreamGuard(Restorer(HANDED), AnyFinder(seed), masking), [text]))
    pieces, _ = run(streamed(StreamGuard(Restorer(HANDED), AnyFinder(seed), masking), chopped(text, seed, most)))
    assert "".join(pieces) == "".join(whole)
    again = json.loads("".join(whole), object_pairs_hook=tuple)
    assert shape(again) == shape(json.loads(text, object_pairs_hook=tuple))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"à": "⟦ADRESSE_1⟧"}', '{"à": "12, rue \\"des Érables\\"\\nQuébec\\\\"}'),
        (
            '{"a": "{\\"b\\": \\"⟦ADRESSE_1⟧\\"}"}',
            '{"a": "{\\"b\\": \\"12, rue \\\\\\"des Érables\\\\\\"\\\\nQuébec\\\\\\\\\\"}"}',
        ),
        ('{"a":1.0,"a":1e5,"b":12345678901234567890123,"\\u00e9":"\\u00e9 ⟦PERSONNE_1⟧"}', None),
        ('{"nas": "046\\u0020454\\u0020286"}', '{"nas": "⟦NAS⟧"}'),
        ('{"nas": 46454286046, "n": 12}', '{"nas": "⟦NAS⟧", "n": 12}'),
        ('{"a": "x\\u00e9 046 454 286 \\ud83d\\ude00 \\ud83d"}', '{"a": "x\\u00e9 ⟦NAS⟧ \\ud83d\\ude00 \\ud83d"}'),
        ('{"a": 1}\n{"a": "⟦ADRESSE_1⟧"}', '{"a": 1}\n{"a": "12, rue \\"des Érables\\"\\nQuébec\\\\"}'),
        ('{"a": "coupé ⟦PERSONNE_1⟧ et \\u00', '{"a": "coupé Marie Tremblay et \\u00'),
        ("[PERSONNE_1] est là", "Marie Tremblay est là"),
        (
            'Voici :\n```json\n{"à": "⟦ADRESSE_1⟧"}\n```\nvoilà ⟦ADRESSE_1⟧',
            'Voici :\n```json\n{"à": "12, rue \\"des Érables\\"\\nQuébec\\\\"}\n```\nvoilà ' + HANDED["⟦ADRESSE_1⟧"],
        ),
        ("```json\n[PERSONNE_1]\n```", "```json\nMarie Tremblay\n```"),
        ("[1] ⟦PERSONNE_1⟧", "[1] Marie Tremblay"),
    ],
)
def test_json_is_read_as_json_for_as_long_as_it_is(text: str, expected: str | None) -> None:
    finder = ExactFinder({"046 454 286": "CA_SIN", "46454286046": "CA_SIN"})
    for most in (1, 3, 1_000):
        out, _ = run(streamed(StreamGuard(Restorer(HANDED), finder, masking), chopped(text, most, most)))
        assert "".join(out) == (expected or text.replace("⟦PERSONNE_1⟧", "Marie Tremblay"))


def test_a_key_says_what_its_value_is() -> None:
    class Windows(AnyFinder):
        pass

    finder = Windows(0, 0)
    run(
        StreamGuard(Restorer({}), finder, masking).whole(
            '{"motDePasse": "abcdef", "date_naissance": ["1984-03-12"], "ville": "laval"}'
        )
    )
    assert finder.windows == ["mot de passe: abcdef", "date naissance: 1984-03-12"]


# ── what it costs ─────────────────────────────────────────────────────────────────────────────────────────────────

MEGABYTE = 1_000_000


@pytest.mark.parametrize(
    "unit",
    [
        "bonjour vous ",
        "a",
        "A",
        "1 ",
        "é ",
        "((",
        "[ ",
        "⟦",
        "PERSONNE_",
        "\n",
        "\\",
        '"',
        '{"a":',
        '["\\u00e9',
        "Le ",
        "de ",
        "a@",
        "-----BEGIN PRIVATE KEY-----\n",
        "```json\n",
        '```json\n["a"]\n',
    ],
)
@pytest.mark.parametrize("before", ["", '{"a": "'])
def test_long_texts_in_chunks_of_four_take_linear_time(unit: str, before: str) -> None:
    in_chunks_of_four(before + unit * (MEGABYTE // 8 // len(unit)))


@pytest.mark.parametrize("unit", ["bonjour vous ", "Bonjour 046 454 ", "A", '["\\u00e9'])
def test_a_megabyte_in_chunks_of_four_takes_linear_time(unit: str) -> None:
    in_chunks_of_four(unit * (MEGABYTE // len(unit)))


def in_chunks_of_four(text: str) -> None:
    """Within a bound that ten times what it takes would not reach."""
    guard = StreamGuard(Restorer(HANDED), ExactFinder({}), masking)

    async def feed() -> None:
        for at in range(0, len(text), 4):
            await guard.feed(text[at : at + 4])
        await guard.finish()

    started = time.monotonic()
    run(feed())
    assert time.monotonic() - started < 60


def test_the_words_that_the_tests_call_plain_are() -> None:
    assert all(kind_of(word).name in ("PLAIN", "BRIEF", "JOINT", "LINK", "FUNCTION") for word in PLAIN + EVERYDAY)
