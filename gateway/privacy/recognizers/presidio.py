"""The same recognizers as Presidio knows them, and an officer's own, in Presidio's no-code format."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import regex  # type: ignore[import-untyped]
import yaml
from presidio_analyzer import EntityRecognizer, Pattern, PatternRecognizer, RecognizerResult

from gateway.privacy.findings import Finding
from gateway.privacy.recognizers.regions import NOT_PERSONAL, RECOGNIZERS, identify
from gateway.privacy.recognizers.view import flat

LEAST = 0.05
PATTERN_TIMEOUT_S = 2.0
CONTEXT_REACH = 60
CONTEXT_BOOST = 0.35
CONTEXT_LEAST = 0.4


class Shared:
    """The findings of the last text, so that the recognizers of one analysis look once. By hash: the text is not kept."""

    __slots__ = ("_findings", "_key")

    def __init__(self) -> None:
        self._key = b""
        self._findings: list[Finding] = []

    def find(self, text: str) -> list[Finding]:
        """`identify`, once for each text in a row."""
        key = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if key != self._key:
            self._findings, self._key = identify(text, threshold=LEAST), key
        return self._findings


class ValueRecognizer(EntityRecognizer):
    """One of ours, as an analyzer engine's registry takes it. Its scores take context into account already."""

    def __init__(self, entities: Sequence[str], language: str, context: Sequence[str], shared: Shared) -> None:
        self._shared = shared
        self._words = tuple(context)
        super().__init__(
            supported_entities=list(entities), supported_language=language, name=f"Vigie {entities[0]}", version="1"
        )

    def load(self) -> None:
        """Nothing to load."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any = None) -> list[RecognizerResult]:  # noqa: ARG002
        """Presidio's entry; `nlp_artifacts` is not needed."""
        wanted = set(entities) & set(self.supported_entities)
        return [
            _result(one.type, one.start, one.end, one.score, self)
            for one in self._shared.find(text)
            if one.type in wanted
        ]


class OfficerRecognizer(PatternRecognizer):
    """A recognizer of Presidio's YAML format. Its context words need no lemma and no accent; a pattern that takes too
    long is an error, never a text that goes unread.
    """

    def analyze(
        self,
        text: str,
        entities: list[str],
        nlp_artifacts: Any = None,  # noqa: ARG002
        regex_flags: int | None = None,
    ) -> list[RecognizerResult]:
        """Patterns on the text with plain spaces, dashes and digits as well. Raises TimeoutError."""
        if self.supported_entities[0] not in entities:
            return []
        folded = flat(text).lower()
        results = []
        patterns: list[Pattern] = vars(self)["patterns"]
        for pattern in patterns:
            compiled = regex.compile(pattern.regex, regex_flags or self.global_regex_flags)
            for match in compiled.finditer(text, timeout=PATTERN_TIMEOUT_S):
                score = self._score(pattern, match[0], folded, match.start())
                if match[0] and score > 0:
                    results.append(_result(self.supported_entities[0], match.start(), match.end(), score, self))
        return EntityRecognizer.remove_duplicates(results)

    def _score(self, pattern: Pattern, value: str, folded: str, start: int) -> float:
        valid = self.validate_result(value)
        if valid is not None:
            return 1.0 if valid else 0.0
        near = folded[max(0, start - CONTEXT_REACH) : start]
        if any(flat(word).lower() in near for word in self.context or ()):
            return min(1.0, max(pattern.score + CONTEXT_BOOST, CONTEXT_LEAST))
        return pattern.score


def recognizers(language: str) -> list[EntityRecognizer]:
    """The recognizers for one language of an engine; they are the same in each, since French and English mix."""
    shared = Shared()
    return [
        ValueRecognizer(entities, language, one.context, shared)
        for one in RECOGNIZERS
        if (entities := [entity for entity in one.entities if entity not in NOT_PERSONAL])
    ]


def from_yaml(path: Path, languages: Sequence[str]) -> list[EntityRecognizer]:
    """The recognizers of a file in Presidio's format (`recognizers:` with `name`, `supported_entity`, `patterns`,
    `context`…), once for each language that they name or, without one, for each of `languages`. Raises ValueError
    with what is wrong.
    """
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict) or not isinstance(content.get("recognizers"), list):
        raise ValueError(f"{path}: needs a list named `recognizers`")  # noqa: TRY004 - what is wrong is the file
    return [
        recognizer
        for index, entry in enumerate(content["recognizers"])
        for recognizer in from_entry(entry, f"{path}: recognizers[{index}]", languages)
    ]


def from_entry(entry: object, where: str, languages: Sequence[str]) -> list[EntityRecognizer]:
    """The recognizers of one entry. Raises ValueError."""
    if not isinstance(entry, dict):
        raise ValueError(f"{where}: needs to be a mapping")  # noqa: TRY004
    values = {
        key: value for key, value in entry.items() if key not in ("type", "supported_languages", "enabled", "cases")
    }
    if entry.get("enabled", True) is False:
        return []
    named = [values.pop("supported_language")] if "supported_language" in values else _languages(entry, languages)
    made: list[EntityRecognizer] = []
    for language in named:
        if language not in languages:
            continue
        context = values.get("context")
        try:
            for pattern in values.get("patterns") or []:
                regex.compile(pattern["regex"])
            made.append(OfficerRecognizer.from_dict({**values, "context": context, "supported_language": language}))
        except (TypeError, ValueError, KeyError, regex.error) as error:
            raise ValueError(f"{where}: {error}") from error
    return made


def _languages(entry: dict[str, Any], languages: Sequence[str]) -> list[str]:
    given = entry.get("supported_languages")
    if not given:
        return list(languages)
    return [str(one["language"] if isinstance(one, dict) else one) for one in given]


def _result(entity: str, start: int, end: int, score: float, recognizer: EntityRecognizer) -> RecognizerResult:
    return RecognizerResult(
        entity_type=entity,
        start=start,
        end=end,
        score=score,
        recognition_metadata={
            RecognizerResult.RECOGNIZER_NAME_KEY: str(vars(recognizer)["name"]),
            RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: recognizer.id,
            RecognizerResult.IS_SCORE_ENHANCED_BY_CONTEXT_KEY: True,
        },
    )
