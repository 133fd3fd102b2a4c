"""The way of one call, from an application to a model and back. Read `govern` from top to bottom.

    wire ── identity ── admission ── findings ── input ── routing ──▶ RECORD opened ──▶ provider
    wire ◀── label ◀── RECORD closed ◀── actions (hold) ◀── output findings ◀────────────┘

This file does what decisions say and records it; it decides nothing. What it needs from outside (the ledger, the
analyser, providers, a clock) comes in `Parts`, so that a playbook can run it without sockets. Its two guarantees:

* no byte goes to a provider before `call.opened` is durable (promise 1);
* no complete answer goes to an application before `call.closed` is durable (promise 2): of a stream, the frames that
  complete it are kept back until then.

Whatever fails in between ends as a refusal (promise 3) and is recorded as far as the ledger's state allows.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import orjson

from gateway import refusals, situation
from gateway.acting import Acting, may_hold, rejoined
from gateway.config import Configuration, Deployment, System
from gateway.content import Gathered, Part, is_asked
from gateway.errors import Fault, VigieError
from gateway.identity import Principal
from gateway.labelled import Labelled
from gateway.output import OutputEffects, guards_of
from gateway.parts import Answer, Parts
from gateway.policies import Effect, Facts, Stage
from gateway.privacy import Opened, protect
from gateway.providers import ProviderFault, Reply, Request
from gateway.situation import Asked
from gateway.sovereignty import Attested, Residency, rank
from gateway.stages import Governed, Route, asked_of_policy, decide, still_allowed
from gateway.supervision import Subject, Ticket, halted
from gateway.trace import Trace
from gateway.transparency import header, label_for
from gateway.wire.calls import Call, Limits, ProviderBroke, rewrite, written
from gateway.wire.errors import error_event, render
from gateway.wire.protocols import WIRES

STILL_WAITING = b"\n"
"""White space before JSON: a stock parser skips it, and each byte renews its patience."""


class Unfinished(Exception):
    """An answer that had begun and cannot be completed: the connection is to be broken, so that nobody takes it for whole."""


async def govern(asked: Asked, parts: Parts) -> Answer:
    """One call, governed. Never raises: whatever happens becomes an answer in the client's own protocol."""
    trace = Trace(parts.new_id(), parts.clock(), parts.fragments)
    ticket = parts.running.enter(Subject())
    under_way = False
    try:
        principal = await identify(asked, parts, trace)
        configuration = parts.configuration()
        call = parse(asked, configuration)
        system = await admit(asked, call, principal, configuration, parts, trace, ticket)
        governed = await protect_input(asked, call, system, configuration, parts, trace)
        routes = route(governed, parts, trace)
        if asked.dry_run:
            return await rehearse(governed, routes, principal, parts, trace, ticket)
        trace.content = await parts.contents.keep(trace.decision, system, Part.PROMPT, asked.body)
        receipt = await parts.ledger.append(trace.opened(parts.clock()))
        await parts.suspensions.refresh(receipt.epoch)
        await still_allowed(receipt, ticket.subject, asked.token, principal, parts)
        deployment, reply = await answer_of(governed, routes, parts, trace, ticket)
        frames = as_it_comes(governed, Attested(deployment, reply.headers), reply, parts, trace, ticket)
        first = await anext(frames)
        if first:  # a whole answer, ready
            await frames.aclose()
            return Answer(200, headers_of(trace, governed), first)
        under_way = True
        return Answer(200, headers_of(trace, governed), frames=frames)
    except BaseException as error:  # noqa: BLE001 - the last resort: fail closed, and say nothing of what was in hand
        return await refuse(reason_of(error, parts, trace, ticket), asked, parts, trace)
    finally:
        if not under_way:
            parts.running.leave(ticket)


def reason_of(error: BaseException, parts: Parts, trace: Trace, ticket: Ticket) -> VigieError:
    """What a call that did not end well is refused with. Raises `error` again if nobody is left to be told."""
    if isinstance(error, asyncio.CancelledError) and ticket.halt is not None:
        ticket.came_back()
        return halted(ticket.halt)
    if isinstance(error, VigieError):
        blame(error, parts, trace)
        return error
    if isinstance(error, Exception):
        parts.telemetry.unexpected(error)
        return refusals.internal()
    close_later(parts, trace, "client_left" if ticket.halt is None else "halted")
    raise error


