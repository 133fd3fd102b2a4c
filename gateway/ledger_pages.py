"""The ledger over HTTP: for verifiers that know nothing of us (C2SP tlog-tiles), and for those a decision is about. *Edge*.

    /ledger/checkpoint, /ledger/key, /ledger/tile/<L>/<N>[.p/<W>]      open to all: hashes and signatures, no content
    /ledger/tile/entries/<N>[.p/<W>]                                   the records, to auditors
    /v1/decisions/{id}, …/proof                                        an application's own decisions; all, to auditors

A tile never changes once it is served, so it may be kept for ever. Only what a checkpoint covers is served. A few reads
at a time at most: whoever asks for tiles without end waits in line, and calls do not wait behind them.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import orjson
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway import refusals
from gateway.audit import Ledger
from gateway.audit.decisions import proofs_of, records_of
from gateway.audit.tiles import Tile, entries_of, hashes_of
from gateway.config import Configuration
from gateway.errors import Message, Refusal
from gateway.identity import Keys, Principal
from gateway.storage import Store
from gateway.storage.tables import checkpoint, signals
from gateway.web import bearer

READS_AT_ONCE = 2
FOR_EVER = "public, max-age=31536000, immutable"
FOR_ITS_READER = "private, max-age=31536000, immutable"
BRIEFLY = "public, max-age=1"
Result = TypeVar("Result")


class House(Protocol):
    """What these pages use of the gateway."""

    @property
    def store(self) -> Store: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def keys(self) -> Keys: ...
    @property
    def configuration(self) -> Configuration: ...


def routes() -> list[Route]:
    """For the router."""
    return [
        Route("/ledger/checkpoint", newest_checkpoint),
        Route("/ledger/key", verifier_key),
        Route("/ledger/tile/entries/{path:path}", entries),
        Route("/ledger/tile/{path:path}", tile),
        Route("/v1/decisions/{decision}", decision),
        Route("/v1/decisions/{decision}/proof", proof),
    ]


async def newest_checkpoint(request: Request) -> Response:
    """The newest signed checkpoint (C2SP tlog-checkpoint)."""
    note = await _reading(request, house_of(request).ledger.checkpoint)
    return Response(note, media_type="text/plain", headers=_headers(BRIEFLY))


async def verifier_key(request: Request) -> Response:
    """The verifier key (C2SP signed note)."""
    key = await _reading(request, house_of(request).ledger.verifier_key)
    return Response(key, media_type="text/plain", headers=_headers(BRIEFLY))


async def tile(request: Request) -> Response:
    """Hashes of the tree."""
    return await _tile(request, request.path_params["path"], FOR_EVER)


async def entries(request: Request) -> Response:
    """Records, to auditors."""
    await _auditor(request)
    return await _tile(request, f"entries/{request.path_params['path']}", FOR_ITS_READER)


async def decision(request: Request) -> Response:
    """What the ledger holds of a decision."""
    name, system = request.path_params["decision"], await _whose(request)
    found = await _reading(request, lambda: records_of(house_of(request).store, name, system))
    body = {
        "object": "vigie.decision",
        "decision": name,
        "system": found[0].system,
        "records": [{"position": one.position, "record": orjson.Fragment(one.body)} for one in found],
    }
    return _json(body)


async def proof(request: Request) -> Response:
    """That it is there: each record's very bytes, and its C2SP tlog-proof in the newest checkpoint."""
    name, system = request.path_params["decision"], await _whose(request)
    house = house_of(request)
    found, key = await _reading(
        request, lambda: (list(proofs_of(house.store, name, system)), house.ledger.verifier_key())
    )
    body = {
        "object": "vigie.proof",
        "decision": name,
        "key": key.strip(),
        "records": [{"position": one.position, "record": one.body.decode(), "tlog_proof": one.text} for one in found],
    }
    return _json(body)


# ── who asks ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def _principal(request: Request) -> Principal:
    """The holder of the key, as the keys are now: these pages make no record, whose receipt would tell of a change."""
    house = house_of(request)
    await house.keys.refresh(await _reading(request, lambda: _epoch(house.store)))
    principal = house.keys.authenticate(bearer(request))
    if principal is None:
        raise refusals.unauthenticated()
    return principal


async def _auditor(request: Request) -> None:
    """Raises a `Refusal` unless the key is a person's, whom the register makes an auditor."""
    principal = await _principal(request)
    if not _is_auditor(principal, house_of(request).configuration):
        raise _auditors_only()


async def _whose(request: Request) -> str | None:
    """The system whose decisions may be read; None for all. Raises a `Refusal`."""
    principal = await _principal(request)
    if principal.system is not None:
        return principal.system
    if not _is_auditor(principal, house_of(request).configuration):
        raise _auditors_only()
    return None


def _is_auditor(principal: Principal, configuration: Configuration) -> bool:
    people = configuration.register.people
    return any(one.id == principal.person and "auditor" in one.roles for one in people)


def _auditors_only() -> Refusal:
    return Refusal(
        Message("Ceci est réservé aux auditeurs.", "This is for auditors only."),
        Message("Demander le rôle «\u00a0auditor\u00a0» au registre.", "Ask for the role 'auditor' in the register."),
        code="auditors_only",
    )


def _epoch(store: Store) -> int:
    with store.read() as connection:
        return int(connection.execute(select(signals.c.epoch)).scalar_one())


# ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def _tile(request: Request, path: str, caching: str) -> Response:
    named = Tile.at(path)
    content: bytes | None = None
    if named is not None and named.entries == (caching is FOR_ITS_READER):
        content = await _reading(request, lambda: _content(house_of(request).store, named))
    if named is None or content is None:
        raise Refusal(
            Message("Cette tuile n'existe pas.", "There is no such tile."),
            Message("Lire d'abord /ledger/checkpoint.", "Read /ledger/checkpoint first."),
            code="no_such_tile",
            status=404,
        )
    headers = _headers(caching)
    if named.entries and "gzip" in request.headers.get("accept-encoding", ""):
        content = await asyncio.to_thread(gzip.compress, content, 6, mtime=0)
        headers |= {"content-encoding": "gzip", "vary": "accept-encoding"}
    return Response(content, media_type="application/octet-stream", headers=headers)


def _content(store: Store, named: Tile) -> bytes | None:
    """A tile's bytes; None when the newest checkpoint does not cover it."""
    with store.read() as connection:
        if not named.within(connection.execute(select(checkpoint.c.size)).scalar_one()):
            return None
        return entries_of(connection, named) if named.entries else hashes_of(connection, named)


async def _reading(request: Request, read: Callable[[], Result]) -> Result:
    """Read the store away from the event loop, in turn."""
    state = request.app.state
    if not hasattr(state, "ledger_reads"):
        state.ledger_reads = asyncio.Semaphore(READS_AT_ONCE)
    async with state.ledger_reads:
        return await asyncio.to_thread(read)


def house_of(request: Request) -> House:
    """The gateway that serves the request."""
    house: House = request.app.state.house
    return house


def _headers(caching: str) -> dict[str, str]:
    return {"cache-control": caching, "x-content-type-options": "nosniff"}


def _json(body: Any) -> Response:
    return Response(orjson.dumps(body), media_type="application/json", headers=_headers("no-store"))
