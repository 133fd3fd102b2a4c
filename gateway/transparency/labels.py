"""Which label an answer carries, and its three forms. *Decisions* on the register's entry and labels.yaml."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import http_sf

from gateway.config import Bilingual, Configuration, LabelText, System

DEFAULT, REVIEWED = "generated", "reviewed"


@dataclass(frozen=True, slots=True)
class Label:
    """A label of one answer. `texts`: the visible sentences, in order of language; empty when nothing is to be seen.

    All that the register and labels.yaml can fill in is filled in already: `{decision}` alone is left.
    """

    id: str
    version: int
    language: str
    source_type: str
    texts: tuple[str, ...]

    @property
    def visible(self) -> bool:
        """Whether a sentence is to stand in the text."""
        return bool(self.texts)


def label_for(
    system: System, configuration: Configuration, asked: Collection[str] = (), approval: str = ""
) -> Label | None:
    """The label of a system's generated answers. None only when labels.yaml has no `generated` wording.

    `asked`: labels that rules ask for (effect `label`), which make a sentence visible; the first of them in the order of
    labels.yaml takes the place of the register's. `approval`: the id of the record by which a person approved this very
    text; nothing else makes "reviewed by a person" (promise 9).
    """
    setting, labels = system.label, configuration.labels
    wording = next((one for one in labels.labels if one.id in asked and not one.from_approval), None)
    visible = wording is not None or setting.visible != "none"
    if approval:
        wording = labels.label(REVIEWED)
    if wording is None:
        wording = labels.label(setting.visible)
    if wording is None or (wording.from_approval and not approval):
        wording = labels.label(DEFAULT)
    if wording is None:
        return None
    languages = ("fr", "en") if setting.language == "fr+en" else ("fr",)
    return Label(
        wording.id,
        wording.version,
        setting.language.replace("+", "-"),
        wording.source_type,
        tuple(_filled(wording, language, system, configuration) for language in languages) if visible else (),
    )


def sentences(configuration: Configuration) -> tuple[str, ...]:
    """Every visible sentence that could open a text today, for whoever looks for what stands beside them."""
    found = {
        _filled(wording, language, system, configuration)
        for system in configuration.register.systems
        for wording in configuration.labels.labels
        for language in ("fr", "en")
    }
    return tuple(sorted(found))


@lru_cache(maxsize=256)
def header(label: Label) -> Mapping[str, str]:
    """`x-vigie-label: generated;v=3;lang=fr`, and the expired draft's `ai-disclosure` that archives may look for."""
    parameters: dict[str, Any] = {"v": label.version, "lang": http_sf.Token(label.language)}
    return {
        "x-vigie-label": http_sf.ser((http_sf.Token(label.id), parameters)),
        "ai-disclosure": http_sf.ser({"mode": (http_sf.Token("ai-originated"), {})}),
    }


def envelope(decision: str, label: Label, manifest: str | None = None) -> dict[str, Any]:
    """The additive field `vigie`. In a stream `manifest` is known at the end only: null at first, given with the last chunk."""
    return {
        "decision": decision,
        "label": label.id,
        "label_version": label.version,
        "source_type": label.source_type,
        "manifest": manifest,
    }


def sentence(label: Label, decision: str) -> str:
    """The visible sentence, with who answers for it and the reference."""
    return "\n".join(text.replace("{decision}", decision) for text in label.texts)


def badge(configuration: Configuration, name: str = DEFAULT) -> Bilingual | None:
    """The few words that stand on a badge; those of `generated` where a label has none."""
    known = [configuration.labels.label(one) for one in (name, DEFAULT)]
    return next((one.badge for one in known if one is not None and one.badge is not None), None)


def _filled(wording: LabelText, language: str, system: System, configuration: Configuration) -> str:
    body, sources = configuration.register.body, system.label.sources
    values = {
        "{body}": getattr(body.name, language),
        "{contact}": body.contact,
        "{sources}": getattr(sources, language) if sources is not None else "",
    }
    text = f"{getattr(wording, language)} {getattr(configuration.labels.suffix, language)}"
    for name, value in values.items():
        text = text.replace(name, value)
    return text
