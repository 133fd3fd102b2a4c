"""The entries of the menu that are the same whatever the facts: what they set, and how that is said. *Data*.

`{}` in a sentence stands for a deployment's name. Each sets every fact that goes with it, so that what is changed could be.
"""

from __future__ import annotations

from gateway.errors import Message
from gateway.policies.facts import Facts

Entry = tuple[str, Facts, Message]

REQUEST: tuple[Entry, ...] = (
    (
        "no-provider-tools",
        {"call.provider_tools": ()},
        Message(
            "si la demande n'avait offert aucun outil exécuté par le fournisseur",
            "if the request had offered no tool that the provider runs",
        ),
    ),
    (
        "no-functions",
        {"call.tools": ()},
        Message(
            "si la demande n'avait offert aucune fonction au modèle", "if the request had offered the model no function"
        ),
    ),
    (
        "text-only",
        {"call.media": ()},
        Message("si la demande n'avait contenu que du texte", "if the request had held nothing but text"),
    ),
    (
        "known-fields",
        {"call.unknown_fields": (), "deployment.unknown_fields": ()},
        Message("si la demande n'avait eu aucun champ inconnu", "if the request had had no unknown field"),
    ),
    (
        "whole-answer",
        {"call.stream": False},
        Message("si la réponse avait été demandée d'un bloc", "if the answer had been asked for whole"),
    ),
    (
        "user-given",
        {"call.user_known": True},
        Message("si l'utilisateur final avait été indiqué", "if the end user had been given"),
    ),
)
"""What whoever sends the request could have done otherwise."""

REGISTER: tuple[Entry, ...] = (
    (
        "training",
        {"training.valid": True, "call.user_known": True},
        Message(
            "si une attestation de formation valide de l'utilisateur avait été au dossier",
            "if a valid training attestation of the user had been on file",
        ),
    ),
    (
        "model-registered",
        {"model.registered": True},
        Message("si ce modèle avait été inscrit pour ce système", "if this model had been registered for this system"),
    ),
    (
        "a-person-decides",
        {"system.decision_role": "support"},
        Message(
            "si le système avait soutenu la décision d'une personne au lieu de décider seul",
            "if the system had supported a person's decision instead of deciding alone",
        ),
    ),
    (
        "halt-lifted",
        {"halt.active": False, "deployment.halted": False},
        Message("si aucun arrêt d'urgence n'avait été en vigueur", "if no emergency stop had been in force"),
    ),
    (
        "office-hours",
        {"call.hour": 10},
        Message("si la demande avait été faite à 10 heures", "if the request had been made at 10 o'clock"),
    ),
)
"""What the body could have had on file, and what comes with the day."""

CATALOGUE: tuple[Entry, ...] = (
    (
        "deployment-verified",
        {"deployment.verified": True},
        Message(
            "si une personne de l'organisme avait vérifié le déploiement {}",
            "if a person of the body had verified the deployment {}",
        ),
    ),
    (
        "deployment-contract",
        {"deployment.contract_on_file": True, "deployment.contract_valid": True},
        Message(
            "si un contrat en vigueur avait été au dossier pour le déploiement {}",
            "if a contract in force had been on file for the deployment {}",
        ),
    ),
    (
        "deployment-training",
        {"deployment.training": "never"},
        Message(
            "si l'entraînement sur les données avait été exclu pour le déploiement {}",
            "if training on the data had been ruled out for the deployment {}",
        ),
    ),
    (
        "deployment-place",
        {"deployment.routing": "regional", "deployment.guarantee": "contractual"},
        Message(
            "si un contrat avait garanti le lieu de traitement du déploiement {}",
            "if a contract had guaranteed where the deployment {} processes",
        ),
    ),
    (
        "deployment-not-suspended",
        {"deployment.suspended": False},
        Message("si le déploiement {} n'avait pas été suspendu", "if the deployment {} had not been suspended"),
    ),
    (
        "deployment-entry",
        {"deployment.traps": ()},
        Message(
            "si la fiche du déploiement {} avait été conforme à ce que l'on sait du fournisseur",
            "if the entry of the deployment {} had agreed with what is known of the provider",
        ),
    ),
    (
        "deployment-fields",
        {"deployment.unknown_fields": ()},
        Message(
            "si le déploiement {} avait admis les champs inconnus de la demande",
            "if the deployment {} had allowed the request's unknown fields",
        ),
    ),
)
"""What could have been otherwise of one candidate deployment."""

