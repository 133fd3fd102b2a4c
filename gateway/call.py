"""The way of one call, from an application to a model and back. Read `govern` from top to bottom.

    wire ── identity ── admission ── findings ── input ── routing ──▶ RECORD opened ──▶ provider
    wire ◀── label ◀── RECORD closed ◀────────────── output findings ◀───────────────────┘

This file does what decisions say and records it; it decides nothing. What it needs from outside (the ledger, the
analyser, providers, a clock) comes in `Parts`, so that a playbook can run it without sockets. Its two guarantees:

* no byte goes to a provider before `call.opened` is durable (promise 1);
* no complete answer goes to an application before `call.closed` is durable (promise 2): of a stream, the frames that
  complete it are kept back until then.

Whatever fails in between ends as a refusal (promise 3) and is recorded as far as the ledger's state allows.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import orjson

from gateway import refusals, situation
from gateway.audit import Receipt
from gateway.config import Configuration, Deployment, System
from gateway.errors import Fault, Message, VigieError
from gateway.identity import Principal
from gateway.policies import Decision, Effect, Facts, Remembered, Stage
from gateway.privacy import Finding, Histories, Opened, Protected, Restorer, StreamGuard, protect
from gateway.providers import ProviderFault, Reply, Request
from gateway.situation import Asked
from gateway.sovereignty import Attested, Breaker, Places, RememberedSuspensions, Residency, Suspensions, rank
from gateway.supervision import Halt, Running, Subject, Ticket, halted
from gateway.telemetry import Telemetry
from gateway.trace import Fragments, Trace
from gateway.transparency import Label, envelope, header, label_for, sentence
from gateway.wire import answers, chat, embeddings
from gateway.wire.calls import Call, Limits, ProviderBroke, rewrite, written
from gateway.wire.errors import error_event, render
from gateway.wire.stream import ChatStream


class Ledger(Protocol):
    """What the way of a call asks of the ledger: durable when it returns."""

    async def append(self, record: Mapping[str, Any]) -> Receipt: ...


class Keys(Protocol):
    """Who presents a key, as of the last known epoch."""

    def authenticate(self, token: str) -> Principal | None: ...

    async def look_again(self, token: str) -> Principal | None: ...

    async def refresh(self, epoch: int) -> None: ...


class Halts(Protocol):
    """The emergency stops, as of the last known epoch."""

    def stops(self, subject: Subject) -> Halt | None: ...

    async def refresh(self, epoch: int) -> None: ...


class Analyser(Protocol):
    """Finds personal data; raises when it cannot."""

    @property
    def ready(self) -> bool: ...

    async def find(self, texts: Sequence[str]) -> list[tuple[Finding, ...]]: ...


class Providers(Protocol):
    """Calls a deployment; raises `ProviderFault`."""

    async def send(self, deployment: Deployment, request: Request) -> Reply: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that a call needs from outside, given once by the composition root (or by a playbook)."""

    configuration: Callable[[], Configuration]
    keys: Keys
    halts: Halts
    running: Running
    analyser: Analyser
    decisions: Remembered
    fragments: Fragments
    places: Places
    ledger: Ledger
    providers: Providers
    breaker: Breaker
    telemetry: Telemetry
    tokens_used: Callable[[str, str], int]
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    zone: ZoneInfo
    finish_later: Callable[[asyncio.Task[Any]], None]
    suspensions: Suspensions = field(default_factory=RememberedSuspensions)
    histories: Histories = field(default_factory=Histories)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the application: a whole `body`, or `frames` of a stream."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
    frames: AsyncIterator[bytes] | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """A deployment that policy admits, and what it is to receive."""

    deployment: Deployment
    body: dict[str, Any]


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
    def assessed(self) -> tuple[str, ...]:
        """The types that the system's assessment names."""
        return self.system.assessment.personal_data if self.system.assessment is not None else ()


