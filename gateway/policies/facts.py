"""The facts that a rule may ask about: name, CEL type, stages, meaning. *Data*; the reference page is made from it.

A fact never carries a value that may not be kept (promise 6): of personal data only types and counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.policies.effects import Stage

FactValue = str | bool | int | float | tuple[str, ...] | Mapping[str, Any]
Facts = Mapping[str, FactValue]

ALL = tuple(Stage)
CONTENT = (Stage.INPUT, Stage.ROUTING)
ROUTING = (Stage.ROUTING,)
ACTION = (Stage.ACTION,)
OUTPUT = (Stage.OUTPUT,)


ENTITIES = (
    "ADDRESS",
    "BANK_ACCOUNT",
    "BODY_IDENTIFIER",
    "CA_IMMIGRATION",
    "CA_PASSPORT",
    "CA_SIN",
    "CREDENTIAL",
    "CREDIT_CARD",
    "DATE_OF_BIRTH",
    "EMAIL_ADDRESS",
    "IBAN_CODE",
    "IP_ADDRESS",
    "LICENCE_PLATE",
    "PERSON",
    "PHONE_NUMBER",
    "QC_DRIVER_LICENCE",
    "QC_NAM",
    "QC_PERMANENT_CODE",
)
"""Every type of personal information that the analyser can find. BODY_IDENTIFIER: those of recognizers.yaml."""

_PROVINCES = "AB|BC|MB|NB|NL|NS|NT|NU|ON|PE|QC|SK|YT"
COUNTRY = r"[A-Z]{2}"
SUBDIVISION = rf"CA-(?:{_PROVINCES})|(?:[ABD-Z][A-Z]|C[B-Z])-[A-Z0-9]{{1,3}}"
"""ISO 3166-1 and 3166-2: of Canada's subdivisions, those that exist; of another country's, the form."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: dotted `name`, CEL `type` ("string", "bool", "int", "list", "map"), `unit`, the stages that see it.

    What it can be at all: of a text, or of the elements of a list, one of `values` if there are any, or of the form
    `pattern`; of an integer, from `least` to `most`.
    """

    name: str
    type: str
    stages: tuple[Stage, ...]
    fr: str
    en: str
    unit: str = ""
    values: tuple[str, ...] = ()
    pattern: str = ""
    least: int | None = None
    most: int | None = None

    def may_be(self, word: str) -> bool:
        """Whether this text, or an element of this list, can ever be `word`."""
        if self.values:
            return word in self.values
        return not self.pattern or re.fullmatch(self.pattern, word) is not None

    @property
    def empty(self) -> FactValue:
        """The value of this fact in a test case that does not give it."""
        empty: dict[str, FactValue] = {"string": "", "bool": False, "int": 0, "list": (), "map": {}}
        return empty[self.type]


FACTS: tuple[Fact, ...] = (
    Fact("system.id", "string", ALL, "Système d'IA qui appelle", "The AI system that calls"),
    Fact("system.classification", "string", ALL, "Classification inscrite du système", "Registered classification"),
    Fact(
        "system.decision_role",
        "string",
        ALL,
        "Rôle dans une décision\u00a0: none, support ou exclusive",
        "Role in a decision: none, support or exclusive",
        values=("none", "support", "exclusive"),
    ),
    Fact("system.purposes", "list", ALL, "Finalités inscrites", "Registered purposes"),
    Fact(
        "call.protocol",
        "string",
        ALL,
        "Protocole\u00a0: chat, responses, messages, embeddings, mcp ou actions",
        "Protocol: chat, responses, messages, embeddings, mcp or actions",
        values=("chat", "responses", "messages", "embeddings", "mcp", "actions"),
    ),
    Fact("call.model", "string", ALL, "Modèle demandé", "Model asked for"),
    Fact("call.stream", "bool", ALL, "Réponse en flux", "Streamed answer"),
    Fact("call.purpose", "string", ALL, "Finalité de l'appel", "Purpose of the call"),
    Fact(
        "call.purpose_registered",
        "bool",
        ALL,
        "La finalité est inscrite pour ce système",
        "The purpose is registered for this system",
    ),
    Fact("call.classification", "string", ALL, "Classification de l'appel", "Classification of the call"),
    Fact(
        "call.classification_rank",
        "int",
        ALL,
        "Rang de cette classification\u00a0; 0 est le plus bas",
        "Rank of that classification; 0 is the lowest",
        "rank",
        least=0,
    ),
    Fact("call.tools", "list", ALL, "Fonctions offertes au modèle", "Functions offered to the model"),
    Fact(
        "call.provider_tools", "list", ALL, "Outils que le fournisseur exécuterait", "Tools that the provider would run"
    ),
    Fact("call.unknown_fields", "list", ALL, "Champs inconnus de la demande", "Unknown fields of the request"),
    Fact(
        "call.media",
        "list",
        ALL,
        "Contenus autres que du texte (image, audio…)",
        "Content other than text (image, audio…)",
    ),
    Fact("call.date", "string", ALL, "Date locale, AAAA-MM-JJ", "Local date, YYYY-MM-DD", pattern=r"\d{4}-\d{2}-\d{2}"),
    Fact("call.hour", "int", ALL, "Heure locale", "Local hour", "0–23", least=0, most=23),
    Fact("call.user_known", "bool", ALL, "L'utilisateur final est indiqué", "The end user is given"),
    Fact("call.dry_run", "bool", ALL, "Appel à blanc", "Dry run"),
    Fact(
        "assessment.on_file",
        "bool",
        ALL,
        "Une EFVP est inscrite pour le système",
        "An impact assessment is on file for the system",
    ),
    Fact("assessment.valid", "bool", ALL, "Cette EFVP est en vigueur", "That assessment is in force"),
    Fact(
        "assessment.entities",
        "list",
        ALL,
        "Types de renseignements que l'EFVP nomme",
        "Types of information that the assessment names",
        values=ENTITIES,
    ),
    Fact("training.required", "bool", ALL, "Une formation est exigée", "Training is required"),
    Fact("training.valid", "bool", ALL, "L'attestation de formation est valide", "The training attestation is valid"),
    Fact(
        "budget.tokens_per_day",
        "int",
        ALL,
        "Budget du système par jour\u00a0; 0\u00a0: aucun",
        "The system's budget a day; 0: none",
        "tokens",
        least=0,
    ),
    Fact(
        "budget.tokens_used",
        "int",
        ALL,
        "Jetons utilisés aujourd'hui, par tranche du budget",
        "Tokens used today",
        "tokens",
        least=0,
    ),
    Fact(
        "model.registered",
        "bool",
        ALL,
        "Le modèle est inscrit pour ce système",
        "The model is registered for this system",
    ),
    Fact("halt.active", "bool", ALL, "Un arrêt d'urgence vise cet appel", "An emergency stop covers this call"),
    Fact(
        "privacy.entities",
        "list",
        CONTENT,
        "Types de renseignements personnels détectés",
        "Types of personal information detected",
        values=ENTITIES,
    ),
    Fact("privacy.count", "int", CONTENT, "Nombre de détections", "Number of findings", "findings", least=0),
    Fact(
        "privacy.unassessed",
        "list",
        CONTENT,
        "Types détectés que l'EFVP du système ne nomme pas",
        "Types detected that the system's assessment does not name",
        values=ENTITIES,
    ),
    Fact(
        "privacy.remaining",
        "list",
        ROUTING,
        "Types qui partiraient encore après masquage",
        "Types that would still leave after masking",
        values=ENTITIES,
    ),
    Fact("deployment.id", "string", ROUTING, "Déploiement candidat", "Candidate deployment"),
    Fact(
        "deployment.protocol",
        "string",
        ROUTING,
        "openai, litellm ou simulated",
        "openai, litellm or simulated",
        values=("openai", "litellm", "simulated"),
    ),
    Fact("deployment.operator", "string", ROUTING, "Exploitant", "Operator"),
    Fact(
        "deployment.operator_home",
        "string",
        ROUTING,
        "Siège de l'exploitant (CA-QC, CA, US…)",
        "Operator's home jurisdiction",
        pattern=rf"{COUNTRY}|{SUBDIVISION}|unknown",
    ),
    Fact(
        "deployment.public_body",
        "bool",
        ROUTING,
        "L'exploitant est un organisme public",
        "The operator is a public body",
    ),
    Fact(
        "deployment.foreign_reach",
        "list",
        ROUTING,
        "Lois étrangères applicables à l'exploitant",
        "Foreign laws that reach the operator",
    ),
    Fact(
        "deployment.country",
        "string",
        ROUTING,
        "Pays de traitement",
        "Country of processing",
        pattern=rf"{COUNTRY}|unknown",
    ),
    Fact(
        "deployment.subdivision",
        "string",
        ROUTING,
        "Subdivision de traitement (CA-QC…)",
        "Subdivision of processing",
        pattern=rf"{SUBDIVISION}|unknown",
    ),
    Fact("deployment.region", "string", ROUTING, "Région du fournisseur", "Provider's region"),
    Fact(
        "deployment.routing",
        "string",
        ROUTING,
        "Portée du routage\u00a0: regional, geographic, global, unknown",
        "Routing scope",
        values=("regional", "geographic", "global", "unknown"),
    ),
    Fact(
        "deployment.guarantee",
        "string",
        ROUTING,
        "Garantie du lieu\u00a0: direct-control, contractual, documented, none, unknown",
        "How the place is guaranteed",
        values=("direct-control", "contractual", "documented", "none", "unknown"),
    ),
    Fact(
        "deployment.weights",
        "string",
        ROUTING,
        "Poids\u00a0: open, restricted, closed, unknown",
        "Weights",
        values=("open", "restricted", "closed", "unknown"),
    ),
    Fact(
        "deployment.training",
        "string",
        ROUTING,
        "Entraînement sur les données\u00a0: never, off-by-default, possible, unknown",
        "Training on the data",
        values=("never", "off-by-default", "possible", "unknown"),
    ),
    Fact(
        "deployment.retention_days",
        "int",
        ROUTING,
        "Conservation chez le fournisseur\u00a0; inconnue\u00a0: 36\u00a0500, un siècle",
        "Retention at the provider; unknown: 36,500, a century",
        "days",
        least=-1,
    ),
    Fact("deployment.contract_on_file", "bool", ROUTING, "Un contrat est inscrit", "A contract is on file"),
    Fact(
        "deployment.contract_ref",
        "string",
        ROUTING,
        "Référence de ce contrat\u00a0; vide\u00a0: aucun",
        "Its reference",
    ),
    Fact("deployment.contract_valid", "bool", ROUTING, "Ce contrat est en vigueur", "That contract is in force"),
    Fact(
        "deployment.assessment_on_file",
        "bool",
        ROUTING,
        "Une évaluation (art. 70.1) est inscrite pour le déploiement",
        "An assessment (s. 70.1) is on file for the deployment",
    ),
    Fact(
        "deployment.assessment_ref",
        "string",
        ROUTING,
        "Référence de cette évaluation\u00a0; vide\u00a0: aucune",
        "Its reference",
    ),
    Fact(
        "deployment.assessment_valid", "bool", ROUTING, "Cette évaluation est en vigueur", "That assessment is in force"
    ),
    Fact(
        "deployment.assessment_entities",
        "list",
        ROUTING,
        "Types que cette évaluation nomme",
        "Types that this assessment names",
        values=ENTITIES,
    ),
    Fact(
        "deployment.unassessed",
        "list",
        ROUTING,
        "Types qui partiraient et que cette évaluation ne nomme pas",
        "Types that would leave and that this assessment does not name",
        values=ENTITIES,
    ),
    Fact(
        "deployment.max_classification_rank",
        "int",
        ROUTING,
        "Rang de la classification la plus haute admise",
        "Rank of the highest classification admitted",
        "rank",
        least=0,
    ),
    Fact(
        "deployment.verified",
        "bool",
        ROUTING,
        "Vérifié par une personne de l'organisme, non périmé",
        "Verified by a person of the body, not expired",
    ),
    Fact(
        "deployment.tier",
        "int",
        ROUTING,
        "Rang de souveraineté, 1 (sous le contrôle de l'État) à 7",
        "Sovereignty tier, 1 (state-controlled) to 7",
        "1–7",
        least=1,
        most=7,
    ),
    Fact("deployment.traps", "list", ROUTING, "Pièges de souveraineté reconnus", "Sovereignty traps recognised"),
    Fact(
        "deployment.suspended",
        "bool",
        ROUTING,
        "Suspendu après un lieu contredit",
        "Suspended after a contradicted place",
    ),
    Fact(
        "deployment.halted",
        "bool",
        ROUTING,
        "Un arrêt d'urgence vise ce déploiement ou son exploitant",
        "An emergency stop covers this deployment or its operator",
    ),
    Fact(
        "deployment.unknown_fields",
        "list",
        ROUTING,
        "Champs inconnus que ce déploiement n'admet pas",
        "Unknown fields that this deployment does not allow",
    ),
    Fact("action.tool", "string", ACTION, "Outil de l'action", "Tool of the action"),
    Fact(
        "action.server",
        "string",
        ACTION,
        "Serveur MCP de l'action\u00a0; vide par une autre porte",
        "MCP server of the action; empty through another door",
    ),
    Fact(
        "action.place",
        "string",
        ACTION,
        "Où ce serveur traite (CA-QC, US…)\u00a0; unknown si sa fiche ne le dit pas, vide par une autre porte",
        "Where that server processes (CA-QC, US…); unknown if its entry does not say, empty through another door",
        pattern=rf"{COUNTRY}|{SUBDIVISION}|unknown|",
    ),
    Fact(
        "action.arguments",
        "map",
        ACTION,
        "Arguments auxquels la politique se réfère",
        "Arguments that policy refers to",
    ),
    Fact(
        "action.entities",
        "list",
        ACTION,
        "Types détectés dans les arguments",
        "Types detected in the arguments",
        values=ENTITIES,
    ),
    Fact(
        "output.entities",
        "list",
        OUTPUT,
        "Types détectés dans les mots du modèle",
        "Types detected in the model's own words",
        values=ENTITIES,
    ),
    Fact("output.count", "int", OUTPUT, "Nombre de détections", "Number of findings", "findings", least=0),
    Fact(
        "output.new_entities",
        "list",
        OUTPUT,
        "Types dont la valeur n'était pas dans la demande",
        "Types whose value was not in the prompt",
        values=ENTITIES,
    ),
)

BY_NAME: dict[str, Fact] = {fact.name: fact for fact in FACTS}


def seen_by(stage: Stage) -> tuple[Fact, ...]:
    """The facts that rules of one stage may ask about."""
    return tuple(fact for fact in FACTS if stage in fact.stages)
