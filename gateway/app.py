"""Composition root: what is wired to what. *Edge*: HTTP in, and the life of every long-lived part.

Plain ASGI under Starlette's router: a call's body is read within its bound, handed to `gateway.call.govern`, and the
answer goes out as it comes. A client that leaves cancels its call; a client that stalls is cut after a bound.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from starlette.applications import Starlette
from starlette.datastructures import State
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway import __version__, desk, ledger_pages, refusals
from gateway.audit import Ledger, Signer, now_text
from gateway.call import Unfinished, govern
from gateway.config import Configuration, Live, Settings, secret
from gateway.content import Archive, days_now, open_archive
from gateway.errors import Fault, Message, Refusal, VigieError
from gateway.identity import Keys, Principal, hash_user
from gateway.openapi import document
from gateway.parts import Answer, Parts
from gateway.policies import Remembered
from gateway.privacy import open_analyser
from gateway.providers import Providers
from gateway.situation import Asked
from gateway.sovereignty import Breaker, KeptSuspensions, Places
from gateway.storage import Signals, Store, open_store
from gateway.supervision import Halt, Halts, Holds, Notices, Running, Seal, Ticket, Watch, join_key_of
from gateway.telemetry import Telemetry, Traced, configure
from gateway.trace import Fragments
from gateway.web import NO_STORE, answered, bearer
from gateway.wire.calls import check_form
from gateway.wire.errors import language_of, render

UNWATCHED_S = 0.02
RELOAD_EVERY_S = 1.0
POLL_HALTS_S = 0.1
MEASURE_HALT_S = 30.0
SWEEP_EVERY_S = 900.0


@dataclass(slots=True)
class House:
    """Every long-lived part of one gateway process. Owned by `lifespan`, which starts and stops them in order."""

    live: Live
    data: Path
    store: Store
    ledger: Ledger
    keys: Keys
    halts: Halts
    holds: Holds
    watch: Watch
    signals: Signals
    notices: Notices
    content: Archive
    telemetry: Telemetry
    parts: Parts
    providers: Providers
    user_key: bytes
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    @property
    def configuration(self) -> Configuration:
        return self.live.current


# ── starting and stopping ─────────────────────────────────────────────────────────────────────────────────────────


@contextlib.asynccontextmanager
async def open_house(config: Path, data: Path) -> AsyncIterator[House]:
    """Start everything in order (configuration, store, ledger, keys, analyser), stop it in reverse.

    Raises `ConfigurationError` or a `Fault`: a gateway that cannot keep its promises does not start.
    """
    live = Live(config)
    configuration = live.current
    settings = configuration.settings
    telemetry = configure(settings.telemetry)
    make_private(data)
    store = open_store(store_url(settings, data))
    if store.embedded:
        store.upgrade()
    store.require_current()
    ledger = Ledger(store, Signer.open(data / "ledger.key", store), settings.ledger.origin)
    pepper = key_file(data / "identity.key")
    keys = Keys(store, pepper)
    halts, running = Halts(store), Running()
    notices = Notices(store, lambda: live.current.settings.notices.webhooks)
    holds = Holds(
        store,
        Seal(pepper),
        same_person=lambda person, asked: asked in requesters_of(person, pepper),
        also=notices.queue,
    )
    signals = Signals(store)
    watch = Watch(holds, signals.changed)
    content = open_archive(store, settings, data, pepper, lambda: live.current.settings.retention)
    analyser = open_analyser(settings.privacy, configuration.recognizers)
    providers, suspensions = Providers(), KeptSuspensions(store)
    tasks: set[asyncio.Task[Any]] = set()
    zone = ZoneInfo(settings.timezone)
    parts = Parts(
        configuration=lambda: live.current,
        keys=keys,
        analyser=analyser,
        decisions=Remembered(),
        fragments=Fragments(),
        places=Places(),
        halts=halts,
        holds=holds,
        watch=watch,
        running=running,
        ledger=ledger,
        providers=providers,
        breaker=Breaker(),
        telemetry=telemetry,
        tokens_used=ledger.tokens_used,
        keyed_hash=lambda text: hash_user(pepper, f"text\0{text}"),
        join_key=lambda system, session, request: join_key_of(pepper, system, session, request),
        clock=lambda: datetime.now(UTC),
        new_id=DecisionIds(),
        zone=zone,
        finish_later=lambda task: owned(task, tasks),
        suspensions=suspensions,
        contents=content.contents,
    )
    house = House(
        live, data, store, ledger, keys, halts, holds, watch, signals, notices, content, telemetry, parts, providers, pepper, tasks
    )  # fmt: skip
    halts.tell(lambda in_force: carry_out(in_force, house))
    async with contextlib.AsyncExitStack() as stack:
        await ledger.start()
        stack.push_async_callback(ledger.stop)
        await ledger.publish_policy(configuration.policy.version, configuration.policy.source)
        await keys.refresh(0)
        await halts.refresh(0)
        await suspensions.refresh(0)
        stack.push_async_callback(providers.aclose)
        preparing = asyncio.create_task(providers.prepare(configuration.catalogue))
        stack.push_async_callback(stop_task, preparing)
        await analyser.start()
        stack.push_async_callback(analyser.stop)
        signals.start()  # no sooner: a thread is not there in the analyser's processes
        stack.push_async_callback(signals.stop)
        await preparing
        stack.push_async_callback(content.contents.stop)
        stack.push_async_callback(finish, tasks)
        for keeping in (
            keep_current(house), keep_halts(house), keep_retention(house), watch.forever(), notices.forever()
        ):  # fmt: skip
            stack.push_async_callback(stop_task, asyncio.create_task(keeping))
        yield house
    await asyncio.to_thread(telemetry.close)
    content.close()
    store.close()


async def keep_current(house: House) -> None:
    """Take up changed files of `config/`: all of them or none. A new policy is in the ledger before it decides."""
    while True:
        await asyncio.sleep(RELOAD_EVERY_S)
        before = house.live.problems
        candidate = await asyncio.to_thread(house.live.candidate)
        if house.live.problems and house.live.problems != before:
            house.telemetry.configuration_refused(len(house.live.problems))
        if candidate is None:
            continue
        try:
            await house.ledger.publish_policy(candidate.policy.version, candidate.policy.source)
            house.live.adopt(candidate)
            await house.providers.prepare(candidate.catalogue)
        except Exception as error:  # noqa: BLE001 - a store that is out: tried again at the next turn, which must come
            house.telemetry.unexpected(error)
            continue
        house.telemetry.configuration_adopted(candidate.version)


async def keep_halts(house: House) -> None:
    """Take up halts that other processes raised or lifted. Those of this process are known at once."""
    while True:
        await house.signals.changed(POLL_HALTS_S)
        try:
            await house.halts.poll()
        except Fault:
            continue  # new calls fail at the ledger, and no open stream can end as served: nothing passes unseen


async def keep_retention(house: House) -> None:
    """Destroy what has been kept for as long as it may be. What a store that is out leaves undone is done next time."""

    def sweep() -> None:
        retention = house.configuration.settings.retention
        house.content.destruction.sweep(days_now(house.configuration.register, retention))
        house.notices.destroy_old(retention.notices_days)

    while True:
        try:
            await asyncio.to_thread(sweep)
        except Exception as error:  # noqa: BLE001 - as above
            house.telemetry.unexpected(error)
        await asyncio.sleep(SWEEP_EVERY_S)


def carry_out(in_force: Sequence[Halt], house: House) -> None:
    """Cut the calls under way that the halts in force stop, and record how long it took."""
    for halt, tickets in house.parts.running.cut(in_force).items():
        owned(asyncio.create_task(measure_halt(halt, tickets, house)), house.tasks)
    owned(asyncio.create_task(cancel_halted(in_force, house)), house.tasks)


async def cancel_halted(in_force: Sequence[Halt], house: House) -> None:
    """Cancel the held actions that the halts in force stop. What is missed here is cancelled when somebody touches it."""
    with contextlib.suppress(Fault):
        await asyncio.to_thread(house.holds.cancel_halted, in_force)


def requesters_of(person: str, pepper: bytes) -> tuple[str, ...]:
    """What a hold may name as its requester and be this person: themselves, or them as an application's end user."""
    return person, f"user:{hash_user(pepper, person)}"


