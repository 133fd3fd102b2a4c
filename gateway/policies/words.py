"""The words of policy, as a person reads them: principles, stages, effects, types of findings, values of facts. *Data*.

Facts have their own labels in `facts.py`; `label_of` is the short one, and `value_of` says a value in words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from gateway.errors import Message
from gateway.policies.effects import Effect, Stage
from gateway.policies.facts import BY_NAME, FactValue

PRINCIPLES: dict[int, Message] = {
    1: Message("Respect des personnes et règle de droit", "Respect for people and the rule of law"),
    2: Message("Inclusion et équité", "Inclusion and fairness"),
    3: Message("Fiabilité et robustesse", "Reliability and robustness"),
    4: Message("Sécurité", "Security"),
    5: Message("Efficience, efficacité et pertinence", "Efficiency, effectiveness and relevance"),
    6: Message("Durabilité", "Sustainability"),
    7: Message("Transparence", "Transparency"),
    8: Message("Explicabilité", "Explainability"),
    9: Message("Responsabilité", "Accountability"),
    10: Message("Compétence", "Competence"),
    11: Message("Autonomie et supervision humaine", "Autonomy and human oversight"),
    12: Message("Souveraineté numérique", "Digital sovereignty"),
}
"""The twelve principles of Arrêté 2025-02, by number."""

STAGES: dict[Stage, Message] = {
    Stage.ADMISSION: Message("Admission", "Admission"),
    Stage.INPUT: Message("Contenu de la demande", "Content of the request"),
    Stage.ROUTING: Message("Choix du déploiement", "Choice of deployment"),
    Stage.ACTION: Message("Action", "Action"),
    Stage.OUTPUT: Message("Contenu de la réponse", "Content of the answer"),
}

EFFECTS: dict[Effect, Message] = {
    Effect.ALLOW: Message("permet", "allows"),
    Effect.PREFER: Message("préfère", "prefers"),
    Effect.NOTIFY: Message("signale", "notifies"),
    Effect.LABEL: Message("étiquette", "labels"),
    Effect.PSEUDONYMIZE: Message("pseudonymise", "pseudonymizes"),
    Effect.MASK: Message("masque", "masks"),
    Effect.HOLD: Message("retient pour une personne", "holds for a person"),
    Effect.DENY: Message("refuse", "refuses"),
    Effect.EXCLUDE: Message("écarte", "excludes"),
}

DONE: dict[Effect, Message] = {
    Effect.PSEUDONYMIZE: Message("remplacé par des pseudonymes", "replaced by pseudonyms"),
    Effect.MASK: Message("masqué", "masked"),
    Effect.DENY: Message("refusé", "refused"),
}
"""What was done with a type of finding."""

KINDS: dict[str, Message] = {
    "ADDRESS": Message("adresse", "address"),
    "BANK_ACCOUNT": Message("compte bancaire", "bank account"),
    "BODY_IDENTIFIER": Message("identifiant propre à l'organisme", "identifier of the body's own"),
    "CA_IMMIGRATION": Message("identifiant d'immigration", "immigration identifier"),
    "CA_PASSPORT": Message("numéro de passeport", "passport number"),
    "CA_SIN": Message("numéro d'assurance sociale (NAS)", "social insurance number (SIN)"),
    "CREDENTIAL": Message("mot de passe ou clé", "password or key"),
    "CREDIT_CARD": Message("numéro de carte de crédit", "credit card number"),
    "DATE_OF_BIRTH": Message("date de naissance", "date of birth"),
    "EMAIL_ADDRESS": Message("adresse de courriel", "e-mail address"),
    "IBAN_CODE": Message("numéro de compte international (IBAN)", "international account number (IBAN)"),
    "IP_ADDRESS": Message("adresse IP", "IP address"),
    "LICENCE_PLATE": Message("plaque d'immatriculation", "licence plate"),
    "PERSON": Message("nom d'une personne", "name of a person"),
    "PHONE_NUMBER": Message("numéro de téléphone", "telephone number"),
    "QC_DRIVER_LICENCE": Message("numéro de permis de conduire", "driver's licence number"),
    "QC_NAM": Message("numéro d'assurance maladie (NAM)", "health insurance number (NAM)"),
    "QC_PERMANENT_CODE": Message("code permanent", "permanent code (education)"),
}
"""What each type of finding is."""

VALUES: dict[str, dict[str, Message]] = {
    "system.decision_role": {
        "none": Message("aucun", "none"),
        "support": Message("soutien à une décision", "support for a decision"),
        "exclusive": Message(
            "décision fondée exclusivement sur un traitement automatisé",
            "decision based exclusively on automated processing",
        ),
    },
    "call.protocol": {
        "chat": Message("conversation (chat)", "chat"),
        "responses": Message("conversation (responses)", "responses"),
        "messages": Message("conversation (messages)", "messages"),
        "embeddings": Message("plongements", "embeddings"),
        "mcp": Message("outil MCP", "MCP tool"),
        "actions": Message("demande d'action", "request for an action"),
    },
    "deployment.routing": {
        "regional": Message("régionale", "regional"),
        "geographic": Message("géographique", "geographic"),
        "global": Message("mondiale", "global"),
        "unknown": Message("inconnue", "unknown"),
    },
    "deployment.guarantee": {
        "direct-control": Message("contrôle direct", "direct control"),
        "contractual": Message("contractuelle", "contractual"),
        "documented": Message("documentée", "documented"),
        "none": Message("aucune", "none"),
        "unknown": Message("inconnue", "unknown"),
    },
    "deployment.weights": {
        "open": Message("ouverts", "open"),
        "restricted": Message("ouverts avec restrictions", "restricted"),
        "closed": Message("fermés", "closed"),
        "unknown": Message("inconnus", "unknown"),
    },
    "deployment.training": {
        "never": Message("jamais", "never"),
        "off-by-default": Message("désactivé par défaut", "off by default"),
        "possible": Message("possible", "possible"),
        "unknown": Message("inconnu", "unknown"),
    },
}
"""Closed sets of values, in words."""

PLACES: dict[str, Message] = {
    "CA-QC": Message("Québec", "Québec"),
    "CA-ON": Message("Ontario", "Ontario"),
    "CA": Message("Canada", "Canada"),
    "US": Message("États-Unis", "United States"),
    "FR": Message("France", "France"),
    "unknown": Message("inconnu", "unknown"),
}
"""Places that are often named; any other keeps its ISO 3166 code."""

YES, NO, NONE = Message("oui", "yes"), Message("non", "no"), Message("aucun", "none")
_PLACED = ("deployment.country", "deployment.subdivision", "deployment.operator_home")
_TOOLS = ("action.tool", "call.tools", "call.provider_tools")
LONGEST_NAME = 128
_UNUSUAL = re.compile(r"[^\w .:/@-]")
_SHORT = re.compile("(?:\u00a0| )?[:;].*$", re.DOTALL)


def kind_of(name: str) -> Message:
    """A type of finding in words; one that is not known stands for itself."""
    return KINDS.get(name, Message(name, name))


def kinds_of(names: Sequence[str], language: str) -> str:
    """Types of findings in words, one after the other."""
    return ", ".join(kind_of(name).in_language(language) for name in names)


def number_of(number: int, language: str) -> str:
    """A whole number as people write it."""
    return f"{number:,}" if language == "en" else f"{number:,}".replace(",", "\u00a0")


def name_shown(name: str) -> str:
    """A tool's name, which a model may have written, as it can stand in a sentence, a page or Markdown."""
    return _UNUSUAL.sub("·", name)[:LONGEST_NAME]


