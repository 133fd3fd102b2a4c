"""What must be true of labels.yaml, and of what the register chooses in it. *Decisions* on parsed files."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gateway.config.models import Labels, LabelText, Register, System
from gateway.config.problems import Problem
from gateway.config.reading import Document, Loc
from gateway.config.shapes import Bilingual
from gateway.errors import Message

FILLED = ("body", "contact", "decision", "sources")
DEFAULT = "generated"
_FIELD = re.compile(r"\{([^{}]*)\}|[{}]")


def check_wordings(labels: Labels, document: Document) -> Iterable[Problem]:
    """Ids that are there once, the one that every answer needs, and no blank that nobody fills in."""
    seen: set[str] = set()
    for index, one in enumerate(labels.labels):
        loc: Loc = ("labels", index)
        if one.id in seen:
            said = Message(f"{one.id} est là deux fois.", f"{one.id} is there twice.")
            yield document.problem((*loc, "id"), said, Message("En renommer un.", "Rename one of them."))
        seen.add(one.id)
        yield from _check_blanks(one, loc, document)
    yield from _check_blanks(labels.suffix, ("suffix",), document)
    if DEFAULT not in seen:
        yield document.problem(
            ("labels",),
            Message(f"Il manque l'étiquette {DEFAULT}.", f"The label {DEFAULT} is missing."),
            Message("Toute réponse générée doit en porter une.", "Every generated answer must carry one."),
        )


def check_choices(register: Register, labels: Labels, document: Document) -> Iterable[Problem]:
    """The register chooses only labels that are true of its systems, and gives what they need."""
    for index, system in enumerate(register.systems):
        wording = labels.label(system.label.visible)
        if wording is not None:
            problem = _untrue(system, wording)
            if problem is not None:
                yield document.problem(("systems", index, "label", "visible"), *problem)


def _untrue(system: System, wording: LabelText) -> tuple[Message, Message] | None:
    if wording.from_approval:
        return (
            Message(
                f"{wording.id} ne vient que d'une approbation inscrite.", f"{wording.id} comes from an approval alone."
            ),
            Message("En choisir une autre, p. ex. generated.", "Choose another, e.g. generated."),
        )
    if wording.decision_role is not None and wording.decision_role != system.decision_role:
        return (
            Message(
                f"{wording.id} est faux ici\u00a0: decision_role est {system.decision_role}.",
                f"{wording.id} is untrue here: decision_role is {system.decision_role}.",
            ),
            Message(
                f"Elle exige decision_role\u00a0: {wording.decision_role}.",
                f"It needs decision_role: {wording.decision_role}.",
            ),
        )
    if "{sources}" in wording.fr + wording.en and system.label.sources is None:
        return (
            Message(f"{wording.id} demande label.sources.", f"{wording.id} needs label.sources."),
            Message("Dire d'où vient le résumé, en fr et en en.", "Say what the summary is made from, in fr and en."),
        )
    return None


def _check_blanks(text: Bilingual, loc: Loc, document: Document) -> Iterable[Problem]:
    for language in ("fr", "en"):
        for match in _FIELD.finditer(getattr(text, language)):
            if match[1] not in FILLED:
                said = Message(f"Rien ne remplit {match[0]}.", f"Nothing fills in {match[0]}.")
                known = ", ".join(f"{{{name}}}" for name in FILLED)
                yield document.problem((*loc, language), said, Message(f"Connus\u00a0: {known}.", f"Known: {known}."))
