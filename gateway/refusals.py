"""Refusals of a call: what was refused, by which rules, and what would change it. *Decisions*: pure.

The candidates of a routing refusal each say which rule excluded them and the smallest single change, from a declared
menu, after which that rule no longer would: found by asking `decide` again, never guessed (principle 8).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gateway.errors import Fault, Message, Refusal
from gateway.policies import Decision, Effect, Facts, FactValue, Policy, Remembered, Stage

UNAUTHENTICATED = "invalid_api_key"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the situation that an application or an officer can make."""

    facts: dict[str, FactValue]
    text: Message


CHANGES: tuple[Change, ...] = (
    Change(
        {
            "session.calls": 0,
            "session.actions": 0,
            "session.distinct_tools": 0,
            "session.tokens": 0,
            "session.minutes": 0,
            "session.spend": 0,
        },
        Message(
            "Commencer une nouvelle session (x-vigie-session), une fois celle-ci revue.",
            "Begin a new session (x-vigie-session), once this one was looked at.",
        ),
    ),
    Change(
        {"session.present": True},
        Message("Nommer la session dans x-vigie-session.", "Name the session in x-vigie-session."),
    ),
    Change(
        {"action.registered": True},
        Message("Inscrire cet outil au registre, avec son risque.", "Put this tool into the register, with its risk."),
    ),
    Change(
        {
            "privacy.entities": (),
            "privacy.count": 0,
            "privacy.unassessed": (),
            "privacy.remaining": (),
            "deployment.unassessed": (),
        },
        Message(
            "Retirer les renseignements personnels de la demande.", "Remove personal information from the request."
        ),
    ),
    Change(
        {"call.classification_rank": 0},
        Message("Traiter des données de classification moindre.", "Handle data of a lower classification."),
    ),
    Change(
        {"call.provider_tools": ()},
        Message("Retirer les outils exécutés par le fournisseur.", "Remove the tools that the provider runs."),
    ),
    Change(
        {"call.unknown_fields": (), "deployment.unknown_fields": ()},
        Message("Retirer les champs inconnus de la demande.", "Remove the unknown fields from the request."),
    ),
    Change(
        {"call.purpose_registered": True},
        Message("Indiquer une finalité inscrite au registre.", "State a purpose that is in the register."),
    ),
    Change(
        {"assessment.on_file": True, "assessment.valid": True, "privacy.unassessed": ()},
        Message(
            "Inscrire au registre une évaluation (EFVP) en vigueur qui couvre ces renseignements.",
            "Put on file a valid privacy impact assessment that covers this information.",
        ),
    ),
    Change(
        {"training.valid": True},
        Message("Fournir une attestation de formation.", "Provide a training attestation."),
    ),
    Change(
        {"model.registered": True},
        Message("Inscrire ce modèle pour ce système au registre.", "Register this model for this system."),
    ),
    Change(
        {"deployment.verified": True},
        Message(
            "Faire vérifier ce déploiement par une personne de l'organisme.",
            "Have a person of the body verify this deployment.",
        ),
    ),
    Change(
        {"deployment.assessment_on_file": True, "deployment.assessment_valid": True, "deployment.unassessed": ()},
        Message(
            "Inscrire une évaluation en vigueur pour ce déploiement (art.\u00a070.1).",
            "Put on file a valid assessment for this deployment (s. 70.1).",
        ),
    ),
    Change(
        {"deployment.contract_on_file": True, "deployment.contract_valid": True},
        Message("Inscrire un contrat en vigueur.", "Put a contract in force on file."),
    ),
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One deployment that policy excluded: the deciding rules and the single changes that would admit it."""

    deployment: str
    rules: tuple[str, ...]
    reasons: tuple[Message, ...]
    changes: tuple[Message, ...]


class Denied(Refusal):
    """A refusal by policy, with the rules that decided and, for routing, each candidate."""

    def __init__(
        self,
        message: Message,
        hint: Message,
        *,
        code: str,
        rules: tuple[str, ...],
        candidates: tuple[Candidate, ...] = (),
        status: int = 403,
    ) -> None:
        super().__init__(message, hint, code=code, status=status)
        self.rules = rules
        self.candidates = candidates

    def details(self, language: str) -> dict[str, Any]:
        """The additional keys of the error's body."""
        details: dict[str, Any] = {"rules": list(self.rules)}
        if self.candidates:
            details["candidates"] = [
                {
                    "deployment": one.deployment,
                    "rules": list(one.rules),
                    "reasons": [reason.in_language(language) for reason in one.reasons],
                    "changes": [change.in_language(language) for change in one.changes],
                }
                for one in self.candidates
            ]
        return details


def denied(policy: Policy, stage: Stage, facts: Facts, decision: Decision, decisions: Remembered) -> Denied:
    """The refusal that a `deny` decision amounts to."""
    rules = _strictest(decision)
    reason = policy.rule(rules[0]).reason
    changes = changes_that_admit(policy, stage, facts, decisions)
    budget = decision.matches and policy.rule(rules[0]).code == "budget_exceeded"
    return Denied(reason, _hint(changes), code=policy.rule(rules[0]).code, rules=rules, status=429 if budget else 403)


def no_deployment(candidates: tuple[Candidate, ...], code: str = "sovereignty_denied") -> Denied:
    """No deployment of the model may serve the call."""
    rules = tuple(sorted({rule for one in candidates for rule in one.rules}))
    changes = tuple(dict.fromkeys(change for one in candidates for change in one.changes))
    reasons = tuple(dict.fromkeys(reason for one in candidates for reason in one.reasons))
    return Denied(
        Message(
            "Aucun déploiement de ce modèle ne peut servir cette demande. " + " ".join(r.fr for r in reasons),
            "No deployment of this model may serve this request. " + " ".join(r.en for r in reasons),
        ),
        _hint(changes),
        code=code,
        rules=rules,
        candidates=candidates,
    )


def excluded(policy: Policy, deployment: str, facts: Facts, decision: Decision, decisions: Remembered) -> Candidate:
    """Why one candidate may not serve the call, and which single changes would let it."""
    rules = _strictest(decision)
    return Candidate(
        deployment,
        rules,
        tuple(dict.fromkeys(policy.rule(rule).reason for rule in rules)),
        changes_that_admit(policy, Stage.ROUTING, facts, decisions),
    )


def changes_that_admit(policy: Policy, stage: Stage, facts: Facts, decisions: Remembered) -> tuple[Message, ...]:
    """The single changes of the menu after which the stage no longer refuses."""
    admitting = []
    for change in CHANGES:
        changed = {name: value for name, value in change.facts.items() if name in facts}
        if not changed or all(facts[name] == value for name, value in changed.items()):
            continue
        if decisions.decide(policy, stage, {**facts, **changed}).effect not in (Effect.DENY, Effect.EXCLUDE):
            admitting.append(change.text)
    return tuple(admitting)


def unauthenticated() -> Refusal:
    """401, as a stock client expects it. Says nothing of why: missing, wrong and revoked look the same."""
    return Refusal(
        Message("Clé absente, inconnue ou révoquée.", "Missing, unknown or revoked key."),
        Message(
            "Présenter la clé remise par l'organisme\u00a0: «\u00a0Authorization: Bearer …\u00a0».",
            'Present the key that the body issued: "Authorization: Bearer …".',
        ),
        code=UNAUTHENTICATED,
        status=401,
    )


def unknown_model(known: Iterable[str]) -> Refusal:
    """404 with the models that this key may use."""
    names = ", ".join(known)
    return Refusal(
        Message("Ce modèle n'existe pas au catalogue.", "This model does not exist in the catalogue."),
        Message(f"Modèles offerts à cette clé\u00a0: {names}.", f"Models this key may use: {names}."),
        code="model_not_found",
        status=404,
        param="model",
    )


def unregistered_system() -> Refusal:
    """The key is good but its system is no longer in the register."""
    return Refusal(
        Message("Ce système d'IA n'est pas inscrit au registre de l'organisme.", "This AI system is not registered."),
        Message("L'inscrire dans register.yaml.", "Add it to register.yaml."),
        code="system_not_registered",
    )


def internal() -> Fault:
    """Something that we did not foresee. Says nothing of what was in hand."""
    return Fault(
        Message(
            "Une erreur interne a interrompu la demande\u00a0; rien n'a été transmis de plus.",
            "An internal error stopped the request; nothing more was sent.",
        ),
        Message("Réessayer, puis donner cette référence au soutien.", "Retry, then give this reference to support."),
        code="internal_error",
        status=500,
    )


def no_healthy_deployment() -> Fault:
    """Policy admits deployments, and none of them answers."""
    return Fault(
        Message(
            "Aucun déploiement admissible ne répond en ce moment.", "No admissible deployment answers at the moment."
        ),
        Message("Réessayer dans quelques instants.", "Retry in a moment."),
        code="no_healthy_deployment",
        status=503,
    )


def _strictest(decision: Decision) -> tuple[str, ...]:
    return tuple(match.rule for match in decision.matches if match.effect is decision.effect)


def _hint(changes: tuple[Message, ...]) -> Message:
    if not changes:
        return Message(
            "Demander une dérogation à la personne responsable de la sécurité de l'information.",
            "Ask the security officer for a derogation.",
        )
    return Message(
        "Ce qui changerait la décision\u00a0: " + "\u00a0; ou ".join(_as_clause(change.fr) for change in changes) + ".",
        "What would change the decision: " + "; or ".join(_as_clause(change.en) for change in changes) + ".",
    )


def _as_clause(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")