# ── before routing ────────────────────────────────────────────────────────────────────────────────────────────────


async def identify(asked: Asked, parts: Parts, trace: Trace) -> Principal:
    """The holder of the key, which must be an application's."""
    principal = parts.keys.authenticate(asked.token) or await parts.keys.look_again(asked.token)
    if principal is None or principal.system is None:
        raise refusals.unauthenticated()
    trace.system, trace.key, trace.user, trace.session = principal.system, principal.key, asked.user, asked.session
    return principal


def parse(asked: Asked, configuration: Configuration) -> Call:
    """The optional headers, checked; the protocol's JSON as a `Call`."""
    situation.check_headers(asked)
    listener = configuration.settings.listener
    limits = Limits(listener.max_depth, listener.max_texts)
    return WIRES[asked.protocol].parse(asked.body, limits)


async def admit(
    asked: Asked,
    call: Call,
    principal: Principal,
    configuration: Configuration,
    parts: Parts,
    trace: Trace,
    ticket: Ticket,
) -> System:
    """Admission: who asks, for which system, for what. Raises `Denied`, or a refusal if a halt stops the call."""
    system = configuration.register.system(principal.system or "")
    if system is None:
        raise refusals.unregistered_system()
    if configuration.catalogue.model(call.model) is None:
        raise refusals.unknown_model(system.models)
    now = parts.clock()
    day = now.astimezone(parts.zone).date().isoformat()
    used = parts.tokens_used(system.id, day)
    ticket.subject = Subject(system=system.id, agent=asked.agent, session=asked.session, model=call.model)
    halt = parts.halts.stops(ticket.subject)
    trace.facts = situation.call_facts(
        call, system, configuration.register, asked, now, parts.zone, used, halted=halt is not None
    )
    trace.policy = configuration.policy.version
    counters = await parts.history.session(system.id, asked.session)
    decide(Stage.ADMISSION, situation.session_facts(counters, asked.session, system, now), configuration, parts, trace)
    if halt is not None:  # whatever the policy says of it
        raise halted(halt)
    return system


async def protect_input(
    asked: Asked, call: Call, system: System, configuration: Configuration, parts: Parts, trace: Trace
) -> Governed:
    """Findings and input: refuse, mask or pseudonymize what was found in the call's texts."""
    opened = Opened([text.value for text in call.texts])
    history = parts.histories.of(opened)
    findings = opened.findings(await history.find(parts.analyser))
    found = tuple(one.type for some in findings for one in some)
    assessed = system.assessment.personal_data if system.assessment is not None else ()
    decision = decide(Stage.INPUT, situation.privacy_facts(found, assessed), configuration, parts, trace)
    protected = protect(opened.values, findings, decision.transforms, history)
    label = label_for(system, configuration, trace.labels) if call.protocol != "embeddings" else None
    return Governed(asked, configuration, call, system, found, protected, opened.close(protected.edits), label)


def route(governed: Governed, parts: Parts, trace: Trace) -> list[Route]:
    """Routing: every deployment of the model is asked about; those that policy admits, most sovereign first."""
    configuration, call = governed.configuration, governed.call
    today = parts.clock().astimezone(parts.zone).date()
    privacy = situation.privacy_facts(governed.found, governed.assessed)
    admitted: list[tuple[Deployment, Facts, int]] = []
    excluded: list[refusals.Candidate] = []
    for deployment in configuration.catalogue.deployments_of(call.model):
        suspended = parts.suspensions.suspended(deployment)
        known = parts.places.facts(deployment, configuration, today, suspended=suspended)
        halt = parts.halts.stops(Subject(deployment=deployment.id, operator=deployment.operator.name))
        covered = deployment.assessment.personal_data if deployment.assessment is not None else ()
        remaining = governed.protected.remaining
        routing = situation.routing_facts(
            known, remaining, covered, call.fields, deployment.allowed_fields, halted=halt is not None
        )
        facts = {**privacy, **routing}
        decision = asked_of_policy(Stage.ROUTING, facts, configuration, parts, trace)
        if decision.effect in (Effect.EXCLUDE, Effect.DENY, Effect.HOLD):
            whole = {**trace.facts, **facts}
            excluded.append(refusals.excluded(configuration.policy, deployment.id, whole, decision, parts.decisions))
        elif halt is not None:  # whatever the policy says of it
            excluded.append(refusals.Candidate(deployment.id, ("halted",), (halted(halt).message,), ()))
        else:
            admitted.append((deployment, facts, decision.prefer))
    if not admitted:
        raise refusals.no_deployment(tuple(excluded))
    texts = {text.path: value for text, value in zip(call.texts, governed.texts, strict=True)}
    prepared = governed.wire.prepared
    return [Route(one, prepared(rewrite(call, texts, model=one.provider.model))) for one in rank(admitted)]


