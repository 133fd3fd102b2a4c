"""A corpus of administrative text with its personal data marked: made up, seeded, French first.

`python -m tests.corpus --seed 1 --count 420 > corpus.jsonl`; `bench/accuracy.py` scores analysers on it. A third of the
documents hold no personal data and try to look as if they did. Builders (in `builders/`) belong to half `a` or `b`, each
with its own half of the names and phrases: tune on one, check on the other.

What counts as a value: a name without its title (`M.`, `Dre`), whoever it belongs to, staff included, a given name alone
too; an address from civic number to postal code as one value over its lines, or the part of it that stands alone; a
telephone with its extension; a birth date without `né le`. Generic mailboxes, toll-free and three-digit numbers, offices
of public bodies, places, laws and things named after people, dates of anything but a birth are not values.
"""

from tests.corpus.generator import COUNT, SEED, generate
from tests.corpus.marks import TYPES, Document, Span

__all__ = ["COUNT", "SEED", "TYPES", "Document", "Span", "generate"]