QUEBEC: Facts = {
    "deployment.country": "CA",
    "deployment.subdivision": "CA-QC",
    "deployment.region": "",
    "deployment.routing": "regional",
    "deployment.training": "never",
    "deployment.retention_days": 0,
    "deployment.assessment_on_file": False,
    "deployment.assessment_valid": False,
    "deployment.assessment_entities": (),
    "deployment.contract_on_file": True,
    "deployment.contract_valid": True,
    "deployment.verified": True,
    "deployment.traps": (),
    "deployment.suspended": False,
    "deployment.halted": False,
}
PLACES: tuple[Entry, ...] = (
    (
        "foreign-in-quebec",
        {
            "deployment.operator_home": "US",
            "deployment.public_body": False,
            "deployment.foreign_reach": ("US-CLOUD-Act",),
            "deployment.guarantee": "contractual",
            "deployment.tier": 5,
        },
        Message(
            "si le modèle avait aussi été offert au Québec, lieu garanti par contrat, par un exploitant étranger",
            "if the model had also been offered in Québec, the place guaranteed by contract, by a foreign operator",
        ),
    ),
    (
        "quebec-operator",
        {
            "deployment.operator_home": "CA-QC",
            "deployment.public_body": False,
            "deployment.foreign_reach": (),
            "deployment.guarantee": "contractual",
            "deployment.tier": 2,
        },
        Message(
            "si le modèle avait aussi été offert au Québec par un exploitant québécois",
            "if the model had also been offered in Québec by an operator from Québec",
        ),
    ),
    (
        "state-controlled",
        {
            "deployment.operator_home": "CA-QC",
            "deployment.public_body": True,
            "deployment.foreign_reach": (),
            "deployment.guarantee": "direct-control",
            "deployment.tier": 1,
        },
        Message(
            "si le modèle avait aussi été offert dans un centre sous le contrôle de l'État, au Québec",
            "if the model had also been offered in a centre under the State's control, in Québec",
        ),
    ),
)
"""Deployments that could have been there, the least sovereign first."""

STRICTER: tuple[Entry, ...] = (
    (
        "no-assessment",
        {"assessment.valid": False},
        Message(
            "si l'évaluation des facteurs relatifs à la vie privée (EFVP) du système n'avait pas été en vigueur",
            "if the system's privacy impact assessment had not been in force",
        ),
    ),
    (
        "purpose-unregistered",
        {"call.purpose_registered": False, "call.purpose": "—"},
        Message(
            "si la finalité n'avait pas été inscrite pour ce système",
            "if the purpose had not been registered for this system",
        ),
    ),
    (
        "model-unregistered",
        {"model.registered": False},
        Message(
            "si le modèle n'avait pas été inscrit pour ce système",
            "if the model had not been registered for this system",
        ),
    ),
    (
        "training-missing",
        {"training.valid": False},
        Message("si l'attestation de formation avait manqué", "if the training attestation had been missing"),
    ),
    (
        "provider-tools",
        {"call.provider_tools": ("web_search",)},
        Message(
            "si la demande avait offert un outil exécuté par le fournisseur, comme la recherche Web",
            "if the request had offered a tool that the provider runs, such as Web search",
        ),
    ),
    (
        "media",
        {"call.media": ("image_url",)},
        Message("si la demande avait contenu une image", "if the request had held an image"),
    ),
    (
        "decides-alone",
        {"system.decision_role": "exclusive"},
        Message(
            "si le système avait été inscrit comme décidant seul", "if the system had been registered as deciding alone"
        ),
    ),
    (
        "halted",
        {"halt.active": True},
        Message("si un arrêt d'urgence avait été en vigueur", "if an emergency stop had been in force"),
    ),
)
"""What would have made it stricter."""
