"""What is remembered of a conversation changes what a turn costs, and nothing of what comes out; and it holds no value."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.policies import Effect
from gateway.privacy import Finding, Histories, Opened, Protected, protect
from gateway.privacy.numbering import BLOCK

NAMES = ("Luc Roy", "LUC ROY", "luc-roy", "Anne", "Zoé", "Zoe", "Ève", "12, rue Roy")
ALL = {"PERSON": Effect.PSEUDONYMIZE, "ADDRESS": Effect.PSEUDONYMIZE, "CUSTOM": Effect.PSEUDONYMIZE}
EFFECTS = st.sampled_from(
    [ALL, {"PERSON": Effect.PSEUDONYMIZE}, {"PERSON": Effect.MASK, "CUSTOM": Effect.PSEUDONYMIZE}, {}]
)


@dataclass
class Names:
    """Finds each of `NAMES`; its type depends on what it is. Counts the texts that it is asked about."""

    asked: list[str] = field(default_factory=list)

    async def find(self, texts: Sequence[str]) -> list[tuple[Finding, ...]]:
        self.asked += texts
        return [tuple(self._in(text)) for text in texts]

    def _in(self, text: str) -> list[Finding]:
        found = []
        for name in NAMES:
            at = text.find(name)
            if at >= 0:
                kind = "ADDRESS" if name[0] == "1" else "CUSTOM" if name == "Ève" else "PERSON"
                found.append(Finding(at, at + len(name), kind, 1.0))
        return sorted(found, key=lambda one: one.start)


SAID = st.one_of(
    st.lists(st.sampled_from(NAMES), max_size=2).map(" et ".join),
    st.sampled_from(["bonjour", "", "⟦PERSONNE_1⟧ ?", "nom_2", '{"nom": "Anne", "n": 12345678}', '["Luc Roy"]']),
)


def turn(
    texts: list[str], effects: dict[str, Effect], histories: Histories | None
) -> tuple[Protected, list[str], Names]:
    finder, opened = Names(), Opened(texts)
    if histories is None:
        found = asyncio.run(finder.find(opened.windows))
        protected = protect(opened.values, opened.findings(found), effects)
    else:
        history = histories.of(opened)
        found = asyncio.run(history.find(finder))
        protected = protect(opened.values, opened.findings(found), effects, history)
    return protected, opened.close(protected.edits), finder


@st.composite
def conversations(draw: st.DrawFn) -> list[tuple[list[str], dict[str, Effect]]]:
    """Turns that go on from each other, or from a beginning of one before; sometimes something in the middle changes."""
    texts = draw(st.lists(SAID, min_size=BLOCK, max_size=2 * BLOCK))
    turns = []
    for _ in range(draw(st.integers(1, 5))):
        turns.append((list(texts), draw(EFFECTS)))
        if draw(st.integers(0, 3)) == 0:
            texts = texts[: draw(st.integers(0, len(texts)))]
        if texts and draw(st.integers(0, 3)) == 0:
            texts[draw(st.integers(0, len(texts) - 1))] = draw(SAID)
        texts = texts + draw(st.lists(SAID, max_size=BLOCK))
    return turns


@given(conversations(), st.sampled_from([60_000, 400]))
@example([(["Luc Roy"] * BLOCK, ALL), (["Luc Roy"] * BLOCK + ["LUC ROY", "Luc Roy", "luc-roy"], ALL)], 60_000)
@example([(["Luc Roy"] * BLOCK, ALL), (["Luc Roy"] * BLOCK + ["⟦PERSONNE_1⟧", "Zoe"], ALL)], 60_000)
@settings(max_examples=150, deadline=None)
def test_a_turn_comes_out_the_same_whatever_is_remembered(
    turns: list[tuple[list[str], dict[str, Effect]]], most: int
) -> None:
    histories = Histories(most)
    for texts, effects in turns:
        plain, closed, _ = turn(texts, effects, None)
        known, closed_too, _ = turn(texts, effects, histories)
        assert closed_too == closed
        assert (known.texts, known.mapping, known.remaining) == (plain.texts, plain.mapping, plain.remaining)
        assert all(known.holds(name) == plain.holds(name) for name in NAMES)


def test_only_what_a_turn_adds_is_asked_about() -> None:
    histories, texts = Histories(), [f"bonjour {index}, ici Luc Roy" for index in range(5 * BLOCK)]
    turn(texts, ALL, histories)
    _, _, finder = turn([*texts, "et Anne"], ALL, histories)
    assert finder.asked == ["et Anne"]


def test_another_beginning_is_another_conversation() -> None:
    histories, texts = Histories(), ["Luc Roy"] * (2 * BLOCK)
    turn(texts, ALL, histories)
    protected, _, finder = turn(["Anne", *texts[1:]], ALL, histories)
    assert len(finder.asked) == 2 * BLOCK
    assert protected.texts[:2] == ("⟦PERSONNE_1⟧", "⟦PERSONNE_2⟧")


TWICE = ["Luc Roy"] * BLOCK


@pytest.mark.parametrize(
    "turns",
    [
        pytest.param([["Luc", " Roy", *["xx"] * 14], ["Luc Roy", *["xx"] * 13, "x", "x"]], id="cut elsewhere"),
        pytest.param([["nom", "nom: Anne"] * 8, ['{"nom": "Anne"}'] * 8], id="read otherwise"),
        pytest.param([[*["Anne"] * BLOCK, *TWICE], [*["Anne", "Zoe"] * 8, *TWICE]] * 2, id="after another block"),
        pytest.param(
            [[*TWICE, *["LUC ROY"] * BLOCK], [*TWICE, *["LUC ROY"] * BLOCK, "luc-roy"]], id="a third spelling"
        ),
        pytest.param([[*TWICE, "⟦PERSONNE_1⟧"], TWICE], id="a number that is free again"),
    ],
)
def test_what_looks_alike_is_told_apart(turns: list[list[str]]) -> None:
    histories = Histories()
    for texts in turns:
        plain, closed, _ = turn(texts, ALL, None)
        known, closed_too, _ = turn(texts, ALL, histories)
        assert (closed_too, known.mapping) == (closed, plain.mapping)


def test_a_number_that_was_put_aside_is_not_handed_out_again() -> None:
    """After a thousand other values; every one is known by then."""
    texts = [f"⟦PERSONNE_1⟧ et {index}" for index in range(63 * BLOCK)]
    found = [(Finding(16, len(text), "PERSON", 1.0),) for text in texts]

    class Everything(Names):
        async def find(self, texts: Sequence[str]) -> list[tuple[Finding, ...]]:
            return [(Finding(16, len(text), "PERSON", 1.0),) for text in texts]

    histories = Histories()
    for count in (62 * BLOCK, 63 * BLOCK):
        opened = Opened(texts[:count])
        history = histories.of(opened)
        known = protect(opened.values, asyncio.run(history.find(Everything())), ALL, history)
        assert known.mapping == protect(texts[:count], found[:count], ALL).mapping
        assert len(known.mapping) == count


def test_no_value_is_remembered() -> None:
    histories = Histories()
    turn([f"ici {name}" for name in NAMES] * 4, ALL, histories)
    seen: list[object] = [histories]
    known = {id(histories)}
    strings = set()
    while seen:
        for one in gc.get_referents(seen.pop()):
            if isinstance(one, str):
                strings.add(one)
            elif id(one) not in known and not isinstance(one, type) and not callable(one):
                known.add(id(one))
                seen.append(one)
    assert any("PERSONNE" in one for one in strings)
    assert not [one for one in strings for name in NAMES if name in one or name.casefold() in one]


def test_the_memory_is_bounded() -> None:
    histories = Histories(1_000)
    for index in range(50):
        turn([f"{index} Luc Roy"] * (2 * BLOCK), ALL, histories)
    assert 0 < sum(layer.weight for layer in histories._layers.values()) <= 1_000
    assert sum(layer.weight for layer in histories._layers.values()) == histories._weight