async def rehearse(
    governed: Governed, routes: Sequence[Route], principal: Principal, parts: Parts, trace: Trace, ticket: Ticket
) -> Answer:
    """`x-vigie-dry-run`: the decision and where the call would go; no provider is called."""
    receipt = await parts.ledger.append(trace.closed(parts.clock(), "dry_run"))
    await still_allowed(receipt, ticket.subject, governed.asked.token, principal, parts)
    body = {
        "object": "vigie.decision",
        "decision": trace.decision,
        "policy": trace.policy,
        "rules": sorted(trace.matched),
        "entities": sorted(set(governed.found)),
        "deployments": [one.deployment.id for one in routes],
    }
    return Answer(200, headers_of(trace, None), orjson.dumps(body))


# ── the provider ──────────────────────────────────────────────────────────────────────────────────────────────────


async def answer_of(
    governed: Governed, routes: Sequence[Route], parts: Parts, trace: Trace, ticket: Ticket
) -> tuple[Deployment, Reply]:
    """What a deployment answers: the very answer that an earlier try of this request waits with, or a new one."""
    earlier = await rejoined(governed, parts)
    if earlier is not None:
        for one in routes:
            if one.deployment.id == earlier[0]:
                trace.attempts.append({"deployment": earlier[0], "outcome": "rejoined"})
                trace.deployment = earlier[0]
                ticket.subject = subject_at(one.deployment, ticket)
                return one.deployment, replayed(earlier[1], governed.call)
    return await first_answer(governed, routes, parts, trace, ticket)


def replayed(kept: bytes, call: Call) -> Reply:
    """An answer that a deployment gave before."""

    async def stream() -> AsyncIterator[bytes]:
        yield kept

    return Reply(200, {}, None, stream()) if call.stream else Reply(200, {}, kept)


def subject_at(deployment: Deployment, ticket: Ticket) -> Subject:
    """What a halt may name, of a call at a deployment."""
    return replace(ticket.subject, deployment=deployment.id, operator=deployment.operator.name)


async def first_answer(
    governed: Governed, routes: Sequence[Route], parts: Parts, trace: Trace, ticket: Ticket
) -> tuple[Deployment, Reply]:
    """The first healthy route that answers. Retry and fallback go down the admitted list and never outside it."""
    fault: ProviderFault | None = None
    for one in routes:
        name = one.deployment.id
        ticket.subject = subject_at(one.deployment, ticket)
        if parts.halts.stops(ticket.subject) is not None:
            trace.attempts.append({"deployment": name, "outcome": "halted"})
            continue
        if parts.suspensions.suspended(one.deployment):
            trace.attempts.append({"deployment": name, "outcome": "suspended"})
            continue
        if not parts.breaker.allows(name):
            trace.attempts.append({"deployment": name, "outcome": "circuit_open"})
            continue
        request = Request(governed.wire.PATH, one.body, governed.call.stream, trace.decision)
        try:
            reply = await parts.providers.send(one.deployment, request)
        except ProviderFault as error:
            trace.attempts.append({"deployment": name, "outcome": error.code})
            if error.counts_against:
                parts.breaker.failed(name)
            if not error.retryable:
                raise
            fault = error
            continue
        trace.attempts.append({"deployment": name, "outcome": "answered"})
        trace.deployment, trace.price = name, one.deployment.price
        return one.deployment, reply
    raise fault if fault is not None else refusals.no_healthy_deployment()


async def check_residency(attested: Attested, parts: Parts, trace: Trace) -> None:
    """What the provider says of where it ran. A contradiction suspends the deployment (principle 12)."""
    if trace.residency == attested.verdict.value:
        return
    trace.residency = attested.verdict.value
    if attested.verdict is Residency.CONTRADICTED:
        name = attested.deployment.id
        parts.telemetry.security_event("residency_contradicted", deployment=name, decision=trace.decision)
        await parts.suspensions.suspend(attested.deployment, trace.decision)


