"""The sentences of an explanation, French first, for a busy person. *Data*, and pure functions on an `Explanation`.

Deployments are named to supervisors and auditors; to the person concerned they have a number, since who the suppliers of a
system are is not for a gateway to tell (a system may be kept out of what the body publishes).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gateway.errors import Message
from gateway.explanations.explained import Explanation, Staged, Step, WhatIf
from gateway.policies import Effect, Stage
from gateway.policies.explain import Counterfactual, Ending
from gateway.policies.words import DONE, STAGES, kind_of, kinds_of, label_of, name_shown, value_of

OUTCOMES: dict[str, Message] = {
    "opened": Message(
        "La demande a été permise\u00a0; elle est en cours, ou a été interrompue.",
        "The request was allowed; it is under way, or was cut short.",
    ),
    "served": Message(
        "La demande a été permise, et la réponse du modèle a été remise à l'application.",
        "The request was allowed, and the model's answer was given to the application.",
    ),
    "refused": Message("La demande a été refusée.", "The request was refused."),
    "failed": Message(
        "La demande n'a pas abouti, à cause d'une panne.", "The request did not succeed, because of a fault."
    ),
    "halted": Message("Un arrêt d'urgence a coupé la réponse.", "An emergency stop cut the answer."),
    "client_left": Message(
        "L'application est partie avant la fin de la réponse.", "The application left before the answer was whole."
    ),
    "dry_run": Message(
        "La demande était un essai à blanc\u00a0: aucun modèle n'a été appelé.",
        "The request was a dry run: no model was called.",
    ),
    "allowed": Message("L'action a été permise.", "The action was allowed."),
    "would_allow": Message("Cette étape laisserait passer.", "This stage would let it pass."),
    "would_hold": Message(
        "Cette étape retiendrait l'action pour l'accord d'une personne.",
        "This stage would hold the action for a person's approval.",
    ),
    "would_refuse": Message("Cette étape refuserait.", "This stage would refuse."),
    "held": Message(
        "L'action a été retenue pour l'accord d'une personne.", "The action was held for a person's approval."
    ),
}
"""How it ended, by the outcome of the last record; `would_…` of facts that are no record's."""

WAITING = Message("Personne n'a encore décidé.", "Nobody has decided yet.")

STEPS: dict[str, Message] = {
    "approved": Message("{who} a approuvé l'action.", "{who} approved the action."),
    "edited": Message(
        "{who} a modifié l'action, puis a approuvé ce qu'elle est devenue.",
        "{who} changed the action, then approved what it became.",
    ),
    "denied": Message("{who} a refusé l'action.", "{who} refused the action."),
    "expired": Message(
        "Personne n'a décidé à temps\u00a0: l'action est refusée.", "Nobody decided in time: the action is refused."
    ),
    "cancelled": Message("L'action retenue a été annulée.", "The held action was cancelled."),
    "released": Message(
        "L'action approuvée a été remise pour exécution, une seule fois.",
        "The approved action was handed out to be carried out, once.",
    ),
}
BECAUSE: dict[str, Message] = {
    "halt": Message("Un arrêt d'urgence a annulé l'action retenue.", "An emergency stop cancelled the held action."),
    "client_left": Message(
        "L'action retenue a été annulée\u00a0: qui l'avait demandée est parti.",
        "The held action was cancelled: whoever had asked for it left.",
    ),
}
SOMEONE = Message(
    "Une personne de l'organisme qui supervise ce système", "A person of the body who supervises this system"
)
NOBODY = Message(
    "Le registre ne porte aucune intervention d'une personne dans cette décision.",
    "The ledger holds no intervention of a person in this decision.",
)
RESIDENCY: dict[str, Message] = {
    "confirmed": Message(
        "Le fournisseur a confirmé le lieu de traitement.", "The provider confirmed the place of processing."
    ),
    "contradicted": Message(
        "Le fournisseur a indiqué un autre lieu de traitement que celui prévu.",
        "The provider reported another place of processing than expected.",
    ),
    "unattested": Message(
        "Le fournisseur ne dit pas où le traitement a eu lieu.",
        "The provider does not say where processing took place.",
    ),
}
LIMITS = Message(
    "Cette explication vient du registre de la passerelle\u00a0: les faits inscrits, la politique en vigueur, et la décision "
    "prise de nouveau pour la vérifier. Elle ne dit pas comment le modèle a formé sa réponse\u00a0; ce qu'un modèle dit de "
    "lui-même n'est pas une cause, et n'y figure jamais.",
    "This explanation comes from the gateway's ledger: the recorded facts, the policy in force, and the decision made again "
    "to check it. It does not say how the model made its answer; what a model says of itself is not a cause, and is never "
    "in it.",
)
STANDING: dict[str, Message] = {
    "matches": Message("appliquée", "enforced"),
    "relaxed": Message("levée par la dérogation {}", "relaxed by derogation {}"),
    "shadow": Message("à l'essai\u00a0: évaluée, pas appliquée", "shadow: evaluated, not enforced"),
}
PLACE = ("deployment.country", "deployment.subdivision", "deployment.public_body", "deployment.operator_home")
COLON = Message("\u00a0: ", ": ")
SEMICOLON = Message("\u00a0; ", "; ")
IN_CLEAR = Message("transmis tel quel", "sent as it is")
SHOWN = Message("remis tel quel", "given as it is")


