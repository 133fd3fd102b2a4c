"""The action stage: what becomes of the tool calls that a model proposes. *Edge*: holds, and people who take their time.

Policy says of each whether it goes, does not, or waits for a person. What waits is durable before anybody waits for it, and
is released once, to whoever waits then. A client that leaves and comes back with the same request is given the same answer
of the same model, from what the hold keeps under seal, and so the same holds: nothing is asked twice of anybody.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from functools import lru_cache
from typing import Any

import orjson

from gateway.errors import Fault, Message, Refusal
from gateway.parts import Parts
from gateway.policies import Effect, Policy, Stage
from gateway.proposals import action_facts, examine, proposal_of, requester_of
from gateway.situation import standing_facts
from gateway.stages import Governed, asked_of_policy
from gateway.supervision import Action, Held, Proposal, State, Ticket, halted, halted_hold
from gateway.trace import Trace
from gateway.wire.calls import Settled, ToolCall

AT_FIRST_S = 2.0
"""How long a client is told nothing, so that a quick decision or a halt still has its own status."""
EVERY_S = 20.0
"""How often a client is then told that it still waits: less than any proxy's patience."""
Names = Sequence[tuple[str, int]]
"""Holds by id, each with the change at which this call came to wait for it."""
LEFT_S = 6.0
"""How long after its client left a hold is kept for the same request to come again: stock clients retry within 2 s."""


class Acting:
    """The tool calls of one answer. `settled` says what becomes of each, once `settle` has ended."""

    def __init__(self, governed: Governed, parts: Parts, trace: Trace, ticket: Ticket) -> None:
        self._governed, self._parts, self._trace, self._ticket = governed, parts, trace, ticket
        self.settled: dict[tuple[int, int], Settled] = {}

    async def settle(self, calls: Sequence[ToolCall], keep: bytes) -> AsyncGenerator[None, None]:
        """Decide on each; yields now and then while people are waited for. `keep`: the provider's answer, for `rejoined`.

        Raises a `Refusal` (`halted`), or a `Fault`.
        """
        waiting: list[tuple[ToolCall, Proposal]] = []
        for position, call in enumerate(calls):
            proposal = await self._considered(call, position, keep)
            if proposal is not None:
                waiting.append((call, proposal))
        if not waiting:
            return
        held = await self._hold([proposal for _, proposal in waiting])
        holding = [call for call, _ in waiting]
        del waiting  # what a call keeps while it waits is small: there may be thousands
        try:
            async with aclosing(self._until_decided(held)) as ticks:
                async for _ in ticks:
                    yield
            for call, (name, _) in zip(holding, held, strict=True):
                await self._decided(call, name)
        except (asyncio.CancelledError, GeneratorExit):
            self._left(held)
            raise

    async def _hold(self, proposals: Sequence[Proposal]) -> Names:
        """Durable when it returns. If the client leaves meanwhile, what the thread makes is not forgotten."""
        asked = self._trace.asked(self._parts.clock())
        making = asyncio.ensure_future(asyncio.to_thread(self._parts.holds.hold, *proposals, records=[asked]))
        try:
            made = await asyncio.shield(making)
        except asyncio.CancelledError:
            with suppress(Refusal, Fault):
                self._left([(one.id, one.joined) for one in await making])
            raise
        return [(one.id, one.joined) for one in made]

    async def _considered(self, call: ToolCall, position: int, keep: bytes) -> Proposal | None:
        """What policy says of one call: settled at once, or a proposal to hold."""
        parts, policy = self._parts, self._governed.configuration.policy
        subject = replace(self._ticket.subject, tool=call.name)
        halt = parts.halts.stops(subject)
        if halt is not None:  # whatever the policy says of it
            raise halted(halt)
        try:
            action = Action.proposed(call.name, call.arguments)
        except Refusal as refusal:
            self._settle(call, "", "denied", Settled(said=self._said(refusal.message)))
            return None
        examined = await examine(action, parts.analyser)
        facts = {
            **action_facts(examined, policy, parts.keyed_hash),
            **await standing_facts(
                action,
                self._trace.session,
                self._governed.system,
                self._governed.configuration,
                parts.history,
                parts.clock(),
                ahead=position,
            ),
        }
        decision = asked_of_policy(Stage.ACTION, facts, self._governed.configuration, parts, self._trace)
        if decision.effect is Effect.DENY:
            reason = policy.rule(decision.matches[0].rule).reason
            self._settle(call, action.sha256, "denied", Settled(said=self._said(_refused_by_policy(call.name, reason))))
            return None
        if decision.effect is not Effect.HOLD:
            self._settle(call, action.sha256, "allowed", Settled(as_proposed=True))
            return None
        return proposal_of(
            examined,
            decision,
            policy,
            decision=self._trace.decision,
            door=self._governed.asked.protocol,
            requester=requester_of(self._trace.user, self._trace.key),
            subject=subject,
            join_key=join_key(self._governed, parts),
            position=position,
            keep=keep,
        )

    async def _until_decided(self, held: Names) -> AsyncGenerator[None, None]:
        patience = AT_FIRST_S
        for name, _ in held:
            async with self._parts.watch.waiting(name) as decided:
                while not decided.done():
                    await asyncio.wait([decided], timeout=patience)
                    if not decided.done():
                        patience = EVERY_S
                        yield

    async def _decided(self, call: ToolCall, name: str) -> None:
        """A hold is over, or approved and released now. Raises if a halt cancelled it."""
        holds = self._parts.holds
        held = await asyncio.to_thread(holds.get, name)
        if held.state is State.APPROVED:
            try:
                content = await asyncio.to_thread(holds.release, name, held.hold.approved_sha256)
            except Refusal as refusal:
                if refusal.code == "halted":
                    raise
                held = await asyncio.to_thread(holds.after_refusal, name)
            else:
                edited = content.edited is not None
                what = Settled(arguments=_text(content.current.arguments)) if edited else Settled(as_proposed=True)
                self._settle(call, content.current.sha256, "edited" if edited else "approved", what, name)
                return
        await asyncio.to_thread(holds.delivered, name)
        if held.ended_because == "halt":
            raise halted_hold(held)
        said = self._said(_refused_by_person(held))
        self._settle(call, held.hold.action_sha256, held.state.value, Settled(said=said), name)

    def _settle(self, call: ToolCall, sha256: str, outcome: str, settled: Settled, hold: str = "") -> None:
        self.settled[call.place] = settled
        one = {"tool": call.name, "sha256": sha256, "outcome": outcome}
        self._trace.actions.append({**one, "hold": hold} if hold else one)

    def _said(self, message: Message) -> str:
        return message.in_language(self._governed.asked.language)

    def _left(self, held: Names) -> None:
        """The client is gone: after a while, cancel what nobody came back for. At shutdown nothing is: it waits on."""
        if self._ticket.halt is None:
            loop = asyncio.get_running_loop()
            loop.call_later(LEFT_S, lambda: self._parts.finish_later(loop.create_task(cancel_left(held, self._parts))))


