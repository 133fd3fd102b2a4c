"""The way of one MCP request, from an application to a server and back. Read `govern` from top to bottom.

    rpc ── admission ── findings ── action ──▶ RECORD asked ──▶ (a person) ──▶ server
    rpc ◀── RECORD answered ◀── input, on what was found in the answer ◀─────────┘

As on /v1: no byte of it goes to a server before `action.asked` is durable (and, if a person approved it, `action.released`);
no answer goes to the application before `action.answered` is. What is refused by policy or by a person is a result that an
agent can read (`isError`); what a halt stops, or what fails, is a JSON-RPC error.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import mcp_types
from mcp.shared.inbound import ERROR_CODE_HTTP_STATUS

from gateway import refusals
from gateway.acting import cancel_left
from gateway.errors import Fault, Message, Refusal, VigieError
from gateway.mcp import faults, rpc
from gateway.mcp.faults import ServerSaid
from gateway.mcp.house import Kept
from gateway.mcp.results import Guarded, guarded
from gateway.mcp.rpc import Rejected
from gateway.mcp.saying import EDITED, ForAgent, not_given, not_run, rehearsed, unexpected
from gateway.mcp.upstream import Connection
from gateway.mcp.visiting import Course, Visit, answered_record, asked_record, facts_of, seen
from gateway.policies import Decision, Effect, Facts, Stage
from gateway.proposals import Examined, action_facts, examine, proposal_of
from gateway.situation import session_facts, standing_facts
from gateway.stages import still_allowed
from gateway.supervision import Action, Held, State, Ticket, halted

LONGEST_WAIT_S = 600.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back: a JSON-RPC message, and the HTTP status if no byte was sent yet."""

    status: int
    body: dict[str, Any]
    decision: str


async def govern(visit: Visit, house: Kept) -> Reply:
    """One request that reaches a server, governed. Raises nothing but a cancellation: the client has gone."""
    course, parts = Course(), house.parts
    ticket = parts.running.enter(visit.subject())
    try:
        action = await admitted(visit, course, house, ticket)
        answer = await carried_out(visit, action, course, house)
        parts.telemetry.call_finished(seen(visit, course), "")
        return Reply(200, rpc.result_of(visit.request.id, answer), visit.decision)
    except asyncio.CancelledError:
        if ticket.halt is None:
            client_left(visit, course, house)
            raise
        ticket.came_back()
        return await refused(halted(ticket.halt), visit, course, house)
    except Rejected as error:
        return Reply(
            error.status, rpc.error_of(visit.request.id, error.code, error.message, error.data), visit.decision
        )
    except VigieError as error:
        return await refused(error, visit, course, house)
    except Exception as error:  # noqa: BLE001 - the last resort: fail closed, and say nothing of what was in hand
        parts.telemetry.unexpected(error)
        return await refused(unexpected(), visit, course, house)
    finally:
        parts.running.leave(ticket)


# ── before it leaves ──────────────────────────────────────────────────────────────────────────────────────────────


async def admitted(visit: Visit, course: Course, house: Kept, ticket: Ticket) -> Action:
    """Decide on it, record that, and wait for a person if policy says so. Returns what may leave. Raises a refusal."""
    await admit(visit, course, house)
    name = str(visit.request.params["name"]) if visit.request.method == "tools/call" else visit.request.method
    if visit.request.method == "tools/call":
        await check_tool(name, visit, house)
    ticket.subject = visit.subject(name)
    action = Action.of(name, _arguments(visit))
    course.sha256 = action.sha256
    examined = await examine(action, house.parts.analyser)
    course.tool = name
    parts, configuration = house.parts, visit.configuration
    own = {
        **action_facts(
            examined, configuration.policy, parts.keyed_hash, server=visit.server.id, place=visit.server.place
        ),
        **await standing_facts(action, visit.session, visit.system, configuration, parts.history, parts.clock()),
    }
    decision = decide(Stage.ACTION, own, visit, course, house)
    halt = house.parts.halts.stops(ticket.subject)
    if halt is not None:  # whatever the policy says of it
        await house.parts.ledger.append(asked_record(visit, course, "refused", "halted"))
        raise halted(halt)
    if visit.asked.dry_run:
        await house.parts.ledger.append(asked_record(visit, course, "dry_run"))
        raise rehearsed(decision)
    if decision.effect is Effect.DENY:
        denied = refusals.denied(
            visit.configuration.policy, Stage.ACTION, {**course.facts, **own}, decision, house.parts.decisions
        )
        await house.parts.ledger.append(asked_record(visit, course, "refused", denied.code))
        raise ForAgent(denied.message, denied.hint, code=denied.code, status=denied.status)
    if decision.effect is Effect.HOLD:
        return await approved(examined, decision, visit, course, house)
    receipt = await house.parts.ledger.append(asked_record(visit, course, "allowed"))
    course.is_open = True
    await still_allowed(receipt, ticket.subject, visit.asked.token, visit.principal, house.parts)
    return action


