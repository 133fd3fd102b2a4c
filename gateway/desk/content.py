"""The HTTP API of what was kept of calls: who reads it, who destroys it, what may not be destroyed. *Edge*.

GET  /v1/content                             what was kept, never a byte of it
POST /v1/content/{decision}/read             its auditors, or the system's supervisors: on record before a byte is shown
POST /v1/content/{decision}/destroy          officers; the answer is the certificate
GET  /v1/content/{decision}/certificate
GET, POST /v1/legal-holds, POST /v1/legal-holds/{hold}/release
"""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.audit import now_text
from gateway.config import Person
from gateway.content import Kept as KeptContent
from gateway.content import Opened
from gateway.desk.people import Kept, may_read, not_your_system, object_of, own_words, person_of, text_of
from gateway.errors import Message, Refusal
from gateway.web import answered

MAY_READ = ("auditor", "supervisor")
MAY_SEE = (*MAY_READ, "officer")
MAY_DESTROY = ("officer",)
MOST_LISTED = 1_000
LISTED = 100
STATES = ("kept", "destroyed", "all")


async def list_content(request: Request) -> Response:
    """`GET /v1/content?system=…&state=kept&limit=…`: hashes, sizes and times; a supervisor's own systems only."""
    house: Kept = request.app.state.house
    person = await person_of(request, house, MAY_SEE)
    query = request.query_params
    state = query.get("state", "kept")
    if state not in STATES:
        raise _invalid("state", ", ".join(STATES))
    limit = min(MOST_LISTED, int(query["limit"])) if query.get("limit", "").isdecimal() else LISTED
    systems = _seen_by(person, house)
    wanted = query.get("system")
    if wanted is not None:
        systems = [wanted] if systems is None or wanted in systems else []
    found = await asyncio.to_thread(house.content.contents.newest, systems=systems, state=state, limit=max(1, limit))
    return answered({"object": "list", "data": [one.as_json() for one in found]})


async def read_content(request: Request) -> Response:
    """`POST /v1/content/{decision}/read` `{reason}`: who reads and why is durable before a byte leaves."""
    house: Kept = request.app.state.house
    person = await person_of(request, house, MAY_READ)
    body = await object_of(request)
    reason = await own_words(text_of(body, "reason"), "reason", house)
    decision = request.path_params["decision"]
    kept = await asyncio.to_thread(house.content.contents.readable, decision)
    if not may_read(person, house.configuration.register.system(kept[0].system)):
        raise not_your_system()
    receipt = await house.ledger.append(reading(kept, person.id, reason, house.parts.new_id()[2:]))
    await house.keys.refresh(receipt.epoch)  # a key that was revoked before the record reads nothing
    await person_of(request, house, MAY_READ)
    opened = await asyncio.to_thread(house.content.contents.open, decision)
    return answered(opened_json(opened))


async def destroy_content(request: Request) -> Response:
    """`POST /v1/content/{decision}/destroy` `{reason}`: for good, unless a legal hold forbids it."""
    house: Kept = request.app.state.house
    person = await person_of(request, house, MAY_DESTROY)
    body = await object_of(request)
    reason = await own_words(text_of(body, "reason"), "reason", house)
    decision = request.path_params["decision"]
    await asyncio.to_thread(house.content.destruction.destroy, decision, person.id, reason)
    return answered((await asyncio.to_thread(house.content.certificates, decision))[-1])


async def certificate(request: Request) -> Response:
    """`GET /v1/content/{decision}/certificate`: the proof that it was destroyed, for each time that something of it was."""
    house: Kept = request.app.state.house
    person = await person_of(request, house, MAY_SEE)
    decision = request.path_params["decision"]
    kept = await asyncio.to_thread(house.content.contents.of, decision)
    systems = _seen_by(person, house)
    if systems is not None and kept[0].system not in systems:
        raise not_your_system()
    return answered({"object": "list", "data": await asyncio.to_thread(house.content.certificates, kept[0].decision)})


async def list_legal_holds(request: Request) -> Response:
    """`GET /v1/legal-holds`: all of them, newest first."""
    house: Kept = request.app.state.house
    await person_of(request, house, (*MAY_DESTROY, "auditor"))
    found = await asyncio.to_thread(house.content.holds.list)
    return answered({"object": "list", "data": [one.as_json() for one in found]})


async def place_legal_hold(request: Request) -> Response:
    """`POST /v1/legal-holds` `{scope, reason}`: from here on nothing of it is destroyed. 201 with the hold."""
    house: Kept = request.app.state.house
    person = await person_of(request, house, MAY_DESTROY)
    body = await object_of(request)
    reason = await own_words(text_of(body, "reason"), "reason", house)
    systems = [one.id for one in house.configuration.register.systems]
    hold = await asyncio.to_thread(house.content.holds.place, text_of(body, "scope"), person.id, reason, systems)
    return answered(hold.as_json(), 201)


async def release_legal_hold(request: Request) -> Response:
    """`POST /v1/legal-holds/{id}/release` `{reason}`."""
    house: Kept = request.app.state.house
    person = await person_of(request, house, MAY_DESTROY)
    body = await object_of(request)
    reason = await own_words(text_of(body, "reason"), "reason", house)
    hold = await asyncio.to_thread(house.content.holds.release, request.path_params["hold"], person.id, reason)
    return answered(hold.as_json())


def reading(kept: list[KeptContent], person: str, why: str, token: str) -> dict[str, Any]:
    """The record that must be durable before what was kept of a decision is shown."""
    first = kept[0]
    return {
        "kind": "content.read",
        "id": f"{first.decision}.read.{token}",
        "time": now_text(),
        "decision": first.decision,
        "system": first.system,
        "by": person,
        "why": why,
        "content": {one.part.value: {"sha256": one.sha256} for one in kept},
    }


def opened_json(opened: list[Opened]) -> dict[str, Any]:
    """What was said, exactly: JSON, or the events of a stream, as text."""
    first = opened[0].kept
    return {
        "object": "content",
        "decision": first.decision,
        "system": first.system,
        "parts": [{**one.kept.as_json(), "content": one.content.decode("utf8", "replace")} for one in opened],
    }


def _seen_by(person: Person, house: Kept) -> list[str] | None:
    """The systems whose kept content a person may know of; None for all."""
    if {"auditor", "officer"} & set(person.roles):
        return None
    return [one.id for one in house.configuration.register.systems if may_read(person, one)]


def _invalid(name: str, wanted: str) -> Refusal:
    return Refusal(
        Message(f"{name}\u00a0: l'un de {wanted}.", f"{name}: one of {wanted}."),
        code="invalid_request",
        status=400,
        param=name,
    )


ROUTES = [
    Route("/v1/content", list_content, methods=["GET"]),
    Route("/v1/content/{decision}/read", read_content, methods=["POST"]),
    Route("/v1/content/{decision}/destroy", destroy_content, methods=["POST"]),
    Route("/v1/content/{decision}/certificate", certificate, methods=["GET"]),
    Route("/v1/legal-holds", list_legal_holds, methods=["GET"]),
    Route("/v1/legal-holds", place_legal_hold, methods=["POST"]),
    Route("/v1/legal-holds/{hold}/release", release_legal_hold, methods=["POST"]),
]
