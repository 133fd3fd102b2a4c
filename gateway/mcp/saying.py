"""What the door says when a tool was not run, or its answer is not given. *Data*, and pure functions that choose it."""

from __future__ import annotations

from gateway.errors import Fault, Message, Refusal
from gateway.mcp.results import Guarded
from gateway.policies import Decision, Effect, Policy
from gateway.supervision import Held, State, halted_hold


class ForAgent(Refusal):
    """A refusal that an agent reads as the result of its tool, so that it can go on in another way."""


EDITED = Message(
    "Une personne a modifié les arguments de cette action avant de l'approuver.",
    "A person edited the arguments of this action before approving it.",
)


def not_given(one: Guarded, policy: Policy) -> ForAgent:
    """The tool ran, and its answer stays here: an agent must know both."""
    strictest = next(match.rule for match in one.decision.matches if match.effect is one.decision.effect)
    rule = policy.rule(strictest)
    return ForAgent(
        Message(
            f"L'action a eu lieu, mais sa réponse ne peut pas être remise\u00a0: {rule.reason.fr}",
            f"The action took place, but its answer may not be given: {rule.reason.en}",
        ),
        code=rule.code,
    )


def not_run(held: Held) -> Refusal:
    """Why a held action was not run."""
    tool = held.tool
    if held.state is State.DENIED:
        return ForAgent(
            Message(
                f"Une personne a refusé l'action «\u00a0{tool}\u00a0»\u00a0: {held.said}",
                f"A person refused the action '{tool}': {held.said}",
            ),
            code="action_refused",
        )
    if held.state is State.EXPIRED:
        return ForAgent(
            Message(
                f"Personne n'a décidé à temps de l'action «\u00a0{tool}\u00a0»\u00a0: elle est refusée.",
                f"Nobody decided on the action '{tool}' in time: it is refused.",
            ),
            code="action_expired",
        )
    if held.state is State.CANCELLED and held.ended_because == "halt":
        return halted_hold(held)
    if held.state is State.RELEASED:
        return ForAgent(
            Message(
                f"L'action «\u00a0{tool}\u00a0» a été exécutée pour une autre demande, identique.",
                f"The action '{tool}' was carried out for another request, an identical one.",
            ),
            code="action_released",
        )
    return ForAgent(
        Message(f"L'action «\u00a0{tool}\u00a0» a été annulée.", f"The action '{tool}' was cancelled."),
        code="action_cancelled",
    )


def rehearsed(decision: Decision) -> ForAgent:
    """What would have been done."""
    said = {
        Effect.DENY: Message("serait refusée", "would be refused"),
        Effect.HOLD: Message("attendrait une personne", "would wait for a person"),
    }.get(decision.effect, Message("serait exécutée", "would be carried out"))
    return ForAgent(
        Message(f"Appel à blanc\u00a0: l'action {said.fr}.", f"Dry run: the action {said.en}."),
        code="dry_run",
        status=200,
    )


def unexpected() -> Fault:
    """Something that nobody foresaw; nothing of it is said."""
    return Fault(
        Message("Une erreur interne a interrompu la demande.", "An internal error stopped the request."),
        Message("Réessayer, puis donner cette référence au soutien.", "Retry, then give this reference to support."),
        code="internal_error",
        status=500,
    )