def outcome(explanation: Explanation, language: str) -> str:
    """How the decision ended, in a sentence or two."""
    acted = all(one.stage is Stage.ACTION for one in explanation.stages)
    said = OUTCOMES.get(explanation.outcome, Message(explanation.outcome, explanation.outcome))
    if acted and explanation.outcome == "refused":
        said = Message("L'action a été refusée.", "The action was refused.")
    if explanation.outcome == "refused" and not any(_refuses(one) for one in explanation.what_if):
        code = explanation.code or "—"
        said = Message(
            f"La demande a été refusée pour une raison qui ne vient pas de la politique ({code}).",
            f"The request was refused for a reason that does not come from policy ({code}).",
        )
    waiting = f" {WAITING.in_language(language)}" if explanation.waiting else ""
    return said.in_language(language) + waiting


def _refuses(one: WhatIf) -> bool:
    return one.found.ending.strictness > 0


def stage(one: Staged, deployment: str, language: str) -> str:
    """What a stage decided. `deployment`: the words for the candidate, of a stage of routing."""
    return " ".join(said.in_language(language) for said in _stage(one, deployment, language))


def _stage(one: Staged, deployment: str, language: str) -> Iterator[Message]:
    refused = one.effect is Effect.DENY
    match one.stage:
        case Stage.ADMISSION:
            yield (
                Message("La demande a été refusée à l'admission.", "The request was refused at admission.")
                if refused or one.facts.get("halt.active") is True
                else Message("La demande a été admise.", "The request was admitted.")
            )
        case Stage.INPUT:
            yield _found(one, "privacy.entities", "la demande", "the request", IN_CLEAR, language)
            if refused:
                yield Message(
                    "La demande a été refusée à cause de son contenu.",
                    "The request was refused because of its content.",
                )
        case Stage.ROUTING:
            if one.effect in (Effect.EXCLUDE, Effect.DENY, Effect.HOLD) or one.facts.get("deployment.halted") is True:
                yield Message(f"Le déploiement {deployment} a été écarté.", f"Deployment {deployment} was excluded.")
            else:
                yield Message(
                    f"Le déploiement {deployment} pouvait servir la demande.",
                    f"Deployment {deployment} could serve the request.",
                )
        case Stage.ACTION:
            yield _action(one)
        case Stage.OUTPUT:
            yield _found(one, "output.entities", "la réponse du modèle", "the model's answer", SHOWN, language)
            if refused:
                yield Message("La réponse a été coupée.", "The answer was cut.")


def _action(one: Staged) -> Message:
    tool = name_shown(str(one.facts.get("action.tool", "")))
    if one.effect is Effect.DENY or one.facts.get("halt.active") is True:
        return Message(f"L'action «\u00a0{tool}\u00a0» a été refusée.", f"The action '{tool}' was refused.")
    if one.effect is Effect.HOLD:
        return Message(
            f"L'action «\u00a0{tool}\u00a0» a été retenue pour l'accord d'une personne.",
            f"The action '{tool}' was held for a person's approval.",
        )
    return Message(f"L'action «\u00a0{tool}\u00a0» a été permise.", f"The action '{tool}' was allowed.")


def _found(one: Staged, name: str, fr: str, en: str, left: Message, language: str) -> Message:
    kinds = one.facts.get(name, ())
    if not isinstance(kinds, tuple) or not kinds:
        return Message(
            f"Aucun renseignement personnel n'a été détecté dans {fr}.",
            f"No personal information was detected in {en}.",
        )
    semicolon = SEMICOLON.in_language(language)
    what = semicolon.join(
        f"{kind_of(kind).in_language(language)} ({_done(one, kind, left, language)})" for kind in kinds
    )
    return Message(
        f"Renseignements personnels détectés dans {fr}\u00a0: {what}.",
        f"Personal information detected in {en}: {what}.",
    )


def _done(one: Staged, kind: str, left: Message, language: str) -> str:
    effect = one.transforms.get(kind)
    if one.effect is Effect.DENY and effect not in ("deny", None):
        return Message("rien n'est parti", "nothing left").in_language(language)
    done = DONE.get(Effect(effect), left) if effect else left
    return done.in_language(language)


def step(one: Step, who: str, language: str) -> str:
    """What happened to a held action. `who`: the words for the person."""
    if one.what == "cancelled":
        return BECAUSE.get(one.because, STEPS["cancelled"]).in_language(language)
    return STEPS[one.what].in_language(language).format(who=who)


