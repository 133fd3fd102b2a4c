"""What Presidio's AnalyzerEngine is given in place of its own parts: an NLP engine that reads names instead of parsing,
a recognizer that reports them, and a context enhancer that looks at the characters around a finding instead of at lemmas.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from presidio_analyzer import EntityRecognizer, LocalRecognizer, RecognizerResult
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine
from spacy.tokens import Doc
from spacy.vocab import Vocab

from gateway.privacy.gazetteer import fold
from gateway.privacy.language import language_of
from gateway.privacy.models import Models
from gateway.privacy.names import Reading, read, settle
from gateway.privacy.plain import Plain, plain
from gateway.privacy.spans import Name

_VOCAB = Vocab()
_BEFORE, _AFTER = 80, 24


class Names(NlpArtifacts):
    """What is known of a text before the recognizers see it: the names in it. There are no tokens and no lemmas."""

    def __init__(self, names: Sequence[Name], language: str) -> None:
        super().__init__([], Doc(_VOCAB), [], [], None, language)
        self.names = names


class NamesEngine(NlpEngine):
    """Presidio's NLP engine, as far as we need one."""

    def __init__(self, languages: tuple[str, ...], *, ner: bool) -> None:
        self._languages = languages
        self._models = Models(languages if ner else ())

    def load(self) -> None:
        """Loaded when made."""

    def is_loaded(self) -> bool:
        """Always."""
        return True

    def artifacts(self, texts: Sequence[str], hints: Sequence[str | None]) -> list[tuple[str, Names]]:
        """For each text its language and its names, the models asked once for all."""
        shown = [plain(text) for text in texts]
        read_as = [one.text for one in shown]
        spoken = [language_of(text, hint, self._languages) for text, hint in zip(read_as, hints, strict=True)]
        readings: list[Reading] = [read(text) for text in read_as]
        persons = self._models.persons(read_as, readings, spoken)
        return [
            (language, Names(_back(one, settle(reading, seen)), language))
            for one, language, reading, seen in zip(shown, spoken, readings, persons, strict=True)
        ]

    def process_text(self, text: str, language: str) -> Names:
        """The names of one text."""
        return self.artifacts([text], [language])[0][1]

    def process_batch(
        self,
        texts: Iterable[str],
        language: str,
        batch_size: int = 1,  # noqa: ARG002
        n_process: int = 1,  # noqa: ARG002
        **_: Any,
    ) -> Iterator[tuple[str, NlpArtifacts]]:
        """The names of many."""
        several = list(texts)
        found = self.artifacts(several, [language] * len(several))
        return iter([(text, names) for text, (_, names) in zip(several, found, strict=True)])

    def is_stopword(self, word: str, language: str) -> bool:  # noqa: ARG002
        """There are no words."""
        return False

    def is_punct(self, word: str, language: str) -> bool:  # noqa: ARG002
        """There are no words."""
        return False

    def get_supported_entities(self) -> list[str]:
        """Persons only: what the models call places and organisations is mostly noise on administrative text."""
        return ["PERSON"]

    def get_supported_languages(self) -> list[str]:
        """As configured."""
        return list(self._languages)


def _back(shown: Plain, names: Sequence[Name]) -> Sequence[Name]:
    return [Name(*shown.back(one.start, one.end), one.score) for one in names] if shown.shifts else names


class PersonRecognizer(LocalRecognizer):
    """Reports the names that the engine has read."""

    def __init__(self, supported_language: str) -> None:
        super().__init__(["PERSON"], supported_language=supported_language, name="PersonRecognizer")

    def load(self) -> None:
        """Nothing to load."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts) -> list[RecognizerResult]:  # noqa: ARG002
        """Each name as a result."""
        return [
            RecognizerResult("PERSON", one.start, one.end, one.score) for one in getattr(nlp_artifacts, "names", ())
        ]


class NearbyContext(ContextAwareEnhancer):
    """Raises the score of a finding that has one of its recognizer's context words close by, accents and case aside."""

    def __init__(self) -> None:
        super().__init__(0.35, 0.4, context_prefix_count=0, context_suffix_count=0)
        self._patterns: dict[str, re.Pattern[str] | None] = {}

    def enhance_using_context(
        self,
        text: str,
        raw_results: list[RecognizerResult],
        nlp_artifacts: NlpArtifacts,  # noqa: ARG002
        recognizers: list[EntityRecognizer],
        context: list[str] | None = None,  # noqa: ARG002
    ) -> list[RecognizerResult]:
        """The same results, scores raised."""
        if not raw_results:
            return raw_results
        known = {one.id: one for one in recognizers}
        for result in raw_results:
            metadata = result.recognition_metadata or {}
            recognizer = known.get(metadata.get(RecognizerResult.RECOGNIZER_IDENTIFIER_KEY))
            if recognizer is None or metadata.get(RecognizerResult.IS_SCORE_ENHANCED_BY_CONTEXT_KEY):
                continue
            pattern = self._pattern(recognizer)
            if pattern is not None and _near(pattern, text, result):
                result.score = min(
                    1.0, max(result.score + self.context_similarity_factor, self.min_score_with_context_similarity)
                )
        return raw_results

    def _pattern(self, recognizer: EntityRecognizer) -> re.Pattern[str] | None:
        if recognizer.id not in self._patterns:
            words = sorted({fold(word) for word in recognizer.context or ()}, key=len, reverse=True)
            joined = "|".join(re.escape(word) for word in words)
            self._patterns[recognizer.id] = re.compile(rf"(?<!\w)(?:{joined})") if words else None
        return self._patterns[recognizer.id]


def _near(pattern: re.Pattern[str], text: str, result: RecognizerResult) -> bool:
    before = text[max(0, result.start - _BEFORE) : result.start]
    return bool(pattern.search(fold(before)) or pattern.search(fold(text[result.end : result.end + _AFTER])))
