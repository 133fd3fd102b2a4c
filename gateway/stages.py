"""What every stage of a call shares: what is known of it so far, and how a stage is decided. *Decisions* and their trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway import refusals
from gateway.audit import Receipt
from gateway.config import Configuration, Deployment, System
from gateway.identity import Principal
from gateway.parts import Parts
from gateway.policies import Decision, Effect, Facts, Stage
from gateway.privacy import Protected
from gateway.situation import Asked
from gateway.supervision import Subject, halted
from gateway.trace import Trace
from gateway.transparency import Label
from gateway.wire.calls import Call
from gateway.wire.protocols import WIRES, Wire


@dataclass(frozen=True, slots=True)
class Governed:
    """A call that passed every stage before routing: what was asked, by whom, and what may leave of it."""

    asked: Asked
    configuration: Configuration
    call: Call
    system: System
    found: tuple[str, ...]
    protected: Protected
    texts: Sequence[str]
    label: Label | None

    @property
    def wire(self) -> Wire:
        """The application's protocol."""
        return WIRES[self.asked.protocol]

    @property
    def assessed(self) -> tuple[str, ...]:
        """The types that the system's assessment names."""
        return self.system.assessment.personal_data if self.system.assessment is not None else ()


@dataclass(frozen=True, slots=True)
class Route:
    """A deployment that policy admits, and what it is to receive."""

    deployment: Deployment
    body: dict[str, object]


def decide(stage: Stage, facts: Facts, configuration: Configuration, parts: Parts, trace: Trace) -> Decision:
    """Ask policy and keep the decision. Raises what a refusal amounts to."""
    decision = asked_of_policy(stage, facts, configuration, parts, trace)
    if decision.effect in (Effect.DENY, Effect.HOLD):
        whole = {**trace.facts, **facts}
        raise refusals.denied(configuration.policy, stage, whole, decision, parts.decisions)
    return decision


def asked_of_policy(stage: Stage, facts: Facts, configuration: Configuration, parts: Parts, trace: Trace) -> Decision:
    """Ask policy and keep the decision, whatever it is."""
    decision = parts.decisions.decide(configuration.policy, stage, {**trace.facts, **facts})
    trace.decided(stage, facts, decision)
    return decision


async def still_allowed(receipt: Receipt, subject: Subject, token: str, principal: Principal, parts: Parts) -> None:
    """The record was committed under `receipt.epoch`: a halt raised or a key revoked before then stops what follows here."""
    await parts.halts.refresh(receipt.epoch)
    halt = parts.halts.stops(subject)
    if halt is not None:
        raise halted(halt)
    if receipt.epoch == principal.epoch:
        return
    await parts.keys.refresh(receipt.epoch)
    if parts.keys.authenticate(token) is None:
        raise refusals.unauthenticated()
