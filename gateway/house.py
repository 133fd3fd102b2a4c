"""Every long-lived part of one gateway process: what is wired to what, and in which order it starts and stops. *Edge*."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from gateway.audit import Ledger, Signer, now_text
from gateway.audit.stamping import Anchoring
from gateway.config import Configuration, Live, Settings, secret
from gateway.content import Archive, days_now, open_archive
from gateway.errors import Fault, Message
from gateway.identity import Keys, hash_user
from gateway.mcp import Servers
from gateway.parts import Parts
from gateway.policies import Remembered
from gateway.privacy import Analyser, open_analyser
from gateway.providers import Providers, ask_authority
from gateway.sovereignty import Breaker, KeptSuspensions, Places
from gateway.storage import Signals, Store, open_store
from gateway.supervision import (
    Halt,
    Halts,
    Holds,
    KeptHistory,
    Notices,
    Running,
    Seal,
    Ticket,
    Watch,
    join_key_of,
)
from gateway.telemetry import Telemetry, configure
from gateway.trace import Fragments
from gateway.transparency import Provenance

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
    analyser: Analyser
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
    provenance: Provenance
    servers: Servers
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
    house = build(config, data)
    configuration, parts = house.configuration, house.parts
    house.halts.tell(lambda in_force: carry_out(in_force, house))
    async with house.servers.running(configuration.mcp), contextlib.AsyncExitStack() as stack:
        await house.ledger.start()
        stack.push_async_callback(house.ledger.stop)
        await house.ledger.publish_policy(configuration.policy.version, configuration.policy.source)
        house.provenance.start()
        stack.push_async_callback(house.provenance.stop)
        await house.keys.refresh(0)
        await house.halts.refresh(0)
        await parts.suspensions.refresh(0)
        stack.push_async_callback(house.providers.aclose)
        preparing = asyncio.create_task(house.providers.prepare(configuration.catalogue))
        stack.push_async_callback(stop_task, preparing)
        await house.analyser.start()
        stack.push_async_callback(house.analyser.stop)
        house.signals.start()  # no sooner: a thread is not there in the analyser's processes
        stack.push_async_callback(house.signals.stop)
        await preparing
        stack.push_async_callback(house.content.contents.stop)
        stack.push_async_callback(finish, house.tasks)
        anchoring = Anchoring(
            configuration.settings.ledger,
            data,
            house.ledger.checkpoint,
            ask_authority,
            house.telemetry.unexpected,
            parts.zone,
        )
        for keeping in (
            keep_current(house),
            keep_halts(house),
            keep_retention(house),
            house.watch.forever(),
            house.notices.forever(),
            anchoring.forever(),
        ):
            stack.push_async_callback(stop_task, asyncio.create_task(keeping))
        yield house
    await asyncio.to_thread(house.telemetry.close)
    house.content.close()
    house.store.close()


def build(config: Path, data: Path) -> House:
    """Every part, wired to the others, none of them started. Raises `ConfigurationError` or a `Fault`."""
    live = Live(config)
    configuration = live.current
    settings = configuration.settings
    telemetry = configure(settings.telemetry)
    make_private(data)
    store = current_store(settings, data)
    ledger = Ledger(store, Signer.open(data / "ledger.key", store), settings.ledger.origin)
    pepper = key_file(data / "identity.key")
    keys = Keys(store, pepper)
    halts, running = Halts(store), Running()
    notices = Notices(
        store,
        lambda: live.current,
        not_taken=lambda target: telemetry.security_event("notice_not_taken", part=target),
    )
    holds = Holds(
        store,
        Seal(pepper),
        same_person=lambda person, asked: asked in requesters_of(person, pepper),
        also=notices.queue,
    )
    signals = Signals(store)
    watch = Watch(holds, signals.changed)
    content = open_archive(store, settings, data, pepper, lambda: live.current.settings.retention)
    provenance = Provenance.open(
        store,
        key_file(data / "manifest.key"),
        key_file(data / "fingerprint.key"),
        lambda: live.current.settings.transparency.fingerprint_days,
    )
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
        provenance=provenance,
        keyed_hash=lambda text: hash_user(pepper, f"text\0{text}"),
        join_key=lambda system, session, request: join_key_of(pepper, system, session, request),
        clock=lambda: datetime.now(UTC),
        new_id=DecisionIds(),
        zone=zone,
        finish_later=lambda task: owned(task, tasks),
        suspensions=suspensions,
        contents=content.contents,
        history=KeptHistory(store),
    )
    return House(
        live, data, store, analyser, ledger, keys, halts, holds, watch, signals, notices, content, telemetry, parts, providers,
        pepper, provenance, Servers(), tasks,
    )  # fmt: skip


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
            await house.servers.prepare(candidate.mcp)
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
    house.servers.close_halted(in_force)
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


def current_store(settings: Settings, data: Path) -> Store:
    """The configured store, of this version's schema: an embedded one is brought to it. Raises `StoreUnavailable`."""
    store = open_store(store_url(settings, data))
    if store.embedded:
        store.upgrade()
    store.require_current()
    return store


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
    """A 32-byte secret of this installation, made at first use, readable by its owner alone.

    It is there whole or not at all: of several processes that start at once, all read the one that came first.
    """
    if not path.exists():
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(32))
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(name)
        finally:
            Path(name).unlink()
    key = path.read_bytes()
    if len(key) != 32:
        raise Fault(
            Message(f"Le fichier de clé {path.name} est abîmé.", f"The key file {path.name} is damaged."),
            Message("Le restaurer depuis la sauvegarde.", "Restore it from the backup."),
            code="key_damaged",
        )
    return key