async def admit(visit: Visit, course: Course, house: Kept) -> None:
    """Admission: who asks, for which system. Raises `Denied`, or a refusal if a halt stops it."""
    parts = house.parts
    now = parts.clock()
    used = parts.tokens_used(visit.system.id, now.astimezone(parts.zone).date().isoformat())
    halt = parts.halts.stops(visit.subject())
    course.facts = facts_of(visit, used, now, parts.zone, halted=halt is not None)
    counters = await parts.history.session(visit.system.id, visit.session)
    own = session_facts(counters, visit.session, visit.system, now)
    decision = decide(Stage.ADMISSION, own, visit, course, house)
    if halt is not None:  # whatever the policy says of it
        if visit.mcp_session:
            house.servers.close_session(visit.server.id, visit.system.id, visit.mcp_session)
        await parts.ledger.append(asked_record(visit, course, "refused", "halted"))
        raise halted(halt)
    if decision.effect in (Effect.DENY, Effect.HOLD):
        denied = refusals.denied(
            visit.configuration.policy, Stage.ADMISSION, {**course.facts, **own}, decision, parts.decisions
        )
        await parts.ledger.append(asked_record(visit, course, "refused", denied.code))
        raise denied


async def check_tool(name: str, visit: Visit, house: Kept) -> None:
    """It is one of the server's tools, as the entry lets them be. A name that nobody knows gets into no record."""
    tool = None
    if visit.server.tools.admit(name):
        async with house.servers.connection(*visit.place) as connection:
            tool = await _asking(connection.tool(name))
    if tool is None:
        raise Rejected(400, mcp_types.INVALID_PARAMS, "unknown tool")
    rpc.check_parameter_headers(visit.request, tool, visit.headers)


def decide(stage: Stage, own: Facts, visit: Visit, course: Course, house: Kept) -> Decision:
    """Ask policy, and keep the decision."""
    decision = house.parts.decisions.decide(visit.configuration.policy, stage, {**course.facts, **own})
    course.decided(stage, own, decision)
    return decision


# ── a person ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def approved(examined: Examined, decision: Decision, visit: Visit, course: Course, house: Kept) -> Action:
    """Hold it, wait, and take what was approved, once. Raises a refusal for any other end."""
    held = await holding(examined, decision, visit, course, house)
    course.hold = held
    while held.state is State.WAITING:
        held = await house.watch.outcome(held.id, LONGEST_WAIT_S)
    if held.state is State.APPROVED:
        if await house.parts.keys.look_again(visit.asked.token) is None:
            raise refusals.unauthenticated()
        course.is_open = True  # from here on it may be released, whatever cuts this task
        try:
            content = await asyncio.to_thread(house.holds.release, held.id, held.hold.approved_sha256)
        except VigieError as refusal:
            course.is_open = False
            if refusal.code == "halted" or not isinstance(refusal, Refusal):
                raise
            held = await asyncio.to_thread(house.holds.after_refusal, held.id)
        else:
            course.hold, course.edited = None, content.edited is not None
            return content.current
    course.hold = None
    if held.state in (State.DENIED, State.EXPIRED):
        await asyncio.to_thread(house.holds.delivered, held.id)
    raise not_run(held)


async def holding(examined: Examined, decision: Decision, visit: Visit, course: Course, house: Kept) -> Held:
    """Hold the action; a request that comes again joins the hold it made. Both records are durable when this returns."""
    body = b"\0".join([b"mcp", visit.server.id.encode(), visit.asked.user.encode(), examined.action.canonical])
    proposal = proposal_of(
        examined,
        decision,
        visit.configuration.policy,
        decision=visit.decision,
        door="mcp",
        requester=visit.requester,
        subject=visit.subject(examined.action.tool),
        join_key=house.parts.join_key(visit.system.id, visit.session, body),
    )
    record = asked_record(visit, course, "held", proposal.code)
    making = asyncio.ensure_future(asyncio.to_thread(house.holds.hold, proposal, records=[record]))
    try:
        return (await asyncio.shield(making))[0]
    except asyncio.CancelledError:  # the thread goes on: what it makes must not be forgotten
        course.hold = (await making)[0]
        raise


# ── the server, and the way back ──────────────────────────────────────────────────────────────────────────────────


