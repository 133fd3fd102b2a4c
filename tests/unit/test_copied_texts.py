"""A copied text is the same text, whatever copying did to it; a text that says another thing is another."""

from __future__ import annotations

import re
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.transparency import Found
from gateway.transparency.comparable import comparable
from gateway.transparency.fingerprints import SHORTEST, Fingerprinter, Fingerprints, all_passages
from gateway.transparency.presented import label_patterns, presented, reference_of
from gateway.transparency.recognising import Hits, Verdict, judge
from tests.copying import HABITS, NEAR_MISSES, sentence, text, word_processor

FINGERPRINTER = Fingerprinter(b"a key of a test, of 32 bytes . .")


class Table:
    """What the store would hold of issued texts."""

    def __init__(self) -> None:
        self.digests: dict[int, set[str]] = {}

    def issue(self, decision: str, text: str) -> None:
        prints = FINGERPRINTER.issued(text)
        for digest in (prints.whole, *prints.passages):
            assert digest is not None
            self.digests.setdefault(digest, set()).add(decision)

    def recognise(self, text: str) -> Verdict:
        known = comparable(text)
        if len(known) < SHORTEST:
            return Verdict(Found.TOO_SHORT)
        prints = FINGERPRINTER.presented(known)
        return judge(prints, self._hits(prints))[0]

    def _hits(self, prints: Fingerprints) -> Hits:
        counted: dict[str, int] = {}
        for digest in prints.passages:
            for decision in self.digests.get(digest, ()):
                counted[decision] = counted.get(decision, 0) + 1
        most = max(counted, key=lambda one: counted[one], default="")
        return Hits(next(iter(self.digests.get(prints.whole or 0, ())), ""), most, counted.get(most, 0))


@pytest.mark.parametrize("habit", HABITS)
def test_a_habit_of_copying_changes_nothing(habit: str) -> None:
    for seed in range(40):
        random = Random(seed)
        original = text(random, 120)
        copied = HABITS[habit](original, random)
        assert comparable(copied) == comparable(original)


def test_a_text_of_ten_thousand_words_survives_a_word_processor() -> None:
    random = Random(20261125)
    original = text(random, 10_000)
    table = Table()
    table.issue("d", original)
    copied = word_processor(original, random)
    assert len(copied.split()) > 9_000
    assert copied != original
    assert table.recognise(copied).found is Found.WHOLE


def test_ten_thousand_near_misses_are_not_the_text() -> None:
    random = Random(7)
    letters = [text(random, 45) for _ in range(50)]
    table = Table()
    for number, letter in enumerate(letters):
        table.issue(str(number), letter)
    kinds = dict.fromkeys(NEAR_MISSES, 0)
    while sum(kinds.values()) < 10_000:
        letter, miss = random.choice(letters), random.choice(NEAR_MISSES)
        try:
            near = miss(letter, random)
        except IndexError:  # nothing in this letter to change so
            continue
        kinds[miss] += 1
        verdict = table.recognise(near)
        assert verdict.found is not Found.WHOLE, (miss.__name__, near)
        assert verdict.matched < verdict.total or not verdict.total, (miss.__name__, near)
    assert min(kinds.values()) > 500
    assert all(table.recognise(letter).found is Found.WHOLE for letter in letters)


def test_texts_that_share_a_sentence_or_a_style_are_not_found() -> None:
    random = Random(11)
    shared = sentence(random)
    table = Table()
    for number in range(50):
        table.issue(str(number), f"{text(random, 80)} {shared} {text(random, 80)}")
    for _ in range(300):
        assert table.recognise(f"{text(random, 80)} {shared} {text(random, 80)}").found is Found.NOT_FOUND


def test_a_part_from_sentence_to_sentence_is_exact_wherever_it_begins_and_ends() -> None:
    random = Random(3)
    sentences = [sentence(random) for _ in range(60)]
    table = Table()
    table.issue("d", " ".join(sentences))
    for _ in range(200):
        first = random.randrange(50)
        part = " ".join(sentences[first : first + random.randint(4, 10)])
        if len(comparable(part)) < SHORTEST:
            continue
        verdict = table.recognise(word_processor(part, random))
        assert verdict.found is Found.PART
        assert verdict.matched == verdict.total
        changed = random.choice(NEAR_MISSES[:4])(part, random)
        verdict = table.recognise(changed)
        assert verdict.matched < verdict.total


def test_a_part_in_a_letter_of_somebody_else_is_said_to_be_a_part() -> None:
    random = Random(5)
    issued = text(random, 150)
    table = Table()
    table.issue("d", issued)
    verdict = table.recognise(f"{text(random, 60)}\n\n{issued}\n\n{text(random, 60)}")
    assert verdict.found is Found.PART
    assert 0 < verdict.matched < verdict.total
    assert table.recognise(f"{text(random, 3_000)}\n\n{issued}").found is Found.NOT_FOUND  # less than a quarter of it