def blame(error: VigieError, parts: Parts, trace: Trace) -> None:
    """A deployment whose answer began well and was not whole, or not of its protocol, has failed all the same."""
    if trace.deployment and (isinstance(error, ProviderBroke) or getattr(error, "counts_against", False)):
        parts.breaker.failed(trace.deployment)


# ── the answer ────────────────────────────────────────────────────────────────────────────────────────────────────


async def as_it_comes(
    governed: Governed, attested: Attested, reply: Reply, parts: Parts, trace: Trace, ticket: Ticket
) -> AsyncGenerator[bytes, None]:
    """An answer, from the moment that `govern` takes its first part: a whole body, or nothing yet.

    What goes wrong before that is the caller's. After it, a stream ends with an error event; a whole answer that had to
    wait can only break off, since an error under status 200 would pass for an answer.
    """
    begun = False
    deliver = deliver_stream if governed.call.stream else deliver_whole
    try:
        async with aclosing(deliver(governed, attested, reply, parts, trace, ticket)) as answer:
            async for part in answer:
                begun = True
                yield part
    except BaseException as error:
        if not begun:
            raise
        reason = reason_of(error, parts, trace, ticket)
        if ticket.halt is None:
            reason = await close(reason, parts, trace)
            parts.telemetry.call_refused(trace, reason.code)
        else:  # nothing that a halt cuts waits for the store
            close_later(parts, trace, "refused", reason.code)
        if not governed.call.stream:
            raise Unfinished from None
        yield last_frame(reason, governed.asked, trace)
    finally:
        if begun:
            parts.running.leave(ticket)
        await reply.aclose()


async def deliver_whole(
    governed: Governed, attested: Attested, reply: Reply, parts: Parts, trace: Trace, ticket: Ticket
) -> AsyncGenerator[bytes, None]:
    """A whole answer: output findings, values put back, actions, label, record, application."""
    wire, call = governed.wire, governed.call
    labelled = Labelled(governed, parts, trace)
    answer = await restored(governed, attested, reply, labelled, parts, trace)
    acting = Acting(governed, parts, trace, ticket)
    waiting = b""
    async with aclosing(acting.settle(wire.proposed(answer), reply.body or b"")) as settling:
        async for _ in settling:
            yield waiting
            waiting = STILL_WAITING
    answer = wire.settled(answer, call, acting.settled)
    if labelled.sign(wire.delivered(answer)) is not None:
        answer["vigie"] = labelled.envelope
    delivered = written(answer)
    trace.content = await parts.contents.keep(trace.decision, governed.system, Part.ANSWER, delivered)
    await parts.ledger.append(trace.closed(parts.clock(), "served"))
    labelled.keep()
    parts.telemetry.call_finished(trace, call.model)
    yield delivered


async def restored(
    governed: Governed, attested: Attested, reply: Reply, labelled: Labelled, parts: Parts, trace: Trace
) -> dict[str, Any]:
    """A deployment's whole answer: its place checked, its texts guarded, the application's values back in them."""
    wire = governed.wire
    answer = wire.checked_answer(reply.body or b"")
    parts.breaker.succeeded(trace.deployment)
    attested.look(answer)
    await check_residency(attested, parts, trace)
    trace.usage = wire.usage(answer)
    effects = OutputEffects(governed, parts, trace)
    restorer = governed.protected.restorer()
    guards = guards_of(governed, restorer, effects, parts)
    answer = await wire.guarded(answer, governed.call, guards, opening=labelled.opening)
    if governed.call.protocol != "embeddings":
        effects.settle()
    trace.placeholders_unknown = restorer.unknown
    return answer