async def govern(asked: Asked, parts: Parts) -> Answer:
    """One call, governed. Never raises: whatever happens becomes an answer in the client's own protocol."""
    trace = Trace(parts.new_id(), parts.clock(), parts.fragments)
    ticket = parts.running.enter(Subject())
    streaming = False
    try:
        principal = await identify(asked, parts, trace)
        configuration = parts.configuration()
        call = parse(asked, configuration)
        system = admit(asked, call, principal, configuration, parts, trace, ticket)
        governed = await protect_input(asked, call, system, configuration, parts, trace)
        routes = route(governed, parts, trace)
        if asked.dry_run:
            return await rehearse(governed, routes, principal, parts, trace, ticket)
        receipt = await parts.ledger.append(trace.opened(parts.clock()))
        await still_allowed(asked, principal, receipt, parts, ticket)
        deployment, reply = await first_answer(routes, call, parts, trace, ticket)
        attested = Attested(deployment, reply.headers)
        if call.stream:
            frames = deliver_stream(governed, attested, reply, parts, trace, ticket)
            await anext(frames)
            streaming = True
            return Answer(200, headers_of(trace, governed, "text/event-stream; charset=utf-8"), frames=frames)
        return await deliver(governed, attested, reply, parts, trace)
    except asyncio.CancelledError:
        if ticket.halt is not None:
            ticket.came_back()
            return await refuse(halted(ticket.halt), asked, parts, trace)
        close_later(parts, trace, "client_left")
        raise
    except VigieError as error:
        blame(error, parts, trace)
        return await refuse(error, asked, parts, trace)
    except Exception as error:  # noqa: BLE001 - the last resort: fail closed, and say nothing of what was in hand
        parts.telemetry.unexpected(error)
        return await refuse(_unexpected(), asked, parts, trace)
    finally:
        if not streaming:
            parts.running.leave(ticket)


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
    if asked.protocol == "embeddings":
        return embeddings.parse(asked.body, limits)
    return chat.parse(asked.body, limits)