def printable(text: str) -> str:
    """A text in which nothing is invisible, moves the line, or turns it around."""
    return "".join(one if one.isprintable() else f"⟨U+{ord(one):04X}⟩" for one in text)


def label_of(name: str, language: str) -> str:
    """A fact's short label: its description without what follows a colon or a semicolon."""
    fact = BY_NAME.get(name)
    if fact is None:
        return name
    return _SHORT.sub("", fact.fr if language != "en" else fact.en)


def value_of(name: str, value: FactValue, language: str) -> str:
    """A fact's value in words."""
    if isinstance(value, bool):
        return (YES if value else NO).in_language(language)
    if isinstance(value, tuple):
        return ", ".join(_word_of(name, one, language) for one in value) or NONE.in_language(language)
    if isinstance(value, Mapping):
        return printable(json.dumps(value, ensure_ascii=False, sort_keys=True))
    if isinstance(value, int):
        return number_of(value, language)
    return _word_of(name, value, language) if isinstance(value, str) else str(value)


def _word_of(name: str, value: str, language: str) -> str:
    if name in _TOOLS:
        value = name_shown(value)
    known = VALUES.get(name, {}).get(value) or KINDS.get(value)
    if name in _PLACED:
        known = PLACES.get(value)
    if known is not None:
        return known.in_language(language)
    value = printable(value)
    return f"«\u00a0{value}\u00a0»" if language != "en" and value else f"'{value}'" if value else "—"
