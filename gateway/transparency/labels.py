"""Which label an answer carries, and its three forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import http_sf

from gateway.config import Configuration, System

DEFAULT = "generated"


@dataclass(frozen=True, slots=True)
class Label:
    """A label of one answer. `texts`: the visible sentences, in order of language; empty when nothing is to be seen."""

    id: str
    version: int
    language: str
    source_type: str
    texts: tuple[str, ...]
    suffixes: tuple[str, ...]
    body: tuple[str, ...]

    @property
    def visible(self) -> bool:
        """Whether a sentence is to stand in the text."""
        return bool(self.texts)


def label_for(system: System, configuration: Configuration) -> Label | None:
    """The label of a system's generated answers. None only when labels.yaml has no `generated` wording.

    "Reviewed by a person" is never chosen here: it comes from an approval record alone (promise 9).
    """
    setting, labels = system.label, configuration.labels
    wording = labels.label(DEFAULT if setting.visible in ("none", "reviewed") else setting.visible)
    if wording is None:
        return None
    languages = ("fr", "en") if setting.language == "fr+en" else ("fr",)
    visible = setting.visible != "none"
    name = configuration.register.body.name
    return Label(
        wording.id,
        wording.version,
        setting.language.replace("+", "-"),
        wording.source_type,
        tuple(getattr(wording, language) for language in languages) if visible else (),
        tuple(getattr(labels.suffix, language) for language in languages),
        tuple(getattr(name, language) for language in languages),
    )


@lru_cache(maxsize=256)
def header(label: Label) -> Mapping[str, str]:
    """`x-vigie-label: generated;v=3;lang=fr`, and the expired draft's `ai-disclosure` that archives may look for."""
    parameters: dict[str, Any] = {"v": label.version, "lang": http_sf.Token(label.language)}
    return {
        "x-vigie-label": http_sf.ser((http_sf.Token(label.id), parameters)),
        "ai-disclosure": http_sf.ser({"mode": (http_sf.Token("ai-originated"), {})}),
    }


def envelope(decision: str, label: Label) -> dict[str, Any]:
    """The additive field `vigie`. `manifest` is signed from the ledger's next version on; null says so."""
    return {
        "decision": decision,
        "label": label.id,
        "label_version": label.version,
        "source_type": label.source_type,
        "manifest": None,
    }


def sentence(label: Label, decision: str) -> str:
    """The visible sentence, with who answers for it and the reference."""
    return "\n".join(
        f"{text} {suffix.replace('{body}', body).replace('{decision}', decision)}"
        for text, suffix, body in zip(label.texts, label.suffixes, label.body, strict=True)
    )