def admit(
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
    decide(Stage.ADMISSION, {}, configuration, parts, trace)
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
    label = label_for(system, configuration) if call.protocol == "chat" else None
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
        decision = parts.decisions.decide(configuration.policy, Stage.ROUTING, {**trace.facts, **facts})
        trace.decided(Stage.ROUTING, facts, decision)
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
    return [Route(one, chat.with_usage(rewrite(call, texts, model=one.provider.model))) for one in rank(admitted)]


def decide(stage: Stage, facts: Facts, configuration: Configuration, parts: Parts, trace: Trace) -> Decision:
    """Ask policy, keep the decision, and raise what a refusal amounts to."""
    whole = {**trace.facts, **facts}
    decision = parts.decisions.decide(configuration.policy, stage, whole)
    trace.decided(stage, facts, decision)
    if decision.effect in (Effect.DENY, Effect.HOLD):
        raise refusals.denied(configuration.policy, stage, whole, decision, parts.decisions)
    return decision


async def rehearse(
    governed: Governed, routes: Sequence[Route], principal: Principal, parts: Parts, trace: Trace, ticket: Ticket
) -> Answer:
    """`x-vigie-dry-run`: the decision and where the call would go; no provider is called."""
    receipt = await parts.ledger.append(trace.closed(parts.clock(), "dry_run"))
    await still_allowed(governed.asked, principal, receipt, parts, ticket)
    body = {
        "object": "vigie.decision",
        "decision": trace.decision,
        "policy": trace.policy,
        "rules": sorted(trace.matched),
        "entities": sorted(set(governed.found)),
        "deployments": [one.deployment.id for one in routes],
    }
    return Answer(200, headers_of(trace, None, "application/json"), orjson.dumps(body))


async def still_allowed(asked: Asked, principal: Principal, receipt: Receipt, parts: Parts, ticket: Ticket) -> None:
    """The record was committed under `receipt.epoch`: a key revoked or a halt raised before then stops the call here.

    A deployment that another process suspended before then is known from here on as well.
    """
    await parts.suspensions.refresh(receipt.epoch)
    await parts.halts.refresh(receipt.epoch)
    halt = parts.halts.stops(ticket.subject)
    if halt is not None:
        raise halted(halt)
    if receipt.epoch == principal.epoch:
        return
    await parts.keys.refresh(receipt.epoch)
    if parts.keys.authenticate(asked.token) is None:
        raise refusals.unauthenticated()


# ── the provider ──────────────────────────────────────────────────────────────────────────────────────────────────


async def first_answer(
    routes: Sequence[Route], call: Call, parts: Parts, trace: Trace, ticket: Ticket
) -> tuple[Deployment, Reply]:
    """The first healthy route that answers. Retry and fallback go down the admitted list and never outside it."""
    fault: ProviderFault | None = None
    for one in routes:
        name = one.deployment.id
        ticket.subject = replace(ticket.subject, deployment=name, operator=one.deployment.operator.name)
        if parts.halts.stops(ticket.subject) is not None:
            trace.attempts.append({"deployment": name, "outcome": "halted"})
            continue
        if parts.suspensions.suspended(one.deployment):
            trace.attempts.append({"deployment": name, "outcome": "suspended"})
            continue
        if not parts.breaker.allows(name):
            trace.attempts.append({"deployment": name, "outcome": "circuit_open"})
            continue
        path = "/embeddings" if call.protocol == "embeddings" else "/chat/completions"
        try:
            reply = await parts.providers.send(one.deployment, Request(path, one.body, call.stream, trace.decision))
        except ProviderFault as error:
            trace.attempts.append({"deployment": name, "outcome": error.code})
            if error.counts_against:
                parts.breaker.failed(name)
            if not error.retryable:
                raise
            fault = error
            continue
        trace.attempts.append({"deployment": name, "outcome": "answered"})
        trace.deployment = name
        return one.deployment, reply
    raise fault if fault is not None else _no_healthy_deployment()


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


async def deliver(governed: Governed, attested: Attested, reply: Reply, parts: Parts, trace: Trace) -> Answer:
    """A whole answer: output findings, values put back, label, record, application."""
    body = reply.body or b""
    if governed.call.protocol == "embeddings":
        answer = embeddings.checked_answer(body)
        await answered(attested, answer, parts, trace)
        trace.usage = embeddings.usage(answer)
        answer["model"] = governed.call.model
    else:
        answer = chat.checked_answer(body)
        await answered(attested, answer, parts, trace)
        trace.usage = chat.usage(answer)
        answer = await restore_answer(governed, answer, parts, trace)
    body = written(answer)
    await parts.ledger.append(trace.closed(parts.clock(), "served"))
    parts.telemetry.call_finished(trace, governed.call.model)
    return Answer(200, headers_of(trace, governed, "application/json"), body)


async def answered(attested: Attested, answer: Mapping[str, Any], parts: Parts, trace: Trace) -> None:
    """The deployment gave a whole answer; what it says of where it was made."""
    parts.breaker.succeeded(trace.deployment)
    attested.look(answer)
    await check_residency(attested, parts, trace)


async def restore_answer(governed: Governed, answer: dict[str, Any], parts: Parts, trace: Trace) -> dict[str, Any]:
    """The model's own words pass the output stage; then the application's values come back into them."""
    effects = OutputEffects(governed, parts, trace)
    restorer = governed.protected.restorer()
    result = await answers.guarded(
        answer,
        guards_of(governed, restorer, effects, parts),
        model=governed.call.model,
        envelope=envelope_of(governed, trace),
        opening=opening_of(governed, trace),
    )
    effects.settle()
    trace.placeholders_unknown = restorer.unknown
    return result


def guards_of(
    governed: Governed, restorer: Restorer, effects: OutputEffects, parts: Parts
) -> Callable[[answers.Channel], StreamGuard]:
    """A guard for each text of an answer, whole or streamed."""

    def guard_for(_channel: answers.Channel) -> StreamGuard:
        return StreamGuard(restorer, parts.analyser, effects.of_one_text(), known=governed.protected.holds)

    return guard_for


async def deliver_stream(
    governed: Governed, attested: Attested, reply: Reply, parts: Parts, trace: Trace, ticket: Ticket
) -> AsyncGenerator[bytes, None]:
    """A streamed answer. What completes it is kept back until its record is durable; a cut is an error event."""
    effects = OutputEffects(governed, parts, trace)
    restorer = governed.protected.restorer()
    stream = ChatStream(
        guards_of(governed, restorer, effects, parts),
        model=governed.call.model,
        envelope=envelope_of(governed, trace),
        opening=opening_of(governed, trace),
        hide_usage=not chat.wants_usage(governed.call.body),
        seen=attested.look,
    )
    begun = False
    try:
        yield b""  # taken by `govern`: a generator that was never started would end, unread, without what follows `try`
        assert reply.stream is not None
        await check_residency(attested, parts, trace)
        async for data in reply.stream:
            if ticket.halt is not None:
                await asyncio.sleep(0)  # where the cancellation lands, however fast the provider writes
            frames = await stream.feed(data)
            await check_residency(attested, parts, trace)
            if frames:
                if not begun:
                    begun = True
                    parts.telemetry.first_chunk(trace, governed.call.model)
                yield b"".join(frames)
        kept_back = await stream.finish()
        parts.breaker.succeeded(trace.deployment)
        effects.settle()
        trace.usage, trace.placeholders_unknown = stream.usage, restorer.unknown
        await parts.ledger.append(trace.closed(parts.clock(), "served"))
        parts.telemetry.call_finished(trace, governed.call.model)
        yield b"".join(kept_back)
    except VigieError as error:
        blame(error, parts, trace)
        yield await cut(error, governed.asked, parts, trace)
    except asyncio.CancelledError:
        if ticket.halt is None:
            close_later(parts, trace, "client_left")
            raise
        ticket.came_back()
        yield await cut(halted(ticket.halt), governed.asked, parts, trace)
    except GeneratorExit:
        close_later(parts, trace, "client_left" if ticket.halt is None else "halted")
        raise
    except Exception as error:  # noqa: BLE001 - as in `govern`
        parts.telemetry.unexpected(error)
        yield await cut(_unexpected(), governed.asked, parts, trace)
    finally:
        parts.running.leave(ticket)
        await reply.aclose()


class OutputEffects:
    """The output stage, asked again at each finding; the last answer, on all that was found, is what is recorded.

    What becomes of a finding depends on those before it in the same text, so that it does not matter how the texts of a
    streamed answer arrive among each other; what cuts the answer depends on all of them. Beyond a hundred findings their
    count goes in steps of a tenth, so that a text full of them is not ten thousand decisions.
    """

    def __init__(self, governed: Governed, parts: Parts, trace: Trace) -> None:
        self._governed, self._parts, self._trace = governed, parts, trace
        self._found: Counter[str] = Counter()

    def of_one_text(self) -> Callable[[Sequence[str]], Mapping[str, Effect]]:
        """For one text: given one type for each new finding, what to do with each type. Raises `Denied`, which cuts."""
        own: Counter[str] = Counter()

        def effects(types: Sequence[str]) -> Mapping[str, Effect]:
            own.update(types)
            self._found.update(types)
            if self._decision(self._found).effect is Effect.DENY:
                self.settle()
            return self._decision(own).transforms

        return effects

    def settle(self) -> None:
        """Record the output decision, once, on all that was found. Raises `Denied` if that is what it is."""
        decide(
            Stage.OUTPUT,
            self._facts(self._found, self._found.total()),
            self._governed.configuration,
            self._parts,
            self._trace,
        )

    def _decision(self, found: Counter[str]) -> Decision:
        count = found.total()
        step = max(1, 10 ** (len(str(count)) - 2))
        whole = {**self._trace.facts, **self._facts(found, count // step * step if count > 100 else count)}
        return self._parts.decisions.decide(self._governed.configuration.policy, Stage.OUTPUT, whole)

    def _facts(self, found: Counter[str], count: int) -> Facts:
        return {**situation.output_facts(found, found), "output.count": count}


# ── endings ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def refuse(error: VigieError, asked: Asked, parts: Parts, trace: Trace) -> Answer:
    """The refusal or fault in the client's own protocol, recorded first if anything was decided."""
    error = await unless_revoked(await close(error, parts, trace), asked, parts, trace)
    details = error.details(asked.language) if isinstance(error, refusals.Denied) else {}
    status, headers, body = render(error, trace.decision, asked.language, details)
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


async def cut(error: VigieError, asked: Asked, parts: Parts, trace: Trace) -> bytes:
    """The last frame of a stream that ends early: an error event, which every stock SDK raises."""
    error = await close(error, parts, trace)
    parts.telemetry.call_refused(trace, error.code)
    details = error.details(asked.language) if isinstance(error, refusals.Denied) else {}
    return error_event(error, trace.decision, asked.language, details)


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


def close_later(parts: Parts, trace: Trace, outcome: str) -> None:
    """The client has gone: record it from a task that the application owns, since this one is being cancelled."""
    if trace.is_open and not trace.is_closed:
        record = trace.closed(parts.clock(), outcome)
        parts.finish_later(asyncio.ensure_future(parts.ledger.append(record)))
        parts.telemetry.call_refused(trace, outcome)


def headers_of(trace: Trace, governed: Governed | None, content_type: str) -> dict[str, str]:
    """The additional headers of an answer."""
    headers = {"content-type": content_type, "x-vigie-decision": trace.decision}
    if governed is not None and governed.label is not None:
        headers |= header(governed.label)
        trace.label = governed.label.id
    return headers


def envelope_of(governed: Governed, trace: Trace) -> dict[str, Any] | None:
    """The additive field `vigie` of the answer's JSON."""
    if governed.label is None:
        return None
    trace.label = governed.label.id
    return envelope(trace.decision, governed.label)


def opening_of(governed: Governed, trace: Trace) -> str | None:
    """The visible sentence, where the register asks for one; the wire puts it first, and never into JSON."""
    if governed.label is None or not governed.label.visible or governed.call.wants_json:
        return None
    return sentence(governed.label, trace.decision)


def _unexpected() -> Fault:
    return Fault(
        Message(
            "Une erreur interne a interrompu la demande\u00a0; rien n'a été transmis de plus.",
            "An internal error stopped the request; nothing more was sent.",
        ),
        Message("Réessayer, puis donner cette référence au soutien.", "Retry, then give this reference to support."),
        code="internal_error",
        status=500,
    )


def _no_healthy_deployment() -> Fault:
    return Fault(
        Message(
            "Aucun déploiement admissible ne répond en ce moment.", "No admissible deployment answers at the moment."
        ),
        Message("Réessayer dans quelques instants.", "Retry in a moment."),
        code="no_healthy_deployment",
        status=503,
    )