async def measure_halt(halt: Halt, tickets: Sequence[Ticket], house: House) -> None:
    """The record of a halt's effect in this process: how many calls it cut, and the time until the last was over."""
    started = time.perf_counter()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(MEASURE_HALT_S):
            for ticket in tickets:
                await ticket.over.wait()
    elapsed = time.perf_counter() - started
    left = sum(not ticket.over.is_set() for ticket in tickets)
    record = {
        "kind": "halt.carried_out",
        "id": f"{halt.id}.carried_out.{house.parts.new_id()[2:]}",
        "time": now_text(),
        "halt": halt.id,
        "drill": halt.drill,
        "cut": len(tickets),
        "left": left,
        "elapsed_ms": round(elapsed * 1000),
    }
    with contextlib.suppress(Fault):
        await house.ledger.append(record)
    house.telemetry.security_event("halt_carried_out")


def store_url(settings: Settings, data: Path) -> str:
    """The configured store, or SQLite in the data directory."""
    return secret(settings.storage.url) if settings.storage.url is not None else f"sqlite:///{data / 'vigie.db'}"


def make_private(data: Path) -> None:
    """The data directory, which only its owner enters."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)


def owned(task: asyncio.Task[Any], tasks: set[asyncio.Task[Any]]) -> None:
    """Keep a task until it ends, so that it is neither collected nor forgotten at shutdown."""
    tasks.add(task)
    task.add_done_callback(tasks.discard)


async def finish(tasks: set[asyncio.Task[Any]]) -> None:
    """At shutdown: let the last records be written, within a bound."""
    if tasks:
        await asyncio.wait(tasks, timeout=5)


async def stop_task(task: asyncio.Task[Any]) -> None:
    """Cancel a task and await its end."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


