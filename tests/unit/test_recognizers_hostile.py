"""Hostile texts: every regular expression of the recognizers, and all of them together, in time that grows with the text.

Processor time, so that a busy machine changes nothing; bounds are generous, but far under what anything else would take.
"""

from __future__ import annotations

import importlib
import pkgutil
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from re import _constants as sre
from re import _parser as parser
from time import process_time
from typing import Any

import pytest

import gateway.privacy.recognizers as package
from gateway.privacy.recognizers import identify
from gateway.privacy.recognizers.cues import Cues

SIZE = 100_000
BOUND_S = 4.0


def expressions() -> dict[str, re.Pattern[str]]:
    """Every compiled expression that a module of the package holds, wherever it holds it."""
    found: dict[str, re.Pattern[str]] = {}

    def collect(name: str, value: object) -> None:
        if isinstance(value, re.Pattern):
            found.setdefault(name, value)
        elif isinstance(value, Cues):
            for index, one in enumerate(value.patterns):
                collect(f"{name}.{index}", one)
        elif isinstance(value, (tuple, list)):
            for index, one in enumerate(value):
                collect(f"{name}[{index}]", one)
        elif is_dataclass(value) and not isinstance(value, type):
            for field in fields(value):
                collect(f"{name}.{field.name}", getattr(value, field.name))

    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        for name, value in vars(importlib.import_module(module.name)).items():
            collect(f"{module.name.rpartition('.')[2]}.{name}", value)
    return found


def sample(pattern: re.Pattern[str], seed: int) -> str:
    """A text that goes far into a pattern: made from its own syntax tree, with repeats near their most."""
    chance = random.Random(seed)

    def one_of(items: list[Any]) -> str:
        if items[0][0] is sre.NEGATE:
            return "a"
        kind, value = chance.choice(items)
        return chr(chance.randint(*value)) if kind is sre.RANGE else chr(value) if kind is sre.LITERAL else "a"

    def again(value: Any) -> str:
        low, high, inner = value
        return "".join(make(inner) for _ in range(min(int(high), max(int(low), 12))))

    made: dict[Any, Callable[[Any], str]] = {
        sre.LITERAL: chr,
        sre.NOT_LITERAL: lambda value: "b" if value == ord("a") else "a",
        sre.ANY: lambda _: "a",
        sre.IN: one_of,
        sre.BRANCH: lambda value: make(chance.choice(value[1])),
        sre.SUBPATTERN: lambda value: make(value[3]),
        sre.MAX_REPEAT: again,
        sre.MIN_REPEAT: again,
    }

    def make(tree: Any) -> str:
        return "".join(made[kind](value) for kind, value in tree if kind in made)

    return make(parser.parse(pattern.pattern, pattern.flags))