async def cancel_left(held: Names, parts: Parts) -> None:
    """Cancel what nobody came back for, here or in another process."""
    for name, joined in held:
        if not parts.watch.waits_for(name):
            with suppress(Refusal, Fault):
                await asyncio.to_thread(parts.holds.cancel, name, "client_left", unless_joined_after=joined)


def join_key(governed: Governed, parts: Parts) -> str:
    """What a retried request repeats: who asks, in which session, and every byte."""
    asked = governed.asked
    request = b"\0".join([asked.protocol.encode(), asked.user.encode(), asked.body])
    return parts.join_key(governed.system.id, asked.session, request)


async def rejoined(governed: Governed, parts: Parts) -> tuple[str, bytes] | None:
    """The deployment and its answer, if this request was made before and what it led to is still held."""
    offered = governed.call.tools or governed.call.provider_tools
    if not offered or not may_hold(governed.configuration.policy):
        return None
    for held in await asyncio.to_thread(parts.holds.joinable, join_key(governed, parts)):
        content = await asyncio.to_thread(parts.holds.content, held.id)
        if content is not None and content.keep:
            return held.subject.deployment, content.keep
    return None


@lru_cache(16)
def may_hold(policy: Policy) -> bool:
    """Whether a policy can hold an action at all."""
    return any(rule.stage is Stage.ACTION and rule.effect is Effect.HOLD for rule in policy.rules)


def _text(arguments: Any) -> str:
    return arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode()


def _refused_by_policy(tool: str, reason: Message) -> Message:
    return Message(
        f"L'action «\u00a0{tool}\u00a0» est refusée par la politique de l'organisme. {reason.fr}",
        f"The action “{tool}” is refused by the body's policy. {reason.en}",
    )


def _refused_by_person(held: Held) -> Message:
    """What the model and its user are told of an action that a person did not let go."""
    tool, said = held.tool, held.said
    if held.state is State.DENIED:
        return Message(
            f"L'action «\u00a0{tool}\u00a0» a été refusée par une personne\u00a0: {said}",
            f"The action “{tool}” was refused by a person: {said}",
        )
    if held.state is State.EXPIRED:
        return Message(
            f"L'action «\u00a0{tool}\u00a0» n'a pas été approuvée à temps\u00a0; elle est refusée.",
            f"The action “{tool}” was not approved in time; it is refused.",
        )
    if held.state is State.RELEASED:
        return Message(
            f"L'action «\u00a0{tool}\u00a0» a déjà été remise à une demande pareille\u00a0; elle ne l'est qu'une fois.",
            f"The action “{tool}” was already given to another request like this one; it is given once.",
        )
    return Message(
        f"L'action «\u00a0{tool}\u00a0» n'a pas été exécutée\u00a0: sa demande n'attend plus de décision.",
        f"The action “{tool}” was not carried out: its request waits for no decision any more.",
    )
