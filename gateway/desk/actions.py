"""`/v1/actions`: an application asks leave for an action that no model call shows. *Edge*.

Policy answers at once (200, or 403), or a person is asked (202, then `GET` long-polls). An approved action is handed out
once, with the arguments to run and their hash; the `GET` that hands it out uses the approval up, so an application that lost
that answer asks again rather than runs twice.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway import refusals, situation
from gateway.audit import now_text
from gateway.config import Configuration, System
from gateway.desk.people import Kept, object_of, principal_of, text_of
from gateway.errors import Message, Refusal
from gateway.identity import Principal, hash_user
from gateway.policies import Decision, Effect, Facts, Stage
from gateway.proposals import Examined, action_facts, examine, proposal_of, requester_of
from gateway.situation import Asked
from gateway.stages import still_allowed
from gateway.supervision import Action, Halt, Held, State, Subject, halted, halted_hold
from gateway.trace import plain
from gateway.web import answered, bearer
from gateway.wire.calls import Call
from gateway.wire.errors import language_of

LONGEST_BODY = 512 * 1024
LONGEST_TOOL = 128
LONGEST_WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Considered:
    """An action that an application asks for, and what policy says of it."""

    id: str
    asked: Asked
    principal: Principal
    system: System
    subject: Subject
    examined: Examined
    configuration: Configuration
    facts: Facts
    own: Facts
    decision: Decision
    halt: Halt | None

    def record(self, outcome: str, code: str) -> dict[str, Any]:
        """The record that precedes the answer."""
        return {
            "kind": "action.asked",
            "id": f"{self.id}.asked",
            "time": now_text(),
            "decision": self.id,
            "system": self.system.id,
            "key": self.principal.key,
            "user": self.asked.user,
            "session": self.asked.session,
            "policy": self.configuration.policy.version,
            "facts": plain(self.facts),
            "stages": [{"stage": "action", "facts": plain(self.own), "decision": self.decision.as_json()}],
            "tool": self.examined.action.tool,
            "sha256": self.examined.action.sha256,
            "outcome": outcome,
            "code": code,
        }


async def ask(request: Request) -> Response:
    """`POST /v1/actions` `{tool, arguments}`."""
    house: Kept = request.app.state.house
    principal = await principal_of(request, house)
    if principal.system is None:
        raise refusals.unauthenticated()
    body = await object_of(request, LONGEST_BODY)
    one = await _considered(request, principal, body, house)
    if one.halt is not None:  # whatever the policy says of it
        await house.ledger.append(one.record("refused", "halted"))
        raise halted(one.halt)
    if one.decision.effect is Effect.DENY:
        policy, whole = one.configuration.policy, {**one.facts, **one.own}
        refusal = refusals.denied(policy, Stage.ACTION, whole, one.decision, house.parts.decisions)
        await house.ledger.append(one.record("refused", refusal.code))
        raise refusal
    if one.decision.effect is Effect.HOLD:
        held = await asyncio.to_thread(_hold, one, house)
        return await _told(held, request, house)
    receipt = await house.ledger.append(one.record("allowed", ""))
    await still_allowed(receipt, one.subject, bearer(request), one.principal, house.parts)
    return answered(_to_run(one.id, one.examined.action, "policy"))


async def look(request: Request) -> Response:
    """`GET /v1/actions/{id}?wait=30`: how it stands, at once or as soon as that changes."""
    house: Kept = request.app.state.house
    principal = await principal_of(request, house)
    name = request.path_params["action"]
    held = await asyncio.to_thread(house.holds.get, name)
    if principal.system is None or held.system != principal.system or held.door != "actions":
        raise _unknown()
    wait = request.query_params.get("wait", "")
    if held.state is State.WAITING and wait.isdecimal():
        held = await house.watch.outcome(name, min(float(wait), LONGEST_WAIT_S))
    return await _told(held, request, house)


async def _considered(request: Request, principal: Principal, body: dict[str, Any], house: Kept) -> Considered:
    configuration, parts = house.configuration, house.parts
    system = configuration.register.system(principal.system or "")
    if system is None:
        raise refusals.unregistered_system()
    asked = _asked(request, house)
    action = Action.of(_tool(body), body.get("arguments", {}))
    subject = Subject(system=system.id, agent=asked.agent, session=asked.session, tool=action.tool)
    halt = parts.halts.stops(subject)
    examined = await examine(action, parts.analyser)
    now = parts.clock()
    used = parts.tokens_used(system.id, now.astimezone(parts.zone).date().isoformat())
    call = Call("actions", "", False, (), (action.tool,), (), (), (), {}, False)
    facts = situation.call_facts(
        call, system, configuration.register, asked, now, parts.zone, used, halted=halt is not None
    )
    own = {
        **action_facts(examined, configuration.policy, parts.keyed_hash),
        **await situation.standing_facts(action, asked.session, system, configuration, parts.history, now),
    }
    decision = parts.decisions.decide(configuration.policy, Stage.ACTION, {**facts, **own})
    return Considered(
        parts.new_id(), asked, principal, system, subject, examined, configuration, facts, own, decision, halt
    )


def _hold(one: Considered, house: Kept) -> Held:
    """Hold the action; a request that comes again joins the hold it made."""
    proposal = proposal_of(
        one.examined,
        one.decision,
        one.configuration.policy,
        decision=one.id,
        door="actions",
        requester=requester_of(one.asked.user, one.principal.key),
        subject=one.subject,
        join_key=house.parts.join_key(one.system.id, one.asked.session, b"actions\0" + one.examined.action.canonical),
    )
    return house.holds.hold(proposal, records=[one.record("held", proposal.code)])[0]


async def _told(held: Held, request: Request, house: Kept) -> Response:
    """The answer for a hold as it stands; what ends it is told once."""
    if held.state is State.WAITING:
        headers = {"location": f"/v1/actions/{held.id}", "retry-after": "1"}
        return answered(_said(held, request), 202, headers)
    if held.state is State.APPROVED:
        if await request.is_disconnected():  # nobody would hear of it, and the approval would be used up
            return answered(_said(held, request), 202)
        try:
            content = await asyncio.to_thread(house.holds.release, held.id, held.hold.approved_sha256)
        except Refusal as refusal:
            if refusal.code == "halted":
                raise
            return await _told(await asyncio.to_thread(house.holds.after_refusal, held.id), request, house)
        return answered(_to_run(held.id, content.current, "person", edited=content.edited is not None))
    if held.state is not State.RELEASED:
        await asyncio.to_thread(house.holds.delivered, held.id)
    if held.ended_because == "halt":
        raise halted_hold(held)
    return answered(_said(held, request))


def _said(held: Held, request: Request) -> dict[str, Any]:
    """A hold as its requester sees it: no arguments, no person."""
    language = language_of(request.headers.get("accept-language", ""))
    refused = held.state in (State.DENIED, State.EXPIRED, State.CANCELLED)
    return {
        "id": held.id,
        "object": "action",
        "state": "refused" if refused else held.state.value,
        "code": held.state.value if refused else held.code,
        "action_sha256": held.current_sha256,
        "rule": held.rule,
        "reason": held.said if held.state is State.DENIED else held.reason.in_language(language),
        "created_at": held.created_at,
        "expires_at": held.hold.expires_at,
    }


def _to_run(name: str, action: Action, by: str, *, edited: bool = False) -> dict[str, Any]:
    return {
        "id": name,
        "object": "action",
        "state": "approved",
        "by": by,
        "edited": edited,
        "action": {"tool": action.tool, "arguments": action.arguments},
        "action_sha256": action.sha256,
    }


def _asked(request: Request, house: Kept) -> Asked:
    headers = request.headers
    user = headers.get("x-vigie-user", "")
    return Asked(
        protocol="actions",
        body=b"",
        token="",
        user=hash_user(house.user_key, user) if user else "",
        session=headers.get("x-vigie-session", "")[:128],
        agent=headers.get("x-vigie-agent", "")[:128],
        purpose=headers.get("x-vigie-purpose", "")[:128],
        classification=headers.get("x-vigie-classification", "")[:64],
        language=language_of(headers.get("accept-language", "")),
    )


def _tool(body: dict[str, Any]) -> str:
    tool = text_of(body, "tool").strip()
    if len(tool) > LONGEST_TOOL or not tool.isprintable():
        raise Refusal(
            Message("tool\u00a0: un nom d'au plus 128 caractères.", "tool: a name of at most 128 characters."),
            code="invalid_request",
            status=400,
            param="tool",
        )
    return tool


def _unknown() -> Refusal:
    return Refusal(
        Message("Il n'y a pas d'action de ce nom.", "There is no action of this name."),
        Message("Présenter la clé du système qui l'a demandée.", "Present the key of the system that asked for it."),
        code="unknown_action",
        status=404,
    )


ROUTES = [
    Route("/v1/actions", ask, methods=["POST"]),
    Route("/v1/actions/{action}", look, methods=["GET"]),
]
