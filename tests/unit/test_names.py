"""Names of persons, by rule alone: which spans, and which are left alone. No model is loaded."""

import re
from pathlib import Path

import pytest

from gateway.privacy.names import read

CASES = [
    line.replace("↵", "\n")
    for line in (Path(__file__).parent / "names_cases.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def marked(text):
    """The text without its marks, and the names that were marked."""
    return re.sub("[⟪⟫]", "", text), re.findall("⟪(.*?)⟫", text, re.DOTALL)


@pytest.mark.parametrize("case", CASES)
def test_a_sentence_has_the_names_that_are_marked_in_it(case):
    text, names = marked(case)
    assert [text[one.start : one.end] for one in read(text).names] == names
