"""Documents in a fixed order from a seed: languages and clean documents in their shares, every builder in its turn."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tests.corpus import builders as _builders  # noqa: F401 - registers them
from tests.corpus.marks import Document, unmark
from tests.corpus.pen import BUILDERS, Builder, Pen
from tests.corpus.typography import STYLES

SEED, COUNT = 1, 420
SHARES = {"fr": 0.75, "en": 0.15, "mixed": 0.10}
CLEAN = 1 / 3


def generate(seed: int = SEED, count: int = COUNT, split: str | None = None) -> list[Document]:
    """The corpus. `split`: a or b for the documents of one half of the builders (and of the names and phrases) only."""
    turns = _turns(Random(f"vigie {seed} {split} order"), split)
    plan = _plan(Random(f"vigie {seed} {split} plan"), count)
    return [_write(next(turns[which]), seed, split, index) for index, which in enumerate(plan)]


def _plan(rng: Random, count: int) -> list[tuple[str, bool]]:
    """The language of each document and whether it is clean: exact shares, shuffled."""
    clean = -(-count // 3)
    plan = []
    for size, is_clean in ((clean, True), (count - clean, False)):
        english, mixed = round(size * SHARES["en"]), round(size * SHARES["mixed"])
        languages = ["en"] * english + ["mixed"] * mixed + ["fr"] * (size - english - mixed)
        plan += [(lang, is_clean) for lang in languages]
    rng.shuffle(plan)
    return plan


def _turns(rng: Random, split: str | None) -> dict[tuple[str, bool], Iterator[Builder]]:
    """For each language, clean or not, its builders over and over, in an order of its own each time."""
    turns = {}
    for lang in SHARES:
        for clean in (True, False):
            mine = [
                one for one in BUILDERS.values() if (one.lang, one.clean) == (lang, clean) and split in (None, one.half)
            ]
            assert mine, f"no builder for {lang}, clean={clean}, split={split}"
            turns[lang, clean] = _over_and_over(mine, Random(rng.random()))
    return turns


def _over_and_over(stock: list[Builder], rng: Random) -> Iterator[Builder]:
    while True:
        yield from rng.sample(stock, len(stock))


def _write(builder: Builder, seed: int, split: str | None, index: int) -> Document:
    rng = Random(f"vigie {seed} {split} {index} {builder.name}")
    marked = builder.write(Pen(rng, builder.half, builder.lang))
    marked = STYLES[rng.choice(builder.styles)](marked, rng)
    text, spans = unmark(marked)
    return Document(f"{split or 'ab'}{seed}-{index:04}", builder.lang, builder.kind, builder.name, text, spans)
