"""The ledger over HTTP: for verifiers that know nothing of us (C2SP tlog-tiles), and for those a decision is about. *Edge*.

    /ledger/checkpoint, /ledger/key, /ledger/tile/<L>/<N>[.p/<W>]      open to all: hashes and signatures, no content
    /ledger/tile/entries/<N>[.p/<W>]                                   the records, to auditors
    /v1/decisions/{id}, …/proof                                        an application's own decisions; all, to auditors
    /v1/decisions/{id}/explanation                                     the same; those of their systems, to supervisors

A tile never changes once it is served, so it may be kept for ever. Only what a checkpoint covers is served. A few reads
at a time at most: whoever asks for tiles without end waits in line, and calls do not wait behind them.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Sequence
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
from gateway.explanations import Named, Reader, Telling, answer, explanation_of, prose, told
from gateway.identity import Keys, Principal
from gateway.storage import Store
from gateway.storage.tables import checkpoint, signals
from gateway.transparency import Provenance
from gateway.web import bearer
from gateway.wire.errors import language_of

READS_AT_ONCE = 2
FORMS = ("json", "text", "65.2")
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
    def provenance(self) -> Provenance: ...
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
        Route("/v1/decisions/{decision}/explanation", explanation),
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
    """What the ledger holds of a decision; the signed manifest of its answer, if there is one and it is kept."""
    name, system = request.path_params["decision"], await _whose(request)
    house = house_of(request)
    found, manifest = await _reading(
        request, lambda: (records_of(house.store, name, system), house.provenance.manifest(name))
    )
    body = {
        "object": "vigie.decision",
        "decision": name,
        "system": found[0].system,
        "manifest": manifest,
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


async def explanation(request: Request) -> Response:
    """Why: what was decided, by which rules, on which facts, and what would have changed it.

    `?reader=person|supervisor|auditor`; `?format=json|text|65.2`, or by `Accept`; in the language of `Accept-Language`.
    """
    house, name = house_of(request), request.path_params["decision"]
    register = house.configuration.register
    systems, readers = _explained_to(await _principal(request), house.configuration)
    reader, form = _reader(request, readers), _form(request)
    language = language_of(request.headers.get("accept-language", ""))

    def read() -> tuple[bytes, str]:
        found = explanation_of(house.store, name, systems, register.classifications)
        telling = Telling(found, reader, language, Named.of(register, found.system, language))
        if form == "json":
            return orjson.dumps(told(telling)), "application/json"
        return (
            (answer(telling).encode(), "text/markdown") if form == "65.2" else (prose(telling).encode(), "text/plain")
        )

    body, media_type = await _reading(request, read)
    headers = {**_headers("no-store"), "vary": "accept, accept-language", "content-language": language}
    return Response(body, media_type=media_type, headers=headers)


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


def _explained_to(principal: Principal, configuration: Configuration) -> tuple[list[str] | None, tuple[Reader, ...]]:
    """(the systems whose decisions may be explained, None for all; the readers that one may be, the usual one first).

    Raises a `Refusal`. An application is told what the person concerned may be told, of its own decisions.
    """
    if principal.system is not None:
        return [principal.system], (Reader.PERSON,)
    register = configuration.register
    roles = {role for one in register.people if one.id == principal.person for role in one.roles}
    if roles & {"auditor", "officer"}:
        return None, (Reader.AUDITOR, Reader.SUPERVISOR, Reader.PERSON)
    if "admin" in roles:
        return None, (Reader.SUPERVISOR, Reader.PERSON)
    if "supervisor" in roles:
        supervised = [one.id for one in register.systems if principal.person in one.supervisors]
        return supervised, (Reader.SUPERVISOR, Reader.PERSON)
    raise Refusal(
        Message("Votre rôle ne le permet pas.", "Your role does not allow this."),
        Message(
            "Rôles admis\u00a0: auditor, officer, supervisor, admin.",
            "Roles that may: auditor, officer, supervisor, admin.",
        ),
        code="role_missing",
    )


def _reader(request: Request, readers: Sequence[Reader]) -> Reader:
    """Who the explanation is for. Raises a `Refusal`."""
    asked = request.query_params.get("reader", readers[0].value)
    if asked not in list(Reader):
        raise _not_one_of("reader", list(Reader))
    if asked not in readers:
        names = ", ".join(readers)
        raise Refusal(
            Message("Cette explication n'est pas pour votre rôle.", "This explanation is not for your role."),
            Message(f"Les vôtres\u00a0: {names}.", f"Yours: {names}."),
            code="not_your_reader",
            param="reader",
        )
    return Reader(asked)


def _form(request: Request) -> str:
    """The form of the explanation: as `format` says, or `Accept`. Raises a `Refusal`."""
    asked = request.query_params.get("format")
    if asked is None:
        accepted = request.headers.get("accept", "")
        return "text" if "text/plain" in accepted and "application/json" not in accepted else "json"
    if asked not in FORMS:
        raise _not_one_of("format", FORMS)
    return asked


def _not_one_of(name: str, values: Sequence[str]) -> Refusal:
    known = ", ".join(values)
    return Refusal(
        Message(f"{name}\u00a0: l'un de {known}.", f"{name}: one of {known}."),
        code="invalid_request",
        status=400,
        param=name,
    )


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
