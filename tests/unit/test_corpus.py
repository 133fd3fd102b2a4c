"""The corpus is what it says: exact spans, identifiers that hold, a third of it clean, the same from the same seed."""

from collections import Counter

import pytest

from tests.corpus import COUNT, TYPES, generate
from tests.corpus.marks import MARKS
from tests.corpus.pen import BUILDERS


@pytest.fixture(scope="module")
def corpus():
    return generate()


def values(documents, kind):
    return [(one, one.text[span.start : span.end]) for one in documents for span in one.spans if span.type == kind]


def test_the_same_seed_writes_the_same_corpus_and_another_seed_another(corpus):
    assert generate() == corpus
    assert [one.text for one in generate(seed=2)] != [one.text for one in corpus]


def test_documents_have_ids_of_their_own_and_no_two_are_alike(corpus):
    assert len(corpus) == COUNT >= 300
    assert len({one.id for one in corpus}) == COUNT
    assert len({one.text for one in corpus}) == COUNT


def test_spans_are_exact_in_order_and_do_not_overlap(corpus):
    for document in corpus:
        end = 0
        for span in document.spans:
            assert end <= span.start < span.end <= len(document.text), document.id
            value = document.text[span.start : span.end]
            assert value.strip() == value != "", document.id
            assert span.type in TYPES
            end = span.end


def test_no_mark_is_left_in_a_text(corpus):
    assert not [one.id for one in corpus if MARKS.search(one.text) or "\ue001" in one.text]


@pytest.mark.parametrize("split", [None, "a", "b"])
def test_at_least_a_third_is_clean_and_french_comes_first(split):
    documents = generate(split=split)
    languages = Counter(one.lang for one in documents)
    assert sum(not one.spans for one in documents) >= COUNT / 3
    assert 0.70 <= languages["fr"] / COUNT <= 0.80
    assert 0.10 <= languages["en"] / COUNT <= 0.20
    assert 0.05 <= languages["mixed"] / COUNT <= 0.15


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_is_well_represented(corpus, kind):
    assert len(values(corpus, kind)) >= 15


def test_a_builder_is_clean_exactly_when_it_says_so(corpus):
    for document in corpus:
        assert BUILDERS[document.builder].clean == (not document.spans), document.id


def test_both_halves_write_and_share_no_builder():
    halves = [{one.builder for one in generate(split=split)} for split in "ab"]
    assert not halves[0] & halves[1]
    assert halves[0] | halves[1] == set(BUILDERS)
    assert len(BUILDERS) >= 60
    assert 0.4 <= len(halves[0]) / len(BUILDERS) <= 0.6