async def deliver_stream(
    governed: Governed, attested: Attested, reply: Reply, parts: Parts, trace: Trace, ticket: Ticket
) -> AsyncGenerator[bytes, None]:
    """A streamed answer. What completes it is kept back until its record is durable, tool calls until they are decided."""
    wire, call = governed.wire, governed.call
    effects = OutputEffects(governed, parts, trace)
    restorer = governed.protected.restorer()
    guards = guards_of(governed, restorer, effects, parts)
    labelled = Labelled(governed, parts, trace)
    stream = wire.stream(call, guards, envelope=labelled.envelope, opening=labelled.opening, seen=attested.look)
    keeps, kept = may_hold(governed.configuration.policy), bytearray()
    received = Gathered(wanted=is_asked(governed.system, Part.ANSWER))
    begun = False
    yield b""  # taken by `govern`: a generator that was never started would end, unread, without what follows `try`
    assert reply.stream is not None
    await check_residency(attested, parts, trace)
    async for data in reply.stream:
        if ticket.halt is not None:
            await asyncio.sleep(0)  # where the cancellation lands, however fast the provider writes
        frames = await stream.feed(data)
        if keeps:
            kept += data
        await check_residency(attested, parts, trace)
        if frames:
            if not begun:
                begun = True
                parts.telemetry.first_chunk(trace, call.model)
            yield received.add(b"".join(frames))
    calls = stream.proposed()
    parts.breaker.succeeded(trace.deployment)
    effects.settle()
    trace.usage, trace.placeholders_unknown = stream.usage, restorer.unknown
    acting = Acting(governed, parts, trace, ticket)
    async with aclosing(acting.settle(calls, bytes(kept))) as settling:
        async for _ in settling:
            yield wire.KEEP_ALIVE
    stream.settle(acting.settled)
    last = received.add(b"".join(stream.finish(labelled.sign(stream.delivered()))))
    trace.content = await parts.contents.keep(trace.decision, governed.system, Part.ANSWER, received)
    await parts.ledger.append(trace.closed(parts.clock(), "served"))
    labelled.keep()
    parts.telemetry.call_finished(trace, call.model)
    yield last


# ── endings ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def refuse(error: VigieError, asked: Asked, parts: Parts, trace: Trace) -> Answer:
    """The refusal or fault in the client's own protocol, recorded first if anything was decided."""
    error = await unless_revoked(await close(error, parts, trace), asked, parts, trace)
    details = error.details(asked.language) if isinstance(error, refusals.Denied) else {}
    status, headers, body = render(error, asked.protocol, trace.decision, asked.language, details)
    parts.telemetry.call_refused(trace, error.code)
    return Answer(status, {**headers, "x-vigie-decision": trace.decision}, orjson.dumps(body))


async def unless_revoked(error: VigieError, asked: Asked, parts: Parts, trace: Trace) -> VigieError:
    """A key that was revoked since it was read is told that, and nothing of what policy says."""
    if not trace.key or error.code == refusals.UNAUTHENTICATED:
        return error
    try:
        if trace.epoch:
            await parts.keys.refresh(trace.epoch)
            holder = parts.keys.authenticate(asked.token)
        else:
            holder = await parts.keys.look_again(asked.token)
    except Fault as fault:
        return fault
    return error if holder is not None else refusals.unauthenticated()


def last_frame(error: VigieError, asked: Asked, trace: Trace) -> bytes:
    """The end of a stream that is cut: an error event, which every stock SDK raises."""
    details = error.details(asked.language) if isinstance(error, refusals.Denied) else {}
    return error_event(error, asked.protocol, trace.decision, asked.language, details)


async def close(error: VigieError, parts: Parts, trace: Trace) -> VigieError:
    """Record how the call ended. A call on which nothing was decided leaves no record; if the ledger is out, say that."""
    if trace.is_closed or not (trace.stages or trace.is_open):
        return error
    outcome = "refused" if not isinstance(error, Fault) else "failed"
    try:
        trace.epoch = (await parts.ledger.append(trace.closed(parts.clock(), outcome, error.code))).epoch
    except Fault as fault:
        return fault
    return error


def close_later(parts: Parts, trace: Trace, outcome: str, code: str = "") -> None:
    """Record how the call ended from a task that the application owns: this one is being cancelled, or may not wait."""
    if trace.is_open and not trace.is_closed:
        record = trace.closed(parts.clock(), outcome, code)
        parts.finish_later(asyncio.ensure_future(parts.ledger.append(record)))
        parts.telemetry.call_refused(trace, code or outcome)


def headers_of(trace: Trace, governed: Governed | None) -> dict[str, str]:
    """The additional headers of an answer."""
    streams = governed is not None and governed.call.stream
    content_type = "text/event-stream; charset=utf-8" if streams else "application/json"
    headers = {"content-type": content_type, "x-vigie-decision": trace.decision}
    if governed is not None and governed.label is not None:
        headers |= header(governed.label)
    return headers