def served_by(explanation: Explanation, deployment: str, language: str) -> str:
    """Which model was called where, if one was."""
    if not explanation.deployment:
        return ""
    said = Message(
        f"Le modèle «\u00a0{explanation.model}\u00a0» a été servi par le déploiement {deployment}.",
        f"The model '{explanation.model}' was served by deployment {deployment}.",
    ).in_language(language)
    attested = RESIDENCY.get(explanation.residency)
    parts = (said, _where(explanation, language), attested.in_language(language) if attested is not None else "")
    return " ".join(part for part in parts if part)


def _where(explanation: Explanation, language: str) -> str:
    """Where processing was to take place, and whose laws reach who does it: two things, never one."""
    for one in explanation.stages:
        if one.stage is Stage.ROUTING and one.facts.get("deployment.id") == explanation.deployment:
            colon, semicolon = COLON.in_language(language), SEMICOLON.in_language(language)
            facts = (
                f"{label_of(name, language)}{colon}{value_of(name, one.facts[name], language)}"
                for name in PLACE
                if name in one.facts
            )
            text = semicolon.join(facts)
            return f"{text[:1].upper()}{text[1:]}."
    return ""


def moment(time: str, language: str) -> str:
    """A record's time as people write it."""
    day, hour, minute = time[:10], time[11:13], time[14:16]
    return f"{day} {hour}:{minute} UTC" if language == "en" else f"{day} à {hour}\u00a0h\u00a0{minute} (UTC)"


# ── what would have changed it ────────────────────────────────────────────────────────────────────────────────────


def consequence(one: Counterfactual, asked: WhatIf, names: Mapping[str, str], language: str) -> str:
    """What would have come of it. `names`: the words for each deployment."""
    semicolon = SEMICOLON.in_language(language)
    return semicolon.join(said.in_language(language) for said in _consequences(one, asked, names, language))


def _consequences(one: Counterfactual, asked: WhatIf, names: Mapping[str, str], language: str) -> Iterator[Message]:
    was, becomes = asked.found.ending, one.ending
    if becomes.strictness == 1:
        yield Message(
            "l'action aurait été retenue pour l'accord d'une personne",
            "the action would have been held for a person's approval",
        )
    elif becomes.strictness == 2:
        where = STAGES[Stage(becomes.stage)]
        subject = Message("l'action", "the action") if asked.tool else Message("la demande", "the request")
        yield Message(
            f"{subject.fr} aurait été refusée (étape\u00a0: {where.fr})",
            f"{subject.en} would have been refused (stage: {where.en})",
        )
    elif asked.tool:
        yield Message("l'action aurait été permise", "the action would have been allowed")
    elif was.strictness:
        yield from _no_longer_refused(was, becomes, names)
    else:
        yield from _otherwise(was, one, names, language)


def _no_longer_refused(was: Ending, becomes: Ending, names: Mapping[str, str]) -> Iterator[Message]:
    if was.stage == Stage.ROUTING.value and becomes.deployment in names:
        name = names[becomes.deployment]
        yield Message(
            f"la demande aurait pu être servie par le déploiement {name}",
            f"the request could have been served by deployment {name}",
        )
    elif was.stage == Stage.ROUTING.value:
        yield Message("la demande aurait pu y être servie", "the request could have been served there")
    elif was.stage == Stage.OUTPUT.value:
        yield Message("la réponse n'aurait pas été coupée", "the answer would not have been cut")
    else:
        where = STAGES[Stage(was.stage)]
        yield Message(
            f"la demande n'aurait pas été refusée à l'étape «\u00a0{where.fr}\u00a0» (les suivantes auraient encore décidé)",
            f"the request would not have been refused at the stage '{where.en}' (those after it would still have decided)",
        )


def _otherwise(was: Ending, one: Counterfactual, names: Mapping[str, str], language: str) -> Iterator[Message]:
    becomes = one.ending
    if was.deployment != becomes.deployment:
        name = names.get(becomes.deployment, becomes.deployment)
        yield Message(
            f"la demande serait allée d'abord au déploiement {name}",
            f"the request would have gone first to deployment {name}",
        )
    before, after = dict(was.transforms), dict(becomes.transforms)
    for effect in sorted({*after.values()}):
        kinds = [kind for kind, what in after.items() if what == effect and before.get(kind) != effect]
        if kinds:
            done, what = DONE[Effect(effect)].in_language(language), kinds_of(kinds, language)
            yield Message(f"ceci aurait été {done}\u00a0: {what}", f"this would have been {done}: {what}")
    absent = {change.without for change in one.changes}
    gone = [kind for kind in before if kind not in after and kind in absent]
    left = [kind for kind in before if kind not in after and kind not in absent]
    if gone:
        what = kinds_of(gone, language)
        yield Message(
            f"il n'y aurait rien eu à protéger de ce type\u00a0: {what}",
            f"there would have been nothing to protect of this type: {what}",
        )
    if left:
        what = kinds_of(left, language)
        yield Message(f"ceci aurait été laissé tel quel\u00a0: {what}", f"this would have been left as it is: {what}")
    if was.labels != becomes.labels:
        yield Message("la réponse aurait porté d'autres étiquettes", "the answer would have borne other labels")