class DecisionIds:
    """Time-ordered (48 bits of milliseconds) and unguessable (80 random bits).

    Random bits are drawn for many ids at once: each draw lets other threads in, which costs more than the bits. Made
    after worker processes are, so that no two share bits.
    """

    def __init__(self) -> None:
        self._bits: Iterator[str] = iter(())

    def __call__(self) -> str:
        bits = next(self._bits, None)
        if bits is None:
            drawn = secrets.token_hex(10 * 256)
            self._bits = iter([drawn[at : at + 20] for at in range(0, len(drawn), 20)])
            bits = next(self._bits)
        return f"d-{time.time_ns() // 1_000_000:012x}{bits}"


def key_file(path: Path) -> bytes:
    """A 32-byte secret of this installation, made at first use, readable by its owner alone."""
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
    key = path.read_bytes()
    if len(key) != 32:
        raise Fault(
            Message(f"Le fichier de clé {path.name} est abîmé.", f"The key file {path.name} is damaged."),
            Message("Le restaurer depuis la sauvegarde.", "Restore it from the backup."),
            code="key_damaged",
        )
    return key


# ── HTTP ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class Calls:
    """`POST /v1/chat/completions` and `/v1/embeddings`: one governed call."""

    def __init__(self, protocol: str, state: State) -> None:
        self.protocol, self._state = protocol, state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        house: House = self._state.house
        request = Request(scope, receive)
        language = language_of(request.headers.get("accept-language", ""))
        try:
            body = await read_body(request, house.configuration.settings.listener.max_body_bytes)
        except VigieError as error:
            await answer_error(error, house.parts.new_id(), language, self.protocol)(scope, receive, send)
            return
        except ClientDisconnect:
            return
        asked = asked_of(request, self.protocol, body, language, house.user_key)
        await unless_client_leaves(respond(asked, house.parts, send), receive)