@given(st.lists(st.integers(0, 400).map(lambda seed: sentence(Random(seed))), min_size=6, max_size=14), st.data())
@settings(max_examples=60, deadline=None)
def test_the_passages_of_a_part_are_those_of_the_whole(sentences: list[str], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, 2))
    last = data.draw(st.integers(4, len(sentences)))
    whole = FINGERPRINTER.issued(" ".join(sentences))
    part = FINGERPRINTER.presented(comparable(" ".join(sentences[first:last])))
    assert set(part.passages) <= set(whole.passages)


@given(st.text(max_size=400))
@settings(max_examples=200, deadline=None)
def test_any_text_can_be_compared(anything: str) -> None:
    known = comparable(anything)
    assert known == known.strip()
    assert not re.search(r"\s\s|[\r\n\t\u200b\u00ad]", known)
    for passage in all_passages(known):
        assert passage in known


MARKDOWN = """# Votre demande

> Elle a été reçue le [3 novembre](https://exemple.quebec/suivi?id=3).

```text
numéro 2026-114
```

| pièce | état |
|---|---|
| bail | reçu |

+ **première** étape
+ *seconde* étape : `fin`

---

Merci."""
RENDERED = """Votre demande
Elle a été reçue le 3 novembre.
numéro 2026-114
pièce	état
bail	reçu
• première étape
• seconde étape : fin
Merci."""


def test_markdown_is_what_a_browser_shows_of_it() -> None:
    assert comparable(MARKDOWN) == comparable(RENDERED)
    assert comparable("-5 °C, soit 5 # 3") == comparable("−5 °C, soit 5 3") != comparable("5 °C, soit 5 3")


def test_a_list_without_full_stops_has_passages_too() -> None:
    words = [word for seed in range(60) for word in re.findall(r"\w+", sentence(Random(seed)))]
    table = Table()
    table.issue("d", " ".join(words))
    verdict = table.recognise(" ".join(words[: len(words) // 2]))
    assert verdict.found is Found.PART
    assert verdict.total > 5


def test_a_short_text_has_no_fingerprint_and_no_reading() -> None:
    short = "Votre demande est refusée, faute de preuve de résidence au Québec."
    assert FINGERPRINTER.issued(short) == Fingerprints()
    assert presented(short, ()).readings == ()
    assert FINGERPRINTER.issued(short + " \u200b" * 200) == Fingerprints()
    assert presented("-" * 5_000, ()).readings == ()


def test_another_installation_makes_other_fingerprints() -> None:
    issued = text(Random(1), 60)
    other = Fingerprinter(b"another key, of 32 bytes . . . .").issued(issued)
    mine = FINGERPRINTER.issued(issued)
    assert not {other.whole, *other.passages} & {mine.whole, *mine.passages}


# ── the visible sentence ──────────────────────────────────────────────────────────────────────────────────────────

LABEL = "Ce contenu a été généré par une IA. Organisme : Exemple. Référence : {decision}. Contact : ia@exemple.quebec."
DECISION = "d-01a210e51fe439d6ffc82f10ba72afe3"


@pytest.mark.parametrize(
    "given",
    [
        "{label}\n\n{text}",
        "{label} {text}",
        "{label}\n{text}",
        "{label}\n{english}\n\n{text}",
        "Ce contenu, d'une mention d'hier. Référence : {decision}, ou écrire à quelqu'un.\n\n{text}",
    ],
)
def test_the_visible_sentence_is_no_part_of_the_text(given: str) -> None:
    random = Random(2)
    issued, english = text(random, 80), "This was made by an AI. Reference: {decision}."
    patterns = label_patterns([LABEL, english])
    known = {"label": LABEL, "english": english, "text": issued}
    made = given.format(decision=DECISION, **{name: one.replace("{decision}", DECISION) for name, one in known.items()})
    readings = presented(HABITS["spaces"](HABITS["quotes"](made, random), random), patterns)
    assert comparable(issued) in readings.readings
    assert readings.reference == DECISION
    assert issued in presented(made, patterns).exact or "\n" not in made.partition(issued)[0]


@pytest.mark.parametrize(
    ("given", "reference"),
    [
        (DECISION, DECISION),
        (f" {DECISION.upper()}\n", DECISION),
        (DECISION.replace("-", "‑"), DECISION),
        (DECISION[:-1], ""),
        (DECISION + "0", ""),
        ("d-" + "g" * 32, ""),
        ("", ""),
        ("' OR 1=1 --", ""),
    ],
)
def test_a_reference_is_read_however_it_was_copied(given: str, reference: str) -> None:
    assert reference_of(given) == reference