async def carried_out(visit: Visit, action: Action, course: Course, house: Kept) -> dict[str, Any]:
    """Ask the server; guard, shape and record what it answers. Raises `Rejected` for an error of the server's own."""
    try:
        async with house.servers.connection(*visit.place) as connection:
            answer = await _sent(visit, action, connection)
    except ServerSaid as said:
        raise await _said(said, visit, course, house) from None
    one = await looked_into(answer, visit, course, house)
    if one.is_refused:
        raise not_given(one, visit.configuration.policy)
    try:
        result = rpc.shaped(visit.request.method, visit.version, one.value)
    except ValueError:
        raise faults.broke_protocol() from None
    theirs = {name: value for name, value in (result.get("_meta") or {}).items() if not name.startswith(rpc.OURS)}
    result["_meta"] = {**theirs, rpc.DECISION: visit.decision}
    if course.edited and "content" in result:
        result["content"].append({"type": "text", "text": EDITED.in_language(visit.asked.language)})
        result["_meta"][rpc.EDITED] = True
    await house.parts.ledger.append(answered_record(visit, course, house.parts.clock(), "served"))
    return result


async def _sent(visit: Visit, action: Action, connection: Connection) -> dict[str, Any]:
    method = visit.request.method
    if method in rpc.LISTS:
        key = rpc.LISTS[method]
        return {key: await connection.pages(method, key)}
    if method == "tools/call":
        return await connection.request(method, {"name": action.tool, "arguments": action.arguments})
    return await connection.request(method, dict(action.arguments))


async def looked_into(answer: dict[str, Any], visit: Visit, course: Course, house: Kept) -> Guarded:
    """What was found in an answer, and what policy says of it."""
    assessment = visit.system.assessment
    one = await guarded(
        answer,
        house.parts.analyser,
        assessment.personal_data if assessment is not None else (),
        lambda own: house.parts.decisions.decide(visit.configuration.policy, Stage.INPUT, {**course.facts, **own}),
    )
    course.decided(Stage.INPUT, one.facts, one.decision)
    course.entities = one.entities
    return one


async def _said(said: ServerSaid, visit: Visit, course: Course, house: Kept) -> Rejected:
    """A JSON-RPC error of the server's, its words guarded like a result and recorded before they are passed on."""
    one = await looked_into({"message": said.message, "data": said.data}, visit, course, house)
    await house.parts.ledger.append(answered_record(visit, course, house.parts.clock(), "failed", "mcp_server_error"))
    status = ERROR_CODE_HTTP_STATUS.get(said.code, 200)
    if one.is_refused:
        return Rejected(status, said.code, "the server's error may not be given")
    return Rejected(status, said.code, str(one.value["message"]), one.value["data"])


# ── endings ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def refused(error: VigieError, visit: Visit, course: Course, house: Kept) -> Reply:
    """The refusal or fault as an answer, recorded first if the action may have left."""
    if course.is_open and not course.is_closed:
        outcome = "failed" if isinstance(error, Fault) else "refused"
        try:
            await house.parts.ledger.append(answered_record(visit, course, house.parts.clock(), outcome, error.code))
        except Fault as fault:
            error = fault
    house.parts.telemetry.call_refused(seen(visit, course), error.code)
    language = visit.asked.language
    if isinstance(error, ForAgent) and visit.request.method == "tools/call":
        hint = error.hint or Message("", "")
        words = Message(f"{error.message.fr} {hint.fr}".strip(), f"{error.message.en} {hint.en}".strip())
        result = rpc.shaped("tools/call", visit.version, rpc.said_to_model(words, language))
        result["_meta"] = {rpc.DECISION: visit.decision, rpc.CODE: error.code}
        return Reply(200, rpc.result_of(visit.request.id, result), visit.decision)
    return Reply(error.status, rpc.told(error, visit.request.id, visit.decision, language), visit.decision)


def client_left(visit: Visit, course: Course, house: Kept) -> None:
    """Nobody waits for the answer: record that from another task; a hold outlives its client for a while."""
    house.parts.telemetry.call_refused(seen(visit, course), "client_left")
    if course.is_open and not course.is_closed:
        record = answered_record(visit, course, house.parts.clock(), "client_left")
        house.parts.finish_later(asyncio.ensure_future(house.parts.ledger.append(record)))
    elif course.hold is not None:
        held, loop = course.hold, asyncio.get_running_loop()
        grace_s = 0.0 if visit.cancelled else visit.configuration.mcp.leave_grace_s
        loop.call_later(
            grace_s,
            lambda: house.parts.finish_later(loop.create_task(cancel_left([(held.id, held.joined)], house.parts))),
        )


def _arguments(visit: Visit) -> dict[str, Any]:
    if visit.request.method == "tools/call":
        return visit.request.params.get("arguments") or {}
    return visit.request.arguments


async def _asking(listing: Any) -> dict[str, Any] | None:
    """What the server says to a question of ours: its own error is a fault to the application."""
    try:
        found: dict[str, Any] | None = await listing
    except ServerSaid:
        raise faults.broke_protocol() from None
    return found