class Doors:
    """Calls go straight to their endpoint; what is not one goes through Starlette's router and middleware."""

    def __init__(self, routed: Starlette) -> None:
        self._routed = routed
        self._calls = {
            "/v1/chat/completions": Calls("chat", routed.state),
            "/v1/embeddings": Calls("embeddings", routed.state),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = self._calls.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        await (call or self._routed)(scope, receive, send)


async def respond(asked: Asked, parts: Parts, send: Send) -> None:
    """Govern the call and send what comes of it."""
    await send_answer(await govern(asked, parts), send)


async def unless_client_leaves(responding: Coroutine[Any, Any, None], receive: Receive) -> None:
    """Respond, or stop responding as soon as the client goes away.

    A plain ASGI endpoint is not told of a disconnect: somebody has to listen on `receive`. Nobody does for the first
    `UNWATCHED_S`, within which most calls that wait for no model are over.
    """
    call, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert call is not None
    left = False
    watching: asyncio.Task[None] | None = None

    async def watch() -> None:
        nonlocal left
        while (await receive())["type"] != "http.disconnect":
            pass
        left = True
        call.cancel()

    def start_watching() -> None:
        nonlocal watching
        watching = asyncio.create_task(watch(), name="vigie-client-leaves")

    timer = loop.call_later(UNWATCHED_S, start_watching)
    try:
        await responding
    except asyncio.CancelledError:
        if not left:
            raise
        call.uncancel()
    finally:
        timer.cancel()
        if watching is not None:
            watching.cancel()


async def send_answer(answer: Answer, send: Send) -> None:
    """Send the answer as it comes. `send` waits for a slow client; the listener cuts one that takes nothing."""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in (answer.headers | NO_STORE).items()]
    if answer.frames is None:
        headers.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})
        return
    try:
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        async for frame in answer.frames:
            await send({"type": "http.response.body", "body": frame, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    except Unfinished:
        return  # the server sees a body that is not complete, and breaks the connection
    finally:
        await answer.frames.aclose()  # type: ignore[attr-defined]


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body, refused as soon as it is known not to be JSON or to be over `limit` bytes."""
    check_form(request.headers.get("content-type", ""), request.headers.get("content-encoding", ""))
    too_large = Refusal(
        Message(f"Le corps de la demande dépasse {limit} octets.", f"The request body is over {limit} bytes."),
        Message("Réduire la demande.", "Make the request smaller."),
        code="too_large",
        status=413,
    )
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > limit:
        raise too_large
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise too_large
        parts.append(part)
    return b"".join(parts)


def asked_of(request: Request, protocol: str, body: bytes, language: str, user_key: bytes) -> Asked:
    """The call's optional headers. The end user is hashed at once, with a key, so that nothing can be guessed back."""
    headers = request.headers
    user = headers.get("x-vigie-user", "")
    return Asked(
        protocol=protocol,
        body=body,
        token=bearer(request),
        user=hash_user(user_key, user) if user else "",
        session=headers.get("x-vigie-session", ""),
        agent=headers.get("x-vigie-agent", ""),
        purpose=headers.get("x-vigie-purpose", ""),
        classification=headers.get("x-vigie-classification", "")[:64],
        dry_run=headers.get("x-vigie-dry-run", "").lower() == "true",
        language=language,
    )


async def models(request: Request) -> Response:
    """`GET /v1/models[/{model}]`: what this key may use, in OpenAI's shape."""
    house: House = request.app.state.house
    principal: Principal | None = await house.keys.look_again(bearer(request))
    system = house.configuration.register.system(principal.system or "") if principal is not None else None
    if system is None:
        raise refusals.unauthenticated()
    known = [name for name in system.models if house.configuration.catalogue.model(name) is not None]
    asked = request.path_params.get("model")
    body = house.configuration.register.body.id
    listed = [{"id": name, "object": "model", "created": 0, "owned_by": body} for name in known]
    if asked is None:
        return answered({"object": "list", "data": listed})
    for one in listed:
        if one["id"] == asked:
            return answered(one)
    raise refusals.unknown_model(known)


async def healthz(_: Request) -> Response:
    """The process is alive. Says nothing of its parts: see `/readyz`."""
    return answered({"status": "ok", "version": __version__})


async def readyz(request: Request) -> Response:
    """Whether a call would be answered now: 200 or 503, with the state of each part."""
    house: House = request.app.state.house
    checks = {
        "ledger": house.ledger.problem() or "ok",
        "analyser": "ok" if house.parts.analyser.ready else "not ready",
        "configuration": "ok" if not house.live.problems else "refused; the running version stays",
    }
    ready = checks["ledger"] == "ok" and checks["analyser"] == "ok"
    problems = [str(problem) for problem in house.live.problems]
    body = {
        "status": "ready" if ready else "not ready",
        "checks": checks,
        "configuration": {
            "version": house.configuration.version,
            "policy": house.configuration.policy.version,
            "problems": problems,
            "restart_needed": house.live.restart_needed(),
        },
    }
    return answered(body, 200 if ready else 503)


async def metrics(request: Request) -> Response:
    """Prometheus text."""
    body, content_type = request.app.state.house.telemetry.render_metrics()
    return Response(body, headers={"content-type": content_type})


async def openapi(_: Request) -> Response:
    """The API's own description."""
    return answered(document())


def answer_error(error: VigieError, decision: str, language: str, protocol: str = "chat") -> Response:
    """A refusal or fault outside a governed call, in the protocol's shape."""
    details = error.details(language) if isinstance(error, refusals.Denied) else {}
    status, headers, body = render(error, protocol, decision, language, details)
    return Response(orjson.dumps(body), status, headers={**headers, **NO_STORE, "x-vigie-decision": decision})


async def on_error(request: Request, error: Exception) -> Response:
    """Every error that reaches Starlette: ours as they are, any other as `internal_error` without a word of it."""
    house: House = request.app.state.house
    language = language_of(request.headers.get("accept-language", ""))
    if not isinstance(error, VigieError):
        house.telemetry.unexpected(error)
        error = Fault(Message("Erreur interne.", "Internal error."), code="internal_error", status=500)
    return answer_error(error, house.parts.new_id(), language)


async def on_missing(request: Request, _: Exception) -> Response:
    """An unknown path or method, said as OpenAI's clients expect it."""
    error = Refusal(
        Message(
            "Ce chemin n'existe pas ou n'admet pas cette méthode.", "This path does not exist, or not with this method."
        ),
        Message("Voir /openapi.json.", "See /openapi.json."),
        code="not_found",
        status=404,
    )
    return await on_error(request, error)


def create(config: Path | None = None, data: Path | None = None) -> ASGIApp:
    """The application. Without arguments, as a server's factory, it reads `VIGIE_CONFIG` and `VIGIE_DATA`."""
    config = config or Path(os.environ.get("VIGIE_CONFIG", "config"))
    data = data or Path(os.environ.get("VIGIE_DATA", "data"))

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with open_house(config, data) as house:
            app.state.house = house
            traced.count(house.telemetry.meters)
            gc.collect()
            gc.freeze()  # what lives as long as the process is not looked at again: it was a pause of 60 ms
            yield

    handlers: dict[Any, Callable[[Request, Any], Awaitable[Response]]] = {
        404: on_missing,
        405: on_missing,
        VigieError: on_error,
        Exception: on_error,
    }
    routed = Starlette(
        routes=[
            Route("/v1/models", models),
            Route("/v1/models/{model:path}", models),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
            Route("/openapi.json", openapi),
            *ledger_pages.routes(),
            *desk.ROUTES,
        ],
        exception_handlers=handlers,
        lifespan=lifespan,
    )
    traced = Traced(Doors(routed))
    return traced
