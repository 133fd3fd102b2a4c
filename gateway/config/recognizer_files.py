"""`recognizers.yaml`: the body's own identifiers, in Presidio's no-code format, with the cases that each is tried on. *Data*
and its checks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import regex  # type: ignore[import-untyped]
from pydantic import Field

from gateway.config.problems import Problem
from gateway.config.reading import Document, Loc
from gateway.config.shapes import Strict
from gateway.errors import Message
from gateway.policies.facts import ENTITIES

RECOGNIZERS = "recognizers.yaml"


class RecognizerPattern(Strict):
    """A form that a value is written in, as a regular expression, and how sure it makes us by itself."""

    name: str
    regex: str = Field(min_length=1)
    score: float = Field(ge=0, le=1, description="under privacy.threshold, only a context word near makes it a finding")


class RecognizerCases(Strict):
    """Texts that a recognizer is tried on."""

    finds: tuple[str, ...] = Field((), description="with the value to find between « and »")
    leaves: tuple[str, ...] = Field((), description="in which it finds nothing")


class RecognizerEntry(Strict):
    """One recognizer."""

    name: str = Field(min_length=1)
    supported_entity: str = Field(description="a type of personal information; BODY_IDENTIFIER for the body's own")
    supported_language: Literal["fr", "en"] | None = None
    supported_languages: tuple[Literal["fr", "en"], ...] = ()
    type: Literal["custom"] = "custom"
    enabled: bool = True
    patterns: tuple[RecognizerPattern, ...] = Field(min_length=1)
    context: tuple[str, ...] = Field((), description="words that make a value near them surer; case and accents aside")
    cases: RecognizerCases = RecognizerCases()


class RecognizerFile(Strict):
    """`recognizers.yaml`. It may be absent."""

    recognizers: tuple[RecognizerEntry, ...]


def check_recognizer(entry: RecognizerEntry, loc: Loc, document: Document) -> Iterable[Problem]:
    """A type that policies do not know, or a pattern that is no regular expression."""
    if entry.supported_entity not in ENTITIES:
        yield document.problem(
            (*loc, "supported_entity"),
            Message(f"Type inconnu\u00a0: {entry.supported_entity}.", f"Unknown type: {entry.supported_entity}."),
            Message(
                "Pour un identifiant propre à l'organisme\u00a0: BODY_IDENTIFIER.",
                "For an identifier of the body's own: BODY_IDENTIFIER.",
            ),
        )
    for index, pattern in enumerate(entry.patterns):
        try:
            regex.compile(pattern.regex)
        except regex.error as error:
            said = Message(
                f"Cette expression régulière n'est pas valable\u00a0: {error.msg}.",
                f"This regular expression is not valid: {error.msg}.",
            )
            hint = Message("La corriger, entre guillemets simples.", "Correct it, in single quotes.")
            yield document.problem((*loc, "patterns", index, "regex"), said, hint)
