"""Presidio, set up for Québec: which recognizers, how names are read, and in which languages. Runs in a worker.

Presidio's AnalyzerEngine, its registry and its recognizers do the work; the engine that parses text and the enhancer that looks
at lemmas are replaced (`engine`). Places, organisations and dates are not asked for: they are mostly noise here.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tldextract
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry

from gateway.privacy.engine import NamesEngine, NearbyContext, PersonRecognizer
from gateway.privacy.functions import serves_the_public
from gateway.privacy.recognizers import from_yaml, recognizers

Span = tuple[int, int, str, float]
Spans = list[Span]
PERSON = "PERSON"

OFFLINE = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
setattr(tldextract, "extract", OFFLINE)  # noqa: B010 - Presidio calls it by that name: the bundled list, never the network
logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)


class Recognition:
    """The analyser proper: synchronous, texts in batches."""

    def __init__(
        self,
        languages: tuple[str, ...],
        *,
        ner: bool,
        threshold: float,
        keep_public: bool = False,
        own: Path | None = None,
    ) -> None:
        """`own`: the body's recognizers. Raises `ValueError` when they cannot be read."""
        self._threshold, self._keep_public = threshold, keep_public
        self._names = NamesEngine(languages, ner=ner)
        registry = RecognizerRegistry(supported_languages=list(languages))
        for language in languages:
            for recognizer in _recognizers(language):
                registry.add_recognizer(recognizer)
        for recognizer in from_yaml(own, languages) if own is not None else ():
            registry.add_recognizer(recognizer)
        self._engine = AnalyzerEngine(
            registry=registry,
            nlp_engine=self._names,
            supported_languages=list(languages),
            context_aware_enhancer=NearbyContext(),
        )
        self._entities = {language: self._engine.get_supported_entities(language) for language in languages}

    def find(self, texts: Sequence[str], hints: Sequence[str | None] | None = None) -> list[Spans]:
        """For each text: (start, end, type, score) in characters, in order. `hints`: the language of each, where known."""
        prepared = self._names.artifacts(texts, hints or [None] * len(texts))
        return [self._analyze(text, language, names) for text, (language, names) in zip(texts, prepared, strict=True)]

    def _analyze(self, text: str, language: str, names: Any) -> Spans:
        results = self._engine.analyze(
            text,
            language=language,
            entities=self._entities[language],
            nlp_artifacts=names,
            score_threshold=self._threshold,
        )
        spans = sorted((one.start, one.end, one.entity_type, float(one.score)) for one in results)
        values = [one for one in spans if one[2] != PERSON]
        return [one for one in spans if one[2] != PERSON or not self._dropped(text, one, values)]

    def _dropped(self, text: str, name: Span, values: Spans) -> bool:
        """Whether a name stands inside another value (a street's name in an address), or is public."""
        start, end, _, _ = name
        inside = any(one[0] <= start and end <= one[1] for one in values)
        return inside or (self._keep_public and serves_the_public(text, start, end))


def _recognizers(language: str) -> list[Any]:
    return [*recognizers(language), PersonRecognizer(supported_language=language)]
