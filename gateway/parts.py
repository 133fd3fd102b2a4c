"""What the way of a call needs from outside, as interfaces. *Data*.

The composition root gives the real parts once (`app`); a playbook gives scripted ones. Nothing here does anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from gateway.audit import Receipt
from gateway.config import Configuration, Deployment, System
from gateway.content import Gathered, NoContents, Part
from gateway.identity import Principal
from gateway.policies import Remembered
from gateway.privacy import Finding, Histories
from gateway.providers import Reply, Request
from gateway.sovereignty import Breaker, Places, RememberedSuspensions, Suspensions
from gateway.supervision import Content, Halt, Held, History, NoHistory, Proposal, Running, Subject
from gateway.telemetry import Telemetry
from gateway.trace import Fragments
from gateway.transparency import Provenance


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


class Holds(Protocol):
    """Actions that wait for a person, in the store. Called from a thread; each method is one transaction."""

    def hold(self, *proposals: Proposal, records: Sequence[Mapping[str, Any]] = ()) -> tuple[Held, ...]: ...

    def get(self, name: str) -> Held: ...

    def joinable(self, join_key: str) -> tuple[Held, ...]: ...

    def content(self, name: str) -> Content | None: ...

    def release(self, name: str, sha256: str) -> Content: ...

    def after_refusal(self, name: str) -> Held: ...

    def delivered(self, name: str) -> None: ...

    def cancel(self, name: str, because: str, *, unless_joined_after: int | None = None) -> Held | None: ...


class Contents(Protocol):
    """What a system asks to keep of its calls; durable when it returns, and what the call's record says of it."""

    async def keep(self, decision: str, system: System, part: Part, content: bytes | Gathered) -> dict[str, Any]: ...


class Watch(Protocol):
    """Wakes whoever waits for a hold."""

    def waits_for(self, name: str) -> bool: ...

    def waiting(self, name: str) -> AbstractAsyncContextManager[asyncio.Future[Held]]: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that a call needs from outside. `keyed_hash`: of a text; `join_key`: of (system, session,
    request); both with a key of this installation.
    """

    configuration: Callable[[], Configuration]
    keys: Keys
    halts: Halts
    holds: Holds
    watch: Watch
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
    keyed_hash: Callable[[str], str]
    join_key: Callable[[str, str, bytes], str]
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    zone: ZoneInfo
    finish_later: Callable[[asyncio.Task[Any]], None]
    provenance: Provenance
    suspensions: Suspensions = field(default_factory=RememberedSuspensions)
    histories: Histories = field(default_factory=Histories)
    contents: Contents = field(default_factory=NoContents)
    history: History = field(default_factory=NoHistory)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the application: a whole `body`, or `frames` of a stream."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
    frames: AsyncIterator[bytes] | None = None