def attacks(pattern: re.Pattern[str]) -> Iterator[str]:
    """Pieces to repeat: what matches, what nearly does, and the characters that it begins with."""
    for seed in (1, 2):
        whole = sample(pattern, seed)
        yield from (piece for piece in (whole + " ", whole[:-1], whole[: len(whole) // 2], whole[:1]) if piece)


def repeated(piece: str, size: int) -> str:
    return (piece * (size // len(piece) + 1))[: size - 1] + "\x00"


def seconds(act: Callable[[], object]) -> float:
    start = process_time()
    act()
    return process_time() - start


def scan(pattern: re.Pattern[str], text: str) -> None:
    for _ in pattern.finditer(text):
        pass


EXPRESSIONS = expressions()
ANCHORED = {name for name, one in EXPRESSIONS.items() if one.pattern.endswith(r"\Z") or "LINK" in name}


def test_every_expression_is_collected() -> None:
    assert len(EXPRESSIONS) > 100
    assert {"nas.SHAPE", "address.FRENCH", "telephone.CUES.0", "credential.CUES[0][2]", "slips.MISREAD[0].shape"} <= {
        *EXPRESSIONS
    }


@pytest.mark.parametrize("name", sorted(set(EXPRESSIONS) - ANCHORED))
def test_an_expression_takes_time_that_grows_with_the_text(name: str) -> None:
    pattern = EXPRESSIONS[name]
    worst = max(attacks(pattern), key=lambda piece: seconds(lambda: scan(pattern, repeated(piece, SIZE // 10))))
    assert seconds(lambda: scan(pattern, repeated(worst, SIZE))) < BOUND_S / 4
    assert seconds(lambda: scan(pattern, repeated(worst, 2 * SIZE))) < BOUND_S / 2


@pytest.mark.parametrize("name", sorted(ANCHORED))
def test_an_expression_for_a_window_takes_little_in_it(name: str) -> None:
    """Those that look at the words before a value see a window of a hundred characters or so, or start at a cue: never a text."""
    pattern = EXPRESSIONS[name]
    for piece in attacks(pattern):
        assert seconds(lambda piece=piece: pattern.search(repeated(piece, 600))) < BOUND_S / 40


PIECES = [
    "0",
    "1 ",
    "9-",
    "1.1.1.1.",
    "a",
    "A1",
    "Aa ",
    "a@",
    "a@a.",
    "((1",
    "418 555-",
    "4111 ",
    "0 4 6 4 5 4 2 8 6 ",
    "nas ",
    "nas: 1",
    "1 rue ",
    "1, rue A ",
    "12 rue de la ",
    "123 de la ",
    "l'",
    ": ",
    "::",
    "a:a:",
    "password: ",
    "mot de passe est ",
    "server=a;",
    "eyJaaaaaaaaa.",
    "http://a:a@",
    "-----BEGIN PRIVATE KEY-----",
    "%41",
    "&nbsp;",
    "&#",
    "\\u00a0",
    "\\",
    "\u200b",
    "a\u0301",
    "|",
    "a;b\n",
    "\n",
    "  ,",
    "né le ",
    "naissance (",
    "12 mars 1984 ",
    "compte no ",
    "plaque a1b 2c3 ",
    "h2x 1y4 ",
    "FR76 3000 ",
    "AB12 CD34 ",
    "iuc 1-",
    "passeport no ",
    "MDQ2IDQ1NCAyODY=",
    "+33 ",
    "${",
    "***",
    "⟦A_1⟧",
    "İ",
    "𝟎",
    "\ud800",
    "c.p. 1 ",
    "Montreal (",
    "1re avenue ",
    "nas l3o ",
    "identifiants: a/",
    "a,1,1\n",
    "dossier client ",
]


@pytest.mark.parametrize("piece", PIECES)
def test_all_recognizers_take_time_that_grows_with_the_text(piece: str) -> None:
    once, twice = (seconds(lambda size=size: identify(repeated(piece, size))) for size in (SIZE // 10, SIZE // 5))
    assert once < BOUND_S / 4
    assert twice < BOUND_S / 2


@pytest.mark.parametrize(
    "text",
    [
        "7" * 1_000_000,
        "x" * 1_000_000,
        "Le 12 mars 2026, la directrice a répondu à la demande.\n" * 18_500,
        "130692544" * 111_000,
        "TREM84051205" * 83_000,
        '{"a":"' * 160_000,
        "".join(random.Random(7).choices("0123456789 -.@abcdéÉ\u00a0\u200b&%\\:/", k=1_000_000)),
    ],
    ids=["a million digits", "one word", "clean French", "numbers together", "codes together", "nested JSON", "noise"],
)
def test_a_text_of_a_million_characters_is_read_in_bounded_time(text: str) -> None:
    assert seconds(lambda: identify(text)) < 30


@pytest.mark.parametrize(
    "hidden", ["\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u202e", "\u2066", "\u0301", "\ufe0f"]
)
def test_a_hidden_character_inside_a_value_hides_nothing(hidden: str) -> None:
    for value, cue in (
        ("130 692 544", "NAS"),
        ("TREM 8405 1205", "NAM"),
        ("marie@exemple.ca", ""),
        ("418 555-0142", "cell."),
    ):
        split = value[:2] + hidden + value[2:]
        text = f"{cue} {split}."
        assert [text[one.start : one.end] for one in identify(text)] == [split]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("ТREМ 8405 1205", "QC_NAM"),
        ("ＴＲＥＭ８４０５１２０５", "QC_NAM"),
        ("mаriе@exеmplе.cа", "EMAIL_ADDRESS"),
        ("рostgres://u:motdepasse1@db/x", "CREDENTIAL"),
    ],
)
def test_a_letter_of_another_script_hides_nothing(value: str, kind: str) -> None:
    text = f"NAM ou courriel : {value}"
    assert [(one.type, text[one.start : one.end]) for one in identify(text)] == [(kind, value)]
